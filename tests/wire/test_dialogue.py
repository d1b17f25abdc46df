"""Dialogues as clients and servers hold them (RFC 5321 and its extensions)."""

import asyncio

import pytest

from gateway.model.envelope import Address, Recipient
from tests.wire.talk import ENVELOPE, MESSAGE, serving


def test_a_message_arrives_as_it_was_sent(run) -> None:
    async def story() -> None:
        async with serving() as gateway:
            client = await gateway.connect()
            await client.talk(
                """
                S: 220 gw.example ESMTP
                C: EHLO client.example
                S: 250
                C: MAIL FROM:<Anna@ours.example> BODY=8BITMIME SIZE=100 RET=HDRS ENVID=Qq+2B1
                S: 250 2.1.0
                C: RCPT TO:<b@Theirs.Example> NOTIFY=failure,DELAY ORCPT=rfc822;B@theirs.example
                S: 250 2.1.5
                C: RCPT TO:<c@theirs.example> NOTIFY=NEVER
                S: 250 2.1.5
                C: DATA
                S: 354
                C: Subject: one
                C:
                C: ..a dot
                C: .
                S: 250 2.0.0 accepted
                C: QUIT
                S: 221 2.0.0
                """
            )
            assert await client.is_closed()
        (arrival,) = gateway.deliveries.arrivals
        assert gateway.deliveries.contents == [b"Subject: one\r\n\r\n.a dot\r\n"]
        assert arrival.envelope.reverse_path == Address("Anna@ours.example", "Anna", "ours.example")
        assert (arrival.envelope.body, arrival.envelope.ret, arrival.envelope.envid) == ("8BITMIME", "HDRS", "Qq+2B1")
        assert arrival.envelope.recipients == (
            Recipient(Address("b@Theirs.Example", "b", "theirs.example"), frozenset({"FAILURE", "DELAY"}), "rfc822;B@theirs.example"),
            Recipient(Address("c@theirs.example", "c", "theirs.example"), frozenset({"NEVER"})),
        )
        assert (arrival.id, arrival.listener, arrival.protocol) == ("id0", "test", "ESMTP")
        assert (arrival.peer.address, arrival.peer.helo, arrival.peer.tls) == ("127.0.0.1", "client.example", None)
        assert arrival.defects == ()

    run(story())


def test_ehlo_offers_what_we_do_and_nothing_else(run) -> None:
    async def story() -> None:
        async with serving(max_message=5000) as gateway:
            client = await gateway.connect()
            await client.talk("S: 220\nC: EHLO me")
            assert [line[4:] for line in await client.reply()] == [
                "gw.example",
                "PIPELINING",
                "SIZE 5000",
                "8BITMIME",
                "SMTPUTF8",
                "ENHANCEDSTATUSCODES",
                "DSN",
                "CHUNKING",
                "XFORWARD NAME ADDR PORT PROTO HELO IDENT SOURCE",
            ]

    run(story())


def test_a_whole_group_is_answered_at_once(run) -> None:
    async def story() -> None:
        async with serving() as gateway:
            client = await gateway.connect(hello="EHLO me")
            client.send(b"MAIL FROM:<>\r\n" + b"".join(b"RCPT TO:<r%d@x.example>\r\n" % n for n in range(500)) + b"DATA\r\n")
            await client.talk("S: 250 2.1.0\n" + "S: 250 2.1.5\n" * 500 + "S: 354")
            client.send(MESSAGE + b".\r\nRSET\r\nQUIT\r\n")
            await client.talk("S: 250 2.0.0\nS: 250 2.0.0\nS: 221")
        assert len(gateway.deliveries.arrivals[0].envelope.recipients) == 500
        assert gateway.deliveries.arrivals[0].envelope.reverse_path.is_null

    run(story())


