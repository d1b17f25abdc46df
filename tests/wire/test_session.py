"""What becomes of a message: the answers, who hears them, and what happens when the client or the delivery leaves early."""

import asyncio
from datetime import UTC, datetime

import pytest

from gateway.errors import TryLater, WillNotDo
from gateway.model.outcome import Answer, Reply
from tests.wire.talk import ENVELOPE, MESSAGE, OK, Deliveries, happens, serving


async def _sent(gateway, client, heard: str) -> None:
    await client.talk(ENVELOPE + "C: DATA\nS: 354")
    client.send(MESSAGE + b".\r\n")
    await client.talk(f"S: {heard}")


def _raising(error: Exception):
    def answer(arrival):
        raise error

    return answer


@pytest.mark.parametrize(
    ("error", "heard"),
    [
        (TryLater("the vault is away at /secret/place", "4.3.5"), "451 4.3.5 try again later"),
        (WillNotDo("secret detail", "5.6.3"), "554 5.6.3 The message cannot be taken"),
        (ValueError("secret detail"), "451 4.3.0 try again later"),
    ],
)
def test_an_error_becomes_a_generic_reply_and_the_session_goes_on(error: Exception, heard: str) -> None:
    async def story() -> None:
        deliveries = Deliveries(_raising(error))
        async with serving(deliveries) as gateway:
            client = await gateway.connect(hello="EHLO me")
            await client.talk(ENVELOPE + "C: DATA\nS: 354\nC: .")
            assert await client.reply() == [heard]
            deliveries.answer = None
            await _sent(gateway, client, "250 2.0.0")
            assert any("message.failed" in line and '"id":"id0"' in line for line in gateway.log.getvalue().splitlines())

    asyncio.run(story())


def test_a_bug_leaves_its_traceback_under_the_message_id_and_no_text() -> None:
    async def story() -> None:
        async with serving(Deliveries(_raising(ValueError("a subject line")))) as gateway:
            client = await gateway.connect(hello="EHLO me")
            await _sent(gateway, client, "451 4.3.0")
            (line,) = [line for line in gateway.log.getvalue().splitlines() if "message.failed" in line]
            assert '"id":"id0"' in line
            assert "ValueError" in line
            assert "test_session.py" in line
            assert "a subject line" not in line

    asyncio.run(story())


@pytest.mark.parametrize(
    ("reply", "heard"),
    [
        (Reply(550, "5.7.1", "nöt\r\n250 2.0.0 allowed \u2013 here"), "550 5.7.1 not  250 2.0.0 allowed ? here"),
        (Reply(250, "2.0.0", "x" * 600), "250 2.0.0 " + "x" * 500),
        (Reply(421, "4.3.2", "hop is closing"), "451 4.3.0 hop is closing"),
        (Reply(354, "3.0.0", "odd"), "451 4.3.0 odd"),
        (Reply(550, "2.1.5", "odd"), "550 5.0.0 odd"),
        (Reply(550, "5.1.1\r\n250", "odd"), "550 5.0.0 odd"),
    ],
)
def test_a_reply_is_ascii_and_one_line_and_ends_nothing(reply: Reply, heard: str) -> None:
    async def story() -> None:
        async with serving(Deliveries(lambda arrival: Answer((reply,)))) as gateway:
            client = await gateway.connect(hello="EHLO me")
            await client.talk(ENVELOPE + "C: DATA\nS: 354\nC: .")
            assert await client.reply() == [heard]
            await client.talk("C: NOOP\nS: 250")

    asyncio.run(story())


def test_lmtp_answers_each_recipient(run) -> None:
    replies = (Reply(250, "2.1.5", "b"), Reply(451, "4.2.1", "c"), Reply(550, "5.1.1", "d"))

    async def story() -> None:
        deliveries = Deliveries()
        deliveries.answer = lambda arrival: deliveries.say(*replies)
        async with serving(deliveries, protocol="lmtp", max_message=50) as gateway:
            client = await gateway.connect()
            await client.talk("S: 220 gw.example LMTP\nC: EHLO me\nS: 500 5.5.1\nC: HELO me\nS: 500 5.5.1\nC: LHLO me\nS: 250" + ENVELOPE)
            await client.talk("C: RCPT TO:<c@x.example>\nS: 250\nC: RCPT TO:<d@x.example>\nS: 250\nC: DATA\nS: 354\nC: .")
            await client.talk("S: 250 2.1.5 b\nS: 451 4.2.1 c\nS: 550 5.1.1 d")
            # RFC 2033 section 4.2: a refusal of the content also stands for each recipient, and BDAT is like DATA.
            await client.talk(ENVELOPE + "C: RCPT TO:<c@x.example>\nS: 250\nC: BDAT 3")
            client.send(b"abcBDAT 60 LAST\r\n" + b"x" * 60)
            await client.talk("S: 250 2.0.0\nS: 552 5.3.4\nS: 552 5.3.4\nC: DATA\nS: 503 5.5.1")
            await deliveries.until(lambda: deliveries.heard)
        assert deliveries.heard == [True]
        assert gateway.deliveries.arrivals[0].protocol == "LMTP"

    run(story())


