"""What a next hop may do to us, and what each recipient is told: exactly one Handed, whatever happens."""

import asyncio
import contextlib
import math
import socket
import time
from binascii import b2a_qp
from collections.abc import Callable
from dataclasses import dataclass, field, replace

import pytest

from gateway.config import Hop
from gateway.edges.dialogue import Broken, Dialogue
from gateway.edges.dkim import Signer
from gateway.edges.relay import Relay
from gateway.errors import TryLater
from gateway.model.outcome import Splice
from gateway.ports.next_hop import Handed
from tests.doubles import StillClock
from tests.edges.relaying import LARGE, LOOPS, SMALL, A, B, Octets, copy_of, hand_over, recipient, relay_to, run, words
from tests.edges.signatures import records, signing_keys, verified, whole
from tests.peers.hop import EXTENSIONS, Action, Do, hop

OK, LOST, LATE = "250 2.0.0", "451 4.4.2", "451 4.4.1"
GARBAGE = b"HTTP/1.1 400 Bad Request\r\n"
HANGS = (Do.HANG, Do.KEEP_AND_HANG)
EARLY = ("connect", "ehlo", "mail", "rcpt", "data")  # stages before any content


@dataclass(frozen=True)
class Row:
    name: str
    script: dict[str, Action]
    expect: list[str]  # for A and B
    kept: tuple[str, ...] = ()  # who has the message
    content: bytes = SMALL
    settings: dict = field(default_factory=dict)
    seconds: float = 60


