"""Octets to message: an Arrival understood as header fields and an index of parts. Pure; hostile input becomes defects, never an exception.

Standards: RFC 5322, RFC 2045 to 2047, RFC 2183, RFC 2231, RFC 2392, RFC 6532. The content has CRLF line ends (listen has seen to it).
`parts` are what most readers see; what another one may see beside is in `otherwise` (mime/readings.py), and a defect says why.
Limits: base64 inside a part is checked where it is decoded (mime/decode.py), uuencoded text inside a text part where it is unpacked.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from gateway.mime.headers import read_fields
from gateway.mime.protection import find_protection
from gateway.mime.ranges import Index, Node
from gateway.mime.readings import Leaf, Readings
from gateway.mime.roles import find_roles
from gateway.mime.sizes import nearest_files
from gateway.model.message import Arrival, Buffer, Defect, DefectName, Message, Part, Role


def parse(arrival: Arrival) -> Message:
    """Understand an arrival; its own defects come first."""
    with arrival.content.view() as buffer:
        return parse_buffer(buffer, arrival.defects)


def parse_buffer(buffer: Buffer, defects: tuple[Defect, ...] = ()) -> Message:
    """Understand one whole message that stands in a buffer."""
    index = Index(buffer)
    fields = read_fields(index.section)
    first = dict(zip([raw.key for raw in reversed(index.section.fields)], [field.value for field in reversed(fields)], strict=True))
    roles = find_roles(buffer, index.nodes)
    parts = tuple([_part(node, role) for node, role in zip(index.nodes, roles, strict=True)])
    found = [*defects, *index.defects]
    otherwise: tuple[Part, ...] = ()
    if index.asked or index.beside:
        readings = Readings(buffer, index, roles)
        found.extend(readings.defects)
        otherwise = tuple(_otherwise(readings.leaves, parts))
    if index.nodes[0].declared.is_mime and "mime-version" not in first:
        # RFC 2045 section 4: without it a reader may take everything for plain text.
        found.append(Defect(DefectName.MIME_VERSION_MISSING))
    return Message(
        fields=fields,
        header=index.section.span,
        subject=first.get("subject", ""),
        message_id=first.get("message-id", "").strip("<> \t") or None,
        parts=parts,
        octets=len(buffer),
        defects=tuple(dict.fromkeys(found)) if found else (),
        sent_as=find_protection(buffer, parts) if not otherwise else None,
        otherwise=otherwise,
    )


def _part(node: Node, role: Role) -> Part:
    declared = node.declared
    return Part(  # by position: there is one for each part of every message
        node.id,
        node.parent,
        node.header,
        node.body,
        declared.media_type,
        declared.charset,
        declared.encoding,
        declared.disposition,
        declared.names,
        declared.content_id,
        role,
        declared.protocol,
    )


def _otherwise(leaves: Iterable[Leaf], parts: tuple[Part, ...]) -> Iterator[Part]:
    """The leaves of other readings, each beside the part that it shares octets with: a file before words."""
    inside = nearest_files(parts)
    own = [part for part in parts if part.role is not Role.CONTAINER and inside[part.id] is None]
    own.sort(key=lambda part: part.role is not Role.FILE)
    for number, (node, role) in enumerate(leaves, 1):
        beside = next((part.id for part in own if part.body.start < node.body.end and node.body.start < part.body.end), None)
        yield replace(_part(node, role), id=f"{node.id}~{number}", parent=beside)
