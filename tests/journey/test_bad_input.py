"""What each stranger gets: rows of DESIGN section 9, over real sockets against the real gateway. Outages and bugs: see the neighbours."""

import itertools
import re
import threading
from binascii import b2a_qp
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.build import docx, message, zip_of
from tests.journey.client import Client
from tests.journey.gateway import Gateway
from tests.journey.site import Site, below_received, note, site
from tests.peers import wait_until
from tests.peers.hop import EXTENSIONS

pytestmark = pytest.mark.peer

LISTENERS = {
    "smtp": {},
    "lmtp": {"protocol": "lmtp"},
    "smtp-before-queue": {"position": "before-queue"},
    "smtp-for-others": {"networks": ["192.0.2.0/24"]},
    "smtp-small": {"max_message": "1MB"},
    "lmtp-small": {"protocol": "lmtp", "max_message": "1MB"},
}
AFTER_QUEUE = pytest.mark.parametrize("listener", ["smtp", "lmtp"])
_numbers = itertools.count(1)


@pytest.fixture(scope="module")
def running() -> Iterator[Site]:
    with site(listeners=LISTENERS) as running:
        yield running


# --- who may relay ------------------------------------------------------------------------------------------------------


def test_a_peer_that_may_not_relay_hears_so_and_nothing_of_it_is_read(running: Site) -> None:
    with Client(running.gateway.ports["smtp-for-others"]) as client:
        client.send(b"EHLO me\r\nMAIL FROM:<a@sender.example>\r\n")
        assert client.reply().startswith("554 5.7.1 ")
        assert client.rest() == b""
    running.gateway.wait_event("session.refused", listener="smtp-for-others", why="not-allowed")
    assert [event for event in running.gateway.events("message.received") if event["listener"] == "smtp-for-others"] == []


# --- octets that no mail should have ------------------------------------------------------------------------------------


@AFTER_QUEUE
@pytest.mark.parametrize(
    ("odd", "mended", "defect"),
    [
        (b"one\rtwo\r\n", b"one\r\ntwo\r\n", "bare-line-end"),
        (b"one\ntwo\r\n", b"one\r\ntwo\r\n", "bare-line-end"),
        (b"one\0two\r\n", b"onetwo\r\n", "nul"),
        (b"one\n.\ntwo\r\n", b"one\r\n.\r\ntwo\r\n", "bare-line-end"),
        (b"one\n.\r\ntwo\r\n", b"one\r\n.\r\ntwo\r\n", "bare-line-end"),
        (b"one\r\n.\ntwo\r\n", None, "bare-line-end"),
        (b"one\r\n.\rtwo\r\n", None, "bare-line-end"),
    ],
)
def test_after_queue_what_is_odd_is_mended_and_noted_and_is_one_message(
    running: Site, sender: str, outsider: str, listener: str, odd: bytes, mended: bytes | None, defect: str
) -> None:
    header = note(sender, [outsider]).partition(b"\r\n\r\n")[0] + b"\r\n\r\n"
    smuggled = b"MAIL FROM:<x@y.example>\r\nRCPT TO:<z@y.example>\r\nDATA\r\nsmuggled\r\n"
    with running.hop() as peer:
        (answer,) = _send_as_it_is(running, listener, sender, outsider, header + odd + smuggled)
        assert answer.startswith("250 ")

        (taken,) = peer.taken_from(sender)
        body = taken.octets.partition(b"\r\n\r\n")[2]
        assert not re.search(rb"\r(?!\n)|(?<!\r)\n|\0", taken.octets)
        assert mended is None or body == mended + smuggled
        assert body.endswith(smuggled)
    assert defect in _event(running, "message.received", answer)["defects"]


@AFTER_QUEUE
def test_it_is_mended_before_anything_is_examined(running: Site, sender: str, outsider: str, listener: str) -> None:
    octets = note(sender, [outsider], "RESTR\0ICTED: the plan")
    assert _codes(_send_as_it_is(running, listener, sender, outsider, octets)) == ["250"]

    assert list(running.gateway.cases(sender).values()) == [[outsider]]


