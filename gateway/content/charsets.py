"""Octets of a text file to the texts that a reader may see. Pure; never an error.

Standards: RFC 2046 section 4.1.2; byte order marks of Unicode chapter 23.8; RFC 2152 (UTF-7), RFC 1468 and 1557 (ISO 2022), RFC 1843 (HZ).
gateway.mime.charsets knows the names. A client follows what is declared, or guesses. What is written in ASCII stays the same under every
guess, so of the guesses only the lines that are not are given.
Limits: UTF-16 without a mark is recognised when it is Latin text; EBCDIC only when it is declared.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator

from gateway.mime.charsets import body_to_text, find_codec

_MARKS = (codecs.BOM_UTF8, codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE, codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_SAMPLE = 4096
_LETTERS = bytes(range(32, 127))
# Of the control characters text has only these: BEL BS HT LF VT FF CR SO SI SUB ESC.
_PLAIN = bytes((7, 8, 9, 10, 11, 12, 13, 14, 15, 26, 27, *range(32, 127), *range(128, 256)))
_GUESSED = 262_144  # octets that are read under each guess
_OTHER_SCRIPT = re.compile(rb"[\x80-\xff]{3}")  # an accent or a dash among Latin letters stands alone
_STRICT = ("gb18030", "big5", "cp932", "euc_jp", "cp949")  # taken when every octet fits
_LOOSE = ("cp1251", "koi8_r", "cp866", "iso8859_5", "cp1253", "cp1255", "cp1256", "cp1250", "mac_roman")  # everything fits
_SHIFTED = ((b"\x1b$)C", "iso2022_kr"), (b"\x1b", "iso2022_jp_2"), (b"~{", "hz"))
_SEVEN = re.compile(rb"\+[A-Za-z0-9+/]{3,}+-?")
_LONGEST_SEVEN = 2048  # octets of one run; what is longer is base64


def texts(data: bytes, *charsets: str | None) -> tuple[str, ...]:
    """The readings under what is declared, the likeliest first; never empty.

    A charset in which words are no ASCII (UTF-7, UTF-16, EBCDIC, ISO 2022) gives a second reading without it: a client may ignore it.
    """
    wide = "utf-32-be" if data.startswith(codecs.BOM_UTF32_BE) else _wide(data) if not data.startswith(_MARKS) else None
    if wide is not None:
        return (data.decode(wide, "replace").removeprefix("\ufeff"),)
    declared: list[str | None] = [charset for charset in dict.fromkeys(charsets) if find_codec(charset) is not None] or [None]
    found = [body_to_text(data, declared[0])]
    # Where two say something else, clients take the first; but in doubt they may not.
    found += [body_to_text(data, charset) for charset in declared[1:] if "\ufffd" in found[0] or not _is_ascii_based(charset)]
    if not all(map(_is_ascii_based, declared)):
        found.append(body_to_text(data, None))
    return tuple(dict.fromkeys(found))


def guesses(data: bytes) -> Iterator[tuple[str, str]]:
    """Further readings, each with the name of the codec: in other scripts than the Latin, and in charsets that shift."""
    if data.startswith(_MARKS) or _wide(data) is not None:
        return
    if b"+" in data and (seven := _lines(data, _SEVEN)) and (decoded := _SEVEN.sub(_from_seven, seven)) != seven:
        yield "utf_7", decoded.decode("utf-8", "replace")
    for sign, codec in _SHIFTED:
        if sign in data:
            yield codec, data[:_GUESSED].decode(codec, "replace")
            break
    if _OTHER_SCRIPT.search(data) and not _is_utf8(data):
        other = _lines(data, _OTHER_SCRIPT)
        yield from ((codec, other.decode(codec)) for codec in _STRICT if _fits(other, codec))
        yield from ((codec, other.decode(codec, "replace")) for codec in _LOOSE)


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
    """UTF-16 or UTF-32 without a byte order mark: of Latin text every second octet is NUL, or three of four."""
    head = data[:_SAMPLE]
    if len(head) < 4 or head.count(0) * 4 < len(head):
        return None
    quarters = [head[at::4].count(0) * 4 > len(head) * 0.9 for at in range(4)]
    if quarters in ([False, True, True, True], [True, True, True, False]):
        return "utf-32-be" if quarters[0] else "utf-32-le"
    low, high = head[0::2].count(0), head[1::2].count(0)
    if min(low, high) * 8 > max(low, high):
        return None
    return "utf-16-le" if high > low else "utf-16-be"


def _lines(data: bytes, sign: re.Pattern[bytes]) -> bytes:
    """The lines that hold this sign, as far as guesses go."""
    found, left = [], _GUESSED
    for line in data.splitlines(keepends=True):
        if sign.search(line):
            found.append(line[:left])
            left -= len(line)
            if left <= 0:
                break
    return b"".join(found)


def _from_seven(found: re.Match[bytes]) -> bytes:
    """A run of UTF-7, where it says letters of Europe; anything else that looks so is something else."""
    try:
        text = found[0].decode("utf-7") if len(found[0]) <= _LONGEST_SEVEN else ""
    except ValueError:
        return found[0]
    return text.encode() if text and max(text) < "\u0530" and text.isprintable() else found[0]


def _is_utf8(data: bytes) -> bool:
    return _fits(data, "utf-8")


def _fits(data: bytes, codec: str) -> bool:
    try:
        data.decode(codec)
    except ValueError:
        return False
    return True
