"""Files in the middle of text: uuencode (POSIX), xxencode and yEnc (draft 1.3 of 2002), as mail programs find and show them. Pure.

In: the octets of a text, or a text as it is shown. Out: each file with its name and octets. What is damaged is decoded as far as it goes.
A quotation mark or an indent before the first line is taken off every line; a text as it is shown is read with and without what is not
seen in it. Limits: the parts of a yEnc file in several messages are each a file; of one text 1000 files are found.
"""

from __future__ import annotations

import binascii
import re
from collections.abc import Iterator
from itertools import dropwhile, islice
from typing import NamedTuple

from gateway.mime.groups import decode_groups

FILES = 1000  # of one text
BINHEX = b"(This file must be converted with BinHex"  # RFC 1741 section 3: what stands before such a file; content/binhex.py unpacks it

_BEGIN = re.compile(
    rb"^(?P<before>[^\w\r\n=]{0,40})(?:(?P<how>begin(?:-base64)?)[ \t]+[0-7]{3,4}[ \t]+(?P<name>[^\r\n]{1,1000})"
    rb"|=ybegin[ \t][^\r\n]{0,500}?name=(?P<yname>[^\r\n]{0,1000}))(?:\r\n?|\n)",
    re.MULTILINE,
)
_MAY_BEGIN = re.compile(rb"begin(?:-base64)?\s+[0-7]{3,4}\s|=ybegin\s")
_NEAR_BEGIN = re.compile(rb"begin(?:[ \t]+[0-7]{3}|-base64[ \t]|(?<=ybegin)[ \t])")  # the word alone is in every tenth mail
_END = re.compile(rb"^[^\w\r\n=]{0,40}end\b", re.MULTILINE)
_YEND = re.compile(rb"^[^\w\r\n=]{0,40}=yend", re.MULTILINE)
_YENC_ESCAPE = re.compile(rb"=(.)", re.DOTALL)
_YENC = bytes((octet - 42) % 256 for octet in range(256))
_YPART = re.compile(rb"^=ypart [^\r\n]*[\r\n]+")
_LINES = 20  # among which the first of uuencode must be
_UU = bytes(range(32, 97))
_XX = b"+-0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_FROM_XX = bytes.maketrans(_XX, _UU[:64])
_UNSEEN = "\u200b\u200c\u200d\u200e\u200f\u2060\ufeff\u034f\u180e"  # characters without a width
_SOFT_HYPHEN, _HARD_BLANK = "\xad", "\xa0"
_WINDOWS = {  # characters that one octet stands for in most mail and in every character reference (windows-1252), and the octet
    ord(bytes((octet,)).decode("cp1252")): octet for octet in range(128, 160) if octet not in {0x81, 0x8D, 0x8F, 0x90, 0x9D}
}


class Found(NamedTuple):
    """One file in a text."""

    name: bytes
    octets: bytes


def has_file_in_text(octets: bytes) -> bool:
    """Whether a text holds the beginning of one; quick when it does not."""
    return (_NEAR_BEGIN.search(octets) is not None and _BEGIN.search(octets) is not None) or BINHEX in octets


def has_file_shown(text: str) -> bool:
    """The same of a text as it is shown."""
    return any(has_file_in_text(octets) for octets in _as_octets(text))


def may_hold_file(text: str) -> bool:
    """Whether it would hold one if blanks in it were line ends."""
    return any(_MAY_BEGIN.search(octets) for octets in _as_octets(text))


def files_shown(text: str) -> Iterator[Found]:
    """Every file in a text as it is shown, whatever its octets are; under two readings twice."""
    for octets in _as_octets(text):
        yield from files_in_text(octets)


def files_in_text(octets: bytes) -> Iterator[Found]:
    """Every file, in order. None reaches beyond the beginning of the next: the time grows with the text alone."""
    begins = list(islice(_BEGIN.finditer(octets), FILES)) if _NEAR_BEGIN.search(octets) is not None else []
    stops = [begin.start() for begin in begins[1:]] + [len(octets)]
    for begin, stop in zip(begins, stops, strict=False):
        text = octets[begin.end() : stop]
        if begin["how"] is None:
            data = _yenc(text, begin["before"])
        elif begin["how"] == b"begin":
            data = _uuencoded(_lines(text, begin["before"]))
        else:
            data = _base64(text)
        if data:
            yield Found((begin["yname"] or begin["name"] or b"").strip(), data)


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


