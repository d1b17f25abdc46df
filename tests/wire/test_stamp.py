"""Our Received field and loops: nobody else can make a stamp, take one along, or hide one."""

import asyncio
from datetime import UTC, datetime
from pathlib import Path

import pytest

from gateway.edges.spool import Spool
from gateway.errors import TryLater
from gateway.listen import session
from gateway.listen.stamp import MOST_HOPS, hops, is_looping, received
from gateway.model.envelope import Address, Envelope, Peer, Recipient
from gateway.model.message import Arrival, Content
from tests.wire.talk import ENVELOPE, KEY, serving

MESSAGE = b"From: a@ours.example\r\nMessage-ID: <1@ours.example>\r\n\r\nhello\r\n"


def arrival(folder: Path, octets: bytes = MESSAGE, name: str = "4KQ9Z", **peer) -> Arrival:
    to = tuple(Recipient(Address(f"{who}@b.example", who, "b.example")) for who in "xy")
    at = datetime(2026, 11, 20, 10, 0, 5, tzinfo=UTC)
    client = Peer(**({"address": "192.0.2.1", "port": 2525, "helo": "mail.example"} | peer))
    content = Spool(folder).content(octets)
    return Arrival(name, "in", "ESMTPS", client, Envelope(Address("a@ours.example", "a", "ours.example"), to), content, at, 0.0)


def test_the_field_says_who_and_how_but_never_to_whom(tmp_path) -> None:
    field = received(arrival(tmp_path, tls="TLSv1.3 with cipher TLS_AES_256_GCM_SHA384"), "gw.example", KEY)

    lines = field.decode("ascii").split("\r\n")
    assert lines[0] == "Received: from mail.example ([192.0.2.1])"
    assert lines[1] == "\t(using TLSv1.3 with cipher TLS_AES_256_GCM_SHA384)"
    assert lines[2].startswith("\tby gw.example (outgate 4KQ9Z ")
    assert lines[3] == "\twith ESMTPS id 4KQ9Z; Fri, 20 Nov 2026 10:00:05 +0000"
    assert lines[4:] == [""]
    assert max(map(len, lines)) <= 78
    assert b"b.example" not in field


def test_an_ipv6_peer_is_written_as_rfc_5321_wants(tmp_path) -> None:
    assert b"([IPv6:2001:db8::1])" in received(arrival(tmp_path, address="2001:db8::1"), "gw.example", KEY)


def passed(folder: Path, octets: bytes, *names: str, key: bytes = KEY) -> bytes:
    for name in names:
        octets = received(arrival(folder, octets, name), "gw.example", key) + octets
    return octets


def test_each_passage_counts_once(tmp_path) -> None:
    assert hops(passed(tmp_path, MESSAGE), KEY) == (0, 0)
    assert hops(passed(tmp_path, MESSAGE, "a", "b"), KEY) == (2, 2)
    assert not is_looping(passed(tmp_path, MESSAGE, "a", "b"), KEY)
    assert is_looping(passed(tmp_path, MESSAGE, "a", "b", "c"), KEY)
    assert not is_looping(passed(tmp_path, MESSAGE, "a") + passed(tmp_path, MESSAGE, "a") * 5, KEY)


def test_a_forged_stamp_counts_for_nothing(tmp_path) -> None:
    forged = passed(tmp_path, MESSAGE, *"abcdef", key=b"another key")

    assert hops(forged, KEY) == (6, 0)
    assert hops(passed(tmp_path, forged, "g", "h"), KEY) == (8, 2)


def test_stamps_taken_from_other_messages_count_for_nothing(tmp_path) -> None:
    trace = passed(tmp_path, MESSAGE, *"abcd").removesuffix(MESSAGE)

    assert hops(trace + MESSAGE, KEY) == (4, 4)
    assert hops(trace + MESSAGE.replace(b"<1@", b"<2@"), KEY) == (4, 0)


def test_a_folded_message_id_is_the_same(tmp_path) -> None:
    folded = MESSAGE.replace(b"Message-ID: <1@", b"message-id:\r\n <1@")

    assert hops(passed(tmp_path, MESSAGE, "a").removesuffix(MESSAGE) + folded, KEY) == (1, 1)


def test_thirty_hops_are_a_loop_whoever_they_were_of() -> None:
    assert not is_looping(b"Received: from x by y\r\n" * (MOST_HOPS - 1), KEY)
    assert is_looping(b"Received: from x by y\r\nRECEIVED : a\r\n" * (MOST_HOPS // 2), KEY)


def test_a_message_that_goes_in_circles_is_refused_over_the_wire(tmp_path) -> None:
    looping = passed(tmp_path, MESSAGE, *"abc")
    tired = b"Received: from x by y\r\n" * 30 + MESSAGE
    quoting = MESSAGE + b"\r\n" + looping + tired

    async def story() -> None:
        async with serving() as gateway:
            client = await gateway.connect(hello="EHLO me")
            for octets, heard in ((looping, "554 5.4.6"), (tired, "554 5.4.6"), (quoting, "250 2.0.0")):
                await client.talk(ENVELOPE + "C: DATA\nS: 354")
                client.send(octets + b".\r\n")
                await client.talk(f"S: {heard}")
        assert gateway.deliveries.contents == [quoting]

    asyncio.run(story())


def test_content_that_the_spool_does_not_give_back_is_put_off_and_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Found: the client heard 421 as of a bug, and nobody closed the file."""
    taken: list[Content] = []

    def unreadable(content: Content) -> bytes:
        taken.append(content)
        raise TryLater("the disk gives an error", "4.3.1")

    monkeypatch.setattr(session, "header_section", unreadable)

    async def story() -> None:
        async with serving() as gateway:
            client = await gateway.connect(hello="EHLO me")
            await client.talk(ENVELOPE + "C: DATA\nS: 354")
            client.send(MESSAGE + b".\r\n")
            await client.talk("S: 452 4.3.1")
            await client.talk("C: NOOP\nS: 250")
        assert gateway.deliveries.contents == []

    asyncio.run(story())
    (content,) = taken
    with pytest.raises(ValueError, match="given back"):
        content.read(0, 1)
