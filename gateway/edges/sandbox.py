"""The Examiner: parts of a message go to children that may die, what they found comes back as nouns.

A part goes to the kind of child that its first octets ask for. A part in which a used child crashes is read once more by a fresh one; what
kills that one too is reported as crashed. What was found is remembered by content; what depends on the machine (crashes, budgets, the wall
clock) is not. Three crashes of one content, and it is not read again: it is reported as crashed, with the oddity "poison".
"""

from __future__ import annotations

import asyncio
import binascii
import json
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass, replace
from typing import Any

from gateway.config import Examine
from gateway.edges.sandbox_child import Answer, Child, Killed
from gateway.edges.sandbox_familiar import Familiar
from gateway.edges.sandbox_pool import Pool
from gateway.edges.sandbox_zygote import Births
from gateway.model.finding import FileFinding, Patterns, Readable
from gateway.model.message import Content, Encoding
from gateway.model.reading import Kind, is_calm, is_office, kind_of, read_findings, write_patterns
from gateway.ports.examiner import Wanted

READER = "gateway.content:read"
POISON = "poison"  # the oddity of a file that is not read any more

_HEAD_OCTETS = 128  # encoded, to choose the kind of child by; the child looks again at the decoded file
_REMEMBERED = 4096
_POISONED = 3
_NOT_FOR_GOOD = (Readable.CRASHED, Readable.OVER_BUDGET, Readable.PICTURES_UNREAD)  # with more time, or beside less, more is found
_TIRED = 0.75  # of the processor time for one file, as a wall clock: what a reader takes before it gives up by itself

_write = json.JSONEncoder(separators=(",", ":")).encode  # made once: json.dumps would make it for each job


class Poison:
    """How often the reading of one content crashed; kept in memory, the longest unseen is forgotten first."""

    def __init__(self, room: int = _REMEMBERED) -> None:
        self._room = room
        self._crashes: OrderedDict[bytes, int] = OrderedDict()

    def crashed(self, identity: bytes) -> int:
        """Count one more; how many it makes."""
        count = self._crashes[identity] = self._crashes.pop(identity, 0) + 1
        if len(self._crashes) > self._room:
            self._crashes.popitem(last=False)
        return count

    def crashes(self, identity: bytes) -> int:
        return self._crashes.get(identity, 0)

    def is_poison(self, identity: bytes) -> bool:
        return self.crashes(identity) >= _POISONED


@dataclass(frozen=True, slots=True)
class _Task:
    """One part on its way to a child."""

    part: Wanted
    last_try: bool = False  # it crashed a used child: now only its own doing counts


@dataclass(slots=True)
class _Reading:
    """One call of read()."""

    content: Content
    deadline: float  # of the loop's clock
    patterns: bytes  # as JSON, which is also what tells one set from another
    found: dict[str, tuple[FileFinding, ...]]
    tired_at: float  # of the loop's clock: when a message with a file over budget has had its time

    def is_tired(self) -> bool:
        """Whether a file was over budget and the time of one is gone: bombs beside one another do not add up."""
        over = any(found[0].readable is Readable.OVER_BUDGET for found in self.found.values())
        return over and asyncio.get_running_loop().time() >= self.tired_at


