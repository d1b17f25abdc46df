"""OpenDocument text, sheets and slides (OASIS ODF 1.3) to segments and members."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from gateway.content.package import package_in
from gateway.content.reading import Item, Member, Source, Spent, Unreadable
from gateway.content.xml import local
from gateway.model.finding import Place, Readable

_HOLDERS = ("{*}p", "{*}h")
_EDGES = {"header": Place.PAGE_HEADER, "header-left": Place.PAGE_HEADER, "header-first": Place.PAGE_HEADER}
_EDGES |= {"footer": Place.PAGE_FOOTER, "footer-left": Place.PAGE_FOOTER, "footer-first": Place.PAGE_FOOTER}
_PIECES = (".xml", ".rdf", ".png", ".jpg", ".jpeg", ".gif", ".svg", ".svm", ".wmf", ".emf", "mimetype", "layout-cache")


def read_odf(source: Source, spent: Spent) -> Iterator[Item]:
    """Content, page headers and footers, properties; what is no piece of a document is a member."""
    package = package_in(source, spent)
    for entry in package.find("META-INF/manifest.xml"):
        if any(True for _ in package.elements(entry, "{*}encryption-data")):
            raise Unreadable(Readable.ENCRYPTED)
    for entry in sorted(package.parts, key=lambda entry: entry.name != "content.xml"):
        name = entry.name
        if name == "content.xml":
            yield Place.FIRST_LINE, source.where, "\n".join(_lines(package.elements(entry, *_HOLDERS, "{*}table-row")))
        elif name.endswith("styles.xml"):
            for element in package.elements(entry, *(f"{{*}}{edge}" for edge in _EDGES)):
                place = _EDGES[local(element)]
                text = "\n".join("".join(line.itertext()) for holder in _HOLDERS for line in element.iter(holder))
                yield place, place.value.replace("_", " "), text
        elif name == "meta.xml":
            yield Place.PROPERTIES, name, "\n".join(e.text for e in package.elements(entry, "*") if e.text and not e.text.isspace())
        elif name.endswith("content.xml"):
            yield Place.TEXT, name, "\n".join(_lines(package.elements(entry, *_HOLDERS)))
        elif not name.lower().endswith(_PIECES) and not name.startswith(("Configurations2/", "META-INF/")):
            yield Member(name, package.read(entry))


def _lines(found: Iterator[Any]) -> Iterator[str]:
    """A line for each paragraph, and one more for each row of a table: its cells side by side."""
    for element in found:
        if local(element) == "table-row":
            yield "\t".join("".join(cell.itertext()) for cell in element)
            element.clear()
        else:
            yield "".join(_text(element))


def _text(element: Any) -> Iterator[str]:
    """ODF 1.3 part 3 section 6.1: blanks, tabs and line breaks are elements."""
    yield element.text or ""
    for child in element:
        name = local(child)
        yield {"tab": "\t", "line-break": "\n", "s": " "}.get(name, "")
        yield from _text(child)
        yield child.tail or ""
