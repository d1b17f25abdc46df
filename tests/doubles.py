"""Stand-ins for the world: small classes that implement a port, and can be told to fail."""

import asyncio
import os
import selectors
from collections import Counter
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import count

from gateway.errors import TryLater, WillNotDo
from gateway.model.envelope import Address, Envelope, Peer, Recipient
from gateway.model.finding import FileFinding, Readable
from gateway.model.kept import Because, Done, Intent
from gateway.model.message import Arrival
from gateway.model.outcome import Reply, Splice
from gateway.ports.next_hop import Handed
from gateway.ports.world import World
from tests.sharing import MemoryPlace, MemoryShares

START = datetime(2026, 11, 5, 14, 6, tzinfo=UTC)
SIGNED = b"DKIM-Signature: ours\r\n"
RECEIVED = b"Received: from client.example by gateway.example with ESMTP\r\n"


class Octets:
    """model.message.Content over bytes."""

    def __init__(self, octets: bytes) -> None:
        self._octets: bytes | None = octets

    @property
    def octets(self) -> int:
        return len(self._known)

    @property
    def _known(self) -> bytes:
        assert self._octets is not None, "read after close"
        return self._octets

    @property
    def is_closed(self) -> bool:
        return self._octets is None

    @contextmanager
    def view(self):
        yield self._known

    def read(self, start, end):
        return self._known[start:end]

    def descriptor(self):
        number = os.memfd_create("octets")
        os.write(number, self._known)
        return number

    def close(self) -> None:
        self._octets = None


class MemorySpool:
    """ports.SpoolWriter over a list."""

    def __init__(self) -> None:
        self._pieces: list[bytes] = []

    def write(self, data):
        self._pieces.append(data)

    def finish(self):
        return Octets(b"".join(self._pieces))

    def discard(self):
        self._pieces.clear()


class StillClock:
    """ports.Clock: it moves when it is turned."""

    def __init__(self, now: datetime = START) -> None:
        self._now = now
        self._monotonic = 1000.0

    def now(self) -> datetime:
        return self._now

    def monotonic(self) -> float:
        return self._monotonic

    def turn(self, **by) -> None:
        self._now += timedelta(**by)
        self._monotonic += timedelta(**by).total_seconds()


class LeapingLoop(asyncio.SelectorEventLoop):
    """An event loop whose time leaps to the next timer when there is nothing to do: a deadline passes without anybody waiting for it."""

    def __init__(self) -> None:
        super().__init__(_Leaping(self))
        self.leapt = 0.0
        self.set_default_executor(_AtOnce())

    def time(self) -> float:
        return self.leapt


class _Leaping(selectors.SelectSelector):
    def __init__(self, loop) -> None:
        super().__init__()
        self._loop = loop

    def select(self, timeout=None):
        if timeout is None:  # the loop is being closed
            return super().select()
        self._loop.leapt += max(timeout, 0.0)
        return super().select(0)


class _AtOnce(ThreadPoolExecutor):
    """No threads: time must not leap while one works."""

    def submit(self, fn, /, *args, **kwargs):
        done = Future()
        try:
            done.set_result(fn(*args, **kwargs))
        except BaseException as error:  # noqa: BLE001 - it is the caller's
            done.set_exception(error)
        return done


def run(story):
    """asyncio.run with a loop that leaps."""
    with asyncio.Runner(loop_factory=LeapingLoop) as runner:
        return runner.run(story)


class Luck:
    """Which calls of the world fail. `plan` has one word for each call that can fail.

    "": it does not; "fails": TryLater; "unknown": done, but said to have failed; "bug": an error that nobody expects.
    """

    def __init__(self, plan=()) -> None:
        self._plan = list(plan)
        self.breaks: list[str] = []  # calls of these names fail, each once
        self.bugs: list[str] = []  # the same, with an error that nobody expects
        self.failed: list[str] = []

    def draw(self, what: str) -> str:
        word = self._plan.pop(0) if self._plan else ""
        if what in self.breaks:
            self.breaks.remove(what)
            word = "fails"
        if what in self.bugs:
            self.bugs.remove(what)
            word = "bug"
        if word:
            self.failed.append(what)
        return word

    @contextmanager
    def call(self, what: str):
        word = self.draw(what)
        if word == "bug":
            raise KeyError("a bug")
        if word == "fails":
            raise TryLater(f"{what} is down")
        yield
        if word == "unknown":
            raise TryLater(f"{what} did not answer")

    @property
    def journal_has_failed(self) -> bool:
        return any(what.startswith("journal") for what in self.failed)


