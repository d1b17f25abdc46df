"""Packages of parts in a ZIP: OPC (ECMA-376-2) and ODF. Bounded; no part is believed to be as long as it says.

XML is read without entities, network or DTD; a document type declaration, which no office program writes, makes the file damaged.
"""

from __future__ import annotations

import io
import posixpath
import struct
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

from lxml import etree

from gateway.content.reading import Bounded, Spent, Unreadable
from gateway.model.finding import Readable

_END = b"PK\x05\x06"
_DIRECTORY_LIMIT = 4 * 1_048_576  # octets: 2000 entries of 2 KB


@dataclass(frozen=True, slots=True)
class Relationship:
    """ECMA-376-2 section 9.3: what a part refers to."""

    type: str  # the last step of its URI: "officeDocument", "header", "classificationlabels"
    target: str  # name of a part; "" when external


class Package:
    """An open package. Names of parts compare without case (ECMA-376-2 section 9.1.1)."""

    __slots__ = ("_defaults", "_overrides", "_spent", "archive", "parts")

    def __init__(self, data: bytes, spent: Spent) -> None:
        self._spent = spent
        self.archive = open_zip(data)
        self.parts = tuple(info for info in self.archive.infolist() if not info.is_dir())
        spent.parts(len(self.parts))
        if any(info.flag_bits & 1 for info in self.parts):
            raise Unreadable(Readable.ENCRYPTED)
        self._defaults: dict[str, str] = {}
        self._overrides: dict[str, str] = {}

    def load_types(self) -> None:
        """Read [Content_Types].xml."""
        for info in self.find("[Content_Types].xml"):
            for element in self.elements(info, "{*}Default", "{*}Override"):
                kind = element.get("ContentType", "").lower()
                if local(element) == "Default":
                    self._defaults[element.get("Extension", "").lower()] = kind
                else:
                    self._overrides[element.get("PartName", "").lstrip("/").lower()] = kind

    def type_of(self, info: zipfile.ZipInfo) -> str:
        """The content type of a part, lower-case; empty when undeclared."""
        name = info.filename.lstrip("/").lower()
        return self._overrides.get(name) or self._defaults.get(name.rpartition(".")[2], "")

    def find(self, name: str) -> Iterator[zipfile.ZipInfo]:
        """The entries of this name: a broken or hostile package may have several, and readers differ in which they take."""
        wanted = name.lstrip("/").lower()
        return (info for info in self.parts if info.filename.lstrip("/").lower() == wanted)

    def relationships(self, of: str = "") -> Iterator[Relationship]:
        """What the package, or one of its parts, refers to."""
        folder, _, name = of.rpartition("/")
        for info in self.find(f"{folder}/_rels/{name}.rels"):
            for element in self.elements(info, "{*}Relationship"):
                target = unquote(element.get("Target", ""))
                inside = element.get("TargetMode") != "External"
                path = posixpath.normpath(posixpath.join("/", folder, target)).lstrip("/") if inside else ""
                yield Relationship(element.get("Type", "").rpartition("/")[2].lower(), path)

    def open(self, info: zipfile.ZipInfo) -> Bounded:
        """A part as a bounded stream."""
        return Bounded(open_entry(self.archive, info), info.compress_size, self._spent)

    def elements(self, info: zipfile.ZipInfo, *tags: str) -> Iterator[Any]:
        """The elements of a part that have these tags, each when it ends. The caller may clear them."""
        return elements(self.open(info), *tags)


def open_zip(data: bytes) -> zipfile.ZipFile:
    """Open an archive, unless its directory alone is too large to look at."""
    end = data.rfind(_END, max(0, len(data) - 65557))
    if end >= 0 and len(data) >= end + 22:
        entries, octets = struct.unpack_from("<HI", data, end + 10)
        if entries == 0xFFFF or _DIRECTORY_LIMIT < octets <= len(data):
            raise Unreadable(Readable.OVER_BUDGET)
    return zipfile.ZipFile(io.BytesIO(data))


def open_entry(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> Any:
    """The decompressing stream of one entry.

    Raises:
        Unreadable: it is encrypted, or compressed as we do not know.
    """
    if info.flag_bits & 1 or info.compress_type == 99:  # APPNOTE 4.4.5: AE-x
        raise Unreadable(Readable.ENCRYPTED)
    try:
        return archive.open(info)
    except NotImplementedError:
        raise Unreadable(Readable.UNSUPPORTED) from None


def elements(stream: Any, *tags: str) -> Iterator[Any]:
    """Parse XML as it comes; yield the elements with these tags ("{*}p": of any namespace) when they end.

    Raises:
        Unreadable: damaged, or with a document type declaration.
    """
    try:
        events = etree.iterparse(
            stream,
            events=("end",),
            tag=tags,
            resolve_entities=False,
            no_network=True,
            load_dtd=False,
            huge_tree=False,
            remove_pis=True,
            remove_comments=True,
        )
        checked = False
        for _, element in events:
            checked = checked or _without_doctype(element)
            yield element
        if not checked and events.root is not None:
            _without_doctype(events.root)
    except etree.XMLSyntaxError:
        raise Unreadable(Readable.DAMAGED) from None


def _without_doctype(element: Any) -> bool:
    if element.getroottree().docinfo.doctype:
        raise Unreadable(Readable.DAMAGED)
    return True


def local(element: Any) -> str:
    """The local name of an element; empty for a comment or an entity."""
    tag = element.tag
    return tag.rpartition("}")[2] if isinstance(tag, str) else ""
