"""Which pages of a Word document or a presentation a person is shown (ECMA-376-1 sections 17.6, 17.10 and 19.3).

In: the package, and its parts as they are read. Out: whether a page header or footer stands on a page that is shown. A part may be in a
package without being of its document: nothing refers to it, or a section that has no such pages, or a slide that is hidden.

Limits: how many pages there are is not known, nor where they end, nor in which colour they are written.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any

from gateway.content.package import Package
from gateway.content.xml import local
from gateway.content.zips import Entry

_WORD = ("http://schemas.openxmlformats.org/wordprocessingml/2006/main", "http://purl.oclc.org/ooxml/wordprocessingml/main")
_SLIDES = ("http://schemas.openxmlformats.org/presentationml/2006/main", "http://purl.oclc.org/ooxml/presentationml/main")
_LINKS = ("http://schemas.openxmlformats.org/officeDocument/2006/relationships", "http://purl.oclc.org/ooxml/officeDocument/relationships")


def _tags(spaces: tuple[str, ...], *names: str) -> tuple[str, ...]:
    return tuple(f"{{{space}}}{name}" for space in spaces for name in names)


_SECTION, _PARAGRAPH, _PROPERTIES = _tags(_WORD, "sectPr"), _tags(_WORD, "p"), _tags(_WORD, "pPr")
_BODY, _DOCUMENT = _tags(_WORD, "body"), _tags(_WORD, "document")
_AROUND = frozenset(_tags(_WORD, "sdt", "sdtContent", "customXml", "tbl", "tr", "tc"))  # what paragraphs of the text may stand in
_FIRST_OTHER, _EVEN_OTHER = _tags(_WORD, "titlePg"), _tags(_WORD, "evenAndOddHeaders")
_EDGES = {"headerReference": "header", "footerReference": "footer"}
_REFERENCES = _tags(_WORD, *_EDGES)
_SLIDE, _SLIDE_LIST, _SLIDE_SIZE = _tags(_SLIDES, "sldId"), _tags(_SLIDES, "sldIdLst"), _tags(_SLIDES, "sldSz")
_SIZE = re.compile(r"[0-9]{1,9}")
_USUAL = (9_144_000, 6_858_000)  # EMU: the slide of a presentation that does not say it
_PAGES = ("default", "first", "even")
_OFF = ("0", "false", "off")


class Pages:
    """Of one package. What is asked of a part takes into account what was read before it: the main part, then slides, then all others."""

    __slots__ = (
        "_around",
        "_behind",
        "_edges",
        "_has_edges",
        "_main",
        "_masterless",
        "_package",
        "_sections",
        "_size",
        "_slides",
        "_unshown",
    )

    def __init__(self, package: Package) -> None:
        self._package = package
        self._main = next((link.target for link in package.relationships if link.type == "officedocument"), "")
        self._has_edges = any(link.type in _EDGES.values() for link in package.relationships_of(self._main))
        self._sections: list[tuple[dict[tuple[str, str], str], bool]] = []  # what each refers to; whether its first page differs
        self._around: dict[Any, bool] = {}  # what sections stand in, and whether that is the text itself
        self._unshown: set[str] = set()  # slides that are hidden
        self._masterless: set[str] = set()  # slides that do not show what their layout and their master have; layouts likewise
        self._size: tuple[int, int] | None = None
        # Once somebody asked: parts that are edges; slides; their layouts and masters.
        self._edges: frozenset[str] | None = None
        self._slides: frozenset[str] | None = None
        self._behind: frozenset[str] | None = None

    def has_sections(self, entry: Entry) -> bool:
        """Whether this part is the one whose sections say which headers and footers there are, if there are any."""
        return self._has_edges and _name(entry.name) == _name(self._main)

    def take_sections(self, block: Any) -> None:
        """Sections of the text, in order: the last stands in the body, all others in the first element of their last paragraph."""
        holder = block if block.tag not in _PARAGRAPH else block[0] if len(block) else None
        if holder is not None and (holder is block or holder.tag in _PROPERTIES):
            for section in holder.iter(*_SECTION):
                if self._is_of_text(section):
                    self._sections.append((dict(_references(section)), _is_asked(section.iterchildren(*_FIRST_OTHER))))
        if block.getparent() is None:
            self._around.clear()

    def _is_of_text(self, section: Any) -> bool:
        """Whether a section is one of the text itself: not of before a change, nor in a text box, a fallback or a foreign element."""
        holder = section.getparent()
        if holder is None or holder.tag not in _PROPERTIES:
            return _is_body(holder)
        paragraph = holder.getparent()
        holder = paragraph.getparent() if paragraph is not None and paragraph.tag in _PARAGRAPH else None
        path = []
        while holder is not None and holder not in self._around and holder.tag in _AROUND:
            path.append(holder)
            holder = holder.getparent()
        answer = self._around[holder] if holder in self._around else _is_body(holder)
        self._around.update(dict.fromkeys((*path, holder), answer))
        return answer

    def take_slide(self, entry: Entry, slide: Any) -> None:
        """What a slide or a layout says of itself; layouts are read before masters."""
        if is_off(slide.get("show", "")):
            self._unshown.add(_name(entry.name))
        if is_off(slide.get("showMasterSp", "")):
            self._masterless.add(_name(entry.name))

    def has_edge(self, entry: Entry) -> bool:
        """Whether some page of a Word document has this part as its header or footer."""
        if self._edges is None:
            self._edges = frozenset(self._find_edges())
        return _name(entry.name) in self._edges

    def has_slide(self, entry: Entry) -> bool:
        """Whether this part is a slide that is shown, or the layout or the master of one. Notes and hand-outs are not what is opened."""
        name = _name(entry.name)
        if self._slides is None:
            self._slides = frozenset(self._find_slides())
        if name in self._slides:
            return name not in self._unshown
        if self._behind is None:
            layouts = {part for slide in self._slides - self._unshown - self._masterless for part in self._linked(slide, "slidelayout")}
            self._behind = frozenset(
                layouts | {part for layout in layouts - self._masterless for part in self._linked(layout, "slidemaster")}
            )
        return name in self._behind

    @property
    def slide_size(self) -> tuple[int, int]:
        """Width and height of all slides in EMU (section 19.2.1.39)."""
        if self._size is None:
            marks = (mark for main in self._package.find(self._main) for mark in self._package.elements(main, *_SLIDE_SIZE))
            said = next(((mark.get("cx", ""), mark.get("cy", "")) for mark in marks if _is_below_root(mark)), ("", ""))
            self._size = (int(said[0]), int(said[1])) if all(map(_SIZE.fullmatch, said)) else _USUAL
        return self._size

    def _find_edges(self) -> Iterator[str]:
        """A section has what the one before it has, but for what it refers to itself (section 17.10.5)."""
        links = {link.id: link for link in self._package.relationships_of(self._main)}
        known: dict[tuple[str, str], str] = {}
        asks = any(pages == "even" for references, _ in self._sections for _, pages in references)
        is_even_other = asks and self._is_even_other()
        for references, is_first_other in self._sections:
            known |= references
            for (edge, pages), id_ in known.items():
                is_asked = pages == "default" or (is_first_other if pages == "first" else is_even_other)
                if is_asked and id_ in links and links[id_].type == edge:
                    yield _name(links[id_].target)

    def _is_even_other(self) -> bool:
        """Section 17.10.1: whether even pages have edges of their own, which the settings say for all sections."""
        package = self._package
        settings = (link for link in package.relationships_of(self._main) if link.type == "settings")
        found = (entry for link in settings for entry in package.find(link.target))
        return any(_is_asked(filter(_is_below_root, package.elements(entry, *_EVEN_OTHER))) for entry in found)

    def _find_slides(self) -> Iterator[str]:
        links = {link.id: link for link in self._package.relationships_of(self._main)}
        for main in self._package.find(self._main):
            for element in self._package.elements(main, *_SLIDE):
                link = links.get(link_of(element))
                if link is not None and link.type == "slide" and _is_listed(element):
                    yield _name(link.target)

    def _linked(self, part: str, kind: str) -> Iterator[str]:
        return (_name(link.target) for link in self._package.relationships_of(part) if link.type == kind)


def link_of(element: Any) -> str:
    """The relationship that an element names."""
    return next((element.get(f"{{{space}}}id") for space in _LINKS if f"{{{space}}}id" in element.attrib), "")


def is_off(said: str) -> bool:
    """Whether an attribute that is there to say yes says no (ECMA-376-1 section 22.9.2.7)."""
    return said.strip().lower() in _OFF


def _is_body(holder: Any) -> bool:
    return holder is not None and holder.tag in _BODY and _is_below_root(holder) and holder.getparent().tag in _DOCUMENT


def _is_listed(slide: Any) -> bool:
    """Whether an element is one of the slides of a presentation (section 19.2.1.33), and not only called so."""
    holder = slide.getparent()
    return holder is not None and holder.tag in _SLIDE_LIST and _is_below_root(holder)


def _is_below_root(element: Any) -> bool:
    holder = element.getparent()
    return holder is not None and holder.getparent() is None


def _is_asked(marks: Iterable[Any]) -> bool:
    """What the last of these elements says (section 17.17.4)."""
    *_, last = (None, *marks)
    return last is not None and not is_off(last.get(f"{last.tag.rpartition('}')[0]}}}val", ""))


def _references(section: Any) -> Iterator[tuple[tuple[str, str], str]]:
    """Header or footer, of which pages, and the relationship to it."""
    for mark in section.iterchildren(*_REFERENCES):
        pages = mark.get(f"{mark.tag.rpartition('}')[0]}}}type", "default")
        if pages in _PAGES:
            yield (_EDGES[local(mark)], pages), link_of(mark)


def _name(part: str) -> str:
    return part.lstrip("/").lower()
