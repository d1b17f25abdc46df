"""BinHex 4.0 (RFC 1741), a file of a Mac written in 64 letters, somewhere in a text: to a member, its data fork.

Of the resource fork, which nothing but a Mac of its time looks at, what a person can read is words. The checksums of the forks are not
compared: what a program would unpack, and then complain about, counts. What ends too early is damaged. Words about BinHex are no file:
a header is one by its version, its checksum, its lengths, or its name, type and creator together.
Limits: without the line before it, which the program of its time does not need, it is told by the name of the file, and is unsupported.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterable, Iterator
from itertools import islice

from gateway.content.legible import legible
from gateway.content.naming import extension_of
from gateway.content.reading import Item, Member, Oddity, Spent, Unread
from gateway.content.structure import find_appended
from gateway.mime.uuencode import BINHEX, FILES
from gateway.model.finding import Readable
from gateway.model.message import DefectName

_BEGIN = re.compile(re.escape(BINHEX) + rb"[^\r\n]{0,200}[\r\n][\s>]*:")
_LETTERS = b"!\"#$%&'()*+,-012345689@ABCDEFGHIJKLMNPQRSTUVXYZ[`abcdefhijklmpqr"
_SIXTY_FOUR = bytes.maketrans(_LETTERS, b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/")
_OTHERS = bytes(octet for octet in range(256) if octet not in _LETTERS)
_REPEATED = re.compile(rb"\x90(.)", re.DOTALL)  # so often stands what is before it; never: 0x90 itself
_BARE = re.compile(rb":(?:[" + re.escape(_LETTERS) + rb"][\r\n]{0,4}){16}")
# Plausible: a name to save it by; type and creator, of four characters each. 105,000 pieces of our own prose have not both.
_NAMED = re.compile(rb"[^\x00-\x1f:\x7f]{1,63}")
_KINDS = re.compile(rb"[ -~]{8}")
_STEP = 65_536
_TAIL = 19  # octets of the header behind the name: version, type, creator, flags, two lengths, but not its checksum


def read_binhex(text: bytes, spent: Spent) -> Iterator[Item]:
    """Each file in a text; quick when there is none."""
    begins = list(islice(_BEGIN.finditer(text), FILES)) if BINHEX in text else []
    stops = [begin.start() for begin in begins[1:]] + [len(text)]
    for begin, stop in zip(begins, stops, strict=False):
        end = text.find(b":", begin.end(), stop)
        for item in _forks(_expanded(_eights(text[begin.end() : end if end >= 0 else stop]), spent), spent):
            if isinstance(item, Member):
                yield Oddity(DefectName.FILE_IN_TEXT.value)
            yield item


def is_called_so(names: Iterable[str], data: bytes) -> bool:
    """Whether a text has the name of such a file and letters of one, but not the line before them."""
    return any(extension_of(name) == "hqx" for name in names) and BINHEX not in data and _BARE.search(data) is not None


def _eights(letters: bytes) -> bytes:
    """What the letters stand for; those that are none are passed over."""
    kept = letters.translate(_SIXTY_FOUR, _OTHERS)
    return base64.b64decode(kept[: len(kept) - (len(kept) % 4 == 1)] + b"=" * (-len(kept) % 4))


def _expanded(packed: bytes, spent: Spent) -> bytes:
    found, done, told = bytearray(), 0, 0
    for run in _REPEATED.finditer(packed):
        found += packed[done : run.start()]
        found += found[-1:] * (run[1][0] - 1) if run[1][0] else b"\x90"
        done = run.end()
        if len(found) - told > _STEP:
            spent.unpacked(len(found) - told, len(found), len(packed))
            told = len(found)
    found += packed[done:]
    spent.unpacked(len(found) - told, len(found), len(packed))
    return bytes(found)


def _forks(data: bytes, spent: Spent) -> Iterator[Item]:
    """Name, then the lengths of both forks; each part with a checksum of two octets behind it. Without lengths it is no file at all."""
    at = 1 + (data[0] if data else 0)
    name, head = data[1:at].decode("mac_roman"), data[at : at + _TAIL]
    if not _is_header(data, at):
        return
    at += _TAIL + 2
    for start, is_data in ((11, True), (15, False)):
        size = int.from_bytes(head[start : start + 4], "big")
        fork = data[at : at + size]
        if fork and (is_data or any(find_appended(fork, ""))):
            yield Member(name, fork, is_in_text=True)
        elif fork:
            yield from legible(fork, f"resource fork of {name}", spent)
        if len(fork) < size:
            yield Unread(Readable.DAMAGED)
            return
        at += size + 2


def _is_header(data: bytes, at: int) -> bool:
    """Whether behind a name stands the rest of a header, by its octet, its checksum, its lengths, or its words."""
    end = at + _TAIL
    if _NAMED.fullmatch(data[1:at]) and _KINDS.fullmatch(data[at + 1 : at + 9]):
        return len(data) >= end
    if len(data) < end:
        return False
    sizes = (int.from_bytes(data[start : start + 4], "big") for start in (end - 8, end - 4))
    return (
        not data[at] or binascii.crc_hqx(data[:end], 0) == int.from_bytes(data[end : end + 2], "big") or end + 2 + sum(sizes) <= len(data)
    )
