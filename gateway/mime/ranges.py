"""The index of all parts of a message: byte ranges, nothing copied (RFC 2046 section 5.1). Pure; hostile input becomes defects.

A multipart is split by searching for its own delimiter, never line by line. An outer delimiter always ends what is inside.
Limits: 1000 parts, depth 30, 10,000 lines that only look like a delimiter; beyond them the rest is one part that nobody has read.
Under base64 or quoted-printable a composite (which RFC 2045 6.4 forbids) is one opaque part, unless its delimiters stand there in clear.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from gateway.mime.declared import Declared, read_declared
from gateway.mime.headers import WINDOW_OCTETS, Section, read_section
from gateway.model.message import Buffer, Defect, DefectName, Encoding, Span

PARTS = 1000
DEPTH = 30
LOOKALIKES = 10_000

_REST = Declared("application/octet-stream", None, (), Encoding.IDENTITY, None, (), None, None, is_mime=True, defects=())


class Node(NamedTuple):
    """One entity: where it is and what it says of itself."""

    id: str
    parent: str | None
    header: Span
    body: Span
    declared: Declared
    is_container: bool  # a multipart whose members follow
    around: str  # media type of the multipart that it is a member of, or ""
    message: str  # id of the message/rfc822 part it is in, "" for the outermost message


class _Place(NamedTuple):
    """Where the next entity stands in the tree."""

    parent: str | None = None
    prefix: str = ""  # of its id and of those beside it
    number: int | None = None  # None: it is the whole of a message
    default: str = "text/plain"
    around: str = ""
    message: str = ""
    depth: int = 0

    def name(self, *, container: bool) -> str:
        """Its id: as IMAP counts, and `0` for a multipart that is a whole message, which IMAP leaves without a number."""
        return f"{self.prefix}{int(not container) if self.number is None else self.number}"


class _Delimiter(NamedTuple):
    """A delimiter line of a multipart."""

    start: int  # of the line end before it
    after: int  # behind its own line end
    closes: bool


class _Members(NamedTuple):
    """A multipart split."""

    spans: tuple[Span, ...]
    defects: tuple[DefectName, ...] = ()
    rest: Span | None = None  # what was too much to split


class Index:
    """Walks a message once. Afterwards `nodes` stand in order of position, containers first."""

    __slots__ = ("_buffer", "_lookalikes", "defects", "nodes", "section")

    def __init__(self, buffer: Buffer) -> None:
        self._buffer = buffer
        self._lookalikes = 0
        self.nodes: list[Node] = []
        self.defects: list[Defect] = []
        self.section = read_section(buffer, 0, len(buffer))
        self._entity(self.section, len(buffer), _Place())

    def _entity(self, section: Section, end: int, place: _Place) -> None:
        declared = read_declared(section.fields, place.default)
        body = Span(section.body, end)
        oddities = [*section.defects, *declared.defects]
        members: _Members | None = None
        inner = False
        if declared.is_multipart:
            members = self._members(body, declared, place.depth, oddities)
        elif declared.is_message:
            inner = self._is_open(declared, place.depth, oddities)
        is_container = members is not None
        name = place.name(container=is_container)
        node = Node(name, place.parent, section.span, body, declared, is_container, place.around, place.message)
        self.nodes.append(node)
        if oddities:
            self.defects.extend(Defect(oddity, name) for oddity in oddities)
        if members is not None:
            self._walk(node, members, place)
        elif inner:
            whole = _Place(parent=name, prefix=f"{name}.", message=name, depth=place.depth + 1)
            self._entity(read_section(self._buffer, body.start, end), end, whole)

    def _is_open(self, declared: Declared, depth: int, oddities: list[DefectName]) -> bool:
        """Whether a composite stands there in clear and may be entered."""
        if declared.encoding is not Encoding.IDENTITY:
            oddities.append(DefectName.ENCODED_COMPOSITE)
            return False
        if depth >= DEPTH:
            oddities.append(DefectName.TOO_DEEP)
            return False
        return True

    def _members(self, body: Span, declared: Declared, depth: int, oddities: list[DefectName]) -> _Members | None:
        """The members of a multipart, or None when it cannot be split."""
        if depth >= DEPTH:
            oddities.append(DefectName.TOO_DEEP)
            return None
        if declared.encoding is not Encoding.IDENTITY:
            oddities.append(DefectName.ENCODED_COMPOSITE)
        found = [members for boundary in declared.boundaries[:4] if (members := self._split(body, boundary))]
        if len(found) > 1:
            oddities.append(DefectName.READINGS_DISAGREE)
        if not found:
            if DefectName.ENCODED_COMPOSITE not in oddities:
                oddities.append(DefectName.BOUNDARY_MISSING)
            return None
        members = found[0]
        oddities.extend(members.defects)
        return members

    def _split(self, body: Span, boundary: bytes) -> _Members | None:
        """Every member between two delimiter lines."""
        needle = b"\r\n--" + boundary
        spans: list[Span] = []
        opened = -1
        for delimiter in self._delimiters(body, needle):
            if opened >= 0:
                # RFC 2046 5.1.1: the line end before a delimiter belongs to it; of two in a row it is the same one.
                spans.append(Span(opened, max(opened, delimiter.start)))
            if delimiter.closes:
                return _Members(tuple(spans), self._after_close(delimiter, needle, body.end)) if opened >= 0 else None
            opened = delimiter.after
            if len(self.nodes) + len(spans) >= PARTS or self._lookalikes > LOOKALIKES:
                return _Members(tuple(spans), (DefectName.TOO_MANY_PARTS,), Span(opened, body.end))
        if opened < 0:
            return None
        if self._lookalikes > LOOKALIKES:
            return _Members(tuple(spans), (DefectName.TOO_MANY_PARTS,), Span(opened, body.end))
        return _Members((*spans, Span(opened, body.end)), (DefectName.BOUNDARY_UNCLOSED,))

    def _delimiters(self, body: Span, needle: bytes) -> Iterator[_Delimiter]:
        """Delimiter lines from the start of the body on; what only begins like one is passed over."""
        if self._buffer[body.start : min(body.start + len(needle) - 2, body.end)] == needle[2:]:
            found = body.start - 2
        else:
            found = self._find(needle, body.start, body.end)
        while found >= 0:
            delimiter = self._read_delimiter(found, found + len(needle), body.end)
            if delimiter is not None:
                yield delimiter
                at = max(delimiter.after - 2, found + 2)
            else:
                self._lookalikes += 1
                if self._lookalikes > LOOKALIKES:
                    return
                at = found + 2
            found = self._find(needle, at, body.end)

    def _read_delimiter(self, start: int, after: int, end: int) -> _Delimiter | None:
        """The rest of a line that begins with the boundary: blanks, or `--`. Anything else is another boundary, or text."""
        rest = self._buffer[after : min(after + 1024, end)]
        line, found, _ = rest.partition(b"\r\n")
        closes = line.startswith(b"--")
        if (line[2:] if closes else line).strip(b" \t") or (not found and after + len(rest) < end):
            return None
        return _Delimiter(start, after + len(line) + len(found), closes)

    def _after_close(self, close: _Delimiter, needle: bytes, end: int) -> tuple[DefectName, ...]:
        """Some readers go on behind the closing delimiter."""
        found = self._find(needle, close.after - 2, end)
        again = found >= 0 and self._read_delimiter(found, found + len(needle), end) is not None
        return (DefectName.READINGS_DISAGREE,) if again else ()

    def _walk(self, node: Node, members: _Members, place: _Place) -> None:
        """Index the members of a multipart."""
        prefix = place.prefix if place.number is None else f"{node.id}."
        default = "message/rfc822" if node.declared.media_type == "multipart/digest" else "text/plain"
        for number, span in enumerate(members.spans, 1):
            if len(self.nodes) >= PARTS:
                self._give_up(node, prefix, number, Span(span.start, node.body.end))
                return
            member = _Place(node.id, prefix, number, default, node.declared.media_type, node.message, place.depth + 1)
            self._entity(read_section(self._buffer, span.start, span.end), span.end, member)
        if members.rest is not None:
            self._give_up(node, prefix, len(members.spans) + 1, members.rest)

    def _give_up(self, node: Node, prefix: str, number: int, rest: Span) -> None:
        """What is too much is one file of unknown content."""
        self.defects.append(Defect(DefectName.TOO_MANY_PARTS, node.id))
        self.nodes.append(Node(f"{prefix}{number}", node.id, Span(rest.start, rest.start), rest, _REST, False, "", node.message))

    def _find(self, needle: bytes, start: int, end: int) -> int:
        """Where the needle stands in [start, end), or -1."""
        # Base64 has no hyphen: it is passed at the speed of memchr. Windows, because a map's own find is slow.
        if end - start <= WINDOW_OCTETS:
            hyphen = self._buffer.find(b"-", start, end)
            return -1 if hyphen < 0 else self._buffer.find(needle, max(hyphen - 2, start), end)
        for at in range(start, end, WINDOW_OCTETS):
            window = self._buffer[at : min(at + WINDOW_OCTETS + len(needle) - 1, end)]
            if b"-" in window and (found := window.find(needle)) >= 0:
                return at + found
        return -1
