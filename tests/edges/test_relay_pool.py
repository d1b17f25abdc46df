"""Connections are used again, and a dead or doubtful one never costs a message."""

import asyncio

import pytest

from gateway.config import Hop
from gateway.edges.connections import MAX_USES, Connections
from tests.edges.relaying import LOOPS, SMALL, A, B, copy_of, hand_over, relay_to, run, words
from tests.peers.hop import EXTENSIONS, Action, Do, hop

OK, LOST = "250 2.0.0", "451 4.4.2"
PIPED = pytest.mark.parametrize("extensions", [EXTENSIONS, EXTENSIONS[1:]], ids=["piped", "one-by-one"])
TWO = (copy_of(SMALL, A), copy_of(SMALL, B))


@PIPED
@pytest.mark.parametrize("loop", LOOPS)
@pytest.mark.parametrize(
    "dies",
    [Do.DROP, Do.RESET, Do.HALF_CLOSE, "421 4.4.2 idle too long", b"nonsense\r\n"],
    ids=["drop", "reset", "half-close", "421", "nonsense"],
)
def test_a_pooled_connection_that_died_unseen_is_replaced(dies: Action, extensions: tuple[str, ...], loop: str) -> None:
    script = {"mail": ("250 2.1.0 ok", dies, "250 2.1.0 ok")}
    with hop(script, extensions=extensions) as peer:
        first, second = hand_over(peer, *TWO, loop=loop)

        assert words(first) == words(second) == [OK]
        assert peer.sessions == 2
        assert [taken.recipients for taken in peer.messages] == [(A,), (B,)]


def test_a_new_connection_that_dies_is_not_tried_again() -> None:
    with hop({"mail": ("250 2.1.0 ok", Do.DROP)}) as peer:
        first, second = hand_over(peer, *TWO)

        assert words(first) + words(second) == [OK, LOST]
        assert peer.commands().count("MAIL") == 3  # on the pooled one, and on a new one


def test_a_pooled_connection_that_hangs_is_not_tried_again() -> None:
    with hop({"mail": ("250 2.1.0 ok", Do.HANG, "250 2.1.0 ok")}) as peer:
        first, second, third = hand_over(peer, *TWO, copy_of(), reply_timeout=1)

        assert words(first) + words(second) + words(third) == [OK, LOST, OK, OK]


def test_a_dot_is_never_sent_twice() -> None:
    """What was lost after the content is not tried on another connection, pooled or not."""
    with hop({"dot": ("250 2.0.0 ok", Do.KEEP_AND_DROP, "250 2.0.0 ok")}) as peer:
        first, second = hand_over(peer, *TWO)

        assert words(first) + words(second) == [OK, "451 4.4.2?"]
        assert [taken.recipients for taken in peer.messages] == [(A,), (B,)]


@pytest.mark.parametrize("loop", LOOPS)
def test_connections_closed_by_the_hop_while_idle_are_not_used(loop: str) -> None:
    with hop() as peer:

        async def work():
            relay, now = relay_to(peer), asyncio.get_running_loop().time
            first = await relay.hand_over(TWO[0], now() + 20)
            peer.hang_up()
            await asyncio.to_thread(peer.wait, lambda peer: peer.open == 0)  # it has seen us go, too
            second = await relay.hand_over(TWO[1], now() + 20)
            await relay.close()
            return first, second

        first, second = run(loop, work)
        assert words(first) == words(second) == [OK]
        assert peer.commands(2)[:2] == ["EHLO", "MAIL"]
        assert peer.commands().count("MAIL") == 2


@pytest.mark.parametrize(
    "script",
    [
        {"dot": b"250 2.0.0 ok\r\n250 2.0.0 and more\r\n"},
        {"dot": b"250 2.0.0 ok\r\n250-and"},
        {"dot": (b"421 4.3.2 leaving, but not yet\r\n", "250 2.0.0 ok")},
        {"dot": b"250 2.0.0 ok\r\n2"},
        {"rcpt": ("450 4.2.1 no", "250 2.1.5 ok"), "rset": "500 5.5.1 what"},
        {"rcpt": ("450 4.2.1 no", "250 2.1.5 ok"), "rset": Do.DROP},
        {"rcpt": ("450 4.2.1 no", "250 2.1.5 ok"), "rset": "421 4.3.2 bye"},
        {"data": ("250 2.0.0 what", "354 go on")},
        {"rcpt": ("550 5.1.1 no", "250 2.1.5 ok"), "data": "354 go on"},
        {"dot": ("354 more", "250 2.0.0 ok")},
    ],
)
def test_a_connection_out_of_step_is_not_used_again(script: dict[str, Action]) -> None:
    with hop(script) as peer:
        _, second = hand_over(peer, *TWO)

        assert words(second) == [OK]
        assert peer.sessions == 2
        assert peer.messages[-1].recipients == (B,)
        assert peer.messages[-1].octets == TWO[1].head + SMALL


@pytest.mark.parametrize("loop", LOOPS)
def test_never_more_connections_than_the_settings_allow(loop: str) -> None:
    with hop() as peer:

        async def work():
            relay, now = relay_to(peer, connections=3), asyncio.get_running_loop().time
            found = await asyncio.gather(*(relay.hand_over(copy_of(SMALL, f"{number}@x.example"), now() + 20) for number in range(60)))
            await relay.close()
            return found

        assert all(words(one) == [OK] for one in run(loop, work))
        assert peer.sessions <= 3
        assert sorted(taken.recipients[0] for taken in peer.messages) == sorted(f"{number}@x.example" for number in range(60))


def test_a_connection_is_closed_after_many_messages() -> None:
    with hop() as peer:
        hand_over(peer, *[copy_of(SMALL, A)] * (MAX_USES + 1))

        assert peer.sessions == 2
        assert peer.commands(1).count("DATA") == MAX_USES
        assert peer.commands(1)[-1] == "QUIT"


@pytest.mark.parametrize("loop", LOOPS)
def test_idle_connections_are_closed_in_order(loop: str) -> None:
    with hop() as peer:

        async def work():
            pool = Connections("partners", Hop(host="127.0.0.1", port=peer.port, tls="none"), "gw.example", idle_seconds=0.05)
            deadline = asyncio.get_running_loop().time() + 20
            for dialogue in [await pool.open(deadline), await pool.open(deadline)]:
                pool.give_back(dialogue)
            await asyncio.to_thread(peer.wait, lambda peer: peer.open == 0)
            return pool.take()

        assert run(loop, work) is None
        assert peer.commands().count("QUIT") == 2


@pytest.mark.parametrize("loop", LOOPS)
def test_closing_says_quit_at_once_or_after_the_message(loop: str) -> None:
    with hop({"dot": Do.WAIT}) as peer:

        async def work():
            relay, now = relay_to(peer), asyncio.get_running_loop().time
            first = asyncio.ensure_future(relay.hand_over(copy_of(), now() + 20))
            await asyncio.to_thread(peer.wait_for, "dot")
            await relay.close()
            peer.go()
            handed = await first
            await asyncio.to_thread(peer.wait_for, "quit")
            return handed

        assert words(run(loop, work)) == [OK, OK]
        peer.wait(lambda peer: peer.open == 0)
