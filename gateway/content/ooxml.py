"""Word, Excel and PowerPoint (ECMA-376, transitional and strict) to segments, labels and members.

Every part with words in it is read: body, page headers and footers, comments, notes, text boxes, charts, hidden sheets, properties.
Runs are joined within a paragraph; what was deleted with tracked changes is read apart. Parts that are no known piece of a document are
members, so that nothing travels unseen in a package.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterable, Iterator
from typing import Any

from gateway.content import labels
from gateway.content.package import Package, local
from gateway.content.reading import Item, Member, Oddity, Source, Spent
from gateway.detectors import Segment
from gateway.model.finding import Place

BLOCK = 1 << 20  # characters of one segment
_RUNS = ("{*}t", "{*}delText", "{*}tab", "{*}br", "{*}cr", "{*}noBreakHyphen")
_SIGNS = {"tab": "\t", "br": "\n", "cr": "\n", "noBreakHyphen": "-"}
_NO_WORDS = re.compile(
    r"(?:styles|theme\d*|fonttable|settings|websettings|tablestyles|presprops|viewprops|calcchain|\[content_types\])\.xml", re.IGNORECASE
)
# Pieces of a document that are neither words nor files: pictures, fonts, printer settings, controls, signatures.
_PIECES = re.compile(
    r"\.(?:png|jpe?g|jpe|gif|bmp|tiff?|emf|wmf|emz|wmz|wdp|hdp|svg|ico|mp3|mp4|m4a|wav|wma|mov|avi|wmv|odttf|fntdata|ttf|sigs|psdsxs|psdsor)$"
    r"|/(?:printersettings|activex|ctrlprops)[^/]*(?:/[^/]*)?$|vbaprojectsignature",
    re.IGNORECASE,
)


def read_ooxml(source: Source, spent: Spent) -> Iterator[Item]:
    """Everything in a package, the main part first."""
    package = Package(source.data, spent)
    package.load_types()
    yield from labels.find_labels(package)
    if len({info.filename.lower() for info in package.parts}) < len(package.parts):
        yield Oddity("duplicate-members")
    strings = list(_shared_strings(package, spent))
    first = True
    for info in sorted(package.parts, key=lambda info: _order(info, package)):
        for item in _part(info, package, strings, source.where, spent):
            # Only the first words of the main part are a first line.
            if isinstance(item, tuple) and item[0] is Place.FIRST_LINE and not first:
                yield Place.TEXT, item[1], item[2]
            else:
                first = first and not (isinstance(item, tuple) and item[0] is Place.FIRST_LINE)
                yield item


def _order(info: zipfile.ZipInfo, package: Package) -> tuple[int, int, str]:
    """Main part, then sheets and slides by number, then the rest."""
    kind = package.type_of(info)
    number = re.search(r"(\d+)\.[^.]*$", info.filename)
    paged = kind.endswith((".slide+xml", "worksheet+xml"))
    return (0 if _is_main_text(kind) else 1 if paged else 2, int(number[1]) if number else 0, info.filename)


def _part(info: zipfile.ZipInfo, package: Package, strings: list[str], where: str, spent: Spent) -> Iterator[Item]:
    name, kind = info.filename.lower(), package.type_of(info)
    is_xml = name.endswith((".xml", ".vml")) or kind.endswith(("+xml", "/xml"))
    if name.endswith("vbaproject.bin"):
        yield Oddity("macros")
    elif "/embeddings/" in name or not (is_xml or name.endswith(".rels") or _PIECES.search(name)):
        yield Member(info.filename.rpartition("/")[2], package.open(info).all())
    elif is_xml and not _NO_WORDS.match(name.rpartition("/")[2]) and not kind.endswith("sharedstrings+xml"):
        yield from _words(info, kind, package, strings, where, spent)


def _words(info: zipfile.ZipInfo, kind: str, package: Package, strings: list[str], where: str, spent: Spent) -> Iterator[Item]:
    """A part with words in it, by what it is."""
    if kind.endswith("-properties+xml"):
        yield from _properties(info, package)
    elif kind.endswith(("worksheet+xml", "chartsheet+xml", "dialogsheet+xml")):
        yield from _sheet(info, package, strings, spent)
    elif "presentationml" in kind and kind.endswith((".slide+xml", "master+xml", "layout+xml", "notesslide+xml")):
        yield from _slide(info, package)
    elif kind.endswith((".header+xml", ".footer+xml")):
        place = Place.PAGE_HEADER if kind.endswith(".header+xml") else Place.PAGE_FOOTER
        # A tab stop parts left, centre and right.
        yield place, _edge_name(place), "\n".join(_paragraphs(info, package)).replace("\t", "\n")
    elif _is_main_text(kind):
        yield from _blocks(_paragraphs(info, package), Place.FIRST_LINE, where)
    elif "pivotcache" in kind:
        yield from _blocks((e.get("v", "") for e in _cleared(package.elements(info, "{*}s", "{*}n", "{*}d"))), Place.TEXT, "pivot table")
    else:
        yield from _blocks(_anything(info, package), Place.TEXT, _called(info))


def _is_main_text(kind: str) -> bool:
    return kind.endswith(".main+xml") and ("wordprocessingml" in kind or "ms-word" in kind) and "glossary" not in kind


def _edge_name(place: Place) -> str:
    return place.value.replace("_", " ")


def _called(info: zipfile.ZipInfo) -> str:
    """What a person calls a part: "comments", "footnotes", "chart 1"."""
    stem = info.filename.rpartition("/")[2].partition(".")[0]
    return re.sub(r"(?<=[a-zA-Z])(?=\d)", " ", stem)


def _blocks(lines: Iterable[str], place: Place, where: str) -> Iterator[Segment]:
    """Lines gathered to segments of a bounded size; only the first begins at `place`."""
    gathered: list[str] = []
    size = 0
    for line in lines:
        gathered.append(line)
        size += len(line) + 1
        if size > BLOCK:
            yield place, where, "\n".join(gathered)
            place, gathered, size = Place.TEXT, [], 0
    if size:
        yield place, where, "\n".join(gathered)


def _cleared(found: Iterable[Any]) -> Iterator[Any]:
    """Elements whose content is dropped once it was looked at: a large part never stands in memory whole."""
    for element in found:
        yield element
        element.clear()


def _paragraphs(info: zipfile.ZipInfo, package: Package) -> Iterator[str]:
    for paragraph in _cleared(package.elements(info, "{*}p")):
        yield from _paragraph(paragraph)


def _paragraph(paragraph: Any) -> Iterator[str]:
    kept: list[str] = []
    deleted: list[str] = []
    for run in paragraph.iter(*_RUNS):
        name = local(run)
        (deleted if name == "delText" else kept).append(_SIGNS.get(name) or run.text or "")
    yield "".join(kept)
    if deleted:
        yield "".join(deleted)


def _anything(info: zipfile.ZipInfo, package: Package) -> Iterator[str]:
    """A part of which we know no more than that it is XML: its paragraphs, and all other text that it holds."""
    for element in package.elements(info, "*"):
        name = local(element)
        if name in _RUN_HOLDERS:
            yield element.text or ""
            yield from _paragraph(element)
            element.clear()
        elif name == "sheet":
            yield element.get("name", "")
        elif element.text and not element.text.isspace() and not (name in _RUN_NAMES and _is_held(element)):
            yield element.text


_RUN_HOLDERS = ("p", "text")  # a paragraph; a comment in a sheet
_RUN_NAMES = ("t", "delText")


def _is_held(run: Any) -> bool:
    return next(run.iterancestors(*(f"{{*}}{name}" for name in _RUN_HOLDERS)), None) is not None


def _properties(info: zipfile.ZipInfo, package: Package) -> Iterator[Segment]:
    """The values of document properties, a line each; not the attributes of labels, which are no words of the author."""
    lines = []
    for element in package.elements(info, "*"):
        named = next((outer.get("name", "") for outer in element.iterancestors("{*}property")), "")
        if element.text and not element.text.isspace() and not named.startswith(labels.PREFIX):
            lines.append(element.text)
    yield Place.PROPERTIES, info.filename, "\n".join(lines)


# --- Excel ------------------------------------------------------------------------------------------------------------


def _shared_strings(package: Package, spent: Spent) -> Iterator[str]:
    for info in package.parts:
        if package.type_of(info).endswith("sharedstrings+xml"):
            for item in _cleared(package.elements(info, "{*}si")):
                spent.cells(1)
                yield "".join(text.text or "" for text in item.iter("{*}t"))


def _sheet(info: zipfile.ZipInfo, package: Package, strings: list[str], spent: Spent) -> Iterator[Item]:
    edges: list[Segment] = []
    yield from _blocks(_rows(info, package, strings, edges, spent), Place.FIRST_LINE, _called(info))
    yield from edges


def _rows(info: zipfile.ZipInfo, package: Package, strings: list[str], edges: list[Segment], spent: Spent) -> Iterator[str]:
    """A line for each row; page headers and footers go to `edges`."""
    for element in _cleared(package.elements(info, "{*}row", "{*}headerFooter")):
        if local(element) == "row":
            spent.cells(len(element))
            yield "\t".join(_cell(cell, strings) for cell in element)
            continue
        for edge in element:
            place = Place.PAGE_HEADER if local(edge).endswith("Header") else Place.PAGE_FOOTER
            edges.append((place, f"{_called(info)} {_edge_name(place)}", page_edge(edge.text or "")))


def _cell(cell: Any, strings: list[str]) -> str:
    kind = cell.get("t", "n")
    if kind == "inlineStr":
        return "".join(text.text or "" for text in cell.iter("{*}t"))
    value = next((child.text or "" for child in cell if local(child) == "v"), "")
    if kind == "s":
        return strings[int(value)] if value.isdigit() and int(value) < len(strings) else ""
    return _number(value) if "E" in value else value


def _number(value: str) -> str:
    """4.11E+15 as a person reads it."""
    try:
        number = float(value)
    except ValueError:
        return value
    return str(int(number)) if number.is_integer() and abs(number) < 1e20 else value


def page_edge(codes: str) -> str:
    """A header or footer of a sheet (ECMA-376-1 section 18.3.1.46): left, centre and right a line each, without codes."""
    shown = re.sub(r'&(?:"[^"]*"|K[0-9A-Fa-f]{6}|K\d\d[+-]\d{3}|\d{1,3})', "", codes.replace("&&", "\0"))
    shown = re.sub(r"&[LCR]", "\n", shown)
    shown = re.sub(r"&[PN]", "1", shown)  # page number, number of pages
    return re.sub(r"&.", "", shown).replace("\0", "&")


# --- PowerPoint -------------------------------------------------------------------------------------------------------

_EDGES = {"hdr": Place.PAGE_HEADER, "ftr": Place.PAGE_FOOTER}
_HEIGHT = 6_858_000  # EMU: the usual slide; others are a little lower
_BAND = 0.1  # of the height


def _slide(info: zipfile.ZipInfo, package: Package) -> Iterator[Segment]:
    where, is_master = _called(info), not package.type_of(info).endswith("slide+xml")
    words: list[str] = []
    edges: dict[Place, list[str]] = {Place.PAGE_HEADER: [], Place.PAGE_FOOTER: []}
    for shape in package.elements(info, "{*}sp", "{*}graphicFrame"):
        lines = [line for paragraph in shape.iter("{*}p") for line in _paragraph(paragraph)]
        edge = _edge(shape, is_master=is_master)
        (edges[edge] if edge else words).extend(lines)
    yield from _blocks(words, Place.TEXT if is_master or "notes" in where.lower() else Place.FIRST_LINE, where)
    for place, lines in edges.items():
        yield place, f"{where} {_edge_name(place)}", "\n".join(lines)


def _edge(shape: Any, *, is_master: bool) -> Place | None:
    """The page header or footer: by its placeholder; in a master, where labels put their marking, also by where it stands."""
    placeholder = next(shape.iter("{*}ph"), None)
    if placeholder is not None:
        return _EDGES.get(placeholder.get("type", ""))
    top = next((offset.get("y", "") for offset in shape.iter("{*}off")), "")
    if not is_master or not top.lstrip("-").isdigit():
        return None
    return Place.PAGE_HEADER if int(top) < _BAND * _HEIGHT else Place.PAGE_FOOTER if int(top) > (1 - _BAND) * _HEIGHT else None