@pytest.mark.parametrize("odd", [b"one\rtwo\r\n", b"one\ntwo\r\n", b"one\0two\r\n"])
def test_before_queue_what_is_odd_is_refused(running: Site, sender: str, outsider: str, odd: bytes) -> None:
    with running.hop() as peer, Client(running.gateway.ports["smtp-before-queue"]) as client:
        client.hello()
        client.envelope(sender, [outsider])
        client.ask("DATA")
        client.send(note(sender, [outsider]) + odd + b".\r\n")

        assert client.reply().startswith("550 5.6.0 ")
        assert client.ask("NOOP").startswith("250 ")
        assert peer.taken_from(sender) == []


@pytest.mark.parametrize("octets", [999, 5_000, 65_536])
def test_long_lines_pass_untouched_and_are_noted(running: Site, sender: str, outsider: str, octets: int) -> None:
    sent = note(sender, [outsider]) + b"x" * octets + b"\r\nend\r\n"
    with running.hop() as peer:
        (answer,) = running.send(sender, [outsider], sent)

        assert below_received(peer.taken_from(sender)[0].octets) == sent
    assert _event(running, "message.received", answer)["defects"] == ["long-line"]


def test_a_line_of_998_octets_is_nothing_to_note(running: Site, sender: str, outsider: str) -> None:
    with running.hop():
        (answer,) = running.send(sender, [outsider], note(sender, [outsider]) + b"x" * 998 + b"\r\n")
    assert "defects" not in _event(running, "message.received", answer)


@AFTER_QUEUE
def test_a_line_above_64_kib_is_refused(running: Site, sender: str, outsider: str, listener: str) -> None:
    with running.hop() as peer:
        (answer,) = running.send(sender, [outsider], note(sender, [outsider]) + b"x" * 65_537 + b"\r\n", listener=listener)

        assert answer.startswith("554 5.6.0 ")
        assert peer.taken_from(sender) == []


# --- size ---------------------------------------------------------------------------------------------------------------


def test_a_message_that_says_it_is_too_large_is_refused_at_mail(running: Site, sender: str) -> None:
    with Client(running.gateway.ports["smtp-small"]) as client:
        assert "SIZE 1048576" in client.hello()
        assert client.ask(f"MAIL FROM:<{sender}> SIZE=1048577").startswith("552 5.3.4 ")
        assert client.ask(f"MAIL FROM:<{sender}> SIZE=1048576").startswith("250 ")