class MemoryVault:
    """ports.Vault."""

    def __init__(self, luck: Luck | None = None) -> None:
        self._luck = luck or Luck()
        self.objects: dict[str, bytes] = {}
        self._number = count(1)

    async def put(self, purpose, content, head=b""):
        assert purpose in {"holds", "shares", "notices"}
        await asyncio.sleep(0)
        with self._luck.call("vault.put"):
            object_id = f"{purpose}-{next(self._number)}"
            self.objects[object_id] = head + content.read(0, content.octets)
        return object_id

    async def get(self, object_id):
        await asyncio.sleep(0)
        with self._luck.call("vault.get"):
            if object_id not in self.objects:
                raise WillNotDo("there is no such object")
            return Octets(self.objects[object_id])

    async def open(self, object_id):
        return MemoryOpened(self._luck, await self.get(object_id))

    async def delete(self, object_id):
        with self._luck.call("vault.delete"):
            self.objects.pop(object_id, None)

    async def check(self):
        with self._luck.call("vault.check"):
            return


class MemoryOpened:
    """ports.Opened."""

    def __init__(self, luck: Luck, content: Octets) -> None:
        self._luck = luck
        self._content = content
        self.octets = content.octets

    async def pieces(self, start=0, end=None):
        end = self.octets if end is None else min(end, self.octets)
        for at in range(start, end, 65_536):
            with self._luck.call("vault.read"):
                piece = self._content.read(at, min(at + 65_536, end))
            yield piece


class MemorySigner:
    """ports.Signer: what was given to be signed has a field on top that says so."""

    def __init__(self, luck: Luck | None = None) -> None:
        self._luck = luck or Luck()

    async def sign(self, copy):
        await asyncio.sleep(0)
        with self._luck.call("signer.sign"):
            return replace(copy, head=SIGNED + copy.head)

    def is_ours(self, signature):
        return signature.strip() == b"ours"


