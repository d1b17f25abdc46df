"""Objects that documents embed (OLE) to the files that they are: packages, whole documents as storages, documents as streams.

Standards: [MS-OLEDS] 2.2.5 (OLE 1) and 2.3.6 (Ole10Native), [MS-DOC] (ObjectPool), [MS-XLS] (MBD...), [MS-PPT] 2.10.34 (ExOleObjStg).
A linked object, a form control or a formula has no words of its own. One that we cannot unwrap makes its document unsupported, in part.
"""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Generator, Iterator
from typing import Any

import olefile

from gateway.content import storage
from gateway.content.reading import Bounded, Item, Member, Source, Spent, Unreadable
from gateway.content.zip_methods import Decoded
from gateway.model.finding import Place, Readable

_NATIVE = "\x01ole10native"
_FILES = frozenset({"package", "contents", "embeddedodf"})  # streams that are a file
_DOCUMENTS = frozenset({"worddocument", "workbook", "book", "powerpoint document", "__properties_version1.0", "encryptedpackage"})
# What stands beside the object: its class, its picture, links, controls.
_BESIDE = frozenset(
    {"\x01ole", "\x01compobj", "\x03objinfo", "\x03linkinfo", "\x03ocxname", "\x03ocxdata", "\x03print", "\x03eprint", "\x03meta"}
)
_PICTURE = "\x02olepres"
_WITHOUT_WORDS = frozenset({"equation native", "f", "o", "project"})  # a formula, a form, macros
_POOLS = ("objectpool", "mbd")  # storages of a document whose storages are objects
_CUSTOM_XML = "msodatastore"
_PPT, _EX_OLE_OBJ_STG = "powerpoint document", 0x1011


def read_object(source: Source, spent: Spent) -> Iterator[Item]:
    """A compound file that is no document: the file that it wraps, if we know the wrapping."""
    with olefile.OleFileIO(io.BytesIO(source.data)) as file:
        groups = _groups(file, spent)
        known = yield from _unwrapped(file, (), groups.get((), []), spent)
        for path in list(groups):
            if path and path in groups and _DOCUMENTS & {name.lower() for name in groups[path]}:
                known = True
                yield _document(file, path, groups, spent)
    if not known:
        raise Unreadable(Readable.UNSUPPORTED)


def read_embedded(source: Source, spent: Spent) -> Iterator[Item]:
    """The objects inside an old Word, Excel or PowerPoint document, and its custom XML; not its own words."""
    unknown = False
    with olefile.OleFileIO(io.BytesIO(source.data)) as file:
        groups = _groups(file, spent)
        for path in sorted(groups):
            if path not in groups or not path:
                continue
            if path[0].lower() == _CUSTOM_XML:
                yield from _custom_xml(file, path, groups[path], spent)
            elif path[0].lower().startswith(_POOLS):
                if _DOCUMENTS & {name.lower() for name in groups[path]}:
                    yield _document(file, path, groups, spent)
                else:
                    known = yield from _unwrapped(file, path, groups[path], spent)
                    unknown = unknown or not known
        powerpoint = next((name for name in groups.get((), ()) if name.lower() == _PPT), None)
        if powerpoint is not None:
            yield from _in_presentation(bytes(file.openstream([powerpoint]).read()), spent)
    if unknown:
        raise Unreadable(Readable.UNSUPPORTED)


def native(stream: bytes) -> Member:
    """[MS-OLEDS] 2.3.6 as the packager fills it: flags, label, path, flags, temporary path, the file, and the names again in Unicode.

    What was not made by the packager is the octets as they are.
    """
    if stream[4:6] != b"\x02\0":
        return Member("", stream[4 : 4 + int.from_bytes(stream[:4], "little")])
    label, at = _text(stream, 6)
    path, at = _text(stream, at)
    temporary, at = _text(stream, at + 8)
    size = int.from_bytes(stream[at : at + 4], "little")
    data = stream[at + 4 : at + 4 + size]
    names = dict.fromkeys((*map(_base, (label, path, temporary)), *map(_base, _wide_names(stream, at + 4 + size))))
    known = [name for name in names if name] or [""]
    return Member(known[0], data, readable=None if len(data) == size else Readable.DAMAGED, also=tuple(known[1:]))


