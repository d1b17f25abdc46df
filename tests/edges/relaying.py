"""What the tests of the relay share: a copy, a run on one of the two event loops, and what must be true of every result."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import uvloop

from gateway.config import Hop
from gateway.edges.relay import Relay
from gateway.model.envelope import Address, Recipient
from gateway.model.outcome import Copy
from gateway.ports.next_hop import Handed
from gateway.ports.signer import Signer
from tests.doubles import Octets
from tests.peers.hop import Peer

A, B = "a@x.example", "b@y.example"
SMALL = b"Subject: hello\r\n\r\n.one\r\ntwo\r\n"
LARGE = b"Subject: much\r\n\r\n" + b"0123456789abcdef 0123456789abcdef.\r\n" * 250_000  # more than any socket holds

LOOPS = {"asyncio": asyncio.new_event_loop, "uvloop": uvloop.new_event_loop}


def recipient(wire: str, **rest: Any) -> Recipient:
    local_part, _, domain = wire.rpartition("@")
    return Recipient(Address(wire, local_part, domain), **rest)


def copy_of(content: bytes = SMALL, *recipients: str | Recipient, **rest: Any) -> Copy:
    named = tuple(recipient(one) if isinstance(one, str) else one for one in recipients or (A, B))
    values = {"reverse_path": "s@our.example", "head": b"Received: by gw.example\r\n", "eight_bit": False, "smtputf8": False} | rest
    return Copy(recipients=named, content=Octets(content), **values)


def run(loop: str, work: Callable[[], Coroutine[Any, Any, Any]]) -> Any:
    with asyncio.Runner(loop_factory=LOOPS[loop]) as runner:
        return runner.run(work())


def hand_over(
    peer: Peer, *copies: Copy, loop: str = "uvloop", seconds: float = 60, signer: Signer | None = None, **settings: Any
) -> list[tuple[Handed, ...]]:
    """Each copy in turn, through one Relay."""

    async def work() -> list[tuple[Handed, ...]]:
        relay = relay_to(peer, signer, **settings)
        now = asyncio.get_running_loop().time
        found = [await relay.hand_over(copy, now() + seconds) for copy in copies]
        await relay.close()
        return found

    found = run(loop, work)
    for copy, handed in zip(copies, found, strict=True):
        check(copy, handed)
    return found


def relay_to(peer: Peer, signer: Signer | None = None, **settings: Any) -> Relay:
    values = {"host": "127.0.0.1", "port": peer.port, "tls": "none", "trigger_header": "X-Secure: yes"} | settings
    return Relay("partners", Hop(**values), "gw.example", signer)


def check(copy: Copy, handed: tuple[Handed, ...]) -> None:
    """Whatever happens."""
    assert [one.recipient for one in handed] == list(copy.recipients)
    for one in handed:
        assert one.reply.code // 100 in {2, 4, 5}
        assert one.reply.code != 421
        assert one.reply.status[0] == str(one.reply.code)[0]
        assert one.reply.text.isascii()
        assert one.reply.text.isprintable()
        assert len(one.reply.text) <= 400
        assert one.certain or one.reply.code == 451


def words(handed: tuple[Handed, ...]) -> list[str]:
    """`250 2.0.0`, with `?` where it is not certain and `!` where another method may serve."""
    return [f"{one.reply.code} {one.reply.status}{'' if one.certain else '?'}{'!' if one.unusable else ''}" for one in handed]
