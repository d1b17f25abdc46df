"""Word, Excel and PowerPoint (ECMA-376, transitional and strict) to segments, labels and members.

Every part with words in it is read: body, page headers and footers, comments, notes, text boxes, charts, hidden sheets, properties.
Runs are joined within a paragraph; what was deleted with tracked changes is read apart. Parts that are no known piece of a document are
members, so that nothing travels unseen in a package.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from gateway.content import labels, macros, pictures, pieces, xml
from gateway.content.number_formats import words_of
from gateway.content.package import Package, package_in
from gateway.content.pages import Pages, is_off
from gateway.content.reading import Item, Oddity, Source, Spent, Unreadable
from gateway.content.slide_shapes import is_seen
from gateway.content.spreadsheet import Workbook, page_edge
from gateway.content.wordprocessing import Reader, Words, hidden_styles, with_blanks
from gateway.content.xml import local
from gateway.content.zips import Entry
from gateway.detectors import Segment
from gateway.detectors.unseen import name_of
from gateway.model.finding import Place, Readable

BLOCK = 1 << 20  # characters of one segment
# Parts without words, by their content type: the root that a part of this type has.
_NO_WORDS = {
    "styles+xml": rb"style(?:s|Sheet)",
    "theme+xml": rb"theme",
    "fonttable+xml": rb"fonts",
    "settings+xml": rb"settings",
    "websettings+xml": rb"webSettings",
    "tablestyles+xml": rb"tblStyleLst",
    "presprops+xml": rb"presentationPr",
    "viewprops+xml": rb"viewPr",
    "calcchain+xml": rb"calcChain",
    "sharedstrings+xml": rb"sst",
}
_BEFORE_ROOT = rb"(?:\xef\xbb\xbf)?(?>\s++|<\?.*?\?>|<!--.*?-->)*+"  # what XML 1.0 section 2.8 lets stand there, but for a DTD


def _rooted(root: bytes) -> re.Pattern[bytes]:
    """Whether this is the root: what a comment says is none."""
    return re.compile(_BEFORE_ROOT + rb"<(?:\w+:)?" + root + rb"[\s>/]", re.DOTALL)


_ROOTS = {kind: _rooted(root) for kind, root in _NO_WORDS.items()}
_TYPES = _rooted(rb"Types")
_LINKS = _rooted(rb"Relationships")
_RELATIONSHIPS = "application/vnd.openxmlformats-package.relationships+xml"
_HEAD = 512  # octets in which the root of a part begins


def read_ooxml(source: Source, spent: Spent) -> Iterator[Item]:
    """Everything in a package, the main part first."""
    package = package_in(source, spent)
    yield from labels.find_labels(package)
    if package.has_duplicates:
        yield Oddity("duplicate-members")
    yield from _one_first_line(_parts(package, source.where, spent))
    if package.is_damaged:
        raise Unreadable(Readable.DAMAGED)


def read_others(package: Package, is_own: Callable[[str], bool]) -> Iterator[Item]:
    """The parts of a package that its own reader does not read."""
    book, pages, words = Workbook(package, package.spent), Pages(package), Reader()
    for entry in pictures.last(package.parts):
        if not is_own(entry.name) or entry.name.lower().endswith("vbaproject.bin"):
            yield from _part(entry, package, book, pages, words, "text")


def _one_first_line(items: Iterator[Item]) -> Iterator[Item]:
    """Only the first words of the main part are a first line."""
    first = True
    for item in items:
        if isinstance(item, tuple) and item[0] is Place.FIRST_LINE:
            yield item if first else (Place.TEXT, item[1], item[2])
            first = False
        else:
            yield item


def _parts(package: Package, where: str, spent: Spent) -> Iterator[Item]:
    book, pages = Workbook(package, spent), Pages(package)
    words = Reader(_hidden_styles(package))
    for entry in pictures.last(sorted(package.parts, key=lambda entry: _order(entry, package))):
        yield from _part(entry, package, book, pages, words, where)


def _order(entry: Entry, package: Package) -> tuple[int, int, str]:
    """Main part, then sheets and slides by number, then the rest; masters after the layouts that say whether they show them."""
    kind = package.type_of(entry)
    paged = kind.endswith((".slide+xml", "worksheet+xml"))
    number = _NUMBER.search(entry.name) if paged else None
    return (
        0 if _is_main_text(kind) else 1 if paged else 3 if kind.endswith("slidemaster+xml") else 2,
        int(number[1]) if number else 0,
        entry.name,
    )


_NUMBER = re.compile(r"(\d{1,9})\.[^.]*$")


def _hidden_styles(package: Package) -> frozenset[str]:
    """The styles that hide text; almost no document has one."""
    found: set[str] = set()
    for entry in package.parts:
        if package.type_of(entry).endswith("wordprocessingml.styles+xml"):
            octets = package.read(entry)
            if b"vanish" in octets or not octets.isascii():
                root, _ = xml.parse(octets)
                found.update(hidden_styles(root) if root is not None else ())
    return frozenset(found)


def _part(entry: Entry, package: Package, book: Workbook, pages: Pages, words: Reader, where: str) -> Iterator[Item]:
    """A part as programs take it: by its content type, and by its name only where that says nothing."""
    name = entry.name.lower()
    kind = package.type_of(entry) or (_RELATIONSHIPS if name.endswith(".rels") else "")
    is_xml = kind.endswith(("+xml", "/xml")) or (name.endswith((".xml", ".vml")) and not pieces.is_foreign(kind))
    if name.endswith("vbaproject.bin") and not is_xml and not pieces.is_foreign(kind):
        yield from macros.read_macros(name.rpartition("/")[2], package.read(entry), package.spent)
    elif is_xml and not ("/embeddings/" in name and not kind.endswith("+xml")):
        if not _is_silent(entry, name, kind, package):
            yield from _words(entry, kind, package, book, pages, words, where)
        elif kind.endswith("relationships+xml"):
            yield from _links(entry, package)
        elif kind.endswith("spreadsheetml.styles+xml"):
            yield from book.formats(entry)
        elif kind.endswith(".settings+xml"):
            yield from _variables(entry, package)
    elif "/embeddings/" in name or not pieces.is_piece(name):
        yield pieces.foreign(package, entry, kind)
    else:
        yield from pieces.read_piece(package, entry, kind)


def _is_silent(entry: Entry, name: str, kind: str, package: Package) -> bool:
    """Whether a part holds no words, by its type and by what it really is: some programs ask only who refers to it."""
    ending = kind.rpartition(".")[2]
    root = _LINKS if ending == "relationships+xml" else _TYPES if name == "[content_types].xml" else _ROOTS.get(ending)
    return root is not None and root.match(package.archive.begin_of(entry, _HEAD)) is not None


def _words(entry: Entry, kind: str, package: Package, book: Workbook, pages: Pages, words: Reader, where: str) -> Iterator[Item]:
    """A part with words in it, by what it is."""
    if kind.endswith("-properties+xml"):
        yield from _properties(entry, package)
    elif kind.endswith(("worksheet+xml", "macrosheet+xml")):
        yield from book.sheet(entry, _called(entry))
    elif "presentationml" in kind and kind.endswith((".slide+xml", "master+xml", "layout+xml", "notesslide+xml")):
        yield from _slide(entry, package, pages, words)
    elif kind.endswith((".header+xml", ".footer+xml")):
        yield from _page_edge(entry, kind, package, pages, words)
    elif _is_main_text(kind):
        yield from _running(entry, package, words, Place.FIRST_LINE, where, pages if pages.has_sections(entry) else None)
    elif "wordprocessingml" in kind or "ms-word" in kind:
        yield from _running(entry, package, words, Place.TEXT, _called(entry))
    else:
        where = book.names.get(entry.name.lstrip("/").lower(), _called(entry))
        if kind.endswith(("chartsheet+xml", "dialogsheet+xml")):
            yield from book.around(entry, where)
        yield from _blocks(_anything(entry, package, words), Place.TEXT, where)


def _is_main_text(kind: str) -> bool:
    return kind.endswith(".main+xml") and ("wordprocessingml" in kind or "ms-word" in kind) and "glossary" not in kind


def _edge_name(place: Place) -> str:
    return place.value.replace("_", " ")


def _called(entry: Entry) -> str:
    """What a person calls a part: "comments", "footnotes", "chart 1"."""
    stem = entry.name.rpartition("/")[2].partition(".")[0]
    return re.sub(r"(?<=[a-zA-Z])(?=\d)", " ", stem)


def _links(entry: Entry, package: Package) -> Iterator[Segment]:
    """The targets of links out of the document."""
    targets = [link.target for link in package.relationships_in(entry) if link.is_external]
    if targets:
        yield Place.TEXT, "links", "\n".join(targets)


def _variables(entry: Entry, package: Package) -> Iterator[Segment]:
    """The variables of a document (ECMA-376-1 section 17.15.1.32), the only words among its settings; almost no document has them."""
    octets = package.read(entry)
    if b"docVar" in octets or b"\0" in octets[:64]:
        variables = (mark.attrib.values() for mark in package.elements(entry, "{*}docVar"))
        yield Place.TEXT, "document variables", "\n".join(value for values in variables for value in values)


def _running(entry: Entry, package: Package, words: Reader, place: Place, where: str, pages: Pages | None = None) -> Iterator[Segment]:
    """Paragraphs gathered to segments of a bounded size; only the first begins at `place`. `pages` hears of the sections."""
    lines = Words()
    for block in package.blocks(entry, "{*}p"):
        if pages is not None:
            pages.take_sections(block)
        words.read(block, lines)
        if lines.is_full:
            yield from _segments(lines, place, where)
            place, lines = Place.TEXT, Words()
    yield from _segments(lines, place, where)


def _segments(lines: Words, place: Place, where: str) -> Iterator[Segment]:
    text = "\n".join(lines.shown)
    yield place, where, text
    if lines.unseen or "\t" in text:
        yield Place.TEXT, f"{where}, not shown", "\n".join((*lines.unseen, *with_blanks(lines.shown)))


def _page_edge(entry: Entry, kind: str, package: Package, pages: Pages, words: Reader) -> Iterator[Segment]:
    place = Place.PAGE_HEADER if kind.endswith(".header+xml") else Place.PAGE_FOOTER
    called = name_of(_edge_name(place), is_shown=pages.has_edge(entry))
    for _, where, text in _running(entry, package, words, place, called):
        # A tab stop parts left, centre and right.
        yield (place, where, text.replace("\t", "\n")) if where == called else (Place.TEXT, where, text)


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


_RUN_HOLDERS = ("p", "text")  # a paragraph; a comment in a sheet
# Attributes with words that a person reads, whatever their namespace.
_CAPTIONS = {f"{of}Caption" for of in ("data", "grandTotal", "error", "missing", "rowHeader", "colHeader", "subtotal", "source")}
_LABELS = {
    "totalsRowLabel",
    "stringValue1",
    "stringValue2",
    "phldrT",
    "tag",
    "comment",
    "tooltip",
    "alt",
    "altText",
    "altTextSummary",
    "string",
}
_NAMES = {"name", "Name", "oldName", "newName", "displayName", "userName", "author", "ddeTopic"}
_SAID = {"caption", "title", "descr", "description", "prompt", "command", "connection", "v", "n", "c"} | _CAPTIONS | _LABELS | _NAMES


def _anything(entry: Entry, package: Package, words: Reader) -> Iterator[str]:
    """A part of which we know no more than that it is XML: its paragraphs, and all other text that it holds."""
    is_data = entry.name.lower().lstrip("/").startswith(("customxml/", "ppt/tags/"))
    for block in package.blocks(entry, *(f"{{*}}{name}" for name in _RUN_HOLDERS)):
        yield from _loose(block, words, is_data=is_data)


def _loose(element: Any, words: Reader, *, is_data: bool) -> Iterator[str]:
    """`is_data`: what people entered may stand in any attribute; elsewhere in those with a blank, or with a name of ours."""
    name, text = local(element), element.text or ""
    if name in _RUN_HOLDERS:
        lines = Words()
        words.read(element, lines)
        yield from (text, *lines.shown, *lines.unseen)
    elif any(child.tail and not child.tail.isspace() for child in element):
        yield "".join(element.itertext())
    else:
        for key, value in element.attrib.items():
            if key == "formatCode":
                yield from words_of(value)
            elif is_data or " " in value or key.rpartition("}")[2] in _SAID or (key == "val" and _LETTERS.search(value)):
                yield value
        if name == "formatCode":
            yield from words_of(text)
        elif text and not text.isspace():
            yield page_edge(text) if text.startswith("&") and name.endswith(("Header", "Footer")) else text
        for child in element:
            yield from _loose(child, words, is_data=is_data)


_LETTERS = re.compile(r"[^\W\d_]{4}")  # the `val` of most elements is a number, a colour or a word of the schema


def _properties(entry: Entry, package: Package) -> Iterator[Segment]:
    """Document properties with their names."""
    pairs: list[tuple[str, str]] = []
    for block in package.blocks(entry, "{*}property"):
        if own := list(block.iter("{*}property")):
            pairs.extend((holder.get("name", ""), "".join(holder.itertext())) for holder in own)
        else:
            pairs.extend((local(value), value.text) for value in block.iter() if value.text)
    yield Place.PROPERTIES, entry.name, labels.property_lines(pairs)


# --- PowerPoint -------------------------------------------------------------------------------------------------------

_EDGES = {"hdr": Place.PAGE_HEADER, "ftr": Place.PAGE_FOOTER}
_HEIGHT = 6_858_000  # EMU: the usual slide; others are a little lower
_BAND = 0.1  # of the height


def _slide(entry: Entry, package: Package, pages: Pages, words: Reader) -> Iterator[Segment]:
    where, is_master = _called(entry), not package.type_of(entry).endswith("slide+xml")
    lines = Words()
    edges: dict[tuple[Place, bool], Words] = {}  # and whether a person sees them, as far as the slide itself says it
    for block in package.blocks(entry, *_SHAPES):
        if local(block) in ("sld", "sldLayout"):
            pages.take_slide(entry, block)
            where += " (hidden)" if is_off(block.get("show", "")) else ""
        for shape in block.iter(*_SHAPES):
            at = _edge(shape, pages, is_master=is_master)
            words.read(shape, edges.setdefault(at, Words()) if at else lines)
    yield from _segments(lines, Place.TEXT if is_master or "notes" in where.lower() else Place.FIRST_LINE, where)
    for (place, is_shown), edge in edges.items():
        called = name_of(f"{where} {_edge_name(place)}", is_shown=is_shown and pages.has_slide(entry))
        yield from _segments(edge, place, called)


_SHAPES = ("{*}sp", "{*}graphicFrame", "{*}pic", "{*}cxnSp")


def _edge(shape: Any, pages: Pages, *, is_master: bool) -> tuple[Place, bool] | None:
    """The page header or footer: by its placeholder; in a master, where labels put their marking, also by where it stands.

    A placeholder of a master is the pattern of those of the slides: its own words are on none of them.
    """
    placeholder = next(shape.iter("{*}ph"), None)
    if placeholder is not None:
        place = _EDGES.get(placeholder.get("type", ""))
        return (place, not is_master and is_seen(shape, pages.slide_size, is_placeholder=True)) if place else None
    top = next((offset.get("y", "") for offset in shape.iter("{*}off")), "")
    if not is_master or not top.lstrip("-").isdigit():
        return None
    place = Place.PAGE_HEADER if int(top) < _BAND * _HEIGHT else Place.PAGE_FOOTER if int(top) > (1 - _BAND) * _HEIGHT else None
    return (place, is_seen(shape, pages.slide_size, is_placeholder=False)) if place else None
