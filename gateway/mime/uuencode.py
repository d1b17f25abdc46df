"""Files in the middle of text: uuencode (POSIX) and yEnc (draft 1.3 of 2002), as mail programs find and show them. Pure.

In: the octets of a text. Out: each file with its name and octets. What is damaged is decoded as far as it goes.
Limits: the parts of a yEnc file in several messages are each a file; of one text 1000 files are found.
"""

from __future__ import annotations

import binascii
import re
from collections.abc import Iterator
from itertools import islice
from typing import NamedTuple

from gateway.mime.groups import decode_groups

FILES = 1000  # of one text

_BEGIN = re.compile(
    rb"^(?:begin(?:-base64)?[ \t]+[0-7]{3,4}[ \t]+([^\r\n]{1,1000})|=ybegin[ \t][^\r\n]{0,500}?name=([^\r\n]{0,1000}))\r?\n", re.MULTILINE
)
_YENC_ESCAPE = re.compile(rb"=(.)", re.DOTALL)
_YENC = bytes((octet - 42) % 256 for octet in range(256))
_YPART = re.compile(rb"^=ypart [^\r\n]*\r?\n")


class Found(NamedTuple):
    """One file in a text."""

    name: bytes
    octets: bytes


def has_file_in_text(octets: bytes) -> bool:
    """Whether a text holds the beginning of one; quick when it does not."""
    return b"begin" in octets and _BEGIN.search(octets) is not None


def files_in_text(octets: bytes) -> Iterator[Found]:
    """Every file, in order. None reaches beyond the beginning of the next: the time grows with the text alone."""
    begins = list(islice(_BEGIN.finditer(octets), FILES)) if b"begin" in octets else []
    stops = [begin.start() for begin in begins[1:]] + [len(octets)]
    for begin, stop in zip(begins, stops, strict=False):
        if begin[2] is not None:
            data = _yenc(octets[begin.end() : stop])
        elif begin[0].startswith(b"begin-"):
            data = _base64(octets[begin.end() : stop])
        else:
            data = _uuencoded(octets[begin.end() : stop])
        if data:
            yield Found((begin[2] or begin[1] or b"").strip(), data)


def unpack_line(line: bytes) -> bytes | None:
    """One line of uuencode; None when it is none."""
    if not line.rstrip():
        return b""
    try:
        return binascii.a2b_uu(line)
    except binascii.Error:
        # Broken encoders leave characters after the counted ones.
        try:
            return binascii.a2b_uu(line[: ((line[0] - 32 & 63) * 4 + 5) // 3])
        except binascii.Error:
            return None


def _uuencoded(text: bytes) -> bytes:
    """Lines up to `end`; nothing when already the first is none: then somebody only writes about beginnings."""
    lines = text[: text.find(b"\nend") + 1 or len(text)].split(b"\n")
    if not _is_uuencoded(lines[0]):
        return b""
    return b"".join([unpack_line(line.rstrip(b"\r")) or b"" for line in lines])


def _is_uuencoded(line: bytes) -> bool:
    """Whether a line is about as long as its first character says."""
    line = line.rstrip()
    expected = ((line[0] - 32 & 63) + 2) // 3 * 4 + 1 if line else 0
    return bool(line) and 32 < line[0] <= 96 and expected - 4 <= len(line) <= expected + 2


def _base64(text: bytes) -> bytes:
    return decode_groups(text[: text.find(b"====") if b"====" in text else len(text)])[0]


def _yenc(text: bytes) -> bytes:
    """Up to the line `=yend`, without the line `=ypart`."""
    end = text.find(b"\n=yend")
    data = _YPART.sub(b"", text[: end + 1 if end >= 0 else len(text)]).translate(None, b"\r\n")
    return _YENC_ESCAPE.sub(lambda escape: bytes(((escape[1][0] - 64) % 256,)), data).translate(_YENC)
