"""OLE compound files ([MS-CFB]): encrypted and rights-protected Office, old binary Office, embedded objects.

Standards: [MS-OFFCRYPTO] 2.1 and 2.2 (DataSpaces), 2.3 (EncryptedPackage); [MS-OLEDS] 2.3.6 (Ole10Native).
Limits: the words of .doc, .ppt and .msg are not read (unsupported); .xls is, by calamine.
"""

from __future__ import annotations

import io
import struct
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import msoffcrypto
import olefile
import python_calamine

from gateway.content import labels
from gateway.content.package import package_in
from gateway.content.reading import Item, Member, Source, Spent, Unreadable
from gateway.content.xml import elements
from gateway.model.finding import Place, Readable

MAGIC = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
OLE = "application/x-ole-storage"
ENCRYPTED = "application/encrypted"
_KINDS = (
    ("encryptedpackage", ENCRYPTED),
    ("worddocument", "application/msword"),
    ("workbook", "application/vnd.ms-excel"),
    ("book", "application/vnd.ms-excel"),
    ("powerpoint document", "application/vnd.ms-powerpoint"),
    ("__properties_version1.0", "application/vnd.ms-outlook"),
)
_BLOCK_ROWS = 5000


def kind_of(data: bytes) -> str:
    """The media type by the names of streams."""
    try:
        with olefile.OleFileIO(io.BytesIO(data)) as file:
            names = {entry[0].lower() for entry in file.listdir(streams=True, storages=False) if len(entry) == 1}
    except Exception:  # noqa: BLE001 - olefile raises whatever a broken table makes it raise
        return OLE
    return next((kind for name, kind in _KINDS if name in names), OLE)


def read_protected(source: Source, _spent: Spent) -> Iterator[Item]:
    """An encrypted OOXML document: its label may stand outside the encryption."""
    with olefile.OleFileIO(io.BytesIO(source.data)) as file:
        streams = ["/".join(entry) for entry in file.listdir()]
        for name in streams:
            if name.rpartition("/")[2].lower().endswith("labelinfo"):
                stream = io.BytesIO(file.openstream(name).read().rstrip(b"\0"))
                with suppress(Unreadable):  # a broken label does not change why the document cannot be read
                    yield from (label for label, _ in labels.label_info(elements(stream, "{*}label"), "LabelInfo") if label is not None)
        rights = any("drmencrypted" in name.lower() for name in streams)
    raise Unreadable(Readable.RIGHTS_PROTECTED if rights else Readable.ENCRYPTED)


def read_old_office(source: Source, _spent: Spent) -> Iterator[Item]:
    """Old Word, PowerPoint and Outlook files: encrypted or unsupported."""
    yield from ()
    raise Unreadable(Readable.ENCRYPTED if _is_encrypted(source.data) else Readable.UNSUPPORTED)


def read_workbook(source: Source, spent: Spent) -> Iterator[Item]:
    """The cells of .xls and .xlsb. Calamine may abort the process on a hostile file: only in a child."""
    if source.data.startswith(MAGIC):
        if _is_encrypted(source.data):
            raise Unreadable(Readable.ENCRYPTED)
    else:
        yield from labels.find_labels(package_in(source, spent))
    try:
        book = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(source.data))
    except python_calamine.PasswordError:
        raise Unreadable(Readable.ENCRYPTED) from None
    for name in book.sheet_names:
        yield Place.TEXT, "sheet names", name
        for lines in _rows(book.get_sheet_by_name(name), spent):
            yield Place.FIRST_LINE if name == book.sheet_names[0] else Place.TEXT, f"sheet {name}", lines


def _rows(sheet: Any, spent: Spent) -> Iterator[str]:
    rows = sheet.to_python(skip_empty_area=True)
    for start in range(0, len(rows), _BLOCK_ROWS):
        block = rows[start : start + _BLOCK_ROWS]
        spent.cells(sum(map(len, block)))
        yield "\n".join("\t".join(map(_cell, row)) for row in block)


def _cell(value: object) -> str:
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def read_object(source: Source, spent: Spent) -> Iterator[Item]:
    """An embedded object: the file that it wraps, if we know the wrapping."""
    with olefile.OleFileIO(io.BytesIO(source.data)) as file:
        found = False
        for entry in file.listdir():
            name = entry[-1].lower()
            if name in ("package", "contents", "embeddedodf", "\x01ole10native"):
                stream = file.openstream(entry).read()
                spent.unpacked(len(stream), len(stream), len(stream))
                yield _native(stream) if name.endswith("native") else Member(entry[-1], stream)
                found = True
            found = found or name == "equation native"  # a formula has no words
    if not found:
        raise Unreadable(Readable.UNSUPPORTED)


def _native(stream: bytes) -> Member:
    """[MS-OLEDS] 2.3.6 as the packager fills it: flags, label, path, flags, temporary path, then the file's own octets."""
    at = 6
    label, at = _text(stream, at)
    _, at = _text(stream, at)
    _, at = _text(stream, at + 8)
    (size,) = struct.unpack_from("<I", stream, at)
    if at + 4 + size > len(stream):
        raise Unreadable(Readable.DAMAGED)
    return Member(label, stream[at + 4 : at + 4 + size])


def _text(stream: bytes, at: int) -> tuple[str, int]:
    end = stream.index(b"\0", at)
    return stream[at:end].decode("cp1252", "replace"), end + 1


def _is_encrypted(data: bytes) -> bool:
    """By the flags and records of the old formats ([MS-OFFCRYPTO] 2.3.6, 2.3.7); not known is not encrypted: then it is unsupported."""
    try:
        return bool(msoffcrypto.OfficeFile(io.BytesIO(data)).is_encrypted())
    except Exception:  # noqa: BLE001 - the library raises its own, struct's and olefile's errors alike
        return False