# --- a text as it is shown ----------------------------------------------------------------------------------------------


def _as_octets(text: str) -> Iterator[bytes]:
    """What somebody saves who takes the text from the screen; nothing when there can be no file in it, and quickly."""
    if text.isascii():
        if _may_begin(text):
            yield text.encode("ascii")
        return
    for sign in _UNSEEN:
        if sign in text:
            text = text.replace(sign, "")
    readings = [text]
    if _SOFT_HYPHEN in text or _HARD_BLANK in text:  # octets of their own in yEnc
        readings.append(text.replace(_SOFT_HYPHEN, "").replace(_HARD_BLANK, " "))
    for reading in readings:
        if _may_begin(reading):
            yield reading.translate(_WINDOWS).encode("latin-1", "replace")


def _may_begin(text: str) -> bool:
    return "begin" in text or "BinHex" in text


# --- the encodings ------------------------------------------------------------------------------------------------------


def _lines(text: bytes, before: bytes) -> list[bytes]:
    """Those up to `end` on which something stands, without what stands before each."""
    end = _END.search(text)
    lines = text[: end.start() if end is not None else len(text)].replace(b"\r", b"\n").split(b"\n")
    # A zero is a blank in old encoders: no line of data begins with one, but a line of zeros is nothing else.
    return [line for line in (line.removeprefix(before).lstrip() for line in lines) if line]


def _uuencoded(lines: list[bytes]) -> bytes:
    """Nothing when there is no line of it near the beginning: then somebody only writes about beginnings."""
    looked_at = list(islice(dropwhile(_is_bare_zeros, lines), _LINES))
    if looked_at and (_is_uuencoded(looked_at[0]) or any(_is_exact(line, short=3) for line in looked_at[1:])):
        return b"".join([unpack_line(line) or b"" for line in lines])
    others = [line.translate(_FROM_XX) for line in map(bytes.rstrip, lines) if not line.translate(None, _XX)]
    if any(_is_exact(line) for line in others[:_LINES]):
        return b"".join([unpack_line(line) or b"" for line in others])
    return b""


def _is_uuencoded(line: bytes) -> bool:
    """Whether a line is about as long as its first character says, with the blanks at its end or without."""
    expected = _expected(line)
    return 32 < line[0] <= 96 and any(expected - 4 <= length <= expected + 2 for length in (len(line), len(line.rstrip())))


def _is_exact(line: bytes, short: int = 0) -> bool:
    """Whether it is one beyond doubt, so that words may stand before it; `short`: blanks that may be missing at its end."""
    expected = _expected(line)
    lengths = (len(line), len(line.rstrip()))
    return 32 < line[0] < 96 and not line.translate(None, _UU) and any(-short <= length - expected <= 1 for length in lengths)


def _is_bare_zeros(line: bytes) -> bool:
    """Whether it is a full line of zeros whose blanks were cut off on the way: an image of a disk begins with hundreds."""
    return line == b"M"


def _expected(line: bytes) -> int:
    return ((line[0] - 32 & 63) + 2) // 3 * 4 + 1


def _base64(text: bytes) -> bytes:
    return decode_groups(text[: text.find(b"====") if b"====" in text else len(text)])[0]


def _yenc(text: bytes, before: bytes) -> bytes:
    """Up to the line `=yend`, without the line `=ypart`."""
    end = _YEND.search(text)
    data = text[: end.start() if end is not None else len(text)].lstrip(b"\r\n")
    if before:
        data = re.sub(b"(?m)^" + re.escape(before), b"", data)
    data = _YPART.sub(b"", data).translate(None, b"\r\n")
    return _YENC_ESCAPE.sub(lambda escape: bytes(((escape[1][0] - 64) % 256,)), data).translate(_YENC)
