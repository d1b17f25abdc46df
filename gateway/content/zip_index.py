"""The entries of a ZIP archive as each kind of program finds them (APPNOTE 6.3.10): by its directory, or by the headers of its files. Pure.

In: octets. Out: an Index, with everything in which programs may differ by name. Programs that read from the end believe the central
directory, those that read a stream believe the local headers, and some look for more entries where nothing should be: so all are listed,
each once. Nothing is decompressed here, and no size is believed beyond the octets that there are.
"""

from __future__ import annotations

import bisect
import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field

from gateway.content.reading import Spent
from gateway.content.signatures import finder
from gateway.content.zip_directory import find_ends, read_listed
from gateway.content.zip_fields import (
    CENTRAL,
    ENCRYPTED,
    END,
    END_OCTETS,
    EXTRA_RECORD,
    LOCAL,
    LOCAL_HEAD,
    LOCAL_OCTETS,
    MASKED,
    STREAMED,
    STRONG,
    ZIP64,
    extras,
    method_of,
    names_of,
    zip64,
)
from gateway.model.finding import Readable

_LOOKS = 1000  # at what looks like a header and is none


@dataclass(slots=True)
class Entry:
    """One file, as one header describes it."""

    names: tuple[str, ...]
    method: int
    encrypted: bool
    streamed: bool  # sizes follow the data
    crc: int
    packed: int  # claimed octets; -1: to be found out
    size: int  # claimed octets
    start: int  # of its local header
    data: int  # where its octets begin
    comment: bytes = b""
    is_local_only: bool = False
    is_second: bool = False  # the local header's own view of octets that the directory describes otherwise

    @property
    def end(self) -> int:
        return self.data + max(self.packed, 0)


@dataclass(slots=True)
class Index:
    """All entries, and what is odd about them."""

    entries: list[Entry] = field(default_factory=list)
    oddities: list[str] = field(default_factory=list)
    comments: list[bytes] = field(default_factory=list)
    unreadable: Readable | None = None  # what keeps entries from being listed at all
    leading: int = 0  # octets before the first entry that belong to none
    trailing: int = 0  # octets behind the end

    def odd(self, name: str) -> None:
        if name not in self.oddities:
            self.oddities.append(name)


def find_entries(data: bytes, spent: Spent) -> Index:
    """Everything that some program would list. Never an exception but over budget."""
    index = Index()
    directories = 0
    for at, count, base in _directories(data, index):
        spans = sorted((entry.start, entry.end) for entry in index.entries)
        if _span_around(spans, at) is None:  # else it is that of a file inside, stored
            directories += 1
            _read_directory(data, at, count, base, index, spent)
    if directories > 1:
        index.odd("several-directories")
    _find_local_only(data, index, spent, has_directory=directories > 0)
    _compare(index)
    return index


def holds_local_entry(data: bytes) -> bool:
    """Whether the header of a file stands somewhere, however far from the start; or so much like one that its reader must say."""
    at = _find_local_header(data)
    for _ in range(_LOOKS):
        if at < 0:
            return False
        if _local_entry(data, at) is not None:
            return True
        at = _find_local_header(data, at + 4)
    return True


_find_local_header = finder(LOCAL)


# --- directories ------------------------------------------------------------------------------------------------------


def _directories(data: bytes, index: Index) -> Iterator[tuple[int, int, int]]:
    """Where central directories begin, how many entries each claims, and what must be added to its offsets. The last one first."""
    found: set[int] = set()
    for number, end in enumerate(find_ends(data)):
        if not number:  # the last one in the file
            index.trailing = max(len(data) - end.reach, 0)
            index.comments.append(data[end.comment : end.reach])
        if end.disk not in (0, 0xFFFF):
            index.unreadable = Readable.UNSUPPORTED  # one of several disks
        if end.is_wide is None:
            index.odd("directory-disagrees")
        for at in dict.fromkeys((end.stop - end.octets, end.offset)):
            if at not in found and at >= 0 and data.startswith(CENTRAL, at):
                found.add(at)
                yield at, end.number, at - end.offset
        if end.octets and not found:
            # APPNOTE 7.3: a directory that is itself encrypted follows a record of its own.
            is_masked = data.startswith(EXTRA_RECORD, max(end.stop - end.octets, 0))
            index.unreadable = index.unreadable or (Readable.ENCRYPTED if is_masked else Readable.DAMAGED)


def _read_directory(data: bytes, at: int, count: int, base: int, index: Index, spent: Spent) -> None:
    seen = 0
    while (listed := read_listed(data, at, base)) is not None:
        spent.entries()
        seen += 1
        entry = Entry(
            names=listed.names,
            method=listed.method,
            encrypted=listed.is_encrypted,
            streamed=bool(listed.flags & STREAMED),
            crc=listed.crc,
            packed=listed.packed,
            size=listed.size,
            start=listed.at,
            data=-1,
            comment=listed.comment,
        )
        if listed.disk not in (0, 0xFFFF):
            index.unreadable = index.unreadable or Readable.UNSUPPORTED
        index.entries.append(entry)
        _find_local(data, entry, listed.octets, index)
        at = listed.next
    if seen != count and seen != count & 0xFFFF:
        index.odd("directory-disagrees")
    if seen < count:
        index.unreadable = index.unreadable or Readable.DAMAGED


