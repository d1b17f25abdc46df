"""Settings to the parts of a running gateway. With its neighbours here, the only place that names an edge."""

from __future__ import annotations

import os
import secrets
import socket
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from zoneinfo import ZoneInfo

from gateway.act.copies import names_of
from gateway.app.places import make_places
from gateway.app.signing import load_signing_keys
from gateway.app.vaults import keeps_something, make_vault
from gateway.config import Hop, Settings
from gateway.edges.clock import SystemClock
from gateway.edges.database import migrate
from gateway.edges.dkim import Signer
from gateway.edges.keys import LOOP_FAMILY, Keyring, create_keys, load_keys
from gateway.edges.maildir import Maildir
from gateway.edges.owner import denied, stranger
from gateway.edges.packs import read_pack
from gateway.edges.relay import Relay
from gateway.edges.sandbox import Sandbox
from gateway.edges.sandbox_child import Killed
from gateway.edges.spool import Spool
from gateway.edges.state import State
from gateway.edges.vault import Vault
from gateway.errors import BadConfig, BadPack, Problem, WillNotDo
from gateway.listen.stamp import received
from gateway.log import Log
from gateway.model.message import Arrival
from gateway.policy.guidance import House
from gateway.policy.pack_yaml import Sheet
from gateway.policy.parse_pack import load_pack
from gateway.policy.places import domain_of
from gateway.policy.rules import Policy
from gateway.ports.examiner import Examiner
from gateway.ports.next_hop import NextHop
from gateway.ports.traces import Counters, Suspects
from gateway.ports.world import World

DEMONSTRATION = "# Written by deploy/quickstart"  # how the settings of sample mail begin
_ID_LETTERS = "0123456789bcdfgh"  # no vowels: no words
_PAIRS = tuple(first + second for first in _ID_LETTERS for second in _ID_LETTERS)
_ID_OCTETS = 8
_random: list[bytes] = []  # what ids are made of; each is used once


def load_policy(source: Path, settings: Settings, instead: Mapping[str, Sheet] | None = None) -> Policy:
    """The pack in force, bound to the next hops and places there are. `instead`: what is supposed of files in it.

    Raises:
        BadPack: with a Problem for everything that is wrong, a route to a next hop or place that is not configured included.
    """
    policy = read_policy(source, settings, instead)
    next_hops, places = frozenset(settings.next_hop), frozenset(settings.place)
    if unknown := (*policy.unknown_next_hops(next_hops), *policy.unknown_places(places)):
        raise _in_folder(source, unknown)
    if triggering := tuple(_stamps_that_trigger(policy, trigger_headers(settings))):
        raise _in_folder(source, triggering)
    return policy.bind(next_hops, places)


def _stamps_that_trigger(policy: Policy, triggers: frozenset[str]) -> Iterator[Problem]:
    """Rules that would set off, by any route, what the settings mean for the copies to one next hop."""
    for rule in policy.rules:
        for name in [name for act in rule.acts for name, _ in act.stamps if name.casefold() in triggers]:
            says = f"rule `{rule.id}` stamps `{name}`, which is the trigger_header of a next hop; choose another name"
            yield Problem(*policy.where.get(f"rule:{rule.id}", ("rules.yaml", 0, 0)), says)


def read_policy(source: Path, settings: Settings, instead: Mapping[str, Sheet] | None = None) -> Policy:
    """The pack as it is written, not yet bound. Raises BadPack."""
    files = read_pack(source)
    try:
        return load_pack(files, settings.organisation.domains, instead)
    except BadPack as bad:
        supposed = {sheet.file for sheet in (instead or {}).values()}
        here = tuple(problem for problem in bad.problems if problem.file not in supposed)
        there = tuple(problem for problem in bad.problems if problem.file in supposed)
        raise BadPack((*_in_folder(source, here).problems, *there)) from bad


def _in_folder(source: Path, problems: tuple[Problem, ...]) -> BadPack:
    return BadPack(tuple(replace(problem, file=f"{os.path.normpath(source)}/{problem.file}") for problem in problems))


def house_of(settings: Settings, config: Path | None = None) -> House:
    """Who speaks in notices. `config`: where the settings stand, for the commands that people are told."""
    organisation = settings.organisation
    return House(
        name=organisation.name,
        domains=frozenset(map(domain_of, organisation.domains)),
        postmaster=organisation.postmaster_address,
        hostname=hostname(settings),
        help=", ".join(text for text in (organisation.help.strip().rstrip("."), organisation.help_url) if text),
        sender=settings.notices.sender,
        notices_hop=settings.notices.next_hop,
        timezone=ZoneInfo(organisation.timezone) if organisation.timezone else None,
        config=str(config.resolve()) if config is not None else "",
    )


def hostname(settings: Settings) -> str:
    """How this machine names itself to others: as the settings say, else as it knows itself."""
    return settings.organisation.hostname or _own_name()


@cache
def _own_name() -> str:
    """Asked once, for a resolver may be slow. `localhost` is everybody's name: the machine's own is better, also without a domain."""
    own = socket.gethostname()
    if "." in own:
        return own
    full = socket.getfqdn()
    return own if full.partition(".")[0].lower() == "localhost" else full


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


def prepare(settings: Settings) -> Keyring:
    """Folders, keys and tables, made where they are missing; what is there stays. The keys.

    New keys are made only where nothing is kept yet: with other keys, what is kept could never be read again.

    Raises:
        BadConfig: a folder cannot be used, or the keys to what is kept are gone.
    """
    keys, vault = settings.vault.keys, settings.vault.folder
    _not_of_the_demonstration(settings)
    for folder in (settings.processes.state, *((vault,) if vault else ()), keys):
        try:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        except OSError as error:
            raise settings.wrong(f"cannot be made: {denied(error, folder)}") from error
        if not os.access(folder, os.R_OK | os.W_OK | os.X_OK):
            raise settings.wrong(stranger(folder) or f"{folder} cannot be written; chmod 700")
    try:
        if not any(keys.iterdir()) and keeps_something(settings):
            says = f"holds no keys, but {settings.vault.url} holds what they opened; put the keys back"
            raise BadConfig((Problem(str(keys), 0, 0, says),))
        create_keys(keys)
        migrate(settings.database.url)
        return load_keys(keys)
    except WillNotDo as error:
        raise settings.wrong(str(error)) from error


def _not_of_the_demonstration(settings: Settings) -> None:
    """Its sample cases and its keys, which nobody has kept a copy of, are not for real mail."""
    home = (settings.vault.folder or settings.vault.keys).parent
    there = home / "outgate.toml"
    try:
        theirs = there.read_text(encoding="utf-8").startswith(DEMONSTRATION)
        if theirs and not there.samefile(settings.file):
            says = "holds the sample mail and the keys of deploy/quickstart; name other folders in [database], [vault] and [processes]"
            raise settings.wrong(f"{home} {says}")
    except (OSError, UnicodeDecodeError):  # nothing of theirs
        return


@dataclass(frozen=True, slots=True)
class Running:
    """What a process of the gateway has open."""

    world: World
    state: State
    vault: Vault
    spool: Spool
    signer: Signer
    loop_key: bytes


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
        yield Running(world, state, vault, spool, signer, loop_key)
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


def trigger_headers(settings: Settings) -> frozenset[str]:
    """Names of the fields that make a hop do something: users may not set them."""
    return names_of(hop.trigger_header for hop in settings.next_hop.values())
