"""The index of all parts of a message under one reading: byte ranges, nothing copied (RFC 2046 section 5.1). Pure; hostile input becomes
defects.

A multipart is split by searching for its own delimiter, never line by line. An outer delimiter always ends what is inside, unless the way
says otherwise. Where readers differ, `asked` says about what; the other readings are other walks (mime/readings.py).
Limits: 1000 parts, 2 MiB of their header sections, depth 30, 10,000 lines that only look like a delimiter; beyond them the rest is one
part that nobody has read.
Under base64 or quoted-printable a composite (which RFC 2045 6.4 forbids) is one opaque part, read as a whole where files are read, unless
its delimiters stand there in clear.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import NamedTuple

from gateway.mime.composites import hides_delimiters
from gateway.mime.declared import Declared, read_declared
from gateway.mime.delimiters import GUESS_OCTETS, PARTS, Members, Splitter
from gateway.mime.headers import HEADER_OCTETS, Section, read_section
from gateway.mime.uuencode import has_file_in_text
from gateway.mime.ways import FIELD_WEIGHT, Choice
from gateway.model.message import Buffer, Defect, DefectName, Encoding, Span

HEADERS_OCTETS = 2 * 1024 * 1024
DEPTH = 30

_REST = Declared("application/octet-stream", None, (), Encoding.IDENTITY, None, (), None, None, is_mime=True, defects=())
_SHORT = len("begin 644 a")  # octets that are not enough to hide a part
_CONTENT_FIELD = re.compile(rb"^content-(?:type|disposition|transfer-encoding)[ \t]*:", re.IGNORECASE | re.MULTILINE)


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


_node = tuple.__new__  # a third of the time of calling it


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


class Index(Splitter):
    """Walks a message once. Afterwards `nodes` stand in order of position, containers first.

    Raises:
        Spent: there was no more left for a further walk.
    """

    __slots__ = ("_headers", "_is_outside", "beside", "nodes", "section")

    def __init__(self, buffer: Buffer, way: Mapping[Choice, int] | None = None, left: int | None = None) -> None:
        super().__init__(buffer, way, left)
        self._headers = 0  # octets of header sections
        self._is_outside = False
        self.nodes: list[Node] = []
        self.beside: list[Node] = []  # what stands outside of the parts, or is read in a second way without making another tree
        size = len(buffer)
        self.section = self._section(0, size, "")
        self._entity(self.section, size, _Place(), size)

    # --- where readers differ -----------------------------------------------------------------------------------------

    def _section(self, start: int, end: int, message: str) -> Section:
        section = read_section(self._buffer, start, end)
        if section.others or self._is_further:
            return self._resolved(section, start, message)
        return section

    def _resolved(self, section: Section, start: int, message: str) -> Section:
        if self._is_further:
            self._may_look(FIELD_WEIGHT * (section.body - start))
        if not section.others:
            return section
        others: dict[int, Section] = dict(section.others)
        return others.get(self._pick(Choice.HEADER, others, message), section)

    # --- entities -----------------------------------------------------------------------------------------------------

    def _entity(self, section: Section, end: int, place: _Place, limit: int) -> int:
        """Index one entity. Returns where it ends: at `end`, or at most at `limit` when it goes on behind the end of what is around it."""
        declared = read_declared(section.fields, place.default)
        if declared.others:
            declared = self._pick_of(Choice.TYPE, (declared, *declared.others), place.message)
        body = Span(section.body, end)
        oddities = [*section.defects, *declared.defects]
        members: Members | None = None
        inner = False
        kind = declared.media_type
        if kind.startswith("multipart/"):
            body, members = self._members(body, declared, place, oddities, limit)
        elif kind.startswith("message/") and declared.is_message:
            inner = self._is_open(declared, place.depth, oddities)
        is_container = members is not None
        name = place.name(container=is_container)
        node = _node(Node, (name, place.parent, section.span, body, declared, is_container, place.around, place.message))
        self.nodes.append(node)
        if oddities:
            self.defects.extend([Defect(oddity, name) for oddity in oddities])
        if members is not None:
            self._walk(node, members, place, limit)
        elif inner:
            whole = _Place(parent=name, prefix=f"{name}.", message=name, depth=place.depth + 1)
            self._entity(self._section(body.start, end, name), end, whole, end)
        if declared.encodings or declared.charsets or (oddities and DefectName.ENCODED_COMPOSITE in oddities):
            self._beside_itself(node, members)
        return body.end

    def _is_open(self, declared: Declared, depth: int, oddities: list[DefectName]) -> bool:
        """Whether a composite stands there in clear and may be entered."""
        if declared.encoding is not Encoding.IDENTITY:
            oddities.append(DefectName.ENCODED_COMPOSITE)
            return False
        if depth >= DEPTH:
            oddities.append(DefectName.TOO_DEEP)
            return False
        return True

    def _beside_itself(self, node: Node, members: Members | None) -> None:
        """An entity in its other encodings, and its words in their other charsets."""
        declared = node.declared
        if node.message or len(self.beside) >= PARTS:
            return
        encodings = set(declared.encodings)
        if members is not None:
            # To some a multipart stands there as it is, to others in the encoding that it must not have.
            encodings = {declared.encoding} if self._hides_more(node, len(members.spans)) else set()
        elif declared.is_message and declared.encoding is Encoding.QUOTED_PRINTABLE:
            encodings.add(Encoding.IDENTITY)  # of base64 what is none is read as it stands where it is decoded
        for encoding in sorted(encodings):
            self._add_beside(node, declared._replace(encoding=encoding))
        for charset in declared.charsets:
            self._add_beside(node, declared._replace(charset=charset))

    def _hides_more(self, node: Node, members: int) -> bool:
        declared = node.declared
        return hides_delimiters(self._buffer, node.body, declared.encoding, declared.boundaries, members)

    def _add_beside(self, node: Node, declared: Declared) -> None:
        self.beside.append(node._replace(declared=declared, is_container=False))

    # --- multiparts ---------------------------------------------------------------------------------------------------

    def _members(
        self, body: Span, declared: Declared, place: _Place, oddities: list[DefectName], limit: int
    ) -> tuple[Span, Members | None]:
        """The body of a multipart and its members, or None when it cannot be split."""
        if place.depth >= DEPTH:
            oddities.append(DefectName.TOO_DEEP)
            return body, None
        if declared.encoding is not Encoding.IDENTITY:
            oddities.append(DefectName.ENCODED_COMPOSITE)
        if len(declared.boundaries) == 1:
            members = self._split(body, declared.boundaries[0], place.message)
            if members is not None and members.epilogue >= 0:  # as nearly always
                if members.defects:
                    oddities.extend(members.defects)
                return body, members
        body, found = self._splits(body, declared.boundaries, place.message, limit)
        if not found and DefectName.ENCODED_COMPOSITE not in oddities:
            oddities.append(DefectName.BOUNDARY_MISSING)
            found = [None, *self._guessed(body, place.message)]
        elif len(found) > 1:
            oddities.append(DefectName.ODD_BOUNDARY)
        if not found:
            return body, None
        members = self._pick_of(Choice.BOUNDARY, found, place.message) if len(found) > 1 else found[0]
        if members is not None:
            oddities.extend(members.defects)
        return body, members

    def _walk(self, node: Node, members: Members, place: _Place, limit: int) -> None:
        """Index the members of a multipart, and what stands around them."""
        prefix = place.prefix if place.number is None else f"{node.id}."
        default = "message/rfc822" if node.declared.media_type == "multipart/digest" else "text/plain"
        done = node.body.start
        for number, span in enumerate(members.spans, 1):
            if span.start < done:  # in a member that went on
                continue
            if len(self.nodes) >= PARTS or self._headers > HEADERS_OCTETS:
                self._give_up(node, prefix, number, Span(span.start, node.body.end))
                return
            member = _Place(node.id, prefix, number, default, node.declared.media_type, node.message, place.depth + 1)
            section = read_section(self._buffer, span.start, span.end)
            self._headers += section.body - span.start if section.body > span.start else min(len(span), HEADER_OCTETS)
            if section.others or self._is_further:
                section = self._resolved(section, span.start, node.message)
            done = self._entity(section, span.end, member, limit)
        if members.rest is not None:
            self._give_up(node, prefix, len(members.spans) + 1, members.rest)
        if members.preamble - node.body.start > _SHORT:
            self._outside(node, Span(node.body.start, members.preamble), f"{prefix}preamble", place.depth)
        if node.body.end - members.epilogue > _SHORT and members.is_closed:
            self._outside(node, Span(members.epilogue, node.body.end), f"{prefix}epilogue", place.depth)

    def _outside(self, node: Node, span: Span, name: str, depth: int) -> None:
        """A part or a file that stands before the first delimiter or behind the last; words that stand there are read elsewhere."""
        if node.message or self._is_outside:
            return
        octets = self._buffer[span.start : min(span.end, span.start + GUESS_OCTETS)]
        found = _CONTENT_FIELD.search(octets)
        if found is None and not has_file_in_text(octets):
            return
        if len(self.beside) >= PARTS:
            self.defects.append(Defect(DefectName.TOO_MANY_PARTS))
            return
        self.defects.append(Defect(DefectName.PART_OUTSIDE))
        if found is None:
            self.beside.append(Node(f"{name}.1", None, Span(span.start, span.start), span, read_declared(()), False, "", ""))
            return
        nodes, defects = self.nodes, self.defects
        self.nodes, self.defects, self._is_outside = [], [], True
        start = span.start + found.start()
        self._entity(self._section(start, span.end, ""), span.end, _Place(None, f"{name}.", 1, depth=depth + 1), span.end)
        self.beside.extend(self.nodes)
        self.nodes, self.defects, self._is_outside = nodes, [*defects, *(Defect(defect.name) for defect in self.defects)], False

    def _give_up(self, node: Node, prefix: str, number: int, rest: Span) -> None:
        """What is too much is one file of unknown content."""
        self.defects.append(Defect(DefectName.TOO_MANY_PARTS, node.id))
        self.nodes.append(Node(f"{prefix}{number}", node.id, Span(rest.start, rest.start), rest, _REST, False, "", node.message))