def test_too_few_replies_are_a_bug_and_put_everyone_off() -> None:
    async def story() -> None:
        async with serving(Deliveries(lambda arrival: Answer((OK,))), protocol="lmtp") as gateway:
            client = await gateway.connect(hello="LHLO me")
            await client.talk(ENVELOPE + "C: RCPT TO:<c@x.example>\nS: 250\nC: DATA\nS: 354\nC: .\nS: 451 4.3.0\nS: 451 4.3.0")

    asyncio.run(story())


# --- DESIGN section 6: open until a 2xx or 5xx was written and the client then sent a command or closed in order ------------


@pytest.mark.parametrize("reply", [OK, Reply(550, "5.7.1", "no")])
@pytest.mark.parametrize("then", ["command", "quit", "close"])
def test_a_client_that_goes_on_has_heard_us(run, reply: Reply, then: str) -> None:
    async def story() -> None:
        deliveries = Deliveries()
        deliveries.answer = lambda arrival: deliveries.say(reply)
        async with serving(deliveries) as gateway:
            client = await gateway.connect(hello="EHLO me")
            await _sent(gateway, client, str(reply.code))
            assert deliveries.heard == []
            if then == "close":
                client.writer.write_eof()
            else:
                await client.talk({"command": "C: NOOP\nS: 250", "quit": "C: QUIT\nS: 221"}[then])
            await deliveries.until(lambda: deliveries.heard)
        assert deliveries.heard == [True]

    run(story())


@pytest.mark.parametrize("then", ["command", "reset"])
def test_after_a_451_everything_stays_open(run, then: str) -> None:
    async def story() -> None:
        deliveries = Deliveries()
        deliveries.answer = lambda arrival: deliveries.say(Reply(451, "4.2.1", "later"))
        async with serving(deliveries) as gateway:
            client = await gateway.connect(hello="EHLO me")
            await _sent(gateway, client, "451 4.2.1")
            if then == "command":
                await client.talk("C: NOOP\nS: 250")
            else:
                client.reset()
        assert deliveries.heard == [False]

    run(story())


def test_a_reset_after_the_answer_leaves_it_open(run) -> None:
    async def story() -> None:
        deliveries = Deliveries()
        async with serving(deliveries) as gateway:
            client = await gateway.connect(hello="EHLO me")
            await _sent(gateway, client, "250")
            client.reset()
            await deliveries.until(lambda: deliveries.heard)
        assert deliveries.heard == [False]

    run(story())


@pytest.mark.parametrize("leaving", ["reset", "close", "half-close"])
def test_a_client_that_leaves_before_the_answer_stops_nothing(run, leaving: str) -> None:
    async def story() -> None:
        deliveries = Deliveries()
        gone = asyncio.Event()

        async def slowly(arrival):
            await gone.wait()
            assert arrival.content.read(0, 7) == b"Subject"
            return deliveries.say(OK)

        deliveries.answer = slowly
        async with serving(deliveries) as gateway:
            client = await gateway.connect(hello="EHLO me")
            await client.talk(ENVELOPE + "C: DATA\nS: 354")
            client.send(MESSAGE + b".\r\n")
            await deliveries.until(lambda: deliveries.arrivals)
            session = next(iter(gateway.server._sessions))
            if leaving == "half-close":
                client.writer.write_eof()
            else:
                client.reset() if leaving == "reset" else client.writer.close()
            await happens(lambda: session._is_eof or session._is_lost)
            gone.set()
            if leaving == "half-close":
                await client.talk("S: 250 2.0.0")  # it may still want to know; it is not believed
            await deliveries.until(lambda: deliveries.heard)
        assert deliveries.heard == [False]

    run(story())


