"""Octets of a text file to the texts that a reader may see. Pure.

Standards: RFC 2046 section 4.1.2; byte order marks of Unicode chapter 23.8. gateway.mime.charsets knows the names.
A charset in which words are no ASCII (UTF-7, UTF-16, EBCDIC, ISO 2022) gives a second reading without it: a client may ignore it.
"""

from __future__ import annotations

import codecs

from gateway.mime.charsets import body_to_text, find_codec

_MARKS = (codecs.BOM_UTF8, codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE, codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_SAMPLE = 4096
_LETTERS = bytes(range(32, 127))
# Of the control characters text has only these: BEL BS HT LF VT FF CR SUB ESC.
_PLAIN = bytes((7, 8, 9, 10, 11, 12, 13, 26, 27, *range(32, 127), *range(128, 256)))


def texts(data: bytes, charset: str | None) -> tuple[str, ...]:
    """The plausible readings, the likeliest first; never empty, and never an error."""
    if not data.startswith(_MARKS):
        wide = _wide(data)
        if wide is not None:
            return (data.decode(wide, "replace"),)
        if not _is_ascii_based(charset):
            return tuple(dict.fromkeys((body_to_text(data, charset), body_to_text(data, None))))
    return (body_to_text(data, charset),)


def is_text(data: bytes, *, wide: bool = True) -> bool:
    """Whether the octets look like text in some charset; without `wide` only in one that has no NUL octets."""
    if not data[: 16 * _SAMPLE].translate(None, _PLAIN):
        return True
    return wide and (data.startswith(_MARKS) or _wide(data) is not None)


def _is_ascii_based(charset: str | None) -> bool:
    codec = find_codec(charset)
    try:
        return codec is None or _LETTERS.decode(codec, "replace").encode("utf-8", "replace") == _LETTERS
    except (LookupError, ValueError):
        return True


def _wide(data: bytes) -> str | None:
    """UTF-16 without a byte order mark: of Latin text every second octet is NUL."""
    head = data[:_SAMPLE]
    if len(head) < 4 or head.count(0) * 4 < len(head):
        return None
    low, high = head[0::2].count(0), head[1::2].count(0)
    if min(low, high) * 8 > max(low, high):
        return None
    return "utf-16-le" if high > low else "utf-16-be"
