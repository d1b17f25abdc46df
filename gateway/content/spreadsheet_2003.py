"""Workbooks of Excel 2003 in one XML ("XML Spreadsheet 2003") to lines: cells as they are shown, and what stands around them.

In: the styles, rows and at last the root of a workbook, in this order. Out: a line for each row; apart from the rows names, hints, links
and notes, what number formats say, page headers and footers.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from gateway.content.number_formats import Show, find_show, find_text_show, plain_number, words_of
from gateway.content.sheet_rows import gaps_of, text_of
from gateway.content.spreadsheet import page_edge
from gateway.content.xml import local
from gateway.model.finding import Place

IN_WORKBOOK = ("Styles", "Row")  # its elements that are read when they end
_NAMED = ("General", "Long", "Medium", "Short", "Currency", "Euro", "Fixed", "Standard", "Percent", "Scientific", "Yes", "True", "On")
_SAYING = ("Name", "RefersTo", "HRef", "HRefScreenTip", "Formula", "CodeName", "Title", "Value")  # attributes with words
_EXCEL, _SHEET = "{urn:schemas-microsoft-com:office:excel}", "{urn:schemas-microsoft-com:office:spreadsheet}"
_EDGES = {f"{_EXCEL}Header": Place.PAGE_HEADER, f"{_EXCEL}Footer": Place.PAGE_FOOTER}
_AROUND_EDGES = (f"{_EXCEL}PageSetup", f"{_EXCEL}WorksheetOptions", f"{_SHEET}Worksheet", f"{_SHEET}Workbook")  # from within
_COMPARED = ("Value", "Value1", "Value2", "Min", "Max", "Format")  # of conditions and lists to choose from


class Workbook:
    """What its rows need to know, and what is left to say at its end."""

    __slots__ = ("_shows", "hidden_edges", "unseen")

    def __init__(self) -> None:
        self._shows: dict[str, tuple[Show | None, Show | None]] = {}  # numbers and texts, by style
        self.unseen: list[str] = []
        self.hidden_edges: list[tuple[Place, str]] = []  # page headers and footers of hidden sheets

    def read(self, block: Any) -> Iterator[tuple[Place, str]]:
        """The lines of an element, and where they stand; other words go to `unseen`."""
        name = local(block)
        if name == "Styles":
            self._learn(block)
        elif name == "Row":
            yield Place.TEXT, self._line(block)
        else:
            yield from self._around(block)

    def _learn(self, styles: Any) -> None:
        """The number formats of all styles."""
        for style in styles.iter("{*}Style"):
            for format_ in style.iter("{*}NumberFormat"):
                code = _attribute(format_, "Format")
                if code and not code.startswith(_NAMED):
                    self._shows[_attribute(style, "ID")] = find_show(code), find_text_show(code)
                    self.unseen.extend(words_of(code))

    def _line(self, row: Any) -> str:
        """A row, with a tab between cells."""
        places: list[int] = []
        texts: list[str] = []
        for cell in row.iterchildren("{*}Cell"):
            index = _attribute(cell, "Index")
            places.append(int(index) - 1 if index.isdecimal() and len(index) < 8 else (places[-1] + 1 if places else 0))
            texts.append(self._shown(cell))
            self.unseen.extend(_said(cell))
        filled = (("",) * gap + (text,) for gap, text in zip(gaps_of(places), texts, strict=True))
        return "\t".join(text for some in filled for text in some)

    def _shown(self, cell: Any) -> str:
        data = next(cell.iterchildren("{*}Data"), None)
        if data is None:
            return ""
        text = text_of("".join(data.itertext())).strip()
        number, words = self._shows.get(_attribute(cell, "StyleID"), (None, None))
        if _attribute(data, "Type") != "Number":
            return words(text) if words else text
        return number(text) if number else plain_number(text)

    def _around(self, root: Any) -> Iterator[tuple[Place, str]]:
        """Page headers and footers, and all other words."""
        for element in root.iter("{*}*"):
            if (place := _edge(element)) is not None:
                edge = place, page_edge(element.get(f"{_EXCEL}Data", ""))
                if _is_hidden(element):
                    self.hidden_edges.append(edge)
                else:
                    yield edge
                continue
            self.unseen.extend(_said(element, deep=False))
            if local(element) in ("Header", "Footer"):
                self.unseen.append(page_edge(_attribute(element, "Data")))


def _edge(element: Any) -> Place | None:
    """Which edge of a page an element is: only where Excel looks for one, for an edge may say that a file is less than its name says."""
    place = _EDGES.get(element.tag)
    return place if place and tuple(one.tag for one in element.iterancestors()) == _AROUND_EDGES else None


def _is_hidden(edge: Any) -> bool:
    """Whether the sheet of an edge is: its options say so behind what they say of pages."""
    options = next(edge.iterancestors(f"{_EXCEL}WorksheetOptions"))
    return any((mark.text or "").strip() != "SheetVisible" for mark in options.iterchildren(f"{_EXCEL}Visible"))


def _attribute(element: Any, name: str) -> str:
    """Whatever its namespace."""
    return next((value for key, value in element.attrib.items() if key.rpartition("}")[2] == name), "")


def _said(element: Any, *, deep: bool = True) -> Iterator[str]:
    """Attributes with words; the text of an element and, `deep`, of notes on a cell."""
    for key, value in element.attrib.items():
        if key.rpartition("}")[2] in _SAYING and value.strip():
            yield value
    if deep:
        for note in element.iterchildren("{*}Comment", "{*}PhoneticText"):
            yield "".join(note.itertext())
    elif element.text and not element.text.isspace():
        yield f"if {element.text}" if local(element) in _COMPARED else element.text
