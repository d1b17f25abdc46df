"""Whether all programs list the same files of a ZIP archive (APPNOTE 6.3.10), by a quick look at its headers. Pure."""

from __future__ import annotations

import struct
from collections.abc import Iterator

from gateway.content.zip_fields import (
    CENTRAL,
    CENTRAL_HEAD,
    CENTRAL_OCTETS,
    END,
    END_OCTETS,
    END_REACH,
    LOCAL,
    LOCAL_HEAD,
    LOCAL_OCTETS,
    STREAMED,
)

_DESCRIPTOR = 24  # octets behind streamed data, at most


def is_regular(data: bytes) -> bool:
    """Whether one directory describes the whole archive from its first octet to its last, so that all programs list the same. Quick."""
    end = data.rfind(END, max(0, len(data) - END_REACH))
    comment = data[end + END_OCTETS :]
    if end < 0 or data[end + 20 : end + 22] != len(comment).to_bytes(2, "little") or b"PK" in comment:
        return False
    count, octets, at = struct.unpack_from("<HII", data, end + 10)
    begin, reach = at, 0
    for start, stop in sorted(_plain_spans(data, at, end, count)):
        if not reach - _DESCRIPTOR <= start <= reach:
            return False
        reach = stop
    return bool(begin + octets == end and begin <= reach <= begin + _DESCRIPTOR)


def _plain_spans(data: bytes, at: int, end: int, count: int) -> Iterator[tuple[int, int]]:
    """Of each entry whose headers agree, from its local header to behind its data; one impossible span where they do not."""
    for _ in range(count):
        if data[at : at + 4] != CENTRAL or at + CENTRAL_OCTETS > end:
            yield -1, -1
            return
        head = CENTRAL_HEAD.unpack_from(data, at)
        start, name = head[16], head[10]
        if data[start : start + 4] != LOCAL or start + LOCAL_OCTETS > end:
            yield -1, -1
            return
        local = LOCAL_HEAD.unpack_from(data, start)
        central_name, local_name = at + CENTRAL_OCTETS, start + LOCAL_OCTETS
        if local[3] != head[4] or data[central_name : central_name + name] != data[local_name : local_name + local[9]]:
            yield -1, -1
            return
        yield start, local_name + name + local[10] + head[8] + (_DESCRIPTOR if head[3] & STREAMED else 0)
        at += CENTRAL_OCTETS + name + head[11] + head[12]
    if at != end:
        yield -1, -1