@pytest.mark.parametrize(
    ("said", "heard"),
    [
        ("NONSENSE", "500 5.5.1"),
        ("LHLO me", "500 5.5.1"),
        ("EHLO", "501 5.5.4"),
        ("EHLO a (comment)", "501 5.5.4"),
        ("HELO me", "250 gw.example"),
        ("MAIL FROM:a@b.example", "501 5.5.4"),
        ("MAIL TO:<a@b.example>", "501 5.5.4"),
        ("MAIL FROM:<a b@c.example>", "501 5.5.4"),
        ("MAIL FROM:<a@b.example> SIZE=x", "501 5.5.4"),
        ("MAIL FROM:<a@b.example> SIZE=200000000", "552 5.3.4"),
        ("MAIL FROM:<a@b.example> BODY=BINARYMIME", "501 5.5.4"),
        ("MAIL FROM:<a@b.example> AUTH=<>", "555 5.5.4"),
        ("MAIL FROM:<a@b.example> MT-PRIORITY=3", "555 5.5.4"),
        ("MAIL FROM:<a@b.example> RET=ALL", "501 5.5.4"),
        ("MAIL FROM:<a@b.example> RET=FULL RET=HDRS", "501 5.5.4"),
        ("MAIL FROM:<postmaster>", "553 5.1.7"),
        ("MAIL FROM:<ä@b.example>", "553 5.6.7"),
        ("MAIL FROM:<ä@b.example> SMTPUTF8", "250 2.1.0"),
        ("MAIL FROM: <a@b.example>", "250 2.1.0"),
        ("mail from:<a@b.example> body=8bitmime", "250 2.1.0"),
        ("RCPT TO:<a@b.example>", "503 5.5.1"),
        ("DATA", "503 5.5.1"),
        ("BDAT 0 LAST", "503 5.5.1"),
        ("STARTTLS", "502 5.5.1"),
        ("AUTH PLAIN", "502 5.5.1"),
        ("VRFY a@b.example", "252 2.5.0"),
        ("EXPN staff", "502 5.5.1"),
        ("HELP", "214 2.0.0"),
        ("NOOP anything", "250 2.0.0"),
        ("RSET", "250 2.0.0"),
        ("RSET x", "501 5.5.4"),
        ("QUIT x", "501 5.5.4"),
        ("XFORWARD ADDR=1.2.3.4 IDENT=4F0C2", "250 2.0.0"),
        ("XFORWARD", "501 5.5.4"),
        ("XFORWARD COLOUR=red", "501 5.5.4"),
    ],
)
def test_one_command_after_ehlo(said: str, heard: str) -> None:
    async def story() -> None:
        async with serving() as gateway:
            client = await gateway.connect(hello="EHLO me")
            await client.talk(f"C: {said}\nS: {heard}")

    asyncio.run(story())


@pytest.mark.parametrize(
    ("said", "heard"),
    [
        ("MAIL FROM:<x@y.example>", "503 5.5.1"),
        ("XFORWARD NAME=x", "503 5.5.1"),
        ("RCPT TO:<>", "553 5.1.3"),
        ("RCPT TO:<nobody>", "553 5.1.3"),
        ("RCPT TO:<Postmaster>", "250 2.1.5"),
        ("RCPT TO:<a@b.example> SIZE=1", "555 5.5.4"),
        ("RCPT TO:<a@b.example> NOTIFY=NEVER,DELAY", "501 5.5.4"),
        ("RCPT TO:<a@b.example> NOTIFY=", "501 5.5.4"),
        ("RCPT TO:<a@b.example> ORCPT=rfc822", "501 5.5.4"),
        ("RCPT TO:<a@b.example> ORCPT=rfc822;a+ZZ", "501 5.5.4"),
        ("RCPT TO:<bücher@b.example>", "553 5.6.7"),
        ("DATA", "503 5.5.1"),
    ],
)
def test_one_command_after_mail(said: str, heard: str) -> None:
    async def story() -> None:
        async with serving() as gateway:
            client = await gateway.connect(hello="EHLO me")
            await client.talk(f"C: MAIL FROM:<a@b.example>\nS: 250\nC: {said}\nS: {heard}")

    asyncio.run(story())


@pytest.mark.parametrize(
    "octets",
    [
        b"NOOP\n",
        b"NOOP\r\r\n",
        b"NO\rOP\r\n",
        b"NOOP \0\r\n",
        b"NOOP \xff\r\n",
        b"NOOP " + b"x" * 2050 + b"\r\n",
        b"NOOP " + b"x" * 200_000 + b"\r\n",
    ],
    ids=["bare LF", "two CR", "CR inside", "NUL", "not UTF-8", "too long", "endless"],
)
def test_a_line_that_is_no_command_gets_one_reply(run, octets: bytes) -> None:
    async def story() -> None:
        async with serving() as gateway:
            client = await gateway.connect(hello="EHLO me")
            client.send(octets)
            await client.talk("S: 500 5.5.2\nC: NOOP\nS: 250 2.0.0")

    run(story())