ROWS = [
    Row("all is well", {}, [OK, OK], (A, B)),
    Row("one is refused", {f"rcpt {B}": "550 5.1.1 who?"}, [OK, "550 5.1.1"], (A,)),
    Row("one is deferred", {f"rcpt {A}": "450 4.2.1 later"}, ["450 4.2.1", OK], (B,)),
    Row("all are refused", {f"rcpt {A}": "550 5.1.1 who?", f"rcpt {B}": "450 4.2.1 later"}, ["550 5.1.1", "450 4.2.1"]),
    Row("all are refused, yet it wants content", {"rcpt": "550 5.1.1 who?", "data": "354 go on"}, ["550 5.1.1", "550 5.1.1"]),
    Row("251 is yes", {f"rcpt {A}": "251 2.1.5 will forward"}, [OK, OK], (A, B)),
    Row("the sender is refused", {"mail": "553 5.7.1 not from you"}, ["553 5.7.1"] * 2),
    Row("the sender is deferred", {"mail": "451 4.7.1 greylisted"}, ["451 4.7.1"] * 2),
    Row("the sender is refused, yet it wants content", {"mail": "550 5.7.1 no", "rcpt": "550 no", "data": "354 go on"}, ["550 5.7.1"] * 2),
    Row("354 to MAIL", {"mail": "354 what"}, ["451 4.5.0"] * 2),
    Row("DATA is refused", {"data": "554 5.7.1 no"}, ["554 5.7.1"] * 2),
    Row(
        "DATA is deferred for one, the other is refused", {"data": "451 4.3.0 no", f"rcpt {B}": "550 5.1.1 no"}, ["451 4.3.0", "550 5.1.1"]
    ),
    Row("DATA is answered 250", {"data": "250 2.0.0 fine"}, ["451 4.5.0"] * 2),
    Row("the message is refused", {"dot": "554 5.6.0 virus"}, ["554 5.6.0"] * 2),
    Row("the message is deferred", {"dot": "452 4.3.1 full"}, ["452 4.3.1"] * 2),
    Row("the message is answered 421: from us it is 451", {"dot": "421 4.3.2 shutting down"}, ["451 4.3.2"] * 2),
    Row("the message is answered 354", {"dot": "354 more"}, ["451 4.5.0?"] * 2),
    Row("no enhanced status codes", {"dot": "550 no"}, ["550 5.0.0"] * 2),
    Row("a status of another class", {"dot": "550 2.1.5 no"}, ["550 5.0.0"] * 2),
    Row("the session is refused: no message is to blame", {"connect": "554 5.7.1 go away"}, [LOST] * 2),
    Row("the session is refused with 421", {"connect": "421 4.3.2 busy"}, [LOST] * 2),
    Row("EHLO and HELO are refused", {"ehlo": "550 5.7.1 no", "helo": "550 5.7.1 no"}, [LOST] * 2),
    Row("only HELO is known", {"ehlo": "502 5.5.1 what"}, [OK, OK], (A, B)),
    Row("it wants TLS", {"mail": "530 5.7.0 Must issue a STARTTLS command first"}, ["451 4.3.5"] * 2),
    Row("it wants a login", {"rcpt": "530 5.7.57 Client not authenticated"}, ["451 4.3.5"] * 2),
    Row("it has lost its place", {"mail": "503 5.5.1 nested MAIL"}, ["451 4.3.5"] * 2),
    Row("too many recipients, the old way", {f"rcpt {B}": "552 Too many recipients"}, [OK, "452 4.5.3"], (A,)),
    Row("too large for one mailbox", {f"rcpt {B}": "552 5.3.4 too large"}, [OK, "552 5.3.4!"], (A,)),
    Row("a full mailbox: no other way leads into it", {f"rcpt {B}": "552 5.2.2 full"}, [OK, "552 5.2.2"], (A,)),
    Row("encryption needed", {"dot": "523 5.7.10 encryption needed"}, ["523 5.7.10!"] * 2),
    *(Row(f"it drops at {stage}", {stage: Do.DROP}, [LOST] * 2) for stage in EARLY),
    *(Row(f"it resets at {stage}", {stage: Do.RESET}, [LOST] * 2) for stage in EARLY[1:]),
    *(Row(f"it closes its side at {stage}", {stage: Do.HALF_CLOSE}, [LOST] * 2) for stage in EARLY),
    *(Row(f"it talks nonsense at {stage}", {stage: GARBAGE}, [LOST] * 2) for stage in EARLY),
    *(Row(f"it sends a line without end at {stage}", {stage: b"2" * 200_000}, [LOST] * 2) for stage in EARLY),
    *(Row(f"it sends a reply without end at {stage}", {stage: b"250-more\r\n" * 10_000}, [LOST] * 2) for stage in EARLY),
    *(
        Row(f"it sends replies without end at {stage}", {stage: b"250 ok\r\n" * 10_000}, [LOST] * 2)
        for stage in ("connect", "ehlo", "mail")
    ),
    *(Row(f"it hangs at {stage}", {stage: Do.HANG}, [LOST] * 2, settings={"reply_timeout": 0.1}) for stage in EARLY),
    *(Row(f"it hangs at {stage} past our deadline", {stage: Do.HANG}, [LATE] * 2, seconds=0.1) for stage in EARLY),
    Row("the second RCPT kills it: what was said stays said", {f"rcpt {A}": "550 5.1.1 who?", f"rcpt {B}": Do.DROP}, ["550 5.1.1", LOST]),
    Row("421 at the second RCPT", {f"rcpt {A}": "550 5.1.1 who?", f"rcpt {B}": "421 4.3.2 bye"}, ["550 5.1.1", "451 4.3.2"]),
    Row("it drops in the content", {"content": Do.DROP}, [LOST] * 2, content=LARGE),
    Row("it resets in the content", {"content": Do.RESET}, [LOST] * 2, content=LARGE),
    Row("it closes its side in the content", {"content": Do.HALF_CLOSE}, [LOST] * 2, content=LARGE),
    Row("it talks nonsense in the content", {"content": GARBAGE}, [LOST] * 2, content=LARGE),
    Row("it hangs in the content", {"content": Do.HANG}, [LOST] * 2, content=LARGE, settings={"reply_timeout": 0.2}),
    Row("it hangs in the content past our deadline", {"content": Do.HANG}, [LATE] * 2, content=LARGE, seconds=0.2),
    Row("it refuses in the content", {"content": "552 5.3.4 enough"}, ["552 5.3.4!"] * 2, content=LARGE),
    Row("it defers in the content and leaves", {"content": "421 4.3.2 bye"}, ["451 4.3.2"] * 2, content=LARGE),
    Row("it says yes before it has all", {"content": "250 2.0.0 fine"}, [LOST] * 2, content=LARGE),
    Row("it drops after the final dot", {"dot": Do.DROP}, ["451 4.4.2?"] * 2),
    Row("it resets after the final dot", {"dot": Do.RESET}, ["451 4.4.2?"] * 2),
    Row("it closes its side after the final dot", {"dot": Do.HALF_CLOSE}, ["451 4.4.2?"] * 2),
    Row("it talks nonsense after the final dot", {"dot": GARBAGE}, ["451 4.4.2?"] * 2),
    Row("it hangs after the final dot", {"dot": Do.HANG}, ["451 4.4.2?"] * 2, settings={"data_timeout": 0.1}),
    Row("it keeps the message and drops", {"dot": Do.KEEP_AND_DROP}, ["451 4.4.2?"] * 2, (A, B)),
    Row("it keeps the message and hangs", {"dot": Do.KEEP_AND_HANG}, ["451 4.4.2?"] * 2, (A, B), settings={"data_timeout": 0.1}),
    Row("much content", {}, [OK, OK], (A, B), content=LARGE),
]


@pytest.mark.parametrize("loop", [pytest.param("asyncio", marks=pytest.mark.slow), "uvloop"])
@pytest.mark.parametrize("piped", [True, False], ids=["piped", "one-by-one"])
@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_every_recipient_has_exactly_one_outcome(row: Row, piped: bool, loop: str) -> None:
    copy = copy_of(row.content)
    with hop(row.script, extensions=EXTENSIONS if piped else EXTENSIONS[1:]) as peer:
        (handed,) = hand_over(peer, copy, loop=loop, seconds=row.seconds, **row.settings)

        assert words(handed) == row.expect
        peer.wait(lambda peer: tuple(name for taken in peer.messages for name in taken.recipients) == row.kept)
        assert all(taken.octets == copy.head + row.content for taken in peer.messages)
        peer.wait(lambda peer: peer.open == 0 or any(action in HANGS for action in row.script.values()))
    assert piped or not peer.piped


