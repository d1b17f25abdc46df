"""One compressed file to the file that was compressed: gzip (RFC 1952), bzip2, xz and lzma here; zstd (RFC 8878), lz4, lzip and compress by
libarchive. Several compressed streams behind one another are one file, as their programs have it.

What a header says of sizes is not believed; the name that gzip keeps is a second name. Of a broken one, what came out before counts.
"""

from __future__ import annotations

import bz2
import lzma
import zlib
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from gateway.content import libarchive
from gateway.content.reading import Bounded, Item, Member, Source, Spent, Unreadable
from gateway.model.finding import Readable

_MEMORY = 128 * 1_048_576  # octets for the dictionary of xz: what `xz -9` needs is half of it
_CHUNK = 65536
_STREAMS = 10_000  # behind one another: parallel compressors make one for each 64 KB
_ZSTD_SKIPPABLE = 0x184D2A50
_DECODERS: dict[str, Callable[[], Any]] = {
    "application/gzip": partial(zlib.decompressobj, 31),
    "application/x-bzip2": bz2.BZ2Decompressor,
    "application/x-xz": partial(lzma.LZMADecompressor, memlimit=_MEMORY),
    "application/x-lzma": partial(lzma.LZMADecompressor, lzma.FORMAT_ALONE, memlimit=_MEMORY),
}
MEDIA_TYPES = (*_DECODERS, *libarchive.FILTERS)
_ENDINGS = frozenset({"gz", "gzip", "bz2", "xz", "lzma", "zst", "zstd", "lz4", "lz", "z", "svgz", "emz", "wmz"})
_TAR_ENDINGS = frozenset({"tgz", "tbz", "tbz2", "txz", "tlz", "tzst", "taz"})


def read_compressed(media_type: str, source: Source, spent: Spent) -> Iterator[Item]:
    """The one file that was compressed, under the outer name without its last ending."""
    spent.entries()
    data, broken = _unpacked(media_type, source.data, spent)
    names = [*(_inner_name(name) for name in source.names[:1]), *_kept_name(media_type, source.data)]
    yield Member(names[0] if names else "", data, readable=broken, also=tuple(names[1:]))
    if broken is not None:
        raise Unreadable(broken)


def _unpacked(media_type: str, data: bytes, spent: Spent) -> tuple[bytes, Readable | None]:
    if media_type in libarchive.FILTERS:
        found, broken = libarchive.unfilter(media_type, data, spent)
        return found, broken or (None if media_type != "application/zstd" or _is_whole_zstd(data) else Readable.DAMAGED)
    found, broken = Bounded(Streams(_DECODERS[media_type], data), len(data), spent).salvage()
    return found, broken


def _inner_name(name: str) -> str:
    stem, _, ending = name.rpartition(".")
    return f"{stem}.tar" if ending.lower() in _TAR_ENDINGS else stem if ending.lower() in _ENDINGS else name


def _kept_name(media_type: str, data: bytes) -> Iterator[str]:
    """RFC 1952 section 2.3.1: FNAME, after FEXTRA."""
    if media_type == "application/gzip" and len(data) > 18 and data[3] & 8:
        at = 12 + int.from_bytes(data[10:12], "little") if data[3] & 4 else 10
        end = data.find(b"\0", at, at + 1024)
        if end > at:
            yield data[at:end].decode("utf-8" if _is_utf8(data[at:end]) else "latin-1")


def _is_utf8(octets: bytes) -> bool:
    try:
        octets.decode()
    except UnicodeDecodeError:
        return False
    return True


def _is_whole_zstd(data: bytes) -> bool:
    """RFC 8878 section 3: whether the last frame has its last block. The library takes what is cut off for the end."""
    at = 0
    while at < len(data):
        if at + 8 > len(data):
            return False
        if int.from_bytes(data[at : at + 4], "little") & 0xFFFFFFF0 == _ZSTD_SKIPPABLE:
            at += 8 + int.from_bytes(data[at + 4 : at + 8], "little")
            continue
        said = data[at + 4]  # Frame_Header_Descriptor
        single = said >> 5 & 1
        at += 5 + (1 - single) + (0, 1, 2, 4)[said & 3] + (single, 2, 4, 8)[said >> 6]
        last = False
        while not last:
            block = int.from_bytes(data[at : at + 3], "little")
            last = bool(block & 1)
            at += 3 + (1 if block >> 1 & 3 == 1 else block >> 3)
            if at > len(data):
                return False
        at += 4 * (said >> 2 & 1)
    return at == len(data)


class Streams:
    """Compressed streams one behind the other, decompressed as one. Between and behind them gzip and xz allow NUL octets."""

    __slots__ = ("_at", "_data", "_decoder", "_make", "_streams")

    def __init__(self, make: Callable[[], Any], data: bytes) -> None:
        self._make = make
        self._data = data
        self._at = 0
        self._decoder = make()
        self._streams = 1

    def read(self, size: int, /) -> bytes:
        """At most `size` octets; none at the end.

        Raises:
            EOFError: the last stream is cut off.
            Unreadable: over budget, or something else stands behind the last stream.
        """
        while True:
            if self._decoder.eof and not self._begin_next():
                return b""
            octets = self._step(size)
            if octets:
                return octets

    def _step(self, size: int) -> bytes:
        decoder = self._decoder
        # zlib gives back what it did not take; the others keep it. Either may hold output back when it is asked for less.
        chunk = getattr(decoder, "unconsumed_tail", b"") or (self._take() if getattr(decoder, "needs_input", True) else b"")
        try:
            octets = bytes(decoder.decompress(chunk, size))
        except lzma.LZMAError as error:
            raise Unreadable(Readable.OVER_BUDGET if "limit" in str(error) else Readable.DAMAGED) from None
        if not chunk and not octets and not decoder.eof:
            raise EOFError
        return octets

    def _take(self) -> bytes:
        chunk = self._data[self._at : self._at + _CHUNK]
        self._at += len(chunk)
        return chunk

    def _begin_next(self) -> bool:
        self._at -= len(self._decoder.unused_data)
        while self._at < len(self._data) and self._data[self._at] == 0:
            self._at += 1
        if self._at >= len(self._data):
            return False
        self._streams += 1
        if self._streams > _STREAMS:
            raise Unreadable(Readable.OVER_BUDGET)
        self._decoder = self._make()
        return True