class MemoryOutbox:
    """ports.Outbox."""

    def __init__(self, luck: Luck | None = None, shares: MemoryShares | None = None) -> None:
        self._luck = luck or Luck()
        self.shares = shares or MemoryShares(self._luck)
        self.rows: dict[str, object] = {}
        self._leases: dict[str, datetime] = {}
        self.ever: list[object] = []  # every row that was ever put
        self.why: dict[str, str] = {}

    def insert(self, rows) -> None:
        for row in rows:
            if row.id not in self.rows:
                self.rows[row.id] = row
                self.ever.append(row)

    async def claim(self, now, lease_seconds, limit=20, each=20, under_way=()):
        with self._luck.call("outbox.claim"):
            ours = {row.id for row in under_way}
            free = [row for row in self.rows.values() if row.id not in ours and self._leases.get(row.id, now) <= now]
            taken = Counter((row.next_hop, row.kind == "code") for row in under_way)
            due = []
            for row in sorted((row for row in free if row.next_at <= now), key=lambda row: row.kind != "code"):
                of_all = sum(count for (_, is_code), count in taken.items() if not is_code)
                hop = row.next_hop, row.kind == "code"
                if taken[hop] < each and (row.kind == "code" or of_all < limit):
                    taken[hop] += 1
                    due.append(row)
            for row in due:
                self.rows[row.id] = replace(row, attempts=row.attempts + 1, is_fresh=row.is_fresh and row.id not in self._leases)
                self._leases[row.id] = now + timedelta(seconds=lease_seconds)
            return tuple(self.rows[row.id] for row in due)

    def _has(self, row):
        return row.id in self.rows and self.rows[row.id].attempts == row.attempts

    async def renew(self, row, until):
        with self._luck.call("outbox.renew"):
            is_ours = self._has(row) and row.id in self._leases
            if is_ours:
                self._leases[row.id] = until
            return is_ours

    def withdraw(self, ids):
        begun = {row_id for row_id in ids if row_id in self.rows and self.rows[row_id].attempts}
        gone = frozenset(ids) - begun
        self.rows = {row_id: row for row_id, row in self.rows.items() if row_id not in gone}
        self.ever = [row for row in self.ever if row.id not in gone]
        return gone

    async def done(self, row, handed, to_send=()):
        with self._luck.call("outbox.done"):
            is_ours, row = self._has(row), self.rows.get(row.id)
            if row is None:
                return 0
            over = {one.recipient.address.key: one for one in handed if is_ours or one.reply.is_success}
            for one in over.values():
                if row.share is not None and row.is_fresh and not one.reply.is_success and one.certain:
                    self.shares.take_back(row.share, frozenset({one.recipient.address.key}))
            left = tuple(one for one in row.recipients if one.address.key not in over)
            if len(left) < len(row.recipients):
                self.insert(to_send)
            if left:
                self.rows[row.id] = replace(row, recipients=left)
            else:
                del self.rows[row.id]
            return len(left)

    async def put(self, rows):
        if rows:
            with self._luck.call("outbox.put"):
                self.insert(rows)

    async def retry(self, row, at, why, *, certain, to_send=()):
        with self._luck.call("outbox.retry"):
            if self._has(row):
                row = self.rows[row.id]
                self.rows[row.id] = replace(row, next_at=at, is_fresh=row.is_fresh and certain)
                self._leases.pop(row.id, None)
                self.why[row.id] = why
                self.insert(to_send)


class MemoryHolds:
    """ports.Holds. What follows from an end is committed with it."""

    def __init__(self, outbox: MemoryOutbox, luck: Luck | None = None) -> None:
        self._outbox = outbox
        self._luck = luck or Luck()
        self.cases: dict[str, object] = {}
        self.ended: dict[str, tuple[str, str]] = {}  # by, why
        self.said: list[Because] = []  # what the audit has of decisions

    def insert(self, holds) -> None:
        for held in holds:
            assert held.case not in self.cases or self.cases[held.case].object_id == held.object_id
            self.cases.setdefault(held.case, held)

    async def get(self, case):
        return self.cases.get(case)

    async def find(self, *, state="open", limit=1000, after=None):
        def place(held):
            return -held.kept_at.timestamp(), held.case

        ordered = sorted((held for held in self.cases.values() if state in (None, held.state)), key=place)
        return tuple(held for held in ordered if after is None or place(held) > place(after))[:limit]

    async def due(self, now):
        with self._luck.call("holds.due"):
            return tuple(
                held
                for held in self.cases.values()
                if held.state == "open" and (held.keep_until <= now or (held.answer_by is not None and held.answer_by <= now))
            )

    async def pass_on(self, case, held_for, answer_by):
        with self._luck.call("holds.pass_on"):
            held = self.cases[case]
            if held.state == "open":
                self.cases[case] = replace(held, held_for=held_for, answer_by=answer_by)

    async def reopen(self, case, held_for, now):
        with self._luck.call("holds.reopen"):
            held = self.cases[case]
            if held.state in ("open", "refused") and case not in self.ended:
                anew = max(held.keep_until, now + (held.keep_until - held.kept_at)) if held.state == "refused" else held.keep_until
                self.cases[case] = replace(held, state="open", held_for=held_for, answer_by=None, keep_until=anew)

    async def redecided(self, before, held, because, to_send=()):
        with self._luck.call("holds.redecided"):
            now = self.cases[held.case]
            if now.state != "open" or (now.envelope, now.lifted, now.declared) != (before.envelope, before.lifted, before.declared):
                return False
            self.cases[held.case] = held
            self.said.append(because)
            self._outbox.insert(to_send)
            return True

    async def end(self, case, state, because, to_send=(), declared=None):
        with self._luck.call("holds.end"):
            held = self.cases[case]
            if held.state != "open":
                return False
            self.cases[case] = replace(held, state=state, declared=held.declared if declared is None else declared)
            self.ended[case] = because.by, because.why
            self.said.append(because)
            self._outbox.insert(to_send)
            return True