@pytest.mark.parametrize(
    "script", [{}, {f"rcpt {A}": "450 4.2.1 no"}, {"data": "451 4.3.0 no"}, {"mail": "451 4.3.0 no"}, {"dot": "451 4.3.0 no"}]
)
@pytest.mark.parametrize("piped", [True, False], ids=["piped", "one-by-one"])
def test_after_any_answer_the_connection_serves_the_next_message(script: dict[str, Action], piped: bool) -> None:
    fails_once = {stage: (action, "354 go on" if stage == "data" else "250 2.0.0 ok") for stage, action in script.items()}
    with hop(fails_once, extensions=EXTENSIONS if piped else EXTENSIONS[1:]) as peer:
        _, second = hand_over(peer, copy_of(SMALL, A), copy_of(b"Subject: two\r\n\r\n", B))

        assert words(second) == [OK]
        assert peer.sessions == 1
        assert peer.messages[-1].octets == b"Received: by gw.example\r\nSubject: two\r\n\r\n"
        assert peer.messages[-1].recipients == (B,)


@pytest.mark.parametrize("loop", LOOPS)
def test_an_answer_in_the_content_is_heard_also_when_the_hop_reads_no_further(loop: str) -> None:
    with hop({"content": Do.DEFER_AND_HANG}, receive_octets=4096) as peer:

        async def work():
            relay, now = relay_to(peer), asyncio.get_running_loop()
            begun = now.time()
            now.call_later(0.2, peer.go)  # by then all buffers are full
            handed = await relay.hand_over(copy_of(LARGE), begun + 20)
            await relay.close()
            return handed, now.time() - begun

        handed, seconds = run(loop, work)
        assert words(handed) == ["452 4.3.1"] * 2
        assert seconds < 10


# --- LMTP -------------------------------------------------------------------------------------------------------------

LMTP_ROWS = [
    Row("each is taken", {}, ["250 2.1.5"] * 2, (A, B)),
    Row("one is refused in the end", {f"dot {A}": "550 5.2.2 full"}, ["550 5.2.2", "250 2.1.5"], (B,)),
    Row("one is refused at once", {f"rcpt {A}": "550 5.1.1 who?"}, ["550 5.1.1", "250 2.1.5"], (B,)),
    Row("it drops between the answers", {f"dot {B}": Do.DROP}, ["250 2.1.5", "451 4.4.2?"], (A,)),
    Row("it keeps the second and drops", {f"dot {B}": Do.KEEP_AND_DROP}, ["250 2.1.5", "451 4.4.2?"], (A, B)),
    Row("it hangs between the answers", {f"dot {B}": Do.HANG}, ["250 2.1.5", "451 4.4.2?"], (A,), settings={"data_timeout": 0.1}),
    Row("421 between the answers", {f"dot {A}": "421 4.3.2 bye"}, ["451 4.3.2", "451 4.4.2?"]),
    Row("it refuses in the content", {"content": "452 4.3.1 full"}, ["452 4.3.1"] * 2, content=LARGE),
]


@pytest.mark.parametrize("loop", LOOPS)
@pytest.mark.parametrize("row", LMTP_ROWS, ids=lambda row: row.name)
def test_lmtp_answers_for_each(row: Row, loop: str) -> None:
    with hop(row.script, lmtp=True) as peer:
        (handed,) = hand_over(peer, copy_of(row.content), loop=loop, protocol="lmtp", **row.settings)

        assert words(handed) == row.expect
        peer.wait(lambda peer: tuple(name for taken in peer.messages for name in taken.recipients) == row.kept)
        assert peer.commands()[0] == "LHLO"


class _Turned(asyncio.SelectorEventLoop):
    """A loop whose clock the test sets forward."""

    ahead = 0.0

    def time(self) -> float:
        return super().time() + self.ahead


@pytest.mark.parametrize("is_stopped", [False, True])
def test_lmtp_answers_have_one_time_together_from_a_stop_on(is_stopped: bool) -> None:
    """Found: a hop that is slow with every one kept a stop so many times as long; one end for all cut off what it had all taken."""
    c = "c@z.example"
    with hop({f"dot {B}": Do.WAIT, f"dot {c}": Do.HANG}, lmtp=True) as peer, asyncio.Runner(loop_factory=_Turned) as runner:

        async def work() -> list[str]:
            relay, loop = relay_to(peer, protocol="lmtp", data_timeout=600), asyncio.get_running_loop()
            begun = asyncio.ensure_future(relay.hand_over(copy_of(SMALL, A, B, c), loop.time() + 60))
            for waits_for, seconds in ((B, 400), (c, 250)):
                await asyncio.to_thread(peer.wait_for, f"dot {waits_for}")
                await asyncio.sleep(0.05)  # what it has said has reached us, too
                assert not begun.done()
                if is_stopped and waits_for == B:
                    relay.stop()
                loop.ahead += seconds
                peer.go()
            done, _ = await asyncio.wait({begun}, timeout=10 if is_stopped else 0.1)
            assert bool(done) == is_stopped
            loop.ahead += 0 if is_stopped else 600
            await asyncio.wait_for(begun, 10)
            await relay.close()
            return words(begun.result())

        assert runner.run(work()) == ["250 2.1.5", "250 2.1.5", "451 4.4.2?"]
        assert [taken.recipients for taken in peer.messages] == [(A,), (B,)]


