"""One part decoded, and under every reading where its encoding is odd; what is found in each. Pure but for the reader."""

from __future__ import annotations

import io
from dataclasses import dataclass, replace

from gateway.mime.decode import decode
from gateway.mime.doubtful import other_octets
from gateway.model.finding import FileFinding, Patterns
from gateway.model.message import Buffer, DefectName, Span
from gateway.ports.examiner import Wanted
from gateway.worker.reader import Reader


@dataclass(frozen=True, slots=True)
class Decoded:
    """The octets of a part."""

    data: bytes
    defects: tuple[DefectName, ...] = ()  # what is odd about the encoding
    others: tuple[tuple[str, bytes], ...] = ()  # what other readers make of it then, under names


def decoded(content: Buffer, part: Wanted) -> Decoded:
    """The file, put together as its pieces come: it never stands in memory twice."""
    whole = io.BytesIO()
    defects: set[DefectName] = set()
    span = Span(part.start, part.end)
    for piece in decode(content, span, part.encoding, defects=defects):
        whole.write(piece)
    data = whole.getvalue()
    if not defects:
        return Decoded(data)
    return Decoded(data, tuple(sorted(defects)), tuple(other_octets(content, span, part.encoding, data)))


def find(octets: Decoded, part: Wanted, patterns: Patterns, reader: Reader) -> tuple[FileFinding, ...]:
    """What the reader finds; what it finds in another reading counts as inside of the file."""
    found = reader(octets.data, part, patterns)
    if not octets.defects:
        return found
    main = replace(found[0], oddities=tuple(dict.fromkeys((*found[0].oddities, *octets.defects))))
    more: list[FileFinding] = []
    for name, data in octets.others:
        other = reader(data, replace(part, id=f"{part.id}/as-{name}"), patterns)
        # One that makes no sense does not count beside one that does.
        if other[0].readable.is_whole or not main.readable.is_whole:
            more.extend((replace(other[0], inside=part.id), *other[1:]))
    return (main, *found[1:], *more)