class Sandbox:
    """ports.Examiner by children of one zygote, for one process of the gateway."""

    def __init__(self, examine: Examine, *, on_killed: Callable[[Killed], None] = lambda _: None, reader: str = READER) -> None:
        self.poison = Poison()
        self.pool = Pool(Births(examine, reader), on_killed)
        self._wall_seconds = examine.wall
        self._seconds = examine.seconds
        self._memory: OrderedDict[Hashable, tuple[FileFinding, ...]] = OrderedDict()
        self._familiar = Familiar()
        self._patterns: tuple[Patterns, bytes] = (Patterns(), write_patterns(Patterns()))

    def start(self) -> None:
        """Start the zygote and wait until it is ready; before any thread and any event loop.

        Raises:
            BadConfig: a layer of the sandbox is missing here and [examine] sandbox is not "reduced".
            TryLater: it did not start.
        """
        self.pool.start()

    def prepare(self, patterns: Patterns) -> None:
        """Make these patterns ready before anybody asks; else the first read() with them does."""
        self._written(patterns)

    def attach(self) -> None:
        """Fork the first children, in the running event loop; else the first read() does."""
        self.pool.attach()

    async def read(self, content: Content, wanted: tuple[Wanted, ...], patterns: Patterns) -> tuple[FileFinding, ...]:
        """As ports.Examiner has it."""
        now = asyncio.get_running_loop().time()
        reading = _Reading(content, now + self._wall_seconds, self._written(patterns), {}, now + self._seconds * _TIRED)
        jobs: dict[Kind, list[_Task]] = {}
        wanted = await self._familiar.digested(content, wanted)
        for part in wanted:
            known = self._recall(part, reading.patterns) or self._held(part)
            if known:
                reading.found[part.id] = known
            else:
                jobs.setdefault(_kind(content, part), []).append(_Task(part))
        if jobs:
            await self._run_all(reading, jobs)
        return tuple(finding for part in wanted for finding in reading.found[part.id])

    async def close(self) -> None:
        await self.pool.close()

    # --- one message --------------------------------------------------------------------------------------------------

    async def _run_all(self, reading: _Reading, jobs: dict[Kind, list[_Task]]) -> None:
        if len(jobs) == 1:
            ((kind, tasks),) = jobs.items()
            await self._run(reading, kind, tasks)
            return
        running = [asyncio.ensure_future(self._run(reading, kind, tasks)) for kind, tasks in jobs.items()]
        try:
            await asyncio.gather(*running)
        except BaseException:
            for task in running:
                task.cancel()
            await asyncio.gather(*running, return_exceptions=True)
            raise

    async def _run(self, reading: _Reading, kind: Kind, tasks: list[_Task]) -> None:
        """Until each part is read or given up. Every round settles one at least, or gives it its last try."""
        while tasks:
            job = _job(reading.patterns, tasks)
            child = await self.pool.lend(kind, reading.deadline)
            is_fresh = child.served == 0
            try:
                answer = await child.work(job, reading.content.descriptor(), len(tasks), reading.deadline)
                tasks = tasks if answer.is_lost else self._take(reading, child, tasks, answer, is_fresh=is_fresh)
            finally:
                self.pool.give_back(child)
            if tasks and reading.is_tired():
                reading.found.update({task.part.id: self._unread(task.part, Readable.OVER_BUDGET) for task in tasks})
                return
            kind = Kind.ONE_SHOT  # whatever is left needs a fresh child

    def _take(self, reading: _Reading, child: Child, tasks: list[_Task], answer: Answer, *, is_fresh: bool) -> list[_Task]:
        """What the child said, part by part; what is still to be read."""
        left: list[_Task] = []
        for index, task in enumerate(tasks):
            match _say(answer, index, task.part):
                case tuple() as said:
                    self._believe(reading, child, task.part, said)
                case "other-kind" if child.kind is Kind.REUSABLE:
                    left.append(task)
                case why:
                    child.condemn(why)
                    rest = [*left, *tasks[index + 1 :]]
                    how = Readable.OVER_BUDGET if why == "over-budget" else Readable.CRASHED
                    if how is Readable.CRASHED and not task.last_try and not (is_fresh and index == 0):
                        return [replace(task, last_try=True), *rest]
                    reading.found[task.part.id] = self._unread(task.part, how)
                    return rest
        return left

    def _believe(self, reading: _Reading, child: Child, part: Wanted, said: tuple[FileFinding, ...]) -> None:
        # What the gateway knew before is not the child's to change.
        known = (part.names, part.declared_type, part.sha256 or said[0].sha256)
        if (said[0].names, said[0].declared_type, said[0].sha256) != known:
            said = (replace(said[0], names=known[0], declared_type=known[1], sha256=known[2]), *said[1:])
        found = reading.found[part.id] = said
        if not is_calm(found):
            child.is_spent = True
        self._remember(part, reading.patterns, found)

    def _unread(self, part: Wanted, how: Readable) -> tuple[FileFinding, ...]:
        if how is Readable.CRASHED and part.sha256:
            self.poison.crashed(bytes.fromhex(part.sha256))
        return (_blank(part, how),)

    # --- what is known already ----------------------------------------------------------------------------------------

    def _held(self, part: Wanted) -> tuple[FileFinding, ...]:
        if part.sha256 and self.poison.is_poison(bytes.fromhex(part.sha256)):
            return (replace(_blank(part, Readable.CRASHED), oddities=(POISON,)),)
        return ()

    def _recall(self, part: Wanted, patterns: bytes) -> tuple[FileFinding, ...]:
        """What was found in the same content before, under this part's id."""
        if not part.sha256:
            return ()
        key = _key(part, patterns)
        known = self._memory.get(key)
        if known is None:
            return ()
        self._memory.move_to_end(key)
        return _renamed(known, part.id)

    def _remember(self, part: Wanted, patterns: bytes, found: tuple[FileFinding, ...]) -> None:
        if part.sha256 and not any(file.readable in _NOT_FOR_GOOD for file in found):
            self._memory[_key(part, patterns)] = found
            if len(self._memory) > _REMEMBERED:
                self._memory.popitem(last=False)

    def _written(self, patterns: Patterns) -> bytes:
        """The patterns as JSON. A pack's patterns are one object for as long as it is in force."""
        if self._patterns[0] is not patterns:
            self._patterns = (patterns, write_patterns(patterns))
            self.pool.prepare(self._patterns[1])
        return self._patterns[1]