# --- time -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("loop", LOOPS)
def test_after_the_final_dot_the_answer_is_awaited_beyond_the_deadline(loop: str) -> None:
    with hop({"dot": Do.WAIT}) as peer:

        async def work():
            relay, now = relay_to(peer), asyncio.get_running_loop()
            deadline = now.time() + 0.3
            now.call_at(deadline + 0.05, peer.go)
            handed = await relay.hand_over(copy_of(), deadline)
            await relay.close()
            return handed, now.time() - deadline

        handed, over = run(loop, work)
        assert words(handed) == [OK, OK]
        assert over > 0


@pytest.mark.parametrize("loop", LOOPS)
@pytest.mark.parametrize("stage", ["connect", "ehlo", "mail", "rcpt", "data", "content", "dot"])
def test_when_it_is_stopped_only_what_the_hop_may_have_is_waited_for(stage: str, loop: str) -> None:
    """Found: after 30 seconds a process ended, whatever a hop had; the retry brought it again. One that did not greet was waited for."""
    with hop({stage: Do.WAIT if stage == "dot" else Do.HANG}) as peer:

        async def work() -> list[str]:
            relay = relay_to(peer)
            deadline = asyncio.get_running_loop().time() + 60
            begun = asyncio.ensure_future(relay.hand_over(copy_of(LARGE if stage == "content" else SMALL), deadline))
            await asyncio.to_thread(peer.wait_for, stage)
            await asyncio.sleep(0.05)  # what it has read has reached us, too
            assert relay.awaited == (stage == "dot")
            relay.stop()
            if stage == "dot":
                done, _ = await asyncio.wait({begun}, timeout=0.05)
                assert not done
                peer.go()
            said = words(await asyncio.wait_for(begun, 10)) + words(await relay.hand_over(copy_of(), deadline))
            assert relay.awaited == 0
            await relay.close()
            return said

        assert run(loop, work) == ([OK, OK] if stage == "dot" else [LOST] * 2) + [LOST] * 2
        assert len(peer.messages) == (stage == "dot")
        assert peer.sessions == 1


class _Stopping(Octets):
    """Stops a relay while the second piece of it is read."""

    def __init__(self, octets: bytes, stop: Callable[[], None]) -> None:
        super().__init__(octets)
        self._stop = stop

    def read(self, start: int, end: int) -> bytes:
        if start > 0:
            self._stop()
        return super().read(start, end)


@pytest.mark.parametrize("loop", LOOPS)
def test_a_stop_between_two_pieces_was_told_as_a_deadline(loop: str) -> None:
    with hop({}) as peer:

        async def work() -> tuple[Handed, ...]:
            relay = relay_to(peer)
            copy = replace(copy_of(), content=_Stopping(LARGE, relay.stop))
            return await relay.hand_over(copy, asyncio.get_running_loop().time() + 60)

        handed = run(loop, work)
    assert words(handed) == [LOST] * 2
    assert all("being stopped" in one.reply.text for one in handed)
    assert peer.messages == []


@pytest.mark.parametrize("loop", LOOPS)
def test_a_stop_ends_the_wait_for_a_connection(loop: str) -> None:
    """For one that is free, and for one to a machine that does not answer: its queue is full."""
    with socket.create_server(("127.0.0.1", 0), backlog=0) as full, contextlib.ExitStack() as queued:
        for _ in range(3):  # those after the first few have no answer to their SYN
            connection = queued.enter_context(socket.socket())
            connection.setblocking(False)
            connection.connect_ex(full.getsockname())

        async def work() -> list[list[str]]:
            relay = Relay("away", Hop(host="127.0.0.1", port=full.getsockname()[1], tls="none", connections=1), "gw.example")
            begun = [asyncio.ensure_future(relay.hand_over(copy_of(), math.inf)) for _ in range(3)]
            done, _ = await asyncio.wait(begun, timeout=0.1)
            assert not done
            relay.stop()
            return [words(handed) for handed in await asyncio.wait_for(asyncio.gather(*begun), 10)]

        assert run(loop, work) == [[LOST] * 2] * 3