class MemoryIntents:
    """ports.Intents."""

    def __init__(self, clock: StillClock, luck: Luck | None = None) -> None:
        self._clock = clock
        self._luck = luck or Luck()
        self.rows: dict[str, Intent] = {}
        self._leases: dict[str, datetime] = {}
        self._number = count(1)

    async def put(self, kind, case, because, lifts=()):
        intent_id = f"i{next(self._number)}"
        said = {"declared": because.declared, "answers": because.answers}
        self.rows[intent_id] = Intent(intent_id, kind, case, because.by, because.why, lifts, self._clock.now(), **said)
        return intent_id

    async def claim(self, now, lease_seconds, limit=20):
        with self._luck.call("intents.claim"):
            free = [one for one in self.rows.values() if one.state == "new" or (one.state == "running" and self._leases[one.id] <= now)][
                :limit
            ]
            for one in free:
                self._leases[one.id] = now + timedelta(seconds=lease_seconds)
                self.rows[one.id] = replace(one, state="running")
            return tuple(self.rows[one.id] for one in free)

    async def finish(self, intent_id, state, result=""):
        with self._luck.call("intents.finish"):
            if self.rows[intent_id].state != "done":
                self.rows[intent_id] = replace(self.rows[intent_id], state=state, result=result)

    async def get(self, intent_id):
        return self.rows.get(intent_id)


class MemoryJournal:
    """ports.Journal, with the meaning of edges/journal.py: entries of steps, locks that last until release."""

    def __init__(self, clock: StillClock, holds: MemoryHolds, outbox: MemoryOutbox, luck: Luck | None = None) -> None:
        self.clock = clock
        self.holds = holds
        self.outbox = outbox
        self.shares = outbox.shares
        self.luck = luck or Luck()
        self.first_at: dict[bytes, datetime] = {}
        self.steps: dict[bytes, dict[str, Done]] = {}
        self.locked: set[tuple[bytes, str]] = set()
        self.finishes: list[bool] = []  # `durable` of each finish that wrote something

    async def begin(self, identity, recipients):
        if self.luck.draw("journal.begin"):
            raise TryLater("the journal cannot be asked")
        if identity is None:
            return MemoryTransaction(self, None, frozenset(), frozenset(), {}, self.clock.now())
        ours = frozenset(key for key in recipients if (identity, key) not in self.locked)
        self.locked |= {(identity, key) for key in ours}
        done = {key: one for key, one in self.steps.get(identity, {}).items() if key in ours}
        first_at = self.first_at.get(identity, self.clock.now())
        return MemoryTransaction(self, identity, ours, frozenset(recipients) - ours, done, first_at)


class MemoryTransaction:
    """ports.Transaction."""

    def __init__(self, journal, identity, ours, busy, done, first_at) -> None:
        self._journal = journal
        self._identity = identity
        self._ours = ours
        self.busy = busy
        self.done = done
        self.first_at = first_at
        self._finished: set[str] = set()
        self.is_released = False

    async def finish(self, bundle, *, durable):
        await asyncio.sleep(0)
        with self._journal.luck.call("journal.finish"):
            final = [one for one in bundle.outcomes if one.ending.is_final and one.recipient.address.key in self._ours]
            if not (final or bundle.has_more):
                return frozenset()
            gone = self._journal.outbox.withdraw(bundle.withdrawn)
            self._journal.shares.tell(bundle.told, bundle.untold)
            self._journal.finishes.append(durable)
            if self._identity is not None and final:
                self._journal.first_at.setdefault(self._identity, self.first_at)
                steps = self._journal.steps.setdefault(self._identity, {})
                for one in final:
                    key = one.recipient.address.key
                    steps[key] = Done(key, one.ending, one.reply, one.case, self.first_at)
                    self._finished.add(key)
            self._journal.holds.insert(bundle.holds)
            self._journal.outbox.insert(bundle.to_send)
            return gone

    def answered(self, keys):
        if self._identity is None:
            return
        steps = self._journal.steps.get(self._identity, {})
        for key in keys:
            if key in self._finished or key in self.done:
                steps.pop(key, None)
                self._finished.discard(key)
        if not steps:
            self._journal.steps.pop(self._identity, None)
            self._journal.first_at.pop(self._identity, None)

    def release(self):
        self.is_released = True
        self._journal.locked -= {(self._identity, key) for key in self._ours}