def test_before_ehlo_nothing_is_taken_and_helo_has_no_parameters() -> None:
    async def story() -> None:
        async with serving() as gateway:
            client = await gateway.connect()
            await client.talk(
                """
                S: 220
                C: MAIL FROM:<a@b.example>
                S: 503 5.5.1
                C: HELO me
                S: 250
                C: MAIL FROM:<a@b.example> SIZE=5
                S: 555 5.5.4
                C: MAIL FROM:<a@b.example>
                S: 250
                C: RCPT TO:<c@d.example>
                S: 250
                C: DATA
                S: 354
                C: .
                S: 250
                """
            )
        assert [arrival.protocol for arrival in gateway.deliveries.arrivals] == ["SMTP"]
        assert gateway.deliveries.contents == [b""]

    asyncio.run(story())


def test_the_size_limit_is_kept_for_who_does_not_say_a_size(run) -> None:
    async def story() -> None:
        async with serving(max_message=1_000_000) as gateway:
            client = await gateway.connect(hello="EHLO me")
            await client.talk(ENVELOPE + "C: DATA\nS: 354")
            client.send(b"x" * 70 + b"\r\n")
            client.send((b"y" * 70 + b"\r\n") * 30_000 + b".\r\n")
            await client.talk("S: 552 5.3.4")
            await client.talk(ENVELOPE + "C: DATA\nS: 354\nC: fine\nC: .\nS: 250 2.0.0")
        assert gateway.deliveries.contents == [b"fine\r\n"]

    run(story())


def test_too_many_recipients_are_put_off_and_the_others_taken() -> None:
    async def story() -> None:
        async with serving(max_recipients=2) as gateway:
            client = await gateway.connect(hello="EHLO me")
            await client.talk(ENVELOPE)
            await client.talk("C: RCPT TO:<c@x.example>\nS: 250\nC: RCPT TO:<d@x.example>\nS: 452 4.5.3\nC: DATA\nS: 354\nC: .\nS: 250")
        assert len(gateway.deliveries.arrivals[0].envelope.recipients) == 2

    asyncio.run(story())


def test_bdat_takes_octets_as_they_are(run) -> None:
    async def story() -> None:
        async with serving() as gateway:
            client = await gateway.connect(hello="EHLO me")
            await client.talk(ENVELOPE)
            client.send(b"BDAT 18\r\nSubject: x\r\n\r\n.\r\n.BDAT 9 LAST\r\n\r\n.\r\nBDATNOOP\r\n")
            await client.talk("S: 250 2.0.0 18 octets\nS: 250 2.0.0 accepted\nS: 250 2.0.0")
        assert gateway.deliveries.contents == [b"Subject: x\r\n\r\n.\r\n.\r\n.\r\nBDAT\r\n"]

    run(story())


def test_bdat_errors_swallow_their_octets(run) -> None:
    async def story() -> None:
        async with serving(max_message=100) as gateway:
            client = await gateway.connect(hello="EHLO me")
            client.send(b"BDAT 6\r\nQUIT\r\nNOOP\r\n")
            await client.talk("S: 503 5.5.1\nS: 250 2.0.0")
            await client.talk(ENVELOPE)
            client.send(b"BDAT 101\r\n" + b"x" * 101 + b"BDAT 3\r\nabcMAIL FROM:<>\r\nBDAT 0 LAST\r\n")
            await client.talk("S: 552 5.3.4\nS: 552 5.3.4\nS: 503 5.5.1\nS: 552 5.3.4")
            await client.talk(ENVELOPE + "C: BDAT 2")
            client.send(b"hiRSET\r\n")
            await client.talk("S: 250 2.0.0\nS: 250 2.0.0" + ENVELOPE + "C: BDAT x\nS: 521 5.5.4")
            assert await client.is_closed()
        assert gateway.deliveries.arrivals == []

    run(story())


def test_between_two_chunks_the_envelope_is_closed() -> None:
    async def story() -> None:
        async with serving() as gateway:
            client = await gateway.connect(hello="EHLO me")
            await client.talk(ENVELOPE + "C: BDAT 2")
            client.send(b"a\n")
            await client.talk(
                "S: 250\nC: RCPT TO:<late@x.example>\nS: 503 5.5.1\nC: DATA\nS: 503 5.5.1\nC: NOOP\nS: 250\nC: BDAT 0 LAST\nS: 250"
            )
        assert gateway.deliveries.contents == [b"a\r\n"]
        assert len(gateway.deliveries.arrivals[0].envelope.recipients) == 1

    asyncio.run(story())


