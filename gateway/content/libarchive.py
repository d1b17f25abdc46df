"""Archives to members by libarchive: 7z, RAR 4 and 5, cabinets, ISO 9660, cpio, ar (also Debian packages), xar, LHA, WARC, tar.

Only the formats and filters named here are ever switched on: all of them would bring mtree, whose entries name files of this machine, and
filters that are other programs. Everything is in memory: a locked child opens nothing. Names are read under C.UTF-8 (`preload` sees to it);
under C those that are not ASCII are lost.
What libarchive does not read is said: encrypted, unsupported (Deflate64 in 7z, UDF), over budget (a dictionary larger than our memory),
else damaged. What came before it counts.
"""

from __future__ import annotations

import ctypes
import locale
import logging
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from libarchive import ffi
from libarchive.exception import ArchiveError

from gateway.content.reading import Bounded, Item, Member, Oddity, Source, Spent, Unreadable
from gateway.content.signatures import finder
from gateway.model.finding import Readable

FORMATS = {
    "application/x-7z-compressed": "7zip",
    "application/vnd.rar": "rar rar5",
    "application/vnd.ms-cab-compressed": "cab",
    "application/x-iso9660-image": "iso9660",
    "application/x-cpio": "cpio",
    "application/x-archive": "ar",
    "application/x-xar": "xar",
    "application/x-lzh-compressed": "lha",
    "application/warc": "warc",
    "application/x-tar": "tar",
}
# By which programs find an archive behind other octets.
SIGNATURES = {
    "application/vnd.rar": (b"Rar!\x1a\x07\x01\x00", b"Rar!\x1a\x07\x00"),
    "application/x-7z-compressed": (b"7z\xbc\xaf\x27\x1c\x00",),
    "application/vnd.ms-cab-compressed": (b"MSCF\x00\x00\x00\x00",),
}
_FINDERS = {kind: tuple(map(finder, signatures)) for kind, signatures in SIGNATURES.items()}
FILTERS = {
    "application/zstd": "zstd",
    "application/x-compress": "compress",
    "application/x-lz4": "lz4",
    "application/x-lzip": "lzip",
}
_FILE, _BLOCK = 0o100000, 65536
_PREFERRED = {"application/x-tar": b"read_concatenated_archives"}
# Of this alone the headers of all files are read before the first file: others crash when they are asked for more after a fatal error.
_LISTED_FIRST = ("7zip",)
_JOLIET, _ROCK_RIDGE, _PLAIN = b"", b"!joliet", b"!joliet,!rockridge"  # three directories that an image may have
_UDF = (b"NSR02", b"NSR03")  # ECMA-167 3/9.1: yet another, which libarchive does not know and Windows prefers


def preload() -> None:
    """All functions bound, and a locale in which names of every script can be said."""
    for name in ("C.UTF-8", "C.utf8", "en_US.UTF-8", "UTF-8"):
        with suppress(locale.Error):
            locale.setlocale(locale.LC_CTYPE, name)
            break
    logging.getLogger("libarchive").disabled = True  # its warnings quote names
    for formats in FORMATS.values():
        for name in formats.split():
            ffi.get_read_format_function(name)
    for name in ("raw", "zip_seekable"):
        ffi.get_read_format_function(name)
    for name in FILTERS.values():
        ffi.get_read_filter_function(name)


def read_archive(media_type: str, source: Source, spent: Spent) -> Iterator[Item]:
    """Every file of an archive, also those that can only be named."""
    if media_type == "application/x-iso9660-image":
        yield from _image(source.data, spent)
    else:
        begin = max(begin_of(media_type, source.data), 0)
        yield from entries(
            source.data[begin:] if begin else source.data, FORMATS[media_type], spent, options=_PREFERRED.get(media_type, b"")
        )


def begin_of(media_type: str, data: bytes) -> int:
    """Where an archive begins that may stand behind something else; -1 where there is none."""
    return min((at for find in _FINDERS.get(media_type, ()) if (at := find(data)) >= 0), default=-1)


def _image(data: bytes, spent: Spent) -> Iterator[Item]:
    """A disc image by each of its directories: which one a program shows is its own choice."""
    known: set[bytes] = set()
    for options in (_JOLIET, _ROCK_RIDGE, _PLAIN):
        fresh = [member for member in entries(data, "iso9660", spent, options=options) if options == _JOLIET or member.data not in known]
        known.update(member.data for member in fresh)
        yield from fresh
        if fresh and options != _JOLIET:
            yield Oddity("several-directories")
    if any(data[at + 1 : at + 6] in _UDF for at in range(32768, min(len(data), 32768 + 64 * 2048), 2048)):
        raise Unreadable(Readable.UNSUPPORTED)


def unfilter(media_type: str, data: bytes, spent: Spent) -> tuple[bytes, Readable | None]:
    """One compressed file without its compression, as far as it goes."""
    found = next(_walk(data, ("raw",), FILTERS[media_type], spent, b""))
    return found.data, found.readable


