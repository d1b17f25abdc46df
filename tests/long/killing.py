"""SIGKILL for the gateway at random moments, while two Postfixes push mixed-recipient mail through it.

One Postfix stands before it by LMTP, one by SMTP; three recording hops stand behind it. A moment is chosen by counting what is seen at a
hop, or by a timer, and a spin of some microseconds more. Everything random follows from one seed.
"""

import asyncio
import json
import os
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

import pytest

from gateway.edges.keys import load_keys
from gateway.edges.spool import Spool
from gateway.edges.vault import Vault
from gateway.edges.vault_folder import Folder
from tests.journey.gateway import Gateway, _greets, gateway
from tests.long.accounts import Account, Kill, account
from tests.long.evidence import Ledger, collect, keep_ledgers
from tests.long.mails import Mail, draw
from tests.long.processes import kill, living, pids
from tests.peers.hop import Peer, hop
from tests.peers.postfix import Postfix, postfix

HOPS = ("mailboxes", "internet", "encrypted")
STAGES = ("connect", "mail", "rcpt", "data", "content", "dot", "dot", "dot")  # between the final dot and our answer most can go wrong
ONE_BY_ONE = ("smtp", "smtp", "smtp", "recorder", "recorder", "keeper")
LONGEST_WAIT_SECONDS = 3.0  # for an event that a moment is counted by: perhaps no mail is left to cause it
MAILS_PER_KILL = 5
DRAIN_SECONDS = 120.0


def seed() -> int:
    """OUTGATE_SEED, or another one each time."""
    return int(os.environ.get("OUTGATE_SEED") or time.time_ns() % 1_000_000_000)


@dataclass
class Killing:
    """A gateway under fire."""

    gateway: Gateway
    before: tuple[Postfix, ...]
    hops: dict[str, Peer]
    ledgers: dict[str, Ledger]
    feeder: ThreadPoolExecutor
    random: Random
    say: Callable[[str], None]
    draw: Callable[[int, Random], Mail] = draw
    mails: list[Mail] = field(default_factory=list)
    kills: list[Kill] = field(default_factory=list)
    started: float = 0.0
    cases: dict[str, dict[str, Any]] = field(default_factory=dict)  # by number; a list shows only the newest thousand

    def kill(self, count: int, *, one_by_one: tuple[str, ...] = ONE_BY_ONE, drain_every: int = 2) -> Account:
        """So many kills: in turns the processes one by one under a living supervisor, then all of them together. Then the account."""
        blocks, self.started = 0, time.monotonic()
        while len(self.kills) < count:
            turn = [*self.random.sample(one_by_one, len(one_by_one)), "all"]
            for victim in turn[: count - len(self.kills)]:
                self._strike(victim)
            blocks += 1
            if blocks % drain_every == 0 and len(self.kills) < count:
                self.drain()
        self.drain()
        return self.account()

    def drain(self) -> None:
        """Until Postfix and the outbox have nothing left."""
        started = time.monotonic()
        self._wait(self._is_empty, "the queues are empty")
        self._wait(self._is_sent, "what is due in the outbox is sent")
        self.cases |= {row["case"]: row for row in self.gateway.holds(everything=True)}
        self.say(f"  drained in {time.monotonic() - started:.1f} s: {len(self.mails)} messages, {len(self.cases)} cases")

    def account(self) -> Account:
        """Of all mail so far. After a drain."""
        found = collect(self.ledgers, self.cases.values(), [server.log() for server in self.before])
        return account(self.mails, found, self.kills, self._read_back)

    def evidence_about(self, account: Account) -> str:
        """What the logs say of messages that went wrong."""
        numbers = {row.split(": ", 1)[1][:6] for row in account.wrong[:20]}
        logs = [server.log() for server in self.before]
        rows = [line for log in logs for line in log.splitlines() if any(f"kill-{number}@" in line for number in numbers)]
        ids = {line.split("]: ")[1].split(":")[0] for line in rows if "]: " in line}
        rows += [line for log in logs for line in log.splitlines() if any(f": {queue_id}:" in line for queue_id in ids)]
        return "\n".join([*account.wrong[:50], *dict.fromkeys(rows)])[:20000]

    # --- one kill -----------------------------------------------------------------------------------------------------

    def _strike(self, victim: str) -> None:
        batch = [self.draw(len(self.mails) + number, self.random) for number in range(MAILS_PER_KILL)]
        turns = [self.random.randrange(len(self.before)) for _ in batch]
        moment = self._moment()
        feeding = self.feeder.submit(self._feed, batch, turns)
        where = moment()
        at = time.monotonic()
        if victim == "all":
            kill(self.gateway, tuple(pids(self.gateway)), supervisor=True)
            self.kills.append(Kill(at, victim))
        elif kill(self.gateway, (victim,)):
            self.kills.append(Kill(at, victim))
        feeding.result()
        self.mails += batch
        copies = sum(map(len, self.ledgers.values()))
        self.say(f"{at - self.started:5.0f} s, kill {len(self.kills)}: {victim} {where}; {copies} copies for {len(self.mails)} messages")
        self._back_to_life(victim)

    def _feed(self, batch: list[Mail], turns: list[int]) -> None:
        for mail, turn in zip(batch, turns, strict=True):
            assert self.before[turn].send(mail.sender, list(mail.fates), mail.octets) == {}

    def _moment(self) -> Callable[[], str]:
        """Chosen before the mail goes in: the n-th event from now at a hop, or some time; and then a little more."""
        spin = self.random.choice((0, self.random.randrange(300), self.random.randrange(5000)))
        if self.random.random() < 0.25:
            pause = self.random.random() * 0.5
            return lambda: _after_time(pause, spin)
        names = HOPS if self.random.random() < 0.6 else (self.random.choice(HOPS),)
        peers = [self.hops[name] for name in names]
        stage = self.random.choice(STAGES)
        count = 1 if stage == "connect" else self.random.randint(1, 2 * len(names))
        until = _reached(peers, stage) + count
        return lambda: _after_event(peers, stage, until, spin, f"at {count}. {stage} of {' or '.join(names)} + {spin} us")

    def _back_to_life(self, victim: str) -> None:
        """A new one serves; now and then the next kill comes while it is still starting."""
        if victim == "all":
            assert self.gateway.process is not None
            self.gateway.process.wait(20)
            self.gateway.process = None
            self.gateway.start()
        elif victim == "smtp" and self.random.random() < 0.8:
            self._wait(self._serves, "a new process serves")

    # --- small things -------------------------------------------------------------------------------------------------

    def _is_empty(self) -> bool:
        waiting = [server for server in self.before if any(server.queue() for _ in range(2))]
        for server in waiting:
            server.flush()  # what Postfix skipped because it was still held by its own client would wait for minutes
        return not waiting

    def _is_sent(self) -> bool:
        """A receipt that an attempt left behind when it was killed waits until no attempt can be under way: minutes."""
        soon = (time.time() + 60) * 1_000_000
        return _ask(self.gateway, "SELECT count(*) FROM outbox WHERE attempts > 0 OR next_at <= ?", soon) == [(0,)]

    def _serves(self) -> bool:
        return bool(living(self.gateway, "smtp")) and all(_greets(port) for port in self.gateway.ports.values())

    def _wait(self, ready: Callable[[], bool], what: str) -> None:
        deadline, pause = time.monotonic() + DRAIN_SECONDS, threading.Event()
        while not ready():
            if time.monotonic() > deadline:
                waiting = [row for server in self.before for row in server.queue()]
                pytest.fail(f"after {DRAIN_SECONDS} s still not so: {what}\n{json.dumps(waiting)[:3000]}\n{self.gateway.log()[-5000:]}")
            pause.wait(0.3)

    def _read_back(self, case: dict[str, Any]) -> bytes:
        """The octets kept under a case, opened with the gateway's own keys."""
        var = self.gateway.directory / "var"
        ((object_id,),) = _ask(self.gateway, "SELECT object_id FROM hold WHERE case_number = ?", case["case"])
        return opened(var, object_id)