@pytest.mark.parametrize(("listener", "answers"), [("smtp-small", 1), ("lmtp-small", 2)])
def test_a_message_that_is_too_large_is_refused_at_its_end(running: Site, sender: str, listener: str, answers: int) -> None:
    to = [f"{name}-{next(_numbers)}@elsewhere.example" for name in ("a", "b")]
    octets = note(sender, to)
    octets += b"x" * 78 + b"\r\n"
    fits = octets + b"y" * 510 + b"\r\n" + (b"z" * 510 + b"\r\n") * ((1_048_576 - len(octets) - 512) // 512)
    fits += b"w" * (1_048_576 - len(fits) - 2) + b"\r\n"
    with running.hop() as peer:
        assert _codes(running.send(sender, to, fits, listener=listener)) == ["250"] * answers
        assert {answer[:10] for answer in running.send(sender, to, fits + b"\r\n", listener=listener)} == {"552 5.3.4 "}

        assert [below_received(taken.octets) for taken in peer.taken_from(sender)] == [fits]


# --- a next hop that cannot -----------------------------------------------------------------------------------------------


def test_eight_bit_content_for_a_hop_without_8bitmime_is_encoded(running: Site, sender: str, outsider: str) -> None:
    text = "Grüße aus Köln, und ein langes Wort.\r\n"
    octets = message(sender, [outsider], "Look", "x", attachments=[("a.docx", docx(["A."]), "application/msword")])
    labelled, _, rest = octets.partition(b"\r\n\r\n")
    eight = b"Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n" + text.encode()
    boundary = re.search(rb'boundary="([^"]+)"', labelled)
    assert boundary is not None
    octets = labelled + b"\r\n\r\n--" + boundary[1] + b"\r\n" + eight + b"\r\n" + rest
    with running.hop(extensions=tuple(set(EXTENSIONS) - {"8BITMIME"})) as peer:
        assert _codes(running.send(sender, [outsider], octets, parameters=" BODY=8BITMIME")) == ["250"]

        arrived = below_received(peer.taken_from(sender)[0].octets)
        quoted = eight.replace(b"8bit", b"quoted-printable").replace(text.encode(), b2a_qp(text.encode()))
        assert arrived == octets.replace(eight, quoted)  # and not an octet more


def test_unlabelled_eight_bit_content_for_a_hop_without_8bitmime_is_refused(running: Site, sender: str, outsider: str) -> None:
    octets = note(sender, [outsider]).replace(b"MIME-Version: 1.0\r\n", b"") + "Grüße\r\n".encode()
    with running.hop(extensions=tuple(set(EXTENSIONS) - {"8BITMIME", "SMTPUTF8"})) as peer:
        (answer,) = running.send(sender, [outsider], octets, parameters=" BODY=8BITMIME")
        assert answer.startswith("554 5.6.3 ")
        assert peer.taken_from(sender) == []

        seven = note(sender, [outsider])  # declared, as many do, but not so
        assert _codes(running.send(sender, [outsider], seven, parameters=" BODY=8BITMIME")) == ["250"]
        assert below_received(peer.taken_from(sender)[0].octets) == seven


@pytest.mark.parametrize("recipient", ["jürgen@elsewhere.example", "kim@elsewhere.example"])
def test_international_mail_for_a_hop_without_smtputf8_is_refused(running: Site, sender: str, recipient: str) -> None:
    octets = note(sender, [recipient], "Hello") if recipient.isascii() else note(sender, [recipient])
    octets = octets.replace(b"Subject: ", "Subject: Grüße ".encode())
    with running.hop(extensions=tuple(set(EXTENSIONS) - {"SMTPUTF8"})) as peer:
        (answer,) = running.send(sender, [recipient], octets, parameters=" SMTPUTF8 BODY=8BITMIME")

        assert answer.startswith("550 5.6.7 ")
        assert peer.taken_from(sender) == []


# --- documents that fight back --------------------------------------------------------------------------------------------


def test_an_archive_bomb_counts_as_what_the_pack_says_of_unread_files(running: Site, sender: str, outsider: str) -> None:
    bomb = zip_of({"zeros.bin": bytes(64_000_000)})
    octets = message(sender, [outsider], "Look", "See there.", attachments=[("papers.zip", bomb, "application/zip")])
    with running.hop("internet") as plain, running.hop("encrypted") as encrypted:
        (answer,) = running.send(sender, [outsider], octets)

        assert [below_received(taken.octets) for taken in encrypted.taken_from(sender)] == [octets]
        assert plain.taken_from(sender) == []
    assert _event(running, "message.decided", answer)["unread"] == 1


def test_a_reader_that_dies_leaves_its_file_unread_and_the_gateway_well(running: Site, sender: str, outsider: str) -> None:
    octets = message(sender, [outsider], "Look", "See there.", attachments=[("numbers.txt", _slow_text(), "text/plain")])
    answers: list[str] = []
    with running.hop("internet") as plain, running.hop("encrypted") as encrypted:
        thread = threading.Thread(target=lambda: answers.extend(running.send(sender, [outsider], octets)))
        thread.start()
        killed = 0
        while thread.is_alive():
            killed += _kill_busy_reader(running.gateway)
            thread.join(0.05)

        assert killed > 0
        assert _codes(answers) == ["250"]
        assert len(encrypted.taken_from(sender)) == 1
        assert plain.taken_from(sender) == []
        running.gateway.wait_event("worker.killed")

        # Nothing of it stays: the next file is read as ever.
        assert _codes(running.send(sender, [outsider], _with_text(sender, outsider, b"Nothing to see."))) == ["250"]
        assert len(plain.taken_from(sender)) == 1


def test_a_file_that_takes_too_much_processor_time_is_unread(sender: str, outsider: str) -> None:
    # The wall clock is generous, and both next hops are there: on a busy machine a file takes long, and nothing else may decide.
    with (
        site(extra='[examine]\nseconds = "0.1s"\nwall = "500s"\n') as running,
        running.hop("encrypted") as encrypted,
        running.hop("internet") as plain,
    ):
        (answer,) = running.send(sender, [outsider], _with_text(sender, outsider, _slow_text()))

        assert (len(encrypted.taken_from(sender)), plain.taken_from(sender)) == (1, []), (answer, running.gateway.log()[-2000:])
        assert _event(running, "message.decided", answer)["unread"] == 1


def test_when_reading_takes_too_long_the_mail_waits_upstream(sender: str, outsider: str) -> None:
    with site(extra='[examine]\nwall = "0.1s"\n') as running, running.hop() as plain:
        assert _codes(running.send(sender, [outsider], _with_text(sender, outsider, _slow_text()))) == ["451"]
        assert plain.taken_from(sender) == []


@pytest.mark.slow
def test_a_message_that_three_processes_died_of_is_held_unread_and_other_mail_goes_on(sender: str, outsider: str) -> None:
    """Nothing is known that kills the process itself: here somebody kills it while it is reading."""
    deadly = _with_text(sender, outsider, _slow_text()[:1_500_000])
    with site() as running, running.hop("internet") as plain:
        for _ in range(3):
            _kill_while_reading(running, sender, outsider, deadly)
            assert _codes(running.send(sender, [outsider], note(sender, [outsider]))) == ["250"]
        assert running.gateway.cases(sender) == {}
        (answer,) = running.send(sender, [outsider], deadly)

        (case,) = running.gateway.cases(sender)
        assert (answer[:3], case in answer) == ("250", True)
        (held,) = running.gateway.holds()
        assert (held["held_for"], [reason["rule"] for reason in held["reasons"]]) == ("postmaster", ["poison"])
        assert len(plain.taken_from(sender)) == 3


def _kill_while_reading(running: Site, sender: str, outsider: str, octets: bytes) -> None:
    (smtp,) = running.gateway.pids("smtp")
    with Client(running.gateway.ports["smtp"]) as client:
        client.hello()
        client.envelope(sender, [outsider])
        client.content(octets)
        wait_until(lambda: any(_ticks(pid) > 2 for zygote in _children(smtp) for pid in _children(zygote)), "somebody reads it")
        running.gateway.signal(smtp, "KILL")
        wait_until(lambda: running.gateway.pids("smtp") != [smtp], "another process takes its place")


# --- small things -------------------------------------------------------------------------------------------------------


def _send_as_it_is(running: Site, listener: str, sender: str, to: str, octets: bytes) -> list[str]:
    """Without doubling dots or anything else that a good client does."""
    with Client(running.gateway.ports[listener], lmtp=listener == "lmtp") as client:
        client.hello()
        client.envelope(sender, [to])
        client.ask("DATA")
        client.send(octets + b".\r\n")
        answers = client.answers()
        assert client.ask("NOOP").startswith("250 "), "something of the content was taken for a command"
    return answers


def _event(running: Site, name: str, answer: str) -> dict[str, Any]:
    """What the log says of the message that was answered so; a line of it comes a moment later than the answer."""
    code, _, message_id, *_ = answer.split()
    assert code == "250"
    return running.gateway.wait_event(name, id=message_id)


def _codes(answers: list[str]) -> list[str]:
    return [answer[:3] for answer in answers]


def _slow_text() -> bytes:
    """Seconds of work for the detectors: a million numbers with ten digits, each of which could be somebody's."""
    return b"\n".join(b" ".join(b"%010d" % (999_000_000 + 10 * row + at) for at in range(10)) for row in range(60_000))


def _with_text(sender: str, to: str, text: bytes) -> bytes:
    return message(sender, [to], "Look", "See there.", attachments=[("numbers.txt", text, "text/plain")])


def _kill_busy_reader(gateway: Gateway) -> int:
    """SIGKILL for each reader that has worked for a while; how many."""
    (smtp,) = gateway.pids("smtp")
    busy = [pid for zygote in _children(smtp) for pid in _children(zygote) if _ticks(pid) > 20]
    for pid in busy:
        gateway.signal(pid, "KILL")
    return len(busy)


def _children(pid: int) -> list[int]:
    try:
        return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except OSError:
        return []


def _ticks(pid: int) -> int:
    """Processor time so far, in hundredths of a second (proc(5), utime)."""
    try:
        return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[11])
    except OSError:
        return 0
