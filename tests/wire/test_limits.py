"""Who may come in, how many, how long, and how a server stops."""

import asyncio
import logging

import pytest
from aiosmtpd.smtp import SMTP

from gateway.config import Listener
from gateway.edges.clock import SystemClock
from gateway.listen.limits import Limits
from gateway.listen.session import Session
from gateway.listen.terms import Terms, is_within, plain_address
from gateway.log import Log
from gateway.model.outcome import Answer, Reply
from tests.wire.talk import ENVELOPE, KEY, MESSAGE, OK, Deliveries, happens, serving


def test_a_stranger_hears_554_and_nothing_is_read(run) -> None:
    async def story() -> None:
        async with serving(networks=("192.0.2.0/24",)) as gateway:
            client = await gateway.connect()
            await client.talk("S: 554 5.7.1")
            assert await client.is_closed()
            assert '"why":"not-allowed"' in gateway.log.getvalue()

    run(story())


def test_too_many_sessions_of_one_peer_or_in_all() -> None:
    async def story(**most: int) -> None:
        async with serving(**most) as gateway:
            first = await gateway.connect(hello="EHLO me")
            await gateway.connect(hello="EHLO me")
            third = await gateway.connect()
            await third.talk("S: 421 4.7.0")
            assert await third.is_closed()
            await first.talk("C: QUIT\nS: 221")
            assert await first.is_closed()
            await happens(lambda: gateway.server.sessions == 1)
            await gateway.connect(hello="EHLO me")

    asyncio.run(story(max_sessions=2))
    asyncio.run(story(max_sessions_per_peer=2))


def test_limits_forget_who_has_left() -> None:
    limits, settings = Limits(), Listener(address="127.0.0.1:0", max_sessions=3, max_sessions_per_peer=2)

    assert [limits.enter("a", peer, settings) for peer in ("p", "p", "p", "q", "r")] == [True, True, False, True, False]
    assert limits.enter("b", "p", settings)
    for peer in ("p", "p", "q"):
        limits.leave("a", peer)
    limits.leave("b", "p")
    assert not limits._peers


def test_silence_ends_a_session(run) -> None:
    async def story() -> None:
        async with serving(idle=0.1) as gateway:
            client = await gateway.connect()
            await client.talk("S: 220\nS: 421 4.4.2")
            assert await client.is_closed()

    run(story())


def _let_time_pass(session: Session) -> None:
    """The timer fires, and the client was last heard long ago."""
    session._heard -= 1000
    session._timeout_cb()


def test_silence_ends_a_session_in_the_middle_of_content_too(run) -> None:
    async def story() -> None:
        async with serving() as gateway:
            client = await gateway.connect(hello="EHLO me")
            await client.talk(ENVELOPE + "C: DATA\nS: 354\nC: half a message")
            _let_time_pass(*gateway.server._sessions)
            await client.talk("S: 421 4.4.2")
            assert await client.is_closed()
        assert gateway.deliveries.arrivals == []

    run(story())


def test_a_client_that_reads_nothing_is_cut_off(run) -> None:
    async def story() -> None:
        async with serving() as gateway:
            client = await gateway.connect(hello="EHLO me")
            (session,) = gateway.server._sessions
            client.reader._transport.pause_reading()
            client.send(b"NOOP\r\n" * 3)
            await happens(lambda: session._junk)
            _let_time_pass(session)
            session._timeout_cb()  # the moment for our last word is over as well
            await happens(lambda: not gateway.server.sessions)

    run(story())


def test_a_slow_delivery_is_no_silence_of_the_client() -> None:
    async def story() -> None:
        deliveries = Deliveries()
        go = asyncio.Event()

        async def slowly(arrival):
            await go.wait()
            return deliveries.say(OK)

        deliveries.answer = slowly
        async with serving(deliveries) as gateway:
            client = await gateway.connect(hello="EHLO me")
            await client.talk(ENVELOPE + "C: DATA\nS: 354\nC: .")
            await deliveries.until(lambda: deliveries.arrivals)
            _let_time_pass(*gateway.server._sessions)
            go.set()
            await client.talk("S: 250 2.0.0")

    asyncio.run(story())


