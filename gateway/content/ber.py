"""BER and DER (X.690) as far as readers of CMS need it: elements in octets in memory. Bounded in depth and number; lengths are claims."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from gateway.content.reading import Spent, Unreadable
from gateway.model.finding import Readable

SEQUENCE, SET, OCTETS, OBJECT_ID = 0x30, 0x31, 0x04, 0x06
_CONSTRUCTED = 0x20
_DEPTH = 32  # elements of indefinite length inside one another


@dataclass(frozen=True, slots=True)
class Element:
    """One element: its tag octet, and where its content stands."""

    tag: int
    start: int
    end: int
    next: int  # where the following one begins

    def of(self, data: bytes) -> bytes:
        return data[self.start : self.end]


def element(data: bytes, at: int, end: int, spent: Spent, depth: int = 0) -> Element:
    """The element that begins here.

    Raises:
        Unreadable: damaged; or more of it than may be looked at.
    """
    if depth:
        spent.time()  # looked at only to find an end
    else:
        spent.parts(1)
    if at + 2 > end or depth > _DEPTH:
        raise Unreadable(Readable.DAMAGED)
    tag, said, at = data[at], data[at + 1], at + 2
    if tag & 0x1F == 0x1F:  # high tag numbers: none of ours
        raise Unreadable(Readable.DAMAGED)
    if said == 0x80:
        return _indefinite(data, tag, at, end, spent, depth)
    if said > 0x80:
        count = said & 0x7F
        said, at = int.from_bytes(data[at : at + count]), at + count
        if count > 8:
            raise Unreadable(Readable.DAMAGED)
    if at + said > end:
        raise Unreadable(Readable.DAMAGED)
    return Element(tag, at, at + said, at + said)


def _indefinite(data: bytes, tag: int, at: int, end: int, spent: Spent, depth: int) -> Element:
    """X.690 8.1.3.6: it goes on until two NUL octets stand where an element would begin."""
    if not tag & _CONSTRUCTED:
        raise Unreadable(Readable.DAMAGED)
    start = at
    while data[at : at + 2] != b"\0\0":
        at = element(data, at, end, spent, depth + 1).next
    return Element(tag, start, at, at + 2)


def members(data: bytes, outer: Element, spent: Spent) -> Iterator[Element]:
    """What stands in a constructed element, one after the other."""
    at = outer.start
    while at < outer.end:
        inner = element(data, at, outer.end, spent)
        yield inner
        at = inner.next


def octet_string(data: bytes, outer: Element, spent: Spent, depth: int = 0) -> bytes:
    """X.690 8.7: whole, or in pieces that may be in pieces."""
    if not outer.tag & _CONSTRUCTED:
        return outer.of(data)
    if depth > _DEPTH:
        raise Unreadable(Readable.DAMAGED)
    return b"".join(octet_string(data, inner, spent, depth + 1) for inner in members(data, outer, spent))
