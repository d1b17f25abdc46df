"""What goes over the recorder's socket: frames of JSON with their length before them. Pure.

Client to recorder: a list of [number, is_tell, name, payload]; numbers only grow. Recorder to client, after each commit:
{"upto": N, "answers": [[number, result, error], ...]}: every tell up to N is on the disk, or was refused and logged.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Iterator
from typing import Any

from pydantic_core import PydanticSerializationError, from_json, to_json

from gateway.errors import OutgateError, TryLater, WillNotDo

LARGEST = 256 * 1024 * 1024  # octets of one frame; more is no frame of ours
_LENGTH = struct.Struct(">I")
_encode = json.JSONEncoder(separators=(",", ":")).encode


def frame(value: object) -> bytes:
    """One frame. Raises TypeError or ValueError for what is no JSON."""
    try:
        body = to_json(value)
    except PydanticSerializationError:
        body = _encode(value).encode("ascii")  # half a surrogate pair, which no UTF-8 can say; or what is no JSON
    return _LENGTH.pack(len(body)) + body


class Frames:
    """Octets in, whole frames out."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    def feed(self, data: bytes) -> Iterator[Any]:
        """The frames that `data` completes. Raises ValueError when the stream is none of ours."""
        self._buffer += data
        start, size = 0, len(self._buffer)
        while size - start >= _LENGTH.size:
            (length,) = _LENGTH.unpack_from(self._buffer, start)
            if length > LARGEST:
                msg = f"a frame of {length} octets"
                raise ValueError(msg)
            if size - start - _LENGTH.size < length:
                break
            start += _LENGTH.size
            yield _decode(bytes(self._buffer[start : start + length]))
            start += length
        del self._buffer[:start]


def _decode(body: bytes) -> Any:
    try:
        return from_json(body)
    except ValueError:
        return json.loads(body)


def error_out(error: OutgateError | None) -> list[str] | None:
    """An error on its way to the caller."""
    if error is None:
        return None
    kind = "never" if isinstance(error, WillNotDo) else "later"
    status = error.status if isinstance(error, (TryLater, WillNotDo)) else "4.3.0"
    return [kind, str(error), status]


def error_in(error: list[str]) -> OutgateError:
    kind, detail, status = error
    return WillNotDo(detail, status) if kind == "never" else TryLater(detail, status)
