"""Office documents in one XML to segments and members: Word and Excel 2003, and whole packages ([MS-OFFICE-FLAT], "Flat OPC")."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator
from typing import Any

from gateway.content import pictures, xml
from gateway.content.reading import Item, Member, Source, Spent, Unread, Unreadable
from gateway.content.spreadsheet_2003 import IN_WORKBOOK, Workbook
from gateway.content.wordprocessing import Reader, Words
from gateway.content.xml import local
from gateway.model.finding import Place, Readable

_BINARY = ("binData", "binaryData", "docOleData")
_IN_WORDS = tuple(f"{{*}}{name}" for name in _BINARY)
_TAGS = tuple(f"{{*}}{name}" for name in ("p", *IN_WORKBOOK, "DocumentProperties", "CustomDocumentProperties", "coreProperties", *_BINARY))
_PICTURES = (".png", ".jpg", ".jpeg", ".gif", ".bmp", ".tif", ".tiff", ".emf", ".wmf", ".emz", ".wmz")
_EDGES = {"hdr": Place.PAGE_HEADER, "ftr": Place.PAGE_FOOTER}


def read_flat_office(source: Source, spent: Spent) -> Iterator[Item]:
    """Paragraphs and rows as they come; page headers and footers, properties and embedded files apart."""
    words, lines, workbook = Reader(), Words(), Workbook()
    edges: dict[Place, Words] = {place: Words() for place in _EDGES.values()}
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
                edges.get(at, lines).shown.append(line)
        else:
            edge = _edge(block)
            words.read(block, edges[edge] if edge else lines)
            for file in block.iter(*_IN_WORDS):
                if file.text:
                    yield from _embedded(file, spent)
        if lines.is_full:
            yield from _segments(lines, place, source.where)
            place, lines = Place.TEXT, Words()
    lines.unseen.extend(workbook.unseen)
    yield from _segments(lines, place, source.where)
    for where, found in edges.items():
        yield from _segments(found, where, where.value.replace("_", " "))


def _segments(lines: Words, place: Place, where: str) -> Iterator[Item]:
    yield place, where, "\n".join(lines.shown)
    yield Place.TEXT, f"{where}, not shown", "\n".join(lines.unseen)


def _edge(block: Any) -> Place | None:
    return next((_EDGES[name] for outer in block.iterancestors() if (name := local(outer)) in _EDGES), None)


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
