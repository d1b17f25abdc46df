"""RAR 4 and 5 to members and comments: by libarchive, and what it does not say by a look of our own at the headers.

Of RAR 5 it gives what is encrypted as if it were the file, and of a set of volumes it takes one for the whole. Standards: technote.txt of
RAR 4, the RAR 5.0 archive format.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from gateway.content import libarchive
from gateway.content.rar_comments import RAR5, Comment, of_rar4, of_rar5, read_comments
from gateway.content.reading import Item, Source, Spent, Unreadable
from gateway.model.finding import Readable

MEDIA_TYPE = "application/vnd.rar"
_MAIN, _FILE, _SERVICE, _VOLUME, _HAS_EXTRA, _HAS_DATA, _CRYPT = 1, 2, 3, 1, 1, 2, 1
_HAS_TIME, _HAS_CHECKSUM = 2, 4  # flags of a file


def read_rar(source: Source, spent: Spent) -> Iterator[Item]:
    """The comment, and every file; of an encrypted one the name."""
    data = source.data[max(libarchive.begin_of(MEDIA_TYPE, source.data), 0) :]
    if data.startswith(RAR5):
        encrypted, is_volume, comments = _look(data, spent)
    else:
        encrypted, is_volume, comments = set(), bool(data[10:11] and data[10] & _VOLUME), list(of_rar4(data, spent))
    yield from read_comments(comments, spent)
    for number, member in enumerate(libarchive.entries(data, "rar rar5", spent)):
        if number in encrypted:
            yield replace(member, data=b"", readable=Readable.ENCRYPTED, octets=len(member.data))
        else:
            yield member
    if encrypted:
        raise Unreadable(Readable.ENCRYPTED)
    if is_volume:
        raise Unreadable(Readable.UNSUPPORTED)  # a file may go on in the next


def _look(data: bytes, spent: Spent) -> tuple[set[int], bool, list[Comment]]:
    """Of RAR 5: which of the files are encrypted, whether this is one of several volumes, and what its comments are."""
    encrypted: set[int] = set()
    comments: list[Comment] = []
    files, is_volume = 0, False
    at = len(RAR5)
    while at + 7 <= len(data):
        spent.parts(1)
        size, at = _number(data, at + 4)
        end = at + size
        kind, after = _number(data, at)
        flags, at = _number(data, after)
        extra, at = _number(data, at) if flags & _HAS_EXTRA else (0, at)
        follows, at = _number(data, at) if flags & _HAS_DATA else (0, at)
        if kind == _MAIN:
            is_volume = is_volume or bool(_number(data, at)[0] & _VOLUME)
        elif kind == _FILE:
            if _CRYPT in _records(data, end - extra, end):
                encrypted.add(files)
            files += 1
        elif kind == _SERVICE:
            name, method = _described(data, at)
            is_encrypted = _CRYPT in _records(data, end - extra, end)
            comments += of_rar5(name, data[after:end], data[end : end + follows], method, is_encrypted=is_encrypted)
        at = end + follows
    return encrypted, is_volume, comments


def _described(data: bytes, at: int) -> tuple[bytes, int]:
    """Name and method of a service header, from where it is like that of a file."""
    flags, at = _number(data, at)
    at = _number(data, at)[1]  # size
    at = _number(data, at)[1] + (4 if flags & _HAS_TIME else 0) + (4 if flags & _HAS_CHECKSUM else 0)  # attributes
    packing, at = _number(data, at)
    at = _number(data, at)[1]  # system
    size, at = _number(data, at)
    return data[at : at + size], packing >> 7 & 7


def _records(data: bytes, at: int, end: int) -> Iterator[int]:
    """The types of the records in an extra area."""
    while 0 <= at < min(end, len(data)):
        size, at = _number(data, at)
        yield _number(data, at)[0]
        if size <= 0:
            return
        at += size


def _number(data: bytes, at: int) -> tuple[int, int]:
    """Seven bits in each octet, the lowest first; and where it ends."""
    value = 0
    for shift in range(0, 70, 7):
        octet = data[at] if at < len(data) else 0
        value |= (octet & 127) << shift
        at += 1
        if octet < 128:
            break
    return value, at
