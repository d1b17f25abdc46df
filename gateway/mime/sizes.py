"""The one size model: octets of files, octets on the wire, and both as people say them. Pure.

1 MB = 1,048,576 octets, as the sender's computer shows it; limits are inclusive. `attachments` is the sum of the decoded outermost files;
`wire` is the message as it is transmitted, without the dots of transparency. Base64 (RFC 2045 section 6.8) makes 4 characters of
3 octets and a line end after every 76 characters: 12 MB of files are 16.4 MB on the wire.
"""

from __future__ import annotations

from collections.abc import Iterable

from gateway.model.message import Message, Part, Role

KB = 1024
MB = 1024 * KB

# What a part that we add brings along beside its body: delimiter line, content fields, empty line.
PART_OVERHEAD_OCTETS = 320
# What a message gains at most, as mail, when a link takes the place of its files: words in every body, or a part of their own.
BLOCK_OCTETS = 32 * KB


def encoded_octets(decoded: int) -> int:
    """Exact size of so many octets in base64, each line and also the last one ended by CRLF."""
    characters = -(-decoded // 3) * 4
    return characters + 2 * -(-characters // 76)


def largest_decoded(wire_limit: int, overhead: int = 0) -> int:
    """The most octets that fit, encoded, into `wire_limit` beside `overhead`; 0 when nothing does."""
    room = max(wire_limit - overhead, 0)
    full, rest = divmod(room, 78)
    return full * 57 + max(rest - 2, 0) // 4 * 3


def enclosing_files(message: Message) -> dict[str, str | None]:
    """For each part the id of the nearest file that it is in; None for what stands in the message itself."""
    return nearest_files(message.parts)


def nearest_files(parts: Iterable[Part]) -> dict[str, str | None]:
    """The same for the parts of one reading."""
    inside: dict[str, str | None] = {}
    files: set[str] = set()
    for part in parts:  # parents come first
        if part.parent is None:
            inside[part.id] = None
        else:
            inside[part.id] = part.parent if part.parent in files else inside.get(part.parent)
        if part.role is Role.FILE:
            files.add(part.id)
    return inside


def human(octets: int) -> str:
    """As people say it: `14.2 MB`, `12 MB`, `340 KB`, `512 bytes`."""
    if octets < KB:
        return f"{octets} byte{'' if octets == 1 else 's'}"
    kilo = (octets + KB // 2) // KB
    if kilo < KB:
        return f"{kilo} KB"
    return _decimal(octets, 1)


def human_pair(octets: int, limit: int) -> tuple[str, str]:
    """A size and the limit that it is compared with, in words that differ when they do: never "12 MB is more than 12 MB"."""
    if octets == limit or human(octets) != human(limit):
        return human(octets), human(limit)
    for digits in (2, 3):
        size, bound = _decimal(octets, digits), _decimal(limit, digits)
        if size != bound and limit >= MB:
            return size, bound
    return f"{octets:,} bytes", f"{limit:,} bytes"


def _decimal(octets: int, digits: int) -> str:
    scale = 10**digits
    whole, rest = divmod((octets * scale * 2 + MB) // (2 * MB), scale)
    return f"{whole:,}.{rest:0{digits}}".rstrip("0").rstrip(".") + " MB" if rest else f"{whole:,} MB"
