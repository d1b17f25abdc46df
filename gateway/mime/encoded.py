"""Base64 in the middle of text that nothing announces: a file in a script, in JSON or XML, in a text that is nothing else. Pure.

In: the octets of a text. Out: what each run holds that begins as a file does, or as words do. What else looks like base64 (keys,
certificates, digests, tokens) is passed over by its first characters, at the speed of RE2. A run goes on over line ends, and over what
stands for them in source text.
A short run whose file has no end, and is not shown without it, is a piece of one, as logs and links carry them: whoever asks decides by
what can be read in it.
Limits: the alphabet of URLs; strings that a script puts together or turns around; words whose first octets are not ASCII; a first line of
fewer than 16 characters.
"""

from __future__ import annotations

import binascii
import re
from collections.abc import Callable, Iterator
from itertools import islice
from typing import Any, NamedTuple

import pybase64
import re2

from gateway.mime.groups import decode_groups

LEAST = 64  # characters of a run that counts, by which it is judged ...
_LEAST_PACKED = 200  # ... and of what is packed: links carry short ones
_NEAR = 400  # octets of text in which they stand
_MANY = 32
_ANNOUNCING = 1024  # octets before a run
_PACKED = b"\x1f\x8b\x08"
_SHORT, _SHORT_IF_CUT, _SHORT_IN_LINK = 256, 2048, 4096  # characters of a piece: by itself, where it is said to be cut, of a link's token
# By its beginning, what a whole file has at its end.
_ENDS = {b"%PDF-": (b"%%EOF", b"startxref"), b"PK\x03\x04": (b"PK\x05\x06", b"PK\x01\x02")}
# A page, what leads to it and something to show: programs find them without the end of the file. All may be in streams of objects.
_SHOWN = (re.compile(rb"/Page(?![A-Za-z])|/ObjStm"), re.compile(rb"/(?:Catalog|Pages|ObjStm)(?![A-Za-z])"), re.compile(rb"\bstream[\r\n]"))
_IN_HEX = re.compile(rb"#([0-9A-Fa-f]{2})")  # a character of a name (ISO 32000-2 section 7.3.5)
_SIGNATURES = (
    *(b"%PDF-", b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", b"{\\rtf", b"x\x9f>\x22"),
    *(_PACKED, b"7z\xbc\xaf\x27\x1c", b"Rar!\x1a\x07", b"MSCF\0\0\0\0", b"BZh", b"\xfd7zXZ\0", b"(\xb5/\xfd"),
    *(b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"GIF87a", b"GIF89a", b"II*\0", b"MM\0*"),
)
_MARKUP = re.compile(rb"(?:\xef\xbb\xbf)?\s*<(?:[!?]|html|svg)", re.IGNORECASE)
_WEBP = re.compile(rb"RIFF....WEBP", re.DOTALL)
_CONTROLS = re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_BLANK = re.compile(rb"\s")
_PRINTED = bytes((9, 10, 13, *range(32, 127)))
_ODD = 12  # of so many octets of words one may be none of ASCII
_SIGN = r"[A-Za-z0-9+/]"
_CHARACTERS = re.compile(_SIGN.encode() + b"++")
# Between two pieces: line ends, also as source text writes them, and what a quotation puts before a line. Behind one a file may begin.
_GAP = re.compile(rb"(?:[\s>]|\\[rnt]|\\(?=[\r\n])|<br\s{0,8}/?>|&#(?:[xX][aAdD]|1[03]);)++")
_STARTS = "|".join(re.escape(pybase64.b64encode(start).decode()[: len(start) * 8 // 6]) for start in _SIGNATURES)
_RUN = re.compile(rb"(?:[A-Za-z0-9+/]++|" + _GAP.pattern + rb"(?=[A-Za-z0-9+/]{2}[A-Za-z0-9+/=]{2})(?!" + _STARTS.encode() + rb"))*+={0,2}")
_ESCAPES = {b"\\/": b"/", b"\\u002b": b"+", b"\\u002B": b"+", b"\\u002f": b"/", b"\\u002F": b"/", b"\\u003d": b"=", b"\\u003D": b"="}
_SOURCE = re.compile(rb"[\\<&]")
_LINKING = (b"-", b"_", b"%")  # behind the characters: of a token in a link
_IN_LINK = re.compile(rb"[?&;#](?:[A-Za-z0-9_.\-]{1,40}=)?\Z")
_LINK_BEGINS = 64  # octets before a token in which its name stands
_CUT = re.compile(
    rb"[^A-Za-z0-9+/]{0,8}?(?:\.\.|\xe2\x80\xa6|\x85|\\u2026|&(?:hellip|#8230);|\[?(?:truncated|snip|omitted))", re.IGNORECASE
)
# More of the same: behind signs alone and the word for a cut, or behind the number of a line.
_MORE = re.compile(
    rb"[^A-Za-z0-9]{0,24}(?:(?i:truncated|snip|omitted)[^A-Za-z0-9]{1,24}"
    rb"|[\r\n][^A-Za-z0-9]{0,24}(?:[A-Za-z]{1,8} ?)?[0-9]{1,6}[^A-Za-z0-9]{1,24})?"
    rb"(?!" + _STARTS.encode() + rb")[A-Za-z0-9+/]{48}"
)
_BLANKS = b" \t\r\n\f\v>"
_BASE64 = b"base64,"
_DATA_URI = re.compile(rb"data:[a-z0-9.+\-]{1,80}/[a-z0-9.+\-]{1,80};base64,\Z", re.IGNORECASE)
_BEGIN = re.compile(rb"begin-base64[ \t]+[0-7]{3,4}[ \t][^\r\n]{1,900}\r?\n\Z")


class Encoded(NamedTuple):
    """What one run holds."""

    octets: bytes
    is_file: bool  # else words
    is_piece: bool = False  # short, and without the end of a file


def may_hold_encoded(octets: bytes) -> bool:
    """Whether to look closely: there is one, or there are many that nearly are."""
    looks = list(islice(encoded_in(octets), _MANY))
    return len(looks) == _MANY or any(looks)


def encoded_in(octets: bytes) -> Iterator[Encoded | None]:
    """Every run that is one, in order; None for what only begins like one, so that whoever asks can keep a budget.

    None stands in another, and no character is looked at again and again.
    """
    text, at = _unescaped(octets), 0
    while (found := _search(text, at)) is not None:
        start = found.start(1)
        is_file = _judged(text[start : start + _NEAR])
        if is_file is None or _is_announced(text, start):
            at = _end(_CHARACTERS, text, start)
            yield None
        else:
            at = _end(_RUN, text, start)
            data = decode_groups(_characters(text[start:at]))[0]
            in_link = data.startswith(_PACKED) and (at - start < _LEAST_PACKED or text[at : at + 1] in _LINKING)
            yield None if in_link else Encoded(data, is_file, is_file and _is_piece(text, start, at, data))


def _unescaped(octets: bytes) -> bytes:
    """JSON may escape three characters of the alphabet (RFC 8259 section 7)."""
    if b"\\" in octets:
        for escape, sign in _ESCAPES.items():
            octets = octets.replace(escape, sign)
    return octets


def _judged(near: bytes) -> bool | None:
    """What a run is by its first characters: a file, words (False), or neither."""
    run = near[: _end(_RUN, near, 0)]
    if len(run) < LEAST:
        return None
    characters = _characters(run)[:LEAST]
    if len(characters) < LEAST:
        return None
    head = binascii.a2b_base64(characters)
    if head.startswith(_SIGNATURES) or _MARKUP.match(head) or _WEBP.match(head):
        return True
    return False if _are_words(head) else None


def _are_words(head: bytes) -> bool:
    """Printed ASCII but for a few octets, or such in UTF-16 as Windows writes it. Without a blank it is a token."""
    wide = head.removeprefix(b"\xff\xfe")
    text = wide[::2] if not any(wide[1::2]) else head
    return len(text.translate(None, _PRINTED)) * _ODD <= len(text) and not _CONTROLS.search(text) and _BLANK.search(text) is not None


def _characters(run: bytes) -> bytes:
    return _GAP.sub(b"", run) if _SOURCE.search(run) else run.translate(None, _BLANKS)


def _is_announced(text: bytes, start: int) -> bool:
    """Whether another reader takes it: a data: URI, or begin-base64."""
    before = text[max(0, start - len(_BASE64)) : start]
    if before.lower() == _BASE64:
        return _DATA_URI.search(text, max(0, start - _ANNOUNCING), start) is not None
    return before.endswith(b"\n") and _BEGIN.search(text, max(0, start - _ANNOUNCING), start) is not None


def _is_piece(text: bytes, start: int, end: int, data: bytes) -> bool:
    """Whether somebody shows only the beginning of a file. One that goes on behind a few signs is whole to whoever takes them out."""
    ends = next((ends for begin, ends in _ENDS.items() if data.startswith(begin)), ())
    if end - start > _most(text, start, end, data) or any(mark in data for mark in ends) or _has_all(data):
        return False
    return _MORE.match(text, end) is None


def _has_all(data: bytes) -> bool:
    """Whether a file without its end is shown all the same, or reaches as far as its header says."""
    if data.startswith(b"%PDF-"):
        plain = _IN_HEX.sub(lambda sign: bytes.fromhex(sign[1].decode()), data)
        return all(sign.search(plain) for sign in _SHOWN)
    return any(data.startswith(begin) and len(data) >= _HEAD and declared(data) <= len(data) for begin, declared in _DECLARED.items())


def _number(data: bytes, at: int, size: int = 4) -> int:
    return int.from_bytes(data[at : at + size], "little")


_HEAD = 52
_DECLARED: dict[bytes, Callable[[bytes], int]] = {
    b"7z\xbc\xaf\x27\x1c": lambda data: 32 + _number(data, 12, 8) + _number(data, 20, 8),
    b"MSCF": lambda data: _number(data, 8),
    b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1": lambda data: _number(data, 48) + 2 << (_number(data, 30, 2) & 15),  # its directory (MS-CFB 2.2)
}


def _most(text: bytes, start: int, end: int, data: bytes) -> int:
    """Characters that are few where this run stands."""
    if data.startswith(_PACKED) and _IN_LINK.search(text, max(0, start - _LINK_BEGINS), start) is not None:
        return _SHORT_IN_LINK
    return _SHORT_IF_CUT if _CUT.match(text, end) is not None else _SHORT


def _end(pattern: re.Pattern[bytes], text: bytes, start: int) -> int:
    found = pattern.match(text, start)
    return found.end() if found is not None else start


# --- where to look ----------------------------------------------------------------------------------------------------

# How printed ASCII looks in base64, by the bits that it leaves out; then the same in UTF-16 as Windows writes it, and behind its mark.
_THREE = r"[C-DI-Za-f][ACDEFGHQSTUVWXgijklmnwyz0123][ABEFIJMNQRUVYZcdghklopstwx014589]" + _SIGN
_WIDE_HEAD, _WIDE_TAIL = rf"[C-DI-Za-f][AQgw][AB]{_SIGN}", r"A[ACDEFGH][AEIMQUYcgkosw048]A"
_WORDS = rf"(?:77u/)?(?:{_THREE}){{3}}|{_WIDE_HEAD}{_WIDE_TAIL}{_WIDE_HEAD}{_WIDE_TAIL}|//[45]{_SIGN}{_WIDE_TAIL}{_WIDE_HEAD}{_WIDE_TAIL}"


def _finder() -> Callable[[bytes, int], Any]:
    """The search for what may begin a run: as group 1, behind a sign that cannot be in one."""
    options = re2.Options()
    options.encoding = re2.Options.Encoding.LATIN1
    source = rf"(?:^|[^A-Za-z0-9+/]|\\[nrt])((?:{_STARTS}|UklGR|{_WORDS}){_SIGN}{{4}})"
    search: Callable[[bytes, int], Any] = re2.compile(source.encode(), options).search
    return search


_search = _finder()