@pytest.mark.parametrize("loop", LOOPS)
def test_a_pooled_connection_that_a_stop_breaks_off_is_not_replaced(loop: str) -> None:
    """Found: as if it had died in the pool, another one was opened, and waited for."""
    with hop({"mail": ("250 2.1.0 ok", Do.HANG)}) as peer:

        async def work() -> list[str]:
            relay, deadline = relay_to(peer), asyncio.get_running_loop().time() + 60
            first = await relay.hand_over(copy_of(), deadline)
            begun = asyncio.ensure_future(relay.hand_over(copy_of(), deadline))
            await asyncio.to_thread(peer.wait_for, "mail", 2)
            relay.stop()
            said = words(first) + words(await asyncio.wait_for(begun, 10))
            await relay.close()
            return said

        assert run(loop, work) == [OK] * 2 + [LOST] * 2
        assert peer.sessions == 1


def test_a_stop_in_the_moment_of_the_deadline_is_no_bug() -> None:
    with hop({"connect": Do.HANG}) as peer, asyncio.Runner(loop_factory=_Turned) as runner:
        bugs: list[object] = []

        async def work() -> list[str]:
            relay, loop = relay_to(peer, connections=1), asyncio.get_running_loop()
            loop.set_exception_handler(lambda _, context: bugs.append(context))
            begun = [asyncio.ensure_future(relay.hand_over(copy_of(), loop.time() + 60)) for _ in range(2)]
            await asyncio.to_thread(peer.wait_for, "connect")
            loop.ahead += 60
            loop.call_soon(loop.call_soon, relay.stop)  # between the ring of the timers and who is woken by it
            handed = await asyncio.gather(*begun)
            return words(handed[0]) + words(handed[1])

        assert set(runner.run(work())) <= {LATE, LOST}
        assert not bugs


class _Pipe(asyncio.Transport):
    """A transport whose buffer the test empties."""

    def __init__(self) -> None:
        super().__init__()
        self.is_cut = False

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        return

    def write(self, data: object) -> None:
        return

    def is_closing(self) -> bool:
        return self.is_cut

    def abort(self) -> None:
        self.is_cut = True


@pytest.mark.parametrize("has_left", [True, False])
def test_a_final_dot_that_leaves_in_the_moment_of_the_stop_is_waited_for(has_left: bool) -> None:
    """The last octets have gone, and who sends them has not yet woken to see it: cut off then, the mail would go twice."""

    async def story() -> str:
        dialogue, pipe = Dialogue(), _Pipe()
        dialogue.connection_made(pipe)
        dialogue.limit(asyncio.get_running_loop().time() + 60, 60)

        async def send() -> str:
            dialogue.say(b"the end\r\n.\r\n")
            dialogue.pause_writing()
            await dialogue.drain()
            dialogue.limit(math.inf, 60)
            return str((await dialogue.replies(1))[0])

        sending = asyncio.ensure_future(send())
        await asyncio.sleep(0)
        if has_left:
            dialogue.resume_writing()
        dialogue.hush("the gateway is being stopped")
        await asyncio.sleep(0)
        if not pipe.is_cut:
            dialogue.data_received(b"250 2.0.0 taken\r\n")
        try:
            return await sending
        except Broken as broken:
            return broken.why

    assert asyncio.run(story()) == ("250 2.0.0 taken" if has_left else "the gateway is being stopped")


def test_past_the_deadline_nothing_is_begun() -> None:
    with hop() as peer:
        first, second = hand_over(peer, copy_of(), copy_of(), seconds=0)

        assert words(first) == words(second) == [LATE, LATE]
        assert peer.sessions == 0


@pytest.mark.parametrize("loop", LOOPS)
def test_past_the_deadline_the_final_dot_is_not_sent(loop: str) -> None:
    """A slow disk: nobody waits for the hop, so no timer rings."""

    class Slow(Octets):
        until = 0.0

        def read(self, start: int, end: int) -> bytes:
            while time.monotonic() <= Slow.until:
                pass
            return super().read(start, end)

    with hop() as peer:

        async def work():
            relay, now = relay_to(peer), asyncio.get_running_loop().time()
            Slow.until = now + 0.25
            copy = copy_of()
            slow = type(copy)(copy.reverse_path, copy.recipients, copy.head, Slow(LARGE), eight_bit=False, smtputf8=False)
            handed = await relay.hand_over(slow, now + 0.2)
            await relay.close()
            return handed

        assert words(run(loop, work)) == [LATE, LATE]
        peer.wait(lambda peer: peer.open == 0)
        assert not peer.messages


@pytest.mark.parametrize("loop", LOOPS)
def test_a_final_dot_that_never_left_was_not_sent(loop: str) -> None:
    """All is written at once, the dot too, but the hop reads nothing: our kernel does not have the dot yet, so nobody else has."""
    with hop({"content": Do.HANG}, receive_octets=4096) as peer:
        (handed,) = hand_over(peer, copy_of(SMALL, head=LARGE), loop=loop, reply_timeout=0.2)

        assert words(handed) == [LOST, LOST]


