"""Excel workbooks in XML (ECMA-376-1 section 18) to segments: every sheet with its cells, and what stands around the cells.

A sheet is named as its tab is, with the word that says that it is hidden; cells are read as they are shown where the file's own spelling
would hide something (number_formats.py). Notes, threads, validation lists, defined names, caches of other workbooks and of pivot tables,
page headers and footers are read too.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any

from gateway.content import sheet_rows, sheets, xml
from gateway.content.number_formats import Show, find_show, find_text_show, words_of
from gateway.content.package import Package
from gateway.content.pages import link_of
from gateway.content.reading import Spent
from gateway.content.sheet_rows import Book, Rows
from gateway.content.sheets import NotPlain, Rest
from gateway.content.xml import local
from gateway.content.zips import Entry
from gateway.detectors import Segment
from gateway.detectors.grid import Grid
from gateway.detectors.unseen import name_of
from gateway.model.finding import Place

_STRINGS = re.compile(r"<si><t(?: xml:space=\"preserve\")?>([^<]*+)</t></si>")
_KINDS = ("application/vnd.openxmlformats-officedocument.spreadsheetml.", "application/vnd.ms-excel.")
_MAIN = ("http://schemas.openxmlformats.org/spreadsheetml/2006/main", "http://purl.oclc.org/ooxml/spreadsheetml/main")
_STATES = {"hidden": "hidden", "veryhidden": "very hidden"}


class Workbook:
    """What a sheet needs to know of its workbook."""

    __slots__ = ("_book", "_package", "_spent", "_visible", "names")

    def __init__(self, package: Package, spent: Spent) -> None:
        self._package = package
        self._spent = spent
        self._book: Book | None = None
        self.names: dict[str, str] = {}  # what a person calls a sheet, or the notes on it, by the name of the part
        self._visible: set[str] = set()  # parts of the sheets that have a tab
        for link in package.relationships:
            for entry in package.find(link.target) if link.type == "officedocument" else ():
                if package.type_of(entry).startswith(_KINDS) and package.type_of(entry).endswith("+xml"):
                    self._name_sheets(entry)

    @property
    def book(self) -> Book:
        """Strings and styles, read when the first sheet asks."""
        if self._book is None:
            strings, styles = list(self._strings()), list(self._shows())
            self._book = Book(strings, [number for number, _ in styles], [text for _, text in styles])
        return self._book

    def formats(self, entry: Entry) -> Iterator[Segment]:
        """What number formats say by themselves, wherever cells or conditions have them."""
        words = dict.fromkeys(word for code in self._codes(entry).values() for word in words_of(code))
        if words:
            yield Place.TEXT, "number formats", "\n".join(words)

    def sheet(self, entry: Entry, called: str) -> Iterator[Segment]:
        """One sheet: its rows, and then what is around them."""
        part = entry.name.lstrip("/").lower()
        where, is_shown = self.names.get(part, f"sheet {called}"), part in self._visible
        place, rest = Place.FIRST_LINE, Rest()
        try:
            for rows in sheets.read_plain(self._package.pieces(entry), self.book, rest, self._spent):
                yield from _cells(rows, place, where)
                place = Place.TEXT
        except NotPlain:
            rest = Rest()
            for rows in sheet_rows.read_parsed(self._package.elements(entry, "{*}row"), self.book, self._spent):
                yield from _cells(rows, place, where)
                place = Place.TEXT
            yield from self.around(entry, where)
        else:
            yield from self._around(xml.outermost(xml.Pieces(rest.pieces), "{*}row"), where, is_shown=is_shown)

    def around(self, entry: Entry, where: str) -> Iterator[Segment]:
        """What of a sheet is no row; all of one without cells, a chart or a dialog."""
        is_shown = entry.name.lstrip("/").lower() in self._visible
        yield from self._around(self._package.blocks(entry, "{*}row"), where, is_shown=is_shown)

    def _around(self, blocks: Iterable[Any], where: str, *, is_shown: bool) -> Iterator[Segment]:
        """Page headers and footers; lists to choose from, texts that appear, what conditions and links say."""
        lines: list[str] = []
        for block in blocks:
            for element in block.iter("{*}row"):  # outside of the rows: no program looks there, but somebody may
                lines.extend(line for _, line in sheet_rows.parsed_rows((element,), self.book) if line)
            for element in block.iter(*_AROUND):
                name = local(element)
                if name.endswith(("Header", "Footer")):
                    place = Place.PAGE_HEADER if name.endswith("Header") else Place.PAGE_FOOTER
                    called = name_of(f"{where}, {place.value.replace('_', ' ')}", is_shown=is_shown and _is_printed(element, name))
                    yield place, called, page_edge(element.text or "")
                elif name == "numFmt":
                    lines.extend(words_of(element.get("formatCode", "")))
                else:
                    said = (element.text, *(element.get(attribute) for attribute in _SAID))
                    # What cells are compared with, to colour them, says nothing of the workbook.
                    before = "if " if name == "cfRule" or next(element.iterancestors("{*}cfRule"), None) is not None else ""
                    lines.extend(before + sheet_rows.text_of(text) for text in said if text and not text.isspace())
        if lines:
            yield Place.TEXT, f"{where}, besides its cells", "\n".join(lines)

    def _name_sheets(self, entry: Entry) -> None:
        links = {link.id: link.target for link in self._package.relationships_of(entry.name)}
        hidden: set[str] = set()
        for element in self._package.elements(entry, "{*}sheet"):
            name, state = element.get("name", ""), _STATES.get(element.get("state", "").strip().lower())
            id_ = next((value for key, value in element.attrib.items() if key.endswith("}id")), "")
            if id_ in links:
                called = f"sheet {name}" + (f" ({state})" if state else "")
                self.names[links[id_].lower()] = called
                if state:
                    hidden.add(links[id_].lower())
                elif _is_tab(element) and id_ == link_of(element):
                    self._visible.add(links[id_].lower())
                for link in self._package.relationships_of(links[id_]):
                    if link.type in ("comments", "threadedcomment"):
                        self.names[link.target.lower()] = f"{called}, notes"
        self._visible -= hidden  # whatever else says that they have a tab

    def _shows(self) -> Iterator[tuple[Show | None, Show | None]]:
        """How numbers and texts of each style are shown (sections 18.8.10 and 18.8.31)."""
        package = self._package
        is_1904 = any(
            element.get("date1904", "").lower() in ("1", "true")
            for entry in package.parts
            if package.type_of(entry).endswith(".main+xml")
            for element in package.elements(entry, "{*}workbookPr")
        )
        known: dict[tuple[str, str], tuple[Show | None, Show | None]] = {}
        for entry in package.parts:
            if package.type_of(entry).endswith("spreadsheetml.styles+xml"):
                codes = self._codes(entry)
                for formats in package.elements(entry, "{*}cellXfs"):
                    for style in formats:
                        id_ = style.get("numFmtId", "0")
                        code = codes.get(id_, "")
                        if (id_, code) not in known:
                            self._spent.cells(1)
                            number = find_show(code, int(id_) if id_.isdecimal() else 0, is_1904=is_1904)
                            known[id_, code] = number, find_text_show(code)
                        yield known[id_, code]

    def _codes(self, entry: Entry) -> dict[str, str]:
        """The formats of a workbook by their numbers; those of conditions may have the number of another, and say only words."""
        codes: dict[str, str] = {}
        for number, element in enumerate(self._package.elements(entry, "{*}numFmt")):
            self._spent.cells(1)
            code = element.get("formatCode", "")
            id_ = element.get("numFmtId", "")
            codes[f"{id_}, {number}" if id_ in codes else id_] = code
        return codes

    def _strings(self) -> Iterator[str]:
        """The shared strings (section 18.4)."""
        package = self._package
        for entry in package.parts:
            if package.type_of(entry).endswith("sharedstrings+xml"):
                found = _plain_strings(package.pieces(entry))
                self._spent.cells(len(found or ()))
                yield from found if found is not None else self._parsed_strings(entry)

    def _parsed_strings(self, entry: Entry) -> Iterator[str]:
        for item in self._package.elements(entry, "{*}si"):
            self._spent.cells(1)
            # How a word is pronounced stands beside it (section 18.4.6), not in it.
            spoken = [text for phonetic in item.iterchildren("{*}rPh") for text in phonetic.iter("{*}t")]
            words = "".join(text.text or "" for text in item.iter("{*}t") if text not in spoken)
            yield sheet_rows.text_of(" ".join((words, *(text.text or "" for text in spoken))))
            item.clear(keep_tail=True)


_EDGES = ("oddHeader", "evenHeader", "firstHeader", "oddFooter", "evenFooter", "firstFooter")
_LISTS = ("dataValidation", "formula1", "formula2", "formula", "f", "hyperlink", "cfRule", "protectedRange", "scenario", "inputCells")
_OTHERS = ("controlPr", "webPublishItem", "filter", "customFilter", "numFmt")
_AROUND = tuple(f"{{*}}{name}" for name in (*_EDGES, *_LISTS, *_OTHERS))
_SAID = (
    "prompt",
    "promptTitle",
    "error",
    "errorTitle",
    "display",
    "tooltip",
    "location",
    "text",
    "name",
    "comment",
    "val",
    "altText",
    "title",
)


_ON = ("1", "true")
_ASKED = {"even": "differentOddEven", "first": "differentFirst"}  # attributes without which Excel looks at odd pages alone


def _is_printed(edge: Any, name: str) -> bool:
    """Whether Excel takes a header or footer for one (section 18.3.1.46): below the sheet itself, and if it is asked to."""
    holder, asked = edge.getparent(), _ASKED.get(name.removesuffix("Header").removesuffix("Footer"))
    if holder is None or local(holder) != "headerFooter" or holder.getparent() is not edge.getroottree().getroot():
        return False
    space = edge.tag.rpartition("}")[0]
    return space[1:] in _MAIN and holder.tag.startswith(f"{space}}}") and (asked is None or holder.get(asked, "") in _ON)


def _is_tab(sheet: Any) -> bool:
    """Whether an element is one of the sheets of a workbook (section 18.2.19), and not only called so."""
    holder, space = sheet.getparent(), sheet.tag.rpartition("}")[0]
    is_listed = holder is not None and holder.tag == f"{space}}}sheets" and holder.getparent() is sheet.getroottree().getroot()
    return is_listed and space[1:] in _MAIN


def _cells(rows: Rows, place: Place, where: str) -> Iterator[Segment]:
    name = Grid(where)
    name.cell = rows.cell
    yield place, name, "\n".join(rows.lines)
    if rows.formulas:
        yield Place.TEXT, f"{where}, formulas", "\n".join((*rows.formulas, *sheet_rows.constants_of(rows.formulas)))


def _plain_strings(pieces: Iterable[bytes]) -> list[str] | None:
    """Strings without formats, quickly; None when one of them is more than that."""
    whole = b"".join(pieces)
    begin = whole.find(b"<si>", 0, 4096)
    if begin < 0 or b"<!" in whole[:begin] or not (b'"UTF-8"' in whole[:begin] or b"encoding" not in whole[:begin]):
        return None
    try:
        text = whole[begin:].decode()
    except UnicodeDecodeError:
        return None
    found = _STRINGS.findall(text)
    if text.count("<") != 4 * len(found) + 1:  # the end of all
        return None
    if "&" in text:
        found = [xml.unescape(value) for value in found]
    return [sheet_rows.text_of(value) for value in found] if "_x" in text or "&#" in text or sheet_rows.breaks(text) else found


def page_edge(codes: str) -> str:
    """A header or footer of a sheet (section 18.3.1.46): left, centre and right a line each, without codes.

    Labels of Microsoft write theirs as `&C&"Calibri"&10&K000000OFFICIAL&1#_x000D_`.
    """
    codes = re.sub("\r\n?", "\n", sheet_rows.unescaped(codes))
    shown = re.sub(r'&(?:"[^"]*"|K[0-9A-Fa-f]{6}|K\d\d[+-]\d{3}|\d{1,3})', "", codes.replace("&&", "\0"))
    shown = re.sub(r"&[LCR]", "\n", shown)
    shown = re.sub(r"&[PN]", "1", shown)  # page number, number of pages
    return re.sub(r"&.", "", shown).replace("\0", "&")