def _key(part: Wanted, patterns: bytes) -> Hashable:
    return (part.sha256, part.names, part.declared_type, part.charset, part.is_words, patterns)


def _renamed(found: tuple[FileFinding, ...], id_: str) -> tuple[FileFinding, ...]:
    """The same findings of a part that is called otherwise in this message."""
    old = len(found[0].id)
    if found[0].id == id_:
        return found
    return tuple(replace(file, id=id_ + file.id[old:], inside=None if file.inside is None else id_ + file.inside[old:]) for file in found)


def _kind(content: Content, part: Wanted) -> Kind:
    head = content.read(part.start, min(part.start + _HEAD_OCTETS, part.end))
    if part.encoding is Encoding.BASE64:
        letters = b"".join(head.split())
        try:
            head = binascii.a2b_base64(letters[: len(letters) // 4 * 4])
        except binascii.Error:
            return Kind.ONE_SHOT
    return kind_of(head, office=is_office(part.names, part.declared_type))


def _job(patterns: bytes, tasks: list[_Task]) -> bytes:
    """The job as gateway/worker/wire.py reads it."""
    parts = [task.part for task in tasks]
    rows = [[p.id, p.start, p.end, p.encoding, p.names, p.declared_type, p.charset, p.is_words] for p in parts]
    return b'{"patterns":%b,"parts":%b}' % (patterns, _write(rows).encode())


def _say(answer: Answer, index: int, part: Wanted) -> tuple[FileFinding, ...] | str:
    """What the child said of one part: findings; "other-kind"; or how it failed: over-budget, crashed, exception, garbage."""
    if index >= len(answer.frames):
        return (answer.ended or Readable.CRASHED).value
    try:
        said: Any = json.loads(answer.frames[index].decode())
        match said:
            case {"part": part.id, "found": found, **rest} if not rest:
                return read_findings(found, part.id)
            case {"part": part.id, "failed": ("exception" | "over-budget" | "other-kind") as why, **rest} if not rest:
                return str(why)
            case _:
                return "garbage"
    except (ValueError, RecursionError):
        return "garbage"


def _blank(part: Wanted, how: Readable) -> FileFinding:
    """A file whose reader did not live to tell of it."""
    return FileFinding(part.id, None, part.names, part.declared_type, "", part.octets or _estimate(part), part.sha256, how)


def _estimate(part: Wanted) -> int:
    """Decoded octets, at least nearly: RFC 2045 section 6.8 makes 78 of 57."""
    encoded = part.end - part.start
    return encoded * 57 // 78 if part.encoding is Encoding.BASE64 else encoded