def test_who_waits_for_a_connection_waits_no_longer_than_the_deadline() -> None:
    with hop({"dot": Do.WAIT}) as peer:

        async def work():
            relay, loop = relay_to(peer, connections=1), asyncio.get_running_loop()
            first = asyncio.ensure_future(relay.hand_over(copy_of(), loop.time() + 20))
            await asyncio.to_thread(peer.wait_for, "dot")
            second = await relay.hand_over(copy_of(), loop.time() + 0.1)
            peer.go()
            third = await relay.hand_over(copy_of(), loop.time() + 20)
            await relay.close()
            return await first, second, third

        first, second, third = run("uvloop", work)
        assert [words(one) for one in (first, second, third)] == [[OK, OK], [LATE, LATE], [OK, OK]]
        assert peer.sessions == 1


@pytest.mark.parametrize("stage", ["connect", "ehlo", "mail", "data", "content", "dot"])
@pytest.mark.parametrize("loop", LOOPS)
def test_a_cancelled_hand_over_leaves_nothing_behind(stage: str, loop: str) -> None:
    with hop({stage: (Do.WAIT, "250 never reached")}) as peer:

        async def work():
            relay, now = relay_to(peer, connections=1), asyncio.get_running_loop()
            first = asyncio.ensure_future(relay.hand_over(copy_of(LARGE), now.time() + 20))
            await asyncio.to_thread(peer.wait_for, stage)
            first.cancel()
            with pytest.raises(asyncio.CancelledError):
                await first
            peer.script.clear()
            second = await relay.hand_over(copy_of(SMALL, B), now.time() + 20)
            peer.go()
            await relay.close()
            return second

        assert words(run(loop, work)) == [OK]
        assert peer.sessions == 2
        assert peer.messages[-1].recipients == (B,)
        assert len(peer.messages) == (2 if stage == "dot" else 1)


# --- replies ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("said", "heard"),
    [
        (b"550-5.7.1 one\r\n550-5.7.1  two\r\n550 5.7.1 three\r\n", "550 5.7.1 one two three"),
        (b"550 5.7.1 bell\x07 cr\r nul\x00 esc\x1b[2J\r\n", "550 5.7.1 bell? cr? nul? esc?[2J"),
        ("550 5.7.1 Gr\u00fc\u00dfe\r\n".encode(), "550 5.7.1 Gr????e"),
        (b"550 5.7.1 " + b"x" * 5000 + b"\r\n", "550 5.7.1 " + "x" * 400),
        (b"550-5.7.1 " + b"\r\n550-5.7.1 ".join([b"y" * 99] * 100) + b"\r\n550 5.7.1 z\r\n", "550 5.7.1 " + (("y" * 99 + " ") * 4)),
        (b"550\r\n", "550 5.0.0 "),
        (b"550 5.7.1\r\n", "550 5.7.1 "),
        (b"550 5.7.1 bare line feed\n", "550 5.7.1 bare line feed"),
    ],
)
def test_reply_texts_are_fit_to_go_back(said: bytes, heard: str) -> None:
    with hop({"mail": said}) as peer:
        (handed,) = hand_over(peer, copy_of(SMALL, A))

        assert str(handed[0].reply) == heard


# --- parameters -------------------------------------------------------------------------------------------------------

UTF8 = "j\u00f6rg@x.example"
EIGHT = b"Subject: hello\r\n\r\n\xc3\xa4\r\n"
EIGHT_HEADER = b"Subject: \xc3\xa4\r\n\r\nhello\r\n"