def _find_local(data: bytes, entry: Entry, raw: bytes, index: Index) -> None:
    """Compare with the header that stands before the data, and add what it says otherwise."""
    at = entry.start
    if at < 0 or data[at : at + 4] != LOCAL or at + LOCAL_OCTETS > len(data):
        index.odd("headers-disagree")
        index.unreadable = index.unreadable or Readable.DAMAGED
        entry.data = max(at, 0)
        entry.packed = 0
        return
    _, _, flags, method, _, _, crc, packed, size, name, extra = LOCAL_HEAD.unpack_from(data, at)
    entry.data = at + LOCAL_OCTETS + name + extra
    fields = dict(extras(data[at + LOCAL_OCTETS + name : entry.data]))
    size, packed, _ = zip64(fields.get(ZIP64, b""), size, packed, 0)
    names = names_of(data[at + LOCAL_OCTETS : at + LOCAL_OCTETS + name], flags, fields)
    if data[at + LOCAL_OCTETS : at + LOCAL_OCTETS + name] != raw and not flags & MASKED:
        index.odd("names-disagree")
        entry.names = tuple(dict.fromkeys((*entry.names, *names)))
    streamed = bool(flags & STREAMED)
    differs = method_of(method, fields) != entry.method or bool(flags & ENCRYPTED) != entry.encrypted
    if not streamed and (packed, size, crc) != (entry.packed, entry.size, entry.crc) and not flags & MASKED:
        differs = True
    if differs:
        index.odd("headers-disagree")
        packed = -1 if streamed else packed
        second = Entry(names, method_of(method, fields), bool(flags & ENCRYPTED), streamed, crc, packed, size, at, entry.data)
        second.is_second = True
        index.entries.append(second)


# --- what the directory does not name ---------------------------------------------------------------------------------


def _find_local_only(data: bytes, index: Index, spent: Spent, *, has_directory: bool) -> None:
    """Local headers in the octets that belong to no entry of a directory."""
    spans = sorted((entry.start, entry.end) for entry in index.entries)
    known = {entry.start for entry in index.entries}
    index.leading = spans[0][0] if spans else 0
    at = data.find(LOCAL)
    while at >= 0:
        inside = _span_around(spans, at)
        if inside is not None:
            at = data.find(LOCAL, inside)
            continue
        if at not in known and (entry := _local_entry(data, at)) is not None:
            spent.entries()
            known.add(at)
            if has_directory:
                index.odd("local-only-entries")
            elif not index.entries:
                index.leading = at
            index.entries.append(entry)
            at = data.find(LOCAL, max(entry.end, at + 4))
        else:
            spent.parts(1)
            at = data.find(LOCAL, at + 4)
    if not has_directory and not _is_empty(data):
        index.unreadable = index.unreadable or Readable.DAMAGED  # cut off: what is missing was not seen


def _is_empty(data: bytes) -> bool:
    """An archive of nothing is an end and no more."""
    return data.startswith(END + bytes(16)) and len(data) == END_OCTETS + int.from_bytes(data[20:22], "little")


def _span_around(spans: list[tuple[int, int]], at: int) -> int | None:
    """The end of the data in whose middle this place is."""
    number = bisect.bisect_left(spans, (at, -1)) - 1
    if number >= 0 and spans[number][0] < at < spans[number][1]:
        return spans[number][1]
    return None


def _local_entry(data: bytes, at: int) -> Entry | None:
    """A header that makes sense, or None: four octets alone may be chance."""
    if at + LOCAL_OCTETS > len(data):
        return None
    _, version, flags, method, _, _, crc, packed, size, name, extra = LOCAL_HEAD.unpack_from(data, at)
    start = at + LOCAL_OCTETS + name + extra
    if version & 0xFF > 100 or method > 99 or not name or start > len(data):
        return None
    fields = dict(extras(data[at + LOCAL_OCTETS + name : start]))
    size, packed, _ = zip64(fields.get(ZIP64, b""), size, packed, 0)
    names = names_of(data[at + LOCAL_OCTETS : at + LOCAL_OCTETS + name], flags, fields)
    unknown = bool(flags & STREAMED) and not packed
    encrypted = bool(flags & (ENCRYPTED | STRONG))
    return Entry(
        names, method_of(method, fields), encrypted, bool(flags & STREAMED), crc, -1 if unknown else packed, size, at, start, b"", True
    )


def _compare(index: Index) -> None:
    """What the entries are to one another."""
    listed = [entry for entry in index.entries if not entry.is_local_only and not entry.is_second]
    spans = sorted((entry.start, entry.end) for entry in listed)
    if any(later[0] < max(earlier[1], earlier[0] + 1) for earlier, later in itertools.pairwise(spans)):
        index.odd("overlapping-entries")
    names = [entry.names[0].casefold() for entry in listed if entry.names]
    if len(set(names)) < len(names):
        index.odd("duplicate-members")
    if index.leading:
        index.odd("leading-data")
    if index.trailing:
        index.odd("trailing-data")