def test_every_chunk_of_content_counts_as_being_heard() -> None:
    async def story() -> None:
        async with serving() as gateway:
            client = await gateway.connect(hello="EHLO me")
            await client.talk(ENVELOPE + "C: DATA\nS: 354")
            (session,) = gateway.server._sessions
            session._heard -= 1000
            long_ago = session._heard
            client.send(b"a line\r\n")
            await happens(lambda: session._heard > long_ago)
            session._timeout_cb()
            await client.talk("C: .\nS: 250 2.0.0")

    asyncio.run(story())


def test_errors_and_idle_chatter_are_limited_but_mail_is_not() -> None:
    async def story() -> None:
        async with serving() as gateway:
            client = await gateway.connect(hello="EHLO me")
            await client.talk("C: NONSENSE\nS: 500\n" * 19 + "C: NONSENSE\nS: 500\nS: 421 4.7.0")
            assert await client.is_closed()
            client = await gateway.connect(hello="EHLO me")
            await client.talk("C: NOOP\nS: 250\n" * 99 + "C: RSET\nS: 421 4.7.0")
            assert await client.is_closed()
            client = await gateway.connect(hello="EHLO me")
            for _ in range(5):
                await client.talk("C: NOOP\nS: 250\n" * 90 + ENVELOPE + "C: DATA\nS: 354\nC: .\nS: 250 2.0.0")

    asyncio.run(story())


def test_bad_addresses_are_the_authors_and_end_no_session() -> None:
    async def story() -> None:
        async with serving() as gateway:
            client = await gateway.connect(hello="EHLO me")
            await client.talk("C: MAIL FROM:<>\nS: 250\n" + "C: RCPT TO:<a..b@c.example>\nS: 553 5.1.3\n" * 120)
            await client.talk("C: RCPT TO:<b@c.example>\nS: 250")

    asyncio.run(story())


@pytest.mark.parametrize("verb", ["GET / HTTP/1.1", "POST / HTTP/1.1", "CONNECT x:25 HTTP/1.1"])
def test_a_browser_is_sent_away_before_its_body_is_read_as_commands(verb: str) -> None:
    async def story() -> None:
        async with serving() as gateway:
            client = await gateway.connect()
            client.send(f"{verb}\r\nHost: x\r\n\r\nEHLO me\r\nMAIL FROM:<>\r\nRCPT TO:<a@b.example>\r\nDATA\r\n\r\n.\r\n".encode())
            await client.talk("S: 220\nS: 521 5.5.1")
            assert await client.is_closed()
        assert gateway.deliveries.arrivals == []

    asyncio.run(story())


# --- stopping -------------------------------------------------------------------------------------------------------------


def test_draining_says_421_to_who_rests_and_lets_the_others_finish(run) -> None:
    async def story() -> None:
        async with serving() as gateway:
            idle = await gateway.connect(hello="EHLO me")
            busy = await gateway.connect(hello="EHLO me")
            await busy.talk(ENVELOPE + "C: DATA\nS: 354")
            drained = asyncio.ensure_future(gateway.server.drain(10))
            await idle.talk("S: 421 4.3.2")
            assert await idle.is_closed()
            with pytest.raises(ConnectionError):
                await asyncio.open_connection("127.0.0.1", gateway.port)
            assert not drained.done()
            busy.send(MESSAGE + b".\r\n")
            await busy.talk("S: 250 2.0.0\nS: 421 4.3.2")
            await busy.close()  # so the server knows that the answer was heard
            assert await drained

        assert gateway.deliveries.heard == [True]

    run(story())


def test_who_did_not_wait_for_the_answer_begins_no_further_message_once_it_is_stopped(run) -> None:
    async def story() -> None:
        async with serving() as gateway:
            client = await gateway.connect(hello="EHLO me")
            await client.talk(ENVELOPE + "C: DATA\nS: 354")
            drained = asyncio.ensure_future(gateway.server.drain(10))
            await asyncio.sleep(0)
            client.send(MESSAGE + b".\r\nMAIL FROM:<a@ours.example>\r\nRCPT TO:<b@theirs.example>\r\nDATA\r\n")
            await client.talk("S: 250 2.0.0\nS: 421 4.3.2")
            await client.close()
            assert await drained

        assert len(gateway.deliveries.arrivals) == 1

    run(story())