@pytest.mark.parametrize(
    ("extensions", "copy", "mail", "expect"),
    [
        ("", copy_of(SMALL, A), "", ["250 2.0.0"]),
        ("SIZE", copy_of(SMALL, A), f"SIZE={25 + len(SMALL)}", ["250 2.0.0"]),
        ("SIZE 0", copy_of(SMALL, A, splices=(Splice(0, 16),)), f"SIZE={9 + len(SMALL)}", ["250 2.0.0"]),
        (f"SIZE {25 + len(SMALL)}", copy_of(SMALL, A), f"SIZE={25 + len(SMALL)}", ["250 2.0.0"]),
        (f"SIZE {24 + len(SMALL)}", copy_of(SMALL, A), None, ["552 5.3.4!"]),
        (f"SIZE {'9' * 5000}", copy_of(SMALL, A), f"SIZE={25 + len(SMALL)}", ["250 2.0.0"]),
        ("8BITMIME", copy_of(SMALL, A, eight_bit=True), "BODY=8BITMIME", ["250 2.0.0"]),
        ("8bitmime", copy_of(EIGHT, A, eight_bit=True), "BODY=8BITMIME", ["250 2.0.0"]),
        ("", copy_of(SMALL, A, eight_bit=True), "", ["250 2.0.0"]),
        ("", copy_of(EIGHT, A, eight_bit=True), None, ["554 5.6.3"]),
        ("", copy_of(SMALL, A, eight_bit=True, head=b"X: \xe4\r\n"), None, ["554 5.6.3"]),
        ("", copy_of(b"X: \xe4\r\n" + SMALL, A, eight_bit=True, splices=(Splice(0, 6),)), "", ["250 2.0.0"]),
        ("SMTPUTF8", copy_of(SMALL, A, smtputf8=True), "SMTPUTF8", ["250 2.0.0"]),
        ("SMTPUTF8", copy_of(SMALL, UTF8, smtputf8=True), "SMTPUTF8", ["250 2.0.0"]),
        ("", copy_of(SMALL, A, smtputf8=True), "", ["250 2.0.0"]),
        ("8BITMIME", copy_of(EIGHT, A, smtputf8=True, eight_bit=True), "BODY=8BITMIME", ["250 2.0.0"]),
        ("8BITMIME", copy_of(EIGHT_HEADER, A, smtputf8=True, eight_bit=True), None, ["550 5.6.7"]),
        ("", copy_of(SMALL, A, smtputf8=True, reverse_path=UTF8), None, ["550 5.6.7"]),
        ("", copy_of(SMALL, UTF8, smtputf8=True), None, ["550 5.6.7"]),
        ("", copy_of(SMALL, A, UTF8, B, smtputf8=True), "", ["250 2.0.0", "550 5.6.7", "250 2.0.0"]),
        ("DSN", copy_of(SMALL, A, ret="HDRS", envid="x+2By"), "RET=HDRS ENVID=x+2By", ["250 2.0.0"]),
        ("", copy_of(SMALL, A, ret="HDRS", envid="x+2By"), "", ["250 2.0.0"]),
        ("", copy_of(SMALL, A, reverse_path=""), "", ["250 2.0.0"]),
        ("", copy_of(SMALL, A, reverse_path="x>\r\nRCPT TO:<v@x.example"), None, ["553 5.1.3"]),
        ("", copy_of(SMALL, A, "x>\r\nRCPT TO:<v@x.example"), None, ["553 5.1.3"] * 2),
    ],
)
def test_mail_says_what_the_hop_knows_and_the_copy_needs(extensions: str, copy, mail: str | None, expect: list[str]) -> None:
    with hop(extensions=tuple(filter(None, [extensions]))) as peer:
        (handed,) = hand_over(peer, copy)

        assert words(handed) == expect
        said = [line for _, line in peer.lines if line.startswith("MAIL")]
        assert said == ([] if mail is None else [f"MAIL FROM:<{copy.reverse_path}> {mail}".strip()])
        assert all(one.dsn == (extensions == "DSN") for one in handed if one.reply.is_success)


@pytest.mark.parametrize(
    ("one", "with_dsn", "without"),
    [
        (recipient(A), "", ""),
        (
            recipient(A, notify=frozenset({"SUCCESS", "DELAY"}), orcpt="rfc822;a+2Bx@x.example"),
            "NOTIFY=DELAY,SUCCESS ORCPT=rfc822;a+2Bx@x.example",
            "",
        ),
        (recipient(A, notify=frozenset({"NEVER"})), "NOTIFY=NEVER", ""),
        (recipient('"a>b c"@x.example'), "", ""),
    ],
)
def test_rcpt_keeps_each_recipients_own_parameters(one, with_dsn: str, without: str) -> None:
    for extensions, words_said in ((("DSN",), with_dsn), ((), without)):
        with hop(extensions=extensions) as peer:
            hand_over(peer, copy_of(SMALL, one, B))

            said = [line for _, line in peer.lines if line.startswith("RCPT")]
            assert said == [f"RCPT TO:<{one.address.wire}> {words_said}".strip(), f"RCPT TO:<{B}>"]


def test_eight_bit_content_goes_as_quoted_printable_where_the_hop_takes_seven_bits() -> None:
    mime = b"MIME-Version: 1.0\r\nContent-Transfer-Encoding: 8bit\r\n\r\n"
    text = "Grüße aus Köln, und ein langes Wort.\r\n".encode()
    with hop(extensions=("SIZE 1000",)) as peer:
        copy = copy_of(b"X-Secret: y\r\n" + mime + text, A, eight_bit=True, splices=(Splice(0, 13),))
        (handed,) = hand_over(peer, copy)

        assert words(handed) == ["250 2.0.0"]
        (taken,) = peer.messages
        assert taken.octets == copy.head + mime.replace(b"8bit", b"quoted-printable") + b2a_qp(text)
        assert [line for _, line in peer.lines if line.startswith("MAIL")] == [f"MAIL FROM:<{copy.reverse_path}> SIZE={len(taken.octets)}"]


MIME = b"From: ann@our.example\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n"
GREETING = "Grüße aus Köln, und ein langes Wort.\r\n".encode()


