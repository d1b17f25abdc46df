"""OLE compound files ([MS-CFB]): what they are, and old binary Office.

The words of the old formats are read by word97.py, biff.py and ppt97.py; what they embed by objects.py.
"""

from __future__ import annotations

import io
from collections.abc import Generator, Iterator
from typing import Any

import olefile

from gateway.content import biff, labels, ppt97, protected, word97
from gateway.content import ole_properties as properties
from gateway.content.reading import Item, Member, Oddity, Source, Spent, Unreadable
from gateway.model.finding import Readable

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


def kind_of(data: bytes) -> str:
    """The media type by the names of streams."""
    try:
        with olefile.OleFileIO(io.BytesIO(data)) as file:
            names = {entry[0].lower() for entry in file.listdir(streams=True, storages=False) if len(entry) == 1}
    except Exception:  # noqa: BLE001 - olefile raises whatever a broken table makes it raise
        return OLE
    return next((kind for name, kind in _KINDS if name in names), OLE)


def read_word(source: Source, spent: Spent) -> Iterator[Item]:
    """A document of Word 6 to 2003."""
    with _opened(source) as file:
        yield from _around(file)
        if (yield from _shut(source, spent)):
            return
        tables = {name: _stream(file, name) for name in ("0table", "1table") if file.exists(name)}
        yield from word97.read_word(_stream(file, "WordDocument"), tables, source.where, spent)


def read_presentation(source: Source, spent: Spent) -> Iterator[Item]:
    """A presentation of PowerPoint 97 to 2003."""
    with _opened(source) as file:
        yield from _around(file)
        if (yield from _shut(source, spent)):
            return
        yield from ppt97.read_presentation(_stream(file, "PowerPoint Document"))


def read_workbook(source: Source, spent: Spent) -> Iterator[Item]:
    """A workbook of Excel 5 to 2003."""
    with _opened(source) as file:
        yield from _around(file)
        if (yield from _shut(source, spent)):
            return
        for name in ("Workbook", "Book"):
            if file.exists(name):
                yield from biff.read_book(_stream(file, name), spent)
        for path in file.listdir(streams=True, storages=False):
            if path[0].lower() == "_sx_db_cur" and len(path) > 1:
                yield from biff.read_cache(_stream(file, "/".join(path)))


def _opened(source: Source) -> Any:
    return olefile.OleFileIO(io.BytesIO(source.data))


def _stream(file: Any, name: str) -> bytes:
    return bytes(file.openstream(name).read())


def _shut(source: Source, spent: Spent) -> Generator[Item, None, bool]:
    """Whether the document is encrypted; one that everybody can open is a member.

    Raises:
        Unreadable: nobody can without its password.
    """
    if not protected.is_encrypted(source.data):
        return False
    opened = protected.decrypted(source.data, spent)
    if opened is None:
        raise Unreadable(Readable.ENCRYPTED)
    yield Member(source.names[0] if source.names else "", opened, also=source.names[1:])
    return True


def _around(file: Any) -> Iterator[Item]:
    """What every old document has besides its words: properties with labels, macros; rights that keep it shut."""
    for name in (properties.SUMMARY, properties.DOCUMENT_SUMMARY):
        if file.exists(name):
            yield from labels.from_property_set(_stream(file, name), name.lstrip("\x05"))
    names = {step.lower() for entry in file.listdir(streams=True, storages=True) for step in entry}
    if not names.isdisjoint(_MACROS):
        yield Oddity("macros")
    if "\x09drmcontent" in names:
        raise Unreadable(Readable.RIGHTS_PROTECTED)


_MACROS = ("_vba_project", "vba", "macros", "_vba_project_cur")