def entries(data: bytes, formats: str, spent: Spent, *, options: bytes = b"") -> Iterator[Member]:
    """The files of an archive in one of these formats.

    Raises:
        Unreadable: the archive cannot be read to its end, or one of its files is encrypted.
    """
    worst: Readable | None = None
    for member in _walk(data, tuple(formats.split()), "", spent, options):
        worst = worst or member.readable
        yield member
    if worst is not None:
        raise Unreadable(worst)


def _walk(data: bytes, formats: tuple[str, ...], filter_: str, spent: Spent, options: bytes) -> Iterator[Member]:
    with _opened(data, formats, filter_, options) as (archive, entry):
        broken: Readable | None = None  # after the first failure of its data an archive only lists names
        empty = True
        while _next(archive, entry):
            spent.entries()
            empty = False
            octets = max(ffi.entry_size(entry), 0)
            if ffi.entry_filetype(entry) & 0o170000 not in (_FILE, 0):
                if ffi.entry_filetype(entry) & 0o170000 == 0o120000:  # a link: at least its name
                    yield Member(_name(entry), b"")
                continue
            if _is_encrypted(entry):
                yield Member(_name(entry), b"", readable=Readable.ENCRYPTED, octets=octets)
            elif broken is None:
                stream = _Data(archive)
                found, broken = Bounded(stream, len(data), spent).salvage()
                yield Member(_name(entry), found, readable=broken, octets=octets)
                if broken is not None and stream.is_fatal and formats != _LISTED_FIRST:
                    raise Unreadable(broken)
            else:
                yield Member(_name(entry), b"", readable=broken, octets=octets)
        if empty:  # of a RAR whose headers make no sense the library says no more than that
            raise Unreadable(Readable.DAMAGED)


@contextmanager
def _opened(data: bytes, formats: tuple[str, ...], filter_: str, options: bytes) -> Iterator[tuple[Any, Any]]:
    archive, entry = ffi.read_new(), ffi.entry_new()
    try:
        if filter_:
            ffi.get_read_filter_function(filter_)(archive)
        for name in formats:
            ffi.get_read_format_function(name)(archive)
        if options:
            _set_options(archive, options)
        try:
            ffi.read_open_memory(archive, ctypes.cast(ctypes.c_char_p(data), ctypes.c_void_p), len(data))
        except ArchiveError as error:
            raise Unreadable(_kind(error)) from None
        yield archive, entry
    finally:
        ffi.entry_free(entry)
        ffi.read_free(archive)


# RAR gives what is encrypted as it stands, without a word of it but this.
_is_encrypted = ffi.ffi("entry_is_encrypted", [ffi.c_archive_entry_p], ctypes.c_int)
_set_options = ffi.ffi("read_set_options", [ffi.c_archive_p, ctypes.c_char_p], ctypes.c_int)


def _next(archive: Any, entry: Any) -> bool:
    """The next header; False at the end."""
    try:
        return bool(ffi.read_next_header2(archive, entry) != ffi.ARCHIVE_EOF)
    except ArchiveError as error:
        raise Unreadable(_kind(error)) from None


def _name(entry: Any) -> str:
    with suppress(UnicodeError, ValueError):
        wide = ffi.entry_pathname_w(entry)
        if wide:
            return str(wide)
    return (ffi.entry_pathname(entry) or b"").decode("utf-8", "replace")


class _Data:
    """The octets of the entry that was just met, block by block; the holes of a sparse file are NUL octets.

    Not read_data(): it fills up to where the library believes the end to be, and in xar it is wrong.
    """

    __slots__ = ("_address", "_archive", "_at", "_hole", "_left", "is_fatal")

    def __init__(self, archive: Any) -> None:
        self._archive = archive
        self.is_fatal = False
        self._at = self._hole = 0
        self._address = self._left = 0  # of the library's block, good until we ask for the next

    def read(self, size: int, /) -> bytes:
        """At most `size` octets; none at the end."""
        while not self._hole and not self._left:
            if not self._take():
                return b""
        if self._hole:
            taken = bytes(min(size, self._hole))
            self._hole -= len(taken)
        else:
            taken = ctypes.string_at(self._address, min(size, self._left))
            self._address += len(taken)
            self._left -= len(taken)
        self._at += len(taken)
        return taken

    def _take(self) -> bool:
        data, octets, offset = ctypes.c_void_p(), ctypes.c_size_t(), ctypes.c_int64()
        try:
            got = ffi.read_data_block(self._archive, ctypes.byref(data), ctypes.byref(octets), ctypes.byref(offset))
        except ArchiveError as error:
            self.is_fatal = error.retcode == ffi.ARCHIVE_FATAL
            raise Unreadable(_kind(error)) from None
        if got == ffi.ARCHIVE_EOF:
            return False
        self._address, self._left = data.value or 0, octets.value if data.value else 0
        self._hole = max(offset.value - self._at, 0) if self._left else 0
        return True


def _kind(error: ArchiveError) -> Readable:
    """The library says why in words; its numbers do not."""
    said = str(error.msg).lower()
    if "encrypt" in said or "passphrase" in said:
        return Readable.ENCRYPTED
    if "allocate" in said or "memory" in said:
        return Readable.OVER_BUDGET
    if "unsupported" in said or "not supported" in said or "unknown codec" in said or "unrecognized" in said:
        return Readable.UNSUPPORTED
    return Readable.DAMAGED