class MemorySuspects:
    """ports.Suspects, of one process."""

    def __init__(self) -> None:
        self.being_read: dict[int, bytes] = {}
        self.counts: Counter = Counter()
        self._marks = count()

    def begin(self, name):
        mark = next(self._marks)
        self.being_read[mark] = name
        return mark

    def end(self, mark):
        del self.being_read[mark]

    def points(self, name):
        return self.counts[name]

    def blame(self, name):
        self.counts[name] += 1

    def clear(self, *names):
        for name in names:
            self.counts.pop(name, None)


OK = Reply(250, "2.0.0", "taken")
LATER = Reply(450, "4.2.0", "not now")
NO = Reply(550, "5.1.1", "no such user")
TOO_LARGE = Reply(552, "5.3.4", "too large")
NO_TLS = Reply(451, "4.7.5", "no verified TLS")
SILENCE = Reply(451, "4.4.2", "no answer")

# What a hop may do with one recipient.
ANSWERS = {
    "ok": lambda recipient: Handed(recipient, OK),
    "ok-without-dsn": lambda recipient: Handed(recipient, OK, dsn=False),
    "later": lambda recipient: Handed(recipient, LATER),
    "no": lambda recipient: Handed(recipient, NO),
    "unusable": lambda recipient: Handed(recipient, TOO_LARGE, unusable=True),
    "unusable-now": lambda recipient: Handed(recipient, NO_TLS, unusable=True),
    "uncertain-taken": lambda recipient: Handed(recipient, SILENCE, certain=False),
    "uncertain-lost": lambda recipient: Handed(recipient, SILENCE, certain=False),
}


@dataclass
class Taken:
    """A copy that a hop has taken for one recipient."""

    hop: str
    recipient: str  # Address.key
    octets: bytes
    head: bytes
    splices: tuple


@dataclass
class ScriptedHop:
    """ports.NextHop: for each recipient (Address.key) a list of answers, one for each attempt; "ok" when the list has come to its end.

    "no" and "unusable" are permanent: nothing comes after them.
    "hang" takes the message only when `go_on` is set, "slow" asks for its content only then; "bug" raises.
    """

    name: str
    script: dict[str, list[str]] = field(default_factory=dict)
    trigger_header: str = ""
    taken: list[Taken] = field(default_factory=list)
    unknown: set[str] = field(default_factory=set)  # recipients who may have it though nobody was told
    attempts: Counter = field(default_factory=Counter)
    go_on: asyncio.Event = field(default_factory=asyncio.Event)
    copies: list = field(default_factory=list)

    async def hand_over(self, copy, deadline):
        await asyncio.sleep(0)
        self.copies.append(copy)
        answers = [self._next(recipient.address.key) for recipient in copy.recipients]
        if "slow" in answers:
            await self.go_on.wait()
        try:
            whole = _written(copy)
        except TryLater:
            return tuple(ANSWERS["later"](recipient) for recipient in copy.recipients)
        if "hang" in answers:
            await self.go_on.wait()
        if "bug" in answers:
            self.unknown |= {recipient.address.key for recipient in copy.recipients}
            raise KeyError("a bug")
        return tuple(self._answer(recipient, answer, copy, whole) for recipient, answer in zip(copy.recipients, answers, strict=True))

    def _next(self, key):
        self.attempts[key] += 1
        left = self.script.get(key)
        if not left:
            return "ok"
        return left[0] if left[0] in ("no", "unusable") else left.pop(0)  # what is permanent stays

    def _answer(self, recipient, answer, copy, whole):
        key = recipient.address.key
        if answer in ("ok", "ok-without-dsn", "hang", "slow", "uncertain-taken"):
            self.taken.append(Taken(self.name, key, whole, copy.head, copy.splices))
        if answer.startswith("uncertain"):
            self.unknown.add(key)
        return ANSWERS.get(answer, ANSWERS["ok"])(recipient)

    async def close(self):
        return