@contextmanager
def killing(random: Random, say: Callable[[str], None], draw: Callable[[int, Random], Mail] = draw, **settings: Any) -> Iterator[Killing]:
    """Everything started: three hops, the gateway (`settings` are its), and a Postfix before each of its two listeners."""
    with ExitStack() as stack:
        hops = {name: stack.enter_context(hop()) for name in HOPS}
        around = stack.enter_context(hop())  # where Postfix would send what does not go through the gateway: a bounce of its own
        together = threading.Condition()
        for peer in hops.values():
            peer._changed = together  # what happens at any of them can be waited for
        ledgers = keep_ledgers({**hops, "around the gateway": around})
        places = {name: {"host": "127.0.0.1", "port": peer.port} for name, peer in hops.items()}
        listeners = {"lmtp": {"protocol": "lmtp"}, "smtp": {"protocol": "smtp"}}
        served = stack.enter_context(gateway(places, listeners=listeners, **settings))
        before = (
            stack.enter_context(postfix(position="lmtp-filter", gateway_port=served.ports["lmtp"], relayhost=around.port)),
            stack.enter_context(postfix(position="smtp-filter", gateway_port=served.ports["smtp"], relayhost=around.port)),
        )
        feeder = stack.enter_context(ThreadPoolExecutor(1))
        yield Killing(served, before, hops, ledgers, feeder, random, say, draw)


def opened(var: Path, object_id: str) -> bytes:
    """An object of the vault, opened with the gateway's own keys."""
    vault = Vault(Folder(var / "vault"), load_keys(var / "keys"), Spool(var / "spool"))
    try:
        content = asyncio.run(vault.get(object_id))
        try:
            return content.read(0, content.octets)
        finally:
            content.close()
    finally:
        vault.close()


def _ask(served: Gateway, query: str, *parameters: object) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(served.database, timeout=10)) as connection:
        connection.execute("PRAGMA query_only=ON")
        return connection.execute(query, parameters).fetchall()


# --- moments ------------------------------------------------------------------------------------------------------------


def _after_time(seconds: float, spin: int) -> str:
    threading.Event().wait(seconds)
    _spin(spin)
    return f"after {seconds:.3f} s + {spin} us"


def _after_event(peers: list[Peer], stage: str, count: int, spin: int, where: str) -> str:
    shared = peers[0]._changed
    with shared:
        came = shared.wait_for(lambda: _reached(peers, stage) >= count, LONGEST_WAIT_SECONDS)
    _spin(spin)
    return where if came else f"{where}, which never came"


def _reached(peers: list[Peer], stage: str) -> int:
    return sum(peer.reached[stage] for peer in peers)


def _spin(micros: int) -> None:
    until = time.perf_counter_ns() + micros * 1000
    while time.perf_counter_ns() < until:
        pass
