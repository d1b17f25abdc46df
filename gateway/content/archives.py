"""Archives to members: ZIP (APPNOTE 6.3), tar (POSIX pax), and single compressed files.

Nothing that a header says of sizes is believed. A member that cannot be opened is still a member.
"""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import tarfile
import zipfile
import zlib
from collections.abc import Iterator
from typing import Any

from gateway.content.package import open_entry, open_zip
from gateway.content.reading import Bounded, Item, Member, Oddity, Source, Spent, Unreadable
from gateway.model.finding import Readable


def read_zip(source: Source, spent: Spent) -> Iterator[Item]:
    """Every entry, also two of one name. One encrypted entry makes the archive encrypted too."""
    archive = open_zip(source.data)
    entries = [info for info in archive.infolist() if not info.is_dir()]
    if len({info.filename for info in entries}) < len(entries):
        yield Oddity("duplicate-members")
    encrypted = False
    for info in entries:
        spent.entries()
        member = _entry(archive, info, spent)
        encrypted = encrypted or member.readable is Readable.ENCRYPTED
        yield member
    if encrypted:
        raise Unreadable(Readable.ENCRYPTED)


def _entry(archive: zipfile.ZipFile, info: zipfile.ZipInfo, spent: Spent) -> Member:
    try:
        return Member(info.filename, Bounded(open_entry(archive, info), info.compress_size, spent).all())
    except Unreadable as unreadable:
        if unreadable.readable is Readable.OVER_BUDGET:
            raise
        return Member(info.filename, b"", readable=unreadable.readable)
    except (zipfile.BadZipFile, zlib.error, lzma.LZMAError, OSError, EOFError, ValueError):
        return Member(info.filename, b"", readable=Readable.DAMAGED)


def read_tar(source: Source, spent: Spent) -> Iterator[Item]:
    """The regular files of a tar archive."""
    with tarfile.open(fileobj=io.BytesIO(source.data), mode="r:") as archive:
        for info in archive:
            spent.entries()
            stream = archive.extractfile(info) if info.isreg() else None
            if stream is not None:
                yield Member(info.name, Bounded(stream, len(source.data), spent).all())


_OPENERS: dict[str, Any] = {"application/gzip": gzip.GzipFile, "application/x-bzip2": bz2.BZ2File, "application/x-xz": lzma.LZMAFile}


def read_compressed(media_type: str, source: Source, spent: Spent) -> Iterator[Item]:
    """The one file that was compressed, under the outer name without its last ending."""
    spent.entries()
    opener = _OPENERS[media_type]
    stream = opener(fileobj=io.BytesIO(source.data)) if opener is gzip.GzipFile else opener(io.BytesIO(source.data))
    yield Member(_inner_name(source.names[0] if source.names else ""), _all(stream, source, spent))


def _inner_name(name: str) -> str:
    stem, _, ending = name.rpartition(".")
    return f"{stem}.tar" if ending.lower() in ("tgz", "tbz2", "txz") else stem


def _all(stream: Any, source: Source, spent: Spent) -> bytes:
    try:
        return Bounded(stream, len(source.data), spent).all()
    except (OSError, EOFError, zlib.error, lzma.LZMAError):
        raise Unreadable(Readable.DAMAGED) from None