def test_what_was_sent_before_the_answer_proves_nothing(run) -> None:
    """A pipelined QUIT: the client's own close after our last word does."""

    async def story(*, resets: bool) -> list[bool]:
        deliveries = Deliveries()
        async with serving(deliveries) as gateway:
            client = await gateway.connect(hello="EHLO me")
            await client.talk(ENVELOPE + "C: DATA\nS: 354")
            client.send(MESSAGE + b".\r\nQUIT\r\n")
            await client.talk("S: 250 2.0.0\nS: 221")
            assert deliveries.heard == []
            client.reset() if resets else client.writer.write_eof()
            await deliveries.until(lambda: deliveries.heard)
        return deliveries.heard

    async def both() -> None:
        assert await story(resets=False) == [True]
        assert await story(resets=True) == [False]

    run(both())


def test_two_pipelined_messages_are_each_confirmed_once() -> None:
    async def story() -> None:
        deliveries = Deliveries()
        async with serving(deliveries) as gateway:
            client = await gateway.connect(hello="EHLO me")
            one = b"MAIL FROM:<>\r\nRCPT TO:<a@b.example>\r\nBDAT 4 LAST\r\nab\r\n"
            client.send(one + one)
            await client.talk("S: 250\nS: 250\nS: 250 2.0.0\nS: 250\nS: 250\nS: 250 2.0.0\nC: NOOP\nS: 250")
        assert deliveries.heard == [True, True]

    asyncio.run(story())


class Leaping:
    """A clock that is a day further each time it is asked."""

    def __init__(self) -> None:
        self._days = 0

    def now(self) -> datetime:
        return datetime(2026, 11, 20, tzinfo=UTC)

    def monotonic(self) -> float:
        self._days += 1
        return self._days * 86400.0


def test_past_the_deadline_the_client_is_put_off_and_the_delivery_goes_on() -> None:
    async def story() -> None:
        deliveries = Deliveries()
        go = asyncio.Event()

        async def slowly(arrival):
            await go.wait()
            return deliveries.say(OK)

        deliveries.answer = slowly
        async with serving(deliveries, clock=Leaping()) as gateway:
            client = await gateway.connect(hello="EHLO me")
            await _sent(gateway, client, "451 4.4.7")
            await client.talk("C: NOOP\nS: 250")
            assert (deliveries.heard, gateway.server.deliveries) == ([], 1)
            go.set()
            await deliveries.until(lambda: deliveries.heard)
        assert deliveries.heard == [False]

    asyncio.run(story())


def test_a_message_cut_short_never_arrives(run) -> None:
    async def story() -> None:
        async with serving() as gateway:
            for cut in (b"Subject: x\r\n\r\nhel", b"Subject: x\r\n\r\n.\r"):
                client = await gateway.connect(hello="EHLO me")
                await client.talk(ENVELOPE + "C: DATA\nS: 354")
                client.send(cut)
                client.writer.write_eof()
                assert await client.is_closed()
            client = await gateway.connect(hello="EHLO me")
            await client.talk(ENVELOPE + "C: BDAT 100 LAST")
            client.send(b"short")
            client.reset()
        assert gateway.deliveries.arrivals == []

    run(story())


class NoRoom:
    """A spool on a full disk."""

    def write(self, data: bytes) -> None:
        raise TryLater("spool: No space left on device", "4.3.1")

    def finish(self):
        raise TryLater("spool: No space left on device", "4.3.1")

    def discard(self) -> None:
        return


def test_a_full_disk_is_452_and_the_session_goes_on() -> None:
    async def story() -> None:
        async with serving(spool=NoRoom) as gateway:
            client = await gateway.connect(hello="EHLO me")
            for _ in range(2):
                await _sent(gateway, client, "452 4.3.1")
            assert "No space left" in gateway.log.getvalue()
        assert gateway.deliveries.arrivals == []

    asyncio.run(story())


def test_large_content_goes_through_the_spool_unharmed(run) -> None:
    content = b"Subject: large\r\n\r\n" + (b"A" * 76 + b"\r\n") * 60_000

    async def story() -> None:
        async with serving() as gateway:
            client = await gateway.connect(hello="EHLO me")
            await client.talk(ENVELOPE + "C: DATA\nS: 354")
            client.send(content + b".\r\n")
            await client.talk("S: 250 2.0.0")
        assert gateway.deliveries.contents == [content]

    run(story())


def test_nothing_that_was_written_reaches_the_log() -> None:
    async def story() -> None:
        async with serving() as gateway:
            client = await gateway.connect(hello="EHLO me")
            await _sent(gateway, client, "250")
            log = gateway.log.getvalue()
            assert '"event":"message.received","id":"id0"' in log
            assert '"event":"message.answered","id":"id0"' in log
            assert not any(word in log for word in ("ours.example", "theirs.example", "Subject", "hello"))

    asyncio.run(story())