@pytest.mark.parametrize("signed_by", ["act", "upstream", "nobody"])
def test_what_is_converted_is_signed_then(signed_by: str) -> None:
    """Found: a copy that was signed in eight bits and converted for the hop did not verify any more."""
    signer = Signer(signing_keys("rsa", "ed25519"), StillClock())
    copy = copy_of(MIME + b"\r\n" + GREETING, A, eight_bit=True)
    if signed_by != "nobody":
        copy = asyncio.run(signer.sign(copy))
    if signed_by == "upstream":
        copy = copy_of(whole(copy), A, eight_bit=True)
    with hop(extensions=("SIZE 9000",)) as peer:
        (handed,) = hand_over(peer, copy, signer=signer)

        assert words(handed) == ["250 2.0.0"]
        (taken,) = peer.messages
        assert taken.octets.isascii()
        assert b2a_qp(GREETING) in taken.octets
        assert verified(taken.octets, records(signing_keys("rsa", "ed25519"))) == [True, True]
        assert [line for _, line in peer.lines if line.startswith("MAIL")] == [f"MAIL FROM:<{copy.reverse_path}> SIZE={len(taken.octets)}"]


def test_what_another_domain_has_signed_is_not_converted() -> None:
    theirs = Signer(signing_keys(domain="else.example"), StillClock())
    copy = asyncio.run(theirs.sign(copy_of((MIME + b"\r\n" + GREETING).replace(b"our.example", b"else.example"), A, eight_bit=True)))
    copy = copy_of(whole(copy), A, eight_bit=True)
    with hop(extensions=("SIZE 9000",)) as peer:
        (handed,) = hand_over(peer, copy, signer=Signer(signing_keys(), StillClock()))

        assert words(handed) == ["554 5.6.3"]


def test_a_hop_that_takes_eight_bits_gets_the_signature_as_it_is() -> None:
    signer = Signer(signing_keys(), StillClock())
    copy = asyncio.run(signer.sign(copy_of(MIME + b"\r\n" + GREETING, A, eight_bit=True)))
    with hop() as peer:
        hand_over(peer, copy, signer=signer)

        (taken,) = peer.messages
        assert taken.octets == whole(copy)


def test_what_stands_in_place_of_something_else_is_converted_too() -> None:
    """Found: an edited copy was converted as if it had not been edited, and words and encoding stood in each other's place."""
    there = MIME + b"\r\nOld, all in ASCII, to be taken out.\r\n"
    at = there.index(b"Old")
    copy = copy_of(there, A, eight_bit=True, splices=(Splice(at, len(there), GREETING),))
    with hop(extensions=("SIZE 9000",)) as peer:
        (handed,) = hand_over(peer, copy)

        assert words(handed) == ["250 2.0.0"]
        (taken,) = peer.messages
        assert taken.octets == copy.head + MIME.replace(b"8bit", b"quoted-printable") + b"\r\n" + b2a_qp(GREETING)


def test_content_that_would_grow_too_large_in_seven_bits_is_not_sent() -> None:
    mime = b"MIME-Version: 1.0\r\nContent-Type: application/x\r\n\r\n"
    with hop(extensions=("SIZE 300",)) as peer:
        (handed,) = hand_over(peer, copy_of(mime + b"\xe4" * 200, A, eight_bit=True))

        assert words(handed) == ["552 5.3.4!"]


def test_content_that_is_shorter_than_it_was_is_never_a_whole_message() -> None:
    class Shrunk(type(copy_of().content)):
        @property
        def octets(self) -> int:
            return super().octets + 1

    with hop() as peer:
        copy = copy_of()
        (handed,) = hand_over(
            peer, type(copy)(copy.reverse_path, copy.recipients, copy.head, Shrunk(SMALL), eight_bit=False, smtputf8=False)
        )

        assert words(handed) == ["451 4.3.0"] * 2
        peer.wait(lambda peer: peer.open == 0)
        assert not peer.messages


@pytest.mark.parametrize("extensions", [EXTENSIONS, tuple(word for word in EXTENSIONS if word != "8BITMIME")])
@pytest.mark.parametrize("error", [OSError("input/output error"), TryLater("spool")])
def test_content_that_cannot_be_read_back_waits_upstream(extensions, error: Exception) -> None:
    """Without 8BITMIME it is looked into before MAIL already."""

    class Broken(Octets):
        def read(self, start: int, end: int) -> bytes:
            raise error

    with hop(extensions=extensions) as peer:
        copy = copy_of()
        (handed,) = hand_over(
            peer, type(copy)(copy.reverse_path, copy.recipients, copy.head, Broken(SMALL), eight_bit=True, smtputf8=False)
        )

        assert words(handed) == ["451 4.3.0"] * 2
        assert all(one.certain for one in handed)
        assert not peer.messages


def test_a_hop_that_is_not_there() -> None:
    with hop() as peer:
        pass
    (handed,) = hand_over(peer, copy_of())

    assert words(handed) == [LATE, LATE]
    assert "cannot connect" in handed[0].reply.text
    assert relay_to(peer).trigger_header == "X-Secure: yes"
