"""What a message says outside of its parts: preambles, epilogues (RFC 2046 section 5.1.1), lines among the fields that are none. Pure.

No mail program shows it, but whoever looks at the source reads it: it counts as words. Also here: whether the index covers all of it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from gateway.mime.charsets import to_text
from gateway.mime.headers import odd_lines
from gateway.mime.sizes import enclosing_files
from gateway.model.message import Buffer, DefectName, Message, Part, Role, Span

# Beyond these limits of the index nobody has looked: a field there may change what all the rest means.
_LIMITS = frozenset({DefectName.HEADER_TOO_LARGE, DefectName.TOO_MANY_PARTS, DefectName.TOO_DEEP, DefectName.TOO_MANY_READINGS})


def is_indexed_whole(message: Message) -> bool:
    """Whether no limit of the index was met, but in attached messages: those are read with their file."""
    beyond = [defect.where for defect in message.defects if defect.name in _LIMITS]
    if not beyond:
        return True
    inside = enclosing_files(message)
    return all(inside.get(where) is not None for where in beyond)


def outside_text(buffer: Buffer, message: Message, most: int) -> str | None:
    """All of it with LF line ends, of attached messages none; None when it is more than `most` octets."""
    odd = [defect.where for defect in message.defects if defect.name is DefectName.ODD_HEADER]
    if len(message.parts) == 1 and not odd:
        return ""
    inside = enclosing_files(message)
    own = {part.id: part for part in message.parts if inside[part.id] is None}
    around = tuple(_around(own))
    if sum(len(preamble) + len(epilogue) for preamble, epilogue in around) > most:
        return None
    found = [*_texts(buffer, around), *(odd_lines(buffer, own[where].header) for where in odd if where in own)]
    return "\n".join([to_text(octets).replace("\r\n", "\n") for octets in found if octets.strip()])


def _around(parts: Mapping[str, Part]) -> Iterator[tuple[Span, Span]]:
    """Before the first and behind the last member of each multipart, the delimiters beside them included."""
    first: dict[str, Part] = {}
    last: dict[str, Part] = {}
    for part in parts.values():
        if part.parent is not None and parts[part.parent].role is Role.CONTAINER:
            first.setdefault(part.parent, part)
            last[part.parent] = part
    for name, part in first.items():
        yield Span(parts[name].body.start, part.header.start), Span(last[name].body.end, parts[name].body.end)


def _texts(buffer: Buffer, around: tuple[tuple[Span, Span], ...]) -> Iterator[bytes]:
    """The same without the delimiters."""
    for preamble, epilogue in around:
        before = buffer[preamble.start : preamble.end]
        yield before[: max(before.rfind(b"\r\n--"), 0)]
        # The line end before a delimiter belongs to it.
        behind = buffer[epilogue.start : epilogue.end]
        closed = behind.find(b"\r\n", 2)
        yield behind[closed + 2 :] if closed >= 0 else b""
