"""Settings to the parts of a running gateway. With its neighbours here, the only place that names an edge."""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

from gateway.app.house import hostname
from gateway.app.pack import trigger_headers
from gateway.app.places import make_places
from gateway.app.signing import load_signing_keys
from gateway.app.vaults import make_vault
from gateway.config import Hop, Settings
from gateway.edges.clock import SystemClock
from gateway.edges.dkim import Signer
from gateway.edges.keys import LOOP_FAMILY, Keyring
from gateway.edges.maildir import Maildir
from gateway.edges.relay import Relay
from gateway.edges.sandbox import Sandbox
from gateway.edges.sandbox_child import Killed
from gateway.edges.spool import Spool
from gateway.edges.state import State
from gateway.edges.vault import Vault
from gateway.listen.stamp import received
from gateway.log import Log
from gateway.model.message import Arrival
from gateway.policy.rules import Policy
from gateway.ports.examiner import Examiner
from gateway.ports.next_hop import NextHop
from gateway.ports.traces import Counters, Suspects
from gateway.ports.world import World

_ID_LETTERS = "0123456789bcdfgh"  # no vowels: no words
_PAIRS = tuple(first + second for first in _ID_LETTERS for second in _ID_LETTERS)
_ID_OCTETS = 8
_random: list[bytes] = []  # what ids are made of; each is used once


def new_id() -> str:
    """A short id that no other message has: in log lines, Received fields and outbox rows."""
    try:
        octets = _random.pop()
    except IndexError:
        # The system's generator is asked for many at once.
        pool = secrets.token_bytes(_ID_OCTETS * 128)
        _random.extend(pool[at : at + _ID_OCTETS] for at in range(_ID_OCTETS, len(pool), _ID_OCTETS))
        octets = pool[:_ID_OCTETS]
    return "".join([_PAIRS[octet] for octet in octets])


@dataclass(frozen=True, slots=True)
class Running:
    """What a process of the gateway has open."""

    world: World
    state: State
    vault: Vault
    spool: Spool
    signer: Signer
    loop_key: bytes
    relays: tuple[Relay, ...]


@asynccontextmanager
async def running(
    settings: Settings,
    keys: Keyring,
    examiner: Examiner,
    counters: Counters,
    suspects: Suspects,
    policy: Callable[[], Policy],
    *,
    patience_seconds: float = 20.0,
) -> AsyncIterator[Running]:
    """The ports, open; closed in the end. In the event loop, after the last fork. `policy`: the one in force."""
    clock = SystemClock()
    spool = make_spool(settings)
    state = State(settings.database.url, settings.processes.state, settings.vault.keys, clock)
    vault = make_vault(settings, keys, spool)
    signer = Signer(load_signing_keys(settings), clock, trigger_headers(settings))
    hops = {name: _hop(name, hop, hostname(settings), signer) for name, hop in settings.next_hop.items()}
    loop_family = keys[LOOP_FAMILY]
    loop_key, name = loop_family.keys[loop_family.newest], hostname(settings)
    await state.open(patience_seconds)

    async def check() -> None:
        await state.store.check()
        await vault.check()

    def head(arrival: Arrival) -> bytes:
        return received(arrival, name, loop_key)

    places = make_places(settings, vault, state.shares, clock, policy)
    world = World(
        clock=clock,
        hops=hops,
        examiner=examiner,
        vault=vault,
        journal=state.journal,
        records=state.records,
        counters=counters,
        suspects=suspects,
        check=check,
        new_case=state.cases.new,
        new_id=new_id,
        octets=spool.content,
        head=head,
        spool=spool,
        places=places,
        shares=state.shares,
        signer=signer,
    )
    try:
        relays = tuple(hop for hop in hops.values() if isinstance(hop, Relay))
        yield Running(world, state, vault, spool, signer, loop_key, relays)
    finally:
        for hop in hops.values():
            await hop.close()
        for place in places.values():
            await place.close()
        await state.close()
        vault.close()


def make_spool(settings: Settings) -> Spool:
    """Where messages stand while they are carried: private, and gone with the process."""
    folder = settings.processes.state / "spool"
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    return Spool(folder)


def make_sandbox(settings: Settings, log: Log) -> Sandbox:
    """The readers of documents, started: before any thread and any event loop."""

    def told(killed: Killed) -> None:
        kind = killed.kind.value if killed.kind else None
        log.event("worker.killed", why=killed.why, kind=kind, pid=killed.pid, served=killed.served, signal=killed.signal)

    sandbox = Sandbox(settings.examine, on_killed=told)
    sandbox.start()
    return sandbox


def _hop(name: str, settings: Hop, own_name: str, signer: Signer) -> NextHop:
    return Maildir(name, settings, own_name) if settings.maildir else Relay(name, settings, own_name, signer)