def test_who_waits_for_what_becomes_of_a_message_hears_it_however_long_it_takes(run) -> None:
    async def story() -> None:
        go = asyncio.Event()

        async def late(_: object) -> Answer:
            await go.wait()
            return Answer((Reply(250, "2.0.0", "taken after all"),))

        async with serving(Deliveries(late)) as gateway:
            client = await gateway.connect(hello="EHLO me")
            await client.talk(ENVELOPE + "C: DATA\nS: 354")
            client.send(MESSAGE + b".\r\n")
            await gateway.deliveries.until(lambda: gateway.deliveries.arrivals)
            assert not await gateway.server.drain(0.01)
            go.set()
            await client.talk("S: 250 2.0.0 taken after all\nS: 421 4.3.2")
            await client.close()
            await gateway.server.ended()

    run(story())


class Late:
    """A session, as far as its server tells it anything."""

    is_stopped = False

    def stop(self) -> None:
        self.is_stopped = True


def test_a_connection_that_was_accepted_just_before_a_stop_hears_of_it_too(run) -> None:
    """Found: its session was made in the turn after all had been told, began messages, and the stop waited for it."""

    async def story() -> None:
        late = Late()
        async with serving() as gateway:
            assert await gateway.server.drain(10)
            gateway.server.entered(late)
            gateway.server.left(late)

        assert late.is_stopped

    run(story())


def test_draining_gives_up_in_time_and_says_so() -> None:
    async def story() -> None:
        async with serving() as gateway:
            client = await gateway.connect(hello="EHLO me")
            await client.talk(ENVELOPE)
            assert not await gateway.server.drain(0.01)
            await client.talk("S: 421 4.3.2")
            assert await client.is_closed()

    asyncio.run(story())


def test_a_reload_is_for_new_sessions() -> None:
    async def story() -> None:
        async with serving(max_message=1000) as gateway:
            old = await gateway.connect(hello="EHLO me")
            gateway.server.reload(Listener(address="127.0.0.1:0", max_message=10))
            new = await gateway.connect(hello="EHLO me")
            await old.talk("C: MAIL FROM:<> SIZE=500\nS: 250")
            await new.talk("C: MAIL FROM:<> SIZE=500\nS: 552 5.3.4")

    asyncio.run(story())


# --- small things ---------------------------------------------------------------------------------------------------------


def test_a_mapped_address_is_ipv4_and_a_zone_is_left_out() -> None:
    assert plain_address(("::ffff:192.0.2.1", 25, 0, 0)) == ("192.0.2.1", 25)
    assert plain_address(("fe80::1%eth0", 25, 0, 2)) == ("fe80::1", 25)
    assert plain_address(None) == ("0.0.0.0", 0)


def test_networks_of_both_families() -> None:
    terms = _terms(networks=("192.0.2.0/24", "2001:db8::/32"))

    assert is_within("192.0.2.9", terms.networks)
    assert is_within("2001:db8::9", terms.networks)
    assert not is_within("2001:db9::9", terms.networks)
    assert not is_within("0.0.0.0", terms.networks)


def test_our_constructor_sets_all_that_aiosmtpds_sets() -> None:
    """The base is frozen at 1.4.6; should it ever move, this says what is missing."""

    async def story() -> None:
        loop = asyncio.get_running_loop()
        theirs = vars(SMTP(object(), hostname="x", loop=loop, command_call_limit=1))
        ours = vars(Session(_terms(), None, loop))
        unused = {"__ident__", "_call_limit_base", "_call_limit_default", "_strong_reader", "_source_traceback"}
        assert not set(theirs) - set(ours) - unused

    asyncio.run(story())


def test_aiosmtpd_logs_no_commands() -> None:
    assert not logging.getLogger("mail.log").isEnabledFor(logging.INFO)


def _terms(**settings) -> Terms:
    return Terms(
        "test",
        Listener(address="127.0.0.1:0", **settings),
        "gw.example",
        Deliveries(),
        None,
        None,
        SystemClock(),
        None,
        Limits(),
        Log(),
        KEY,
    )
