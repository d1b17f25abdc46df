"""BER and DER (X.690) as far as readers of CMS need it: elements in octets in memory. Bounded in depth and number; lengths are claims."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from gateway.content.reading import Spent, Unreadable
from gateway.model.finding import Readable

SEQUENCE, OCTETS, OBJECT_ID = 0x30, 0x04, 0x06
_CONSTRUCTED = 0x20
_DEPTH = 32  # elements of indefinite length inside one another


@dataclass(frozen=True, slots=True)
class Element:
    """One element: its tag octet, where its content stands, and where the following one begins."""

    tag: int
    start: int
    end: int
    next: int


class Ber:
    """Octets as elements. Each is looked at once: the end of one of indefinite length is only found by going through it.

    Every method raises Unreadable: damaged; or more of it than may be looked at.
    """

    __slots__ = ("_known", "_spent", "data")

    def __init__(self, data: bytes, spent: Spent) -> None:
        self.data = data
        self._spent = spent
        self._known: dict[int, Element] = {}

    def root(self) -> Element:
        return self._element(0, len(self.data), 0)

    def octets(self, element: Element) -> bytes:
        return self.data[element.start : element.end]

    def members(self, outer: Element) -> Iterator[Element]:
        """What stands in a constructed element, one after the other."""
        at = outer.start
        while at < outer.end:
            inner = self._element(at, outer.end, 0)
            yield inner
            at = inner.next

    def octet_string(self, outer: Element, depth: int = 0) -> bytes:
        """X.690 8.7: whole, or in pieces that may be in pieces."""
        if not outer.tag & _CONSTRUCTED:
            return self.octets(outer)
        if depth > _DEPTH:
            raise Unreadable(Readable.DAMAGED)
        return b"".join(self.octet_string(inner, depth + 1) for inner in self.members(outer))

    def _element(self, at: int, end: int, depth: int) -> Element:
        known = self._known.get(at)
        if known is None:
            self._spent.parts(1)
            known = self._known[at] = self._read(at, end, depth)
        if known.next > end:
            raise Unreadable(Readable.DAMAGED)
        return known

    def _read(self, at: int, end: int, depth: int) -> Element:
        data = self.data
        if at + 2 > end or depth > _DEPTH or data[at] & 0x1F == 0x1F:  # high tag numbers: none of ours
            raise Unreadable(Readable.DAMAGED)
        tag, said, at = data[at], data[at + 1], at + 2
        if said == 0x80:
            return self._indefinite(tag, at, end, depth)
        if said > 0x80:
            count = said & 0x7F
            if count > 8:
                raise Unreadable(Readable.DAMAGED)
            said, at = int.from_bytes(data[at : at + count]), at + count
        if at + said > end:
            raise Unreadable(Readable.DAMAGED)
        return Element(tag, at, at + said, at + said)

    def _indefinite(self, tag: int, start: int, end: int, depth: int) -> Element:
        """X.690 8.1.3.6: it goes on until two NUL octets stand where an element would begin."""
        if not tag & _CONSTRUCTED:
            raise Unreadable(Readable.DAMAGED)
        at = start
        while self.data[at : at + 2] != b"\0\0":
            at = self._element(at, end, depth + 1).next
        return Element(tag, start, at, at + 2)
