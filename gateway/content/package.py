"""Packages of parts in a ZIP: OPC (ECMA-376-2) and ODF. Bounded; no part is believed to be as long as it says."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from itertools import chain
from typing import Any, NamedTuple
from urllib.parse import unquote

from gateway.content import xml
from gateway.content.reading import Source, Spent, Unreadable
from gateway.content.zips import Archive, Entry
from gateway.model.finding import Readable


class Relationship(NamedTuple):
    """ECMA-376-2 section 9.3: what a part refers to."""

    type: str  # the last step of its URI, lower-case: "officedocument", "header", "classificationlabels"
    target: str  # name of a part; of what is external its URI as it stands
    is_external: bool
    id: str  # by which the part refers to it


class Package:
    """An open package. Names of parts compare without case (ECMA-376-2 section 9.1.1)."""

    __slots__ = ("_is_well_formed", "_named", "_relationships", "_types", "archive", "parts", "spent")

    def __init__(self, data: bytes, spent: Spent) -> None:
        self.spent = spent
        self.archive = Archive(data)
        self.parts = tuple(entry for entry in self.archive.entries if entry.size or not entry.is_folder)
        spent.parts(len(self.parts))
        if any(entry.is_encrypted for entry in self.parts):
            raise Unreadable(Readable.ENCRYPTED)
        self._is_well_formed = True
        self._named: dict[str, list[Entry]] = {}
        for entry in self.parts:
            for name in entry.names:
                self._named.setdefault(name.lstrip("/").lower(), []).append(entry)
        self._types: dict[int, str] | None = None  # by where the part begins
        self._relationships: dict[int, tuple[Relationship, ...]] = {}

    def type_of(self, entry: Entry) -> str:
        """The content type of a part, lower-case; empty when undeclared."""
        if self._types is None:
            self._types = self._load_types()
        return self._types.get(entry.at, "")

    def _load_types(self) -> dict[int, str]:
        """The types of all parts from [Content_Types].xml, which names single parts and endings."""
        parts: dict[str, str] = {}
        endings: dict[str, str] = {}
        for entry in self.find("[Content_Types].xml"):
            for part, ending, kind in _plain(self.read(entry), _TYPE) or self._types_in(entry):
                if part:
                    parts[part.lstrip("/").lower()] = kind.lower()
                else:
                    endings[ending.lower()] = kind.lower()
        types: dict[int, str] = {}
        for name, entries in self._named.items():
            kind = parts.get(name) or endings.get(name.rpartition(".")[2], "")
            types |= {entry.at: kind for entry in entries if kind or entry.at not in types}
        return types

    def _types_in(self, entry: Entry) -> Iterator[tuple[str, str, str]]:
        for element in self.elements(entry, "{*}Default", "{*}Override"):
            yield element.get("PartName", ""), element.get("Extension", ""), element.get("ContentType", "")

    def find(self, name: str) -> list[Entry]:
        """The entries of this name: a broken or hostile package may have several, and readers differ in which they take."""
        return self._named.get(name.lstrip("/").lower(), [])

    @property
    def has_duplicates(self) -> bool:
        """Whether two parts have one name."""
        return any(len(entries) > 1 for entries in self._named.values())

    @property
    def relationships(self) -> tuple[Relationship, ...]:
        """What the package itself refers to."""
        return tuple(link for entry in self.find("_rels/.rels") for link in self.relationships_in(entry))

    def relationships_of(self, part: str) -> Iterator[Relationship]:
        """What one of its parts refers to."""
        folder, _, name = part.rpartition("/")
        for entry in self.find(f"{folder}/_rels/{name}.rels"):
            yield from self.relationships_in(entry)

    def relationships_in(self, entry: Entry) -> tuple[Relationship, ...]:
        """What a part of relationships says; kept."""
        known = self._relationships.get(entry.at)
        if known is None:
            folder = entry.name.rpartition("/")[0].lstrip("/").removesuffix("_rels").rstrip("/")
            links = _plain(self.read(entry), _LINK) or self._links_in(entry)
            known = self._relationships[entry.at] = tuple(_relationship(folder, *link) for link in links)
        return known

    def _links_in(self, entry: Entry) -> Iterator[tuple[str, str, str, str]]:
        for element in self.elements(entry, "{*}Relationship"):
            yield element.get("Id", ""), element.get("Type", ""), element.get("Target", ""), element.get("TargetMode", "")

    @property
    def is_damaged(self) -> bool:
        """Whether anything read so far was broken; of what was, everything was given that could be."""
        return not (self._is_well_formed and self.archive.is_intact)

    def read(self, entry: Entry) -> bytes:
        """A part whole."""
        return self.archive.read(entry, self.spent)

    def pieces(self, entry: Entry) -> Iterator[bytes]:
        """A part piece by piece."""
        head, rest = self.archive.open(entry, self.spent)
        return chain((head,), rest or ())

    def elements(self, entry: Entry, *tags: str) -> Iterator[Any]:
        """The elements of a part that have these tags ("{*}p": of any namespace); of a large part each when it ends."""
        root, rest = self._open(entry)
        if root is not None:
            yield from root.iter(*tags)
        elif rest is not None:
            yield from xml.elements(rest, *tags)

    def blocks(self, entry: Entry, *tags: str) -> Iterator[Any]:
        """All of a part in bounded pieces: a small one is its root, a large one the outermost elements with these tags, then its root."""
        root, rest = self._open(entry)
        if root is not None:
            yield root
        elif rest is not None:
            yield from xml.outermost(rest, *tags)

    def _open(self, entry: Entry) -> tuple[Any, xml.Stream | None]:
        """The root of a small part, or a large part as a stream; neither where there is nothing."""
        head, pieces = self.archive.open(entry, self.spent)
        for piece in pieces or ():
            head += piece
            if len(head) > xml.SMALL:
                return None, xml.Pieces(chain((head,), pieces or ()))
        root, is_well_formed = xml.parse(head)
        self._is_well_formed = self._is_well_formed and is_well_formed
        return root, None


def _relationship(folder: str, id_: str, kind: str, target: str, mode: str) -> Relationship:
    is_external = mode == "External"
    return Relationship(kind.rpartition("/")[2].lower(), target if is_external else _part_name(folder, target), is_external, id_)


def _plain(octets: bytes, expression: re.Pattern[str]) -> list[Any] | None:
    """The elements of a list as every program writes it, which are parsed at many times the cost; None where a `<` is not accounted for."""
    if not octets.isascii() or b"&" in octets or not octets.startswith(_BEGIN):
        return None
    text = octets.decode("ascii")
    found = expression.findall(text)
    return found if text.count("<") == len(found) + 3 else None


_BEGIN = (b'<?xml version="1.0" encoding="UTF-8"', b"<?xml version='1.0' encoding='UTF-8'", b'<?xml version="1.0" encoding="utf-8"')
_TYPE = re.compile(r'<(?:Override PartName="([^"<]*+)"|Default Extension="([^"<]*+)") ContentType="([^"<]*+)" ?/>')
_LINK = re.compile(r'<Relationship Id="([^"<]*+)" Type="([^"<]*+)" Target="([^"<]*+)"(?: TargetMode="([^"<]*+)")? ?/>')


def _part_name(folder: str, target: str) -> str:
    """ECMA-376-2 section 9.3.4, RFC 3986 section 5.2: a reference from a part in this folder to the name of a part."""
    if not folder and target.replace("/", "").replace(".", "").isalnum() and "./" not in target:
        return target.lstrip("/")
    return posixpath.normpath(posixpath.join("/", folder, unquote(target))).lstrip("/")


def package_in(source: Source, spent: Spent) -> Package:
    """The package that this file is: opened once, by whoever asks first."""
    known = source.opened.get(Package)
    if not isinstance(known, Package):
        known = source.opened[Package] = Package(source.data, spent)
    return known