def _written(copy) -> bytes:
    octets, at = copy.head, 0
    for start, end, instead in (*copy.splices, Splice(copy.content.octets, copy.content.octets)):
        octets += copy.content.read(at, start) + instead
        at = end
    return octets


class PlainFiles:
    """ports.Examiner that can read everything and finds nothing in it."""

    async def read(self, content, wanted, patterns):
        return tuple(
            FileFinding(
                one.id, None, one.names, one.declared_type, "text/plain", one.octets or one.end - one.start, one.sha256, Readable.YES
            )
            for one in wanted
        )

    async def close(self):
        return


class Remembered:
    """ports.Records and ports.Counters."""

    def __init__(self) -> None:
        self.entries: list[dict] = []
        self.counts: Counter = Counter()

    def record(self, entry):
        self.entries.append(dict(entry))

    def count(self, name, **labels):
        self.counts[(name, *sorted(labels.items()))] += 1

    def observe(self, name, seconds, **labels):
        return


class Stage:
    """A whole world in memory."""

    def __init__(self, *hops: ScriptedHop, luck: Luck | None = None, clock: StillClock | None = None, signer=None, place=()) -> None:
        self.luck = luck or Luck()
        self.clock = clock or StillClock()
        self.hops = {hop.name: hop for hop in hops}
        self.vault = MemoryVault(self.luck)
        self.shares = MemoryShares(self.luck)
        self.outbox = MemoryOutbox(self.luck, self.shares)
        self.holds = MemoryHolds(self.outbox, self.luck)
        self.intents = MemoryIntents(self.clock, self.luck)
        self.journal = MemoryJournal(self.clock, self.holds, self.outbox, self.luck)
        self.remembered = Remembered()
        self.place = MemoryPlace(self.shares, place)
        self._cases = count(402)
        self._ids = count(1)
        self.world = World(
            clock=self.clock,
            hops=self.hops,
            examiner=PlainFiles(),
            vault=self.vault,
            journal=self.journal,
            records=self.remembered,
            counters=self.remembered,
            suspects=MemorySuspects(),
            check=self.vault.check,
            new_case=self._new_case,
            new_id=lambda: f"n{next(self._ids)}",
            octets=Octets,
            head=lambda arrival: RECEIVED,
            spool=MemorySpool,
            places={"own": self.place},
            shares=self.shares,
            signer=signer or MemorySigner(self.luck),
        )

    async def _new_case(self):
        with self.luck.call("cases.new"):
            return f"7KQ-{next(self._cases)}"

    def letters(self, kind="notice") -> list[bytes]:
        """The octets of every row of this kind that was ever put."""
        return [self.vault.objects[row.object_id] for row in self.outbox.ever if row.kind == kind and row.object_id in self.vault.objects]


def address(wire: str) -> Address:
    local_part, _, domain = wire.rpartition("@")
    return Address(wire, local_part, domain.lower()) if wire else Address("", "", "")


def recipient(wire: str, notify=None, orcpt=None) -> Recipient:
    return Recipient(address(wire), frozenset(notify) if notify else None, orcpt)


def arrival(octets: bytes, sender: str, recipients, clock: StillClock, *, deadline_seconds=60.0, **envelope) -> Arrival:
    """A message as the listener hands it over."""
    return Arrival(
        id="m1",
        listener="in",
        protocol="ESMTP",
        peer=Peer("192.0.2.1", 4711, "client.example"),
        envelope=Envelope(address(sender), tuple(recipients), **envelope),
        content=Octets(octets),
        received_at=clock.now(),
        deadline=clock.monotonic() + deadline_seconds,
    )