def test_xforward_is_about_one_transaction() -> None:
    async def story() -> None:
        async with serving() as gateway:
            client = await gateway.connect(hello="EHLO me")
            await client.talk("C: XFORWARD NAME=mail+2Eexample ADDR=192.0.2.7\nS: 250\nC: XFORWARD IDENT=4F0C2 HELO=[UNAVAILABLE]\nS: 250")
            await client.talk(ENVELOPE + "C: DATA\nS: 354\nC: .\nS: 250" + ENVELOPE + "C: DATA\nS: 354\nC: .\nS: 250")
            await client.talk("C: XFORWARD IDENT=gone\nS: 250\nC: RSET\nS: 250" + ENVELOPE + "C: DATA\nS: 354\nC: .\nS: 250")
        first, second, third = (arrival.peer for arrival in gateway.deliveries.arrivals)
        assert (first.forwarded("NAME"), first.forwarded("ADDR"), first.forwarded("IDENT")) == ("mail.example", "192.0.2.7", "4F0C2")
        assert first.forwarded("HELO") is None
        assert second.xforward == third.xforward == ()

    asyncio.run(story())


def test_xforward_is_believed_from_trusted_peers_alone() -> None:
    async def story() -> None:
        async with serving(xforward=("192.0.2.0/24",)) as gateway:
            client = await gateway.connect()
            await client.talk("S: 220\nC: EHLO me")
            assert not any("XFORWARD" in line for line in await client.reply())
            await client.talk("C: XFORWARD NAME=x\nS: 550 5.7.0")

    asyncio.run(story())


def test_international_mail_is_taken_when_it_says_so() -> None:
    async def story() -> None:
        async with serving() as gateway:
            client = await gateway.connect(hello="EHLO me")
            await client.talk("C: MAIL FROM:<käthe@bücher.example> SMTPUTF8\nS: 250\nC: RCPT TO:<用户@xn--bcher-kva.example>\nS: 250")
            await client.talk("C: DATA\nS: 354\nC: .\nS: 250")
        (arrival,) = gateway.deliveries.arrivals
        assert arrival.protocol == "UTF8SMTP"
        assert arrival.envelope.smtputf8
        assert arrival.envelope.reverse_path.domain == "bücher.example"
        assert arrival.envelope.recipients[0].address == Address("用户@xn--bcher-kva.example", "用户", "bücher.example")

    asyncio.run(story())


def test_what_other_servers_take_for_an_end_is_content(run) -> None:
    smuggled = b"a\n.\r\nMAIL FROM:<evil@x.example>\r\nb\r\n.\nRCPT TO:<x@y.example>\r\nc\r.\rd\r\n\n.\n\r\ne\r\n"

    async def story() -> None:
        async with serving() as gateway:
            client = await gateway.connect(hello="EHLO me")
            await client.talk(ENVELOPE + "C: DATA\nS: 354")
            client.send(smuggled + b".\r\n")
            await client.talk("S: 250 2.0.0\nC: NOOP\nS: 250 2.0.0")
        (content,) = gateway.deliveries.contents
        assert content == (b"a\r\n.\r\nMAIL FROM:<evil@x.example>\r\nb\r\n\r\nRCPT TO:<x@y.example>\r\nc\r\n.\r\nd\r\n\r\n.\r\n\r\ne\r\n")
        assert [defect.name for defect in gateway.deliveries.arrivals[0].defects] == ["bare-line-end"]

    run(story())


def test_before_the_queue_a_bare_line_end_is_refused() -> None:
    async def story() -> None:
        async with serving(position="before-queue") as gateway:
            client = await gateway.connect(hello="EHLO me")
            for octets in (b"a\nb\r\n", b"a\rb\r\n", b"a\0b\r\n"):
                await client.talk(ENVELOPE + "C: DATA\nS: 354")
                client.send(octets + b".\r\n")
                await client.talk("S: 550 5.6.0")
        assert gateway.deliveries.arrivals == []

    asyncio.run(story())


def test_long_lines_pass_noted_and_endless_ones_do_not() -> None:
    async def story() -> None:
        async with serving() as gateway:
            client = await gateway.connect(hello="EHLO me")
            for octets, heard in ((998, "250"), (999, "250"), (65_536, "250"), (65_537, "554 5.6.0")):
                await client.talk(ENVELOPE + "C: DATA\nS: 354")
                client.send(b"x" * octets + b"\r\n.\r\n")
                await client.talk(f"S: {heard}")
        assert [[defect.name.value for defect in arrival.defects] for arrival in gateway.deliveries.arrivals] == [
            [],
            ["long-line"],
            ["long-line"],
        ]

    asyncio.run(story())
