"""Office documents in one XML to segments and members: Word and Excel 2003, and whole packages ([MS-OFFICE-FLAT], "Flat OPC")."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable, Iterator
from typing import Any

from gateway.content import pictures, xml
from gateway.content.reading import Item, Member, Source, Spent, Unread, Unreadable
from gateway.content.spreadsheet_2003 import IN_WORKBOOK, Workbook
from gateway.content.wordprocessing import Reader, Words, is_on
from gateway.content.xml import local
from gateway.detectors.unseen import name_of
from gateway.model.finding import Place, Readable

_BINARY = ("binData", "binaryData", "docOleData")
_IN_WORDS = tuple(f"{{*}}{name}" for name in _BINARY)
_TAGS = tuple(
    f"{{*}}{name}"
    for name in (
        "p",
        *IN_WORKBOOK,
        "titlePg",
        "evenAndOddHeaders",
        "DocumentProperties",
        "CustomDocumentProperties",
        "coreProperties",
        *_BINARY,
    )
)
_PICTURES = (".png", ".jpg", ".jpeg", ".gif", ".bmp", ".tif", ".tiff", ".emf", ".wmf", ".emz", ".wmz")
_EDGES = {"hdr": Place.PAGE_HEADER, "ftr": Place.PAGE_FOOTER}
_WORD_2003 = "{http://schemas.microsoft.com/office/word/2003/wordml}"
_ASKED = {"first": f"{_WORD_2003}titlePg", "even": f"{_WORD_2003}evenAndOddHeaders"}  # without which Word has no such pages
_NOWHERE = "nowhere"  # the pages of an edge that no section holds


def read_flat_office(source: Source, spent: Spent) -> Iterator[Item]:
    """Paragraphs and rows as they come; page headers and footers, properties and embedded files apart.

    Those of a package in one file are not known to be on a page: nothing looks for what refers to them.
    """
    words, lines, workbook = Reader(), Words(), Workbook()
    edges = _Edges()
    place = Place.FIRST_LINE
    stream = xml.Pieces(source.data[at : at + 65536] for at in range(0, len(source.data), 65536))
    for block in xml.outermost(stream, *_TAGS):
        name = local(block)
        if name in _BINARY:
            yield from _embedded(block, spent)
        elif name.endswith("Properties"):
            yield Place.PROPERTIES, name, "\n".join(text for text in block.itertext() if text.strip())
        elif name in IN_WORKBOOK or name == "Workbook":
            for at, line in workbook.read(block):
                edges.words_at((at, ""), lines).shown.append(line)
        elif block.tag in _ASKED.values():
            edges.ask(block)
        else:
            words.read(block, edges.words_at(_edge(block), lines))
            for file in block.iter(*_IN_WORDS):
                if file.text:
                    yield from _embedded(file, spent)
        if lines.is_full:
            yield from _segments(lines, place, source.where)
            place, lines = Place.TEXT, Words()
    lines.unseen.extend(workbook.unseen)
    yield from _segments(lines, place, source.where)
    yield from edges.segments(workbook.hidden_edges)


class _Edges:
    """Page headers and footers, by the element that has to ask for them."""

    __slots__ = ("_asked", "_found")

    def __init__(self) -> None:
        self._asked = {""}
        self._found: dict[tuple[Place, str], Words] = {}

    def words_at(self, edge: tuple[Place, str] | None, text: Words) -> Words:
        """Where to gather what stands there; in the `text` what is no edge."""
        return text if edge is None or edge[0] not in _EDGES.values() else self._found.setdefault(edge, Words())

    def ask(self, mark: Any) -> None:
        """An element that asks for edges of some pages."""
        self._asked.update((mark.tag,) if is_on(mark) else ())

    def segments(self, hidden: Iterable[tuple[Place, str]]) -> Iterator[Item]:
        """When all has been read; `hidden` are the lines of those of hidden sheets."""
        for place, line in hidden:
            self._found.setdefault((place, _NOWHERE), Words()).shown.append(line)
        for (place, needed), found in self._found.items():
            yield from _segments(found, place, name_of(place.value.replace("_", " "), is_shown=needed in self._asked))


def _segments(lines: Words, place: Place, where: str) -> Iterator[Item]:
    yield place, where, "\n".join(lines.shown)
    yield Place.TEXT, f"{where}, not shown", "\n".join(lines.unseen)


def _edge(block: Any) -> tuple[Place, str] | None:
    """Which edge of a page this stands in, and the element without which Word has no such pages."""
    edge = next((outer for outer in block.iterancestors() if local(outer) in _EDGES), None)
    if edge is None:
        return None
    holder = edge.getparent()
    is_held = edge.tag.startswith(_WORD_2003) and holder is not None and holder.tag == f"{_WORD_2003}sectPr"
    return _EDGES[local(edge)], _ASKED.get(edge.get(f"{_WORD_2003}type", ""), "") if is_held else _NOWHERE


def _embedded(block: Any, spent: Spent) -> Iterator[Item]:
    """A file, or a picture that is a piece of the document: what only has the name or the type of one is a file."""
    name = next((value for key, value in block.attrib.items() if key.endswith("name")), "")
    holder = block.getparent()
    kind = next((value for key, value in holder.attrib.items() if key.endswith("contentType")), "") if holder is not None else ""
    name, is_picture = name.rpartition("/")[2], kind.startswith("image/") or name.lower().endswith(_PICTURES)
    try:
        octets = base64.b64decode("".join(block.itertext()))
    except binascii.Error:
        if is_picture:
            yield Unread(Readable.PICTURES_UNREAD)
            return
        raise Unreadable(Readable.DAMAGED) from None
    spent.unpacked(len(octets), len(octets), len(octets))
    if is_picture:
        yield from pictures.read_shown(octets, name, f"picture {name}", spent)
    else:
        yield Member(name, octets)
