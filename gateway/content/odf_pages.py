"""Which page headers and footers of an OpenDocument file stand on pages that are shown (OASIS ODF 1.3 part 3 sections 16.9 and 19.501).

In: styles, master pages and slides as they are read, those of the content before those that are common. Out: whether a master page or a
declared footer is used. Notes and hand-outs are not what is opened: their headers are on no page here.

Limits: a style that names a master page counts as used, and a text or a sheet may begin with the first master page without saying so.
"""

from __future__ import annotations

from typing import Any

from gateway.content.odf_attributes import attribute
from gateway.content.xml import local

_DEFAULTS = ("Standard", "Default")  # of LibreOffice, whatever it calls them to a person
_DOCUMENTS = ("document-styles", "document")  # roots that have master pages


class Pages:
    """Of one document."""

    __slots__ = ("_first", "_followed", "_footers", "_footless", "_has_slides", "_is_opened", "_masters")

    def __init__(self, *, is_opened: bool = True) -> None:
        """`is_opened`: not a document within another, which shows a part of its text at most."""
        self._is_opened = is_opened
        self._first: str | None = None
        self._followed: dict[str, str] = {}  # a master page, and that of the pages after its own
        self._masters: set[str] = set()  # that are asked for
        self._has_slides = False
        self._footers: set[str] = set()  # declared ones that a slide asks for
        self._footless: set[str] = set()  # styles of slides without one

    def take(self, element: Any, hidden: set[str]) -> None:
        """What is no text, in the order of the document; `hidden` are the styles of what is not shown."""
        match local(element):
            case "style":
                self._take_style(element, hidden)
            case "automatic-styles":
                for style in element.iterchildren("{*}style"):
                    self._take_style(style, hidden)
            case "page":
                self._take_slide(element, hidden)
            case "master-page":
                name = attribute(element, "name")
                self._first = name if self._first is None else self._first
                self._followed[name] = attribute(element, "next-style-name")
            case _:
                pass

    def needed_by(self, edge: Any) -> tuple[str, str] | None:
        """What has to be used for this edge to be shown: a master page or a declared footer, by its name. None where it cannot be."""
        if local(edge) == "footer-decl":
            return "footer", attribute(edge, "name")
        master = edge.getparent()
        holder = master.getparent() if master is not None and local(master) == "master-page" else None
        root = holder.getparent() if holder is not None and local(holder) == "master-styles" else None
        if root is None or local(root) not in _DOCUMENTS or attribute(edge, "display") == "false":
            return None
        return "master", attribute(master, "name")

    def are_used(self) -> set[tuple[str, str]]:
        """Master pages and declared footers, when all has been read."""
        if not self._is_opened:
            return set()
        used: set[str] = set()
        left = [*self._masters, *(() if self._has_slides else (*_DEFAULTS, self._first))]
        while left:
            name = left.pop()
            if name is not None and name in self._followed and name not in used:
                used.add(name)
                left.append(self._followed[name])
        return {("master", name) for name in used} | {("footer", name) for name in self._footers}

    def _take_style(self, style: Any, hidden: set[str]) -> None:
        """One of paragraphs or sheets may say on which master page they begin; one of slides, whether they have a footer."""
        if (master := attribute(style, "master-page-name")) and attribute(style, "name") not in hidden:
            self._masters.add(master)
        if any(attribute(properties, "display-footer") == "false" for properties in style.iterchildren("{*}drawing-page-properties")):
            self._footless.add(attribute(style, "name"))

    def _take_slide(self, slide: Any, hidden: set[str]) -> None:
        """It has a master page always, and a footer if it names one."""
        self._has_slides = True
        if (style := attribute(slide, "style-name")) not in hidden:
            self._masters.add(attribute(slide, "master-page-name"))
            self._footers.update(() if style in self._footless else (attribute(slide, "use-footer-name"),))
