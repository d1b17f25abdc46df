"""OLE compound files ([MS-CFB]): what they are, and old binary Office.

Limits: the words of .doc and .ppt are not read (unsupported); .xls is, by calamine.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any

import olefile
import python_calamine

from gateway.content import labels, protected
from gateway.content.package import package_in
from gateway.content.reading import Item, Member, Source, Spent, Unreadable
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


def read_old_office(source: Source, _spent: Spent) -> Iterator[Item]:
    """Old Word and PowerPoint files: encrypted or unsupported."""
    yield from ()
    raise Unreadable(Readable.ENCRYPTED if protected.is_encrypted(source.data) else Readable.UNSUPPORTED)


def read_workbook(source: Source, spent: Spent) -> Iterator[Item]:
    """The cells of .xls and .xlsb. Calamine may abort the process on a hostile file: only in a child."""
    if source.data.startswith(MAGIC):
        if protected.is_encrypted(source.data):
            opened = protected.decrypted(source.data, spent)
            if opened is None:
                raise Unreadable(Readable.ENCRYPTED)
            yield Member(source.names[0] if source.names else "", opened, also=source.names[1:])
            return
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
