"""ZIP archives (APPNOTE 6.3) to members: every file that some program would show. What is odd is named, what cannot be opened is still a
member under its names, and one encrypted file makes the archive encrypted too.
"""

from __future__ import annotations

from collections.abc import Iterator

from gateway.content.reading import Item, Member, Oddity, Source, Spent, Unreadable
from gateway.content.zip_index import Entry, find_entries
from gateway.content.zip_methods import unpack
from gateway.model.finding import Place, Readable


def read_zip(source: Source, spent: Spent) -> Iterator[Item]:
    """The files by the directory, those that it does not name, and what comments say."""
    index = find_entries(source.data, spent)
    yield from map(Oddity, index.oddities)
    comments = b"\n".join(filter(None, (*index.comments, *(entry.comment for entry in index.entries))))
    if comments:
        yield Place.TEXT, "archive comment", comments.decode("utf-8", "replace")
    worst: Readable | None = index.unreadable
    first: dict[int, bytes] = {}
    for entry in index.entries:
        if entry.names and entry.names[0].endswith("/") and not entry.packed and not entry.size:
            continue  # a folder
        member = _member(source.data, entry, spent)
        if entry.is_second and member.data in (b"", first.get(entry.start)):
            continue  # nothing else comes out of it
        first.setdefault(entry.start, member.data)
        worst = _worse(worst, member.readable)
        yield member
    if worst is not None:
        raise Unreadable(worst)


def _member(data: bytes, entry: Entry, spent: Spent) -> Member:
    octets, broken = unpack(data, entry, spent)
    names = entry.names or ("",)
    return Member(names[0], octets, readable=broken, octets=max(entry.size, 0), also=names[1:])


def _worse(one: Readable | None, other: Readable | None) -> Readable | None:
    """Encrypted says more than damaged; else the first stands."""
    return other if one is None or other is Readable.ENCRYPTED else one