def ole1(data: bytes) -> Member | None:
    """An object of OLE 1 ([MS-OLEDS] 2.2.5), as RTF has it in hexadecimal: of a package the file, of a compound file that; else None."""
    try:
        at = 8
        for _ in range(3):  # class, topic, item
            at += 4 + int.from_bytes(data[at : at + 4], "little")
        size = int.from_bytes(data[at : at + 4], "little")
        kind = data[12 : 12 + int.from_bytes(data[8:12], "little")].rstrip(b"\0").lower()
        stream = data[at : at + 4 + size]
        return native(stream) if kind == b"package" and len(stream) == 4 + size else None
    except (ValueError, IndexError):
        return None


# --- compound files ---------------------------------------------------------------------------------------------------


def _groups(file: Any, spent: Spent) -> dict[tuple[str, ...], list[str]]:
    """The names of the streams in each storage."""
    found: dict[tuple[str, ...], list[str]] = {}
    for entry in file.listdir(streams=True, storages=False):
        spent.parts(1)
        found.setdefault(tuple(entry[:-1]), []).append(entry[-1])
    return found


def _unwrapped(file: Any, path: tuple[str, ...], names: list[str], spent: Spent) -> Generator[Item, None, bool]:
    """The files among the streams of one storage. Returns whether there is nothing else that we would have to read."""
    known = strange = False
    broken: Readable | None = None
    for name in names:
        lower = name.lower()
        if lower == _NATIVE or lower in _FILES:
            spent.entries()
            stream = bytes(file.openstream([*path, name]).read())
            spent.unpacked(len(stream), len(stream), len(stream))
            known = True
            member = native(stream) if lower == _NATIVE else Member(name, stream)
            broken = broken or member.readable
            yield member
        elif lower in _WITHOUT_WORDS:
            known = True
        else:
            strange = strange or not (lower in _BESIDE or lower.startswith(_PICTURE))
    if broken is not None:
        raise Unreadable(broken)
    return known or (bool(path) and not strange)


def _document(file: Any, path: tuple[str, ...], groups: dict[tuple[str, ...], list[str]], spent: Spent) -> Member:
    """A whole document that stands in a storage, as a file; what is in it is read with it."""
    spent.entries()
    streams = storage.read_streams(file, list(path), spent)
    for inner in [inner for inner in groups if inner[: len(path)] == path]:
        del groups[inner]
    if not storage.is_small_enough(streams):
        raise Unreadable(Readable.OVER_BUDGET)
    return Member("embedded document", storage.build(streams))


def _custom_xml(file: Any, path: tuple[str, ...], names: list[str], spent: Spent) -> Iterator[Item]:
    for name in names:
        stream = bytes(file.openstream([*path, name]).read())
        spent.unpacked(len(stream), len(stream), len(stream))
        yield Place.PROPERTIES, "custom XML", stream.decode("utf-8", "replace")


def _in_presentation(stream: bytes, spent: Spent) -> Iterator[Member]:
    """Storages of objects stand in records of their own, mostly compressed."""
    at = 0
    while at + 8 <= len(stream):
        spent.parts(1)
        said, kind, size = struct.unpack_from("<HHI", stream, at)
        body = stream[at + 8 : at + 8 + size]
        at += 8 + size
        if kind == _EX_OLE_OBJ_STG:
            spent.entries()
            broken: Readable | None = None
            if said >> 4 == 1:
                body, broken = Bounded(Decoded(zlib.decompressobj(), body, 4), len(body), spent).salvage()
            yield Member("embedded object", body, readable=broken)


# --- packages ---------------------------------------------------------------------------------------------------------


def _text(stream: bytes, at: int) -> tuple[str, int]:
    end = stream.index(b"\0", at)
    return stream[at:end].decode("cp1252", "replace"), end + 1


def _wide_names(stream: bytes, at: int) -> Iterator[str]:
    """Temporary path, label and path once more: each its number of characters, then UTF-16."""
    while at + 4 <= len(stream):
        size = 2 * int.from_bytes(stream[at : at + 4], "little")
        if not 0 < size <= min(1024, len(stream) - at - 4):
            return
        yield stream[at + 4 : at + 4 + size].decode("utf-16-le", "replace").rstrip("\0")
        at += 4 + size


def _base(path: str) -> str:
    return path.rpartition("\\")[2].rpartition("/")[2]
