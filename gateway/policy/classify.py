"""Evidence to classification, by the pack's ladder of classifications and its markings. Pure.

The strictest evidence wins. What is unmarked has the pack's `unmarked` classification. Only a label, a whole line in a page header or
footer, or a recorded declaration can bring it below that; detectors and unreadable kinds only raise (DESIGN section 4).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache

from gateway.model.facts import Declared, MessageFacts
from gateway.model.finding import Evidence, EvidenceKind, Place, Readable

KINDS = tuple(EvidenceKind)  # the order in which `Levels.by_kind` counts them
_INDEX = {kind: index for index, kind in enumerate(KINDS)}
_LABEL, _MARKING, _DETECTOR, _UNREADABLE, _UNMARKED = (_INDEX[kind] for kind in KINDS)
_NONE = (-1,) * len(KINDS)
_LOWERING = frozenset({Place.PAGE_HEADER, Place.PAGE_FOOTER})

# A container has no words of its own that could be marked: its members are judged instead. A nested message has.
ARCHIVES = frozenset(
    {
        "application/zip",
        "application/x-zip-compressed",
        "application/x-tar",
        "application/gzip",
        "application/x-gzip",
        "application/x-bzip2",
    }
    | {
        "application/x-xz",
        "application/zstd",
        "application/x-7z-compressed",
        "application/x-rar",
        "application/vnd.rar",
        "application/x-rar-compressed",
    }
)


@dataclass(frozen=True, slots=True)
class Given:
    """What one marking of the pack gives."""

    level: int
    category: str | None = None
    at_least: int = 1  # of a detector: distinct values
    whole_line: bool = False  # of a text: may lower, where it stands in a page header or footer
    quoted: bool = False  # of a text: counts in quoted earlier text too


@dataclass(frozen=True, slots=True)
class Levels:
    """The classification of a file, of the words, or of several together, and what gives it."""

    by_kind: tuple[int, ...] = _NONE  # the strictest level that each kind of evidence gives; -1: gives none
    top: int = -1
    unknown: tuple[str, ...] = ()  # what should be known and is not: the level could be anything
    categories: frozenset[str] = frozenset()

    @property
    def certain(self) -> tuple[int, ...]:
        """What stays true whatever the unknown turns out to be: a label not understood could take the place of `unmarked`."""
        return self.by_kind if not self.unknown else (*self.by_kind[:_UNMARKED], -1)

    def joined(self, other: Levels) -> Levels:
        """The strictest of both."""
        if other is NOTHING:
            return self
        return Levels(
            tuple(map(max, self.by_kind, other.by_kind)),
            max(self.top, other.top),
            tuple(dict.fromkeys(self.unknown + other.unknown)) if self.unknown or other.unknown else (),
            self.categories | other.categories,
        )


NOTHING = Levels()


def together(levels: Iterable[Levels]) -> Levels:
    """The strictest of all of them; NOTHING of none."""
    found = NOTHING
    for each in {id(one): one for one in levels}.values():  # what is unmarked is one and the same
        found = each if found is NOTHING else found.joined(each)
    return found


@dataclass(frozen=True, slots=True, eq=False)
class Ladder:
    """The classifications of a pack and everything that gives one."""

    names: tuple[str, ...]  # least to most sensitive
    unmarked_files: int = 0
    unmarked_words: int = 0
    labels: Mapping[tuple[str, str], Given] = field(default_factory=dict)  # by tenant and id
    markings: Mapping[str, Given] = field(default_factory=dict)  # by Pattern.id
    detectors: Mapping[str, tuple[Given, ...]] = field(default_factory=dict)
    unreadable: Mapping[str, tuple[Given, ...]] = field(default_factory=dict)  # by Readable value
    people: frozenset[str] = frozenset()  # whose declaration corrects anything
    looks_for: frozenset[str] = frozenset()  # ids of the markings and detectors on which a classification rests

    def files(self, message: MessageFacts, unmarked: int | None = None) -> Levels:
        """All files together; `unmarked` overrides the pack's (a system's own)."""
        return together(self.each_file(message, unmarked).values())

    def each_file(self, message: MessageFacts, unmarked: int | None = None) -> dict[str, Levels]:
        """Every file by its id. A declaration about a file speaks of the files inside it too."""
        base = self.unmarked_files if unmarked is None else unmarked
        inside = {file.id: file.inside for file in message.files}
        holders = frozenset(inside.values())
        said = {item.about: item for item in message.declared if item.what == "classification"}
        found = {}
        for file in message.files:
            about: str | None = file.id
            while about is not None and about not in said:
                about = inside.get(about)
            only_holds = file.media_type in ARCHIVES and file.id in holders
            unmarked_level, correction = -1 if only_holds else base, said[about] if about is not None else None
            found[file.id] = self._levels(
                file.evidence, file.readable, unmarked_level, correction, message.looked_for, partly_read=bool(file.evidence)
            )
        return found

    def words(self, message: MessageFacts) -> Levels:
        """Subject, body and file names."""
        said = next((item for item in message.declared if item.what == "classification" and item.about == "words"), None)
        # Words are never unread as a whole: the subject and the file names always are.
        return self._levels(message.words, message.words_readable, self.unmarked_words, said, message.looked_for, partly_read=True)

    def gives(self, evidence: Evidence) -> str | None:
        """The classification that a piece of evidence would give by itself; None where it gives none."""
        levels = [given.level for _, given in self._givens((evidence,), Readable.YES, self.unmarked_files)]
        return self.names[max(levels)] if levels else None

    def shown(self, message: MessageFacts) -> int:
        """The strictest level of what was read in files, whatever anybody has said about them; -1: nothing was."""
        evidence = tuple(item for file in message.files for item in file.evidence)
        return max((given.level for _, given in self._givens(evidence, Readable.YES, self.unmarked_files)), default=-1)

    def name(self, level: int) -> str:
        """The classification's name; the least sensitive where nothing gives one."""
        return self.names[max(level, 0)]

    def _levels(
        self,
        evidence: tuple[Evidence, ...],
        readable: Readable,
        unmarked: int,
        said: Declared | None,
        looked_for: frozenset[str],
        *,
        partly_read: bool,
    ) -> Levels:
        if not evidence and readable is Readable.YES and said is None and looked_for is self.looks_for:
            return _unmarked(unmarked)
        level = self.names.index(said.value) if said is not None and said.value in self.names else -1
        if said is not None and level >= 0 and said.by in self.people:
            return _of({_MARKING: level})
        unknown = (*self._strange(evidence), *self._unmeasured(readable, looked_for, partly_read=partly_read))
        found, categories = self._found(evidence, readable, unmarked)
        if level >= 0 and not found and not unknown:
            return _of({_MARKING: level})  # the sender may speak for what is only unmarked
        if unmarked >= 0 and _LABEL not in found and _MARKING not in found:
            found[_UNMARKED] = unmarked
        return _of(found, unknown, frozenset(categories))

    def _found(self, evidence: tuple[Evidence, ...], readable: Readable, unmarked: int) -> tuple[dict[int, int], set[str]]:
        """The strictest level for each kind of evidence, and every category."""
        found: dict[int, int] = {}
        categories: set[str] = set()
        for index, given in self._givens(evidence, readable, unmarked):
            found[index] = max(found.get(index, -1), given.level)
            if given.category is not None:
                categories.add(given.category)
        return found, categories

    def _givens(self, evidence: tuple[Evidence, ...], readable: Readable, unmarked: int) -> Iterator[tuple[int, Given]]:
        for item in evidence:
            match item.kind:
                case EvidenceKind.LABEL:
                    label = self.labels.get((item.tenant or "", item.id))
                    # What stands in a subject is typed by hand: it never lowers.
                    if label is not None and (label.level >= unmarked or item.place is not Place.SUBJECT):
                        yield _LABEL, label
                case EvidenceKind.MARKING:
                    marking = self.markings.get(item.id)
                    if marking is not None and _counts(marking, item.place, unmarked):
                        yield _MARKING, marking
                case EvidenceKind.DETECTOR:
                    yield from ((_DETECTOR, given) for given in self.detectors.get(item.id, ()) if item.count >= given.at_least)
                case EvidenceKind.UNREADABLE | EvidenceKind.UNMARKED:
                    pass  # FileFacts.readable says the first, the absence of all others the second
        if readable is not Readable.YES and readable.value in self.unreadable:
            yield from ((_UNREADABLE, given) for given in self.unreadable[readable.value])

    def _strange(self, evidence: tuple[Evidence, ...]) -> Iterator[str]:
        """Labels of a tenant whose labels the pack knows, but not these: they could mean anything."""
        tenants = {tenant for tenant, _ in self.labels} if evidence else set()
        for item in evidence:
            if item.kind is EvidenceKind.LABEL and item.tenant in tenants and (item.tenant, item.id) not in self.labels:
                yield f"label:{item.id}"

    def _unmeasured(self, readable: Readable, looked_for: frozenset[str], *, partly_read: bool) -> Iterator[str]:
        """What nobody looked for, and kinds of unreadable that the pack does not name.

        Of a file whose kind the pack names, and of which nothing was read, the content facts are absent.
        """
        if looked_for is not self.looks_for and (readable is Readable.YES or partly_read):
            yield from (f"not looked for:{name.partition('~')[0]}" for name in sorted(self.looks_for - looked_for))
        if readable is not Readable.YES and readable.value not in self.unreadable:
            yield f"unreadable:{readable.value}"


def _counts(marking: Given, place: Place | None, unmarked: int) -> bool:
    """Whether a marking says something at this place: in quoted text only where the pack wants it, and only an edge of a page lowers."""
    if place is Place.QUOTED and not marking.quoted:
        return False
    return marking.level >= unmarked or (marking.whole_line and place in _LOWERING)


def _of(found: Mapping[int, int], unknown: tuple[str, ...] = (), categories: frozenset[str] = frozenset()) -> Levels:
    by_kind = tuple(found.get(index, -1) for index in range(len(KINDS)))
    return Levels(by_kind, max(by_kind), unknown, categories)


@cache
def _unmarked(level: int) -> Levels:
    return _of({_UNMARKED: level})
