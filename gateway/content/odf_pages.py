"""Which page headers and footers of an OpenDocument file stand on pages that are shown (OASIS ODF 1.3 part 3 sections 16.9 and 19.501).

In: styles, master pages and slides as they are read, those of the content before those that are common. Out: whether a master page or a
declared footer is used. Notes and hand-outs are not what is opened: their headers are on no page here.

Limits: a text or a sheet may begin with the first master page without saying so.
"""

from __future__ import annotations

from itertools import islice
from typing import Any

from gateway.content.odf_attributes import attribute
from gateway.content.xml import local

_DEFAULTS = ("Standard", "Default")  # of LibreOffice, whatever it calls them to a person
_SPACES = ("urn:oasis:names:tc:opendocument:xmlns:", "http://openoffice.org/2000/")  # of OpenDocument, of what was before it
_DOCUMENTS = ("document-styles", "document")  # roots that have master pages
_STEPS = 32  # from a style to that which it comes from
_WIDE = 64  # what a master page has in it, if it is one of a text or a sheet
_HELD_IN = ("style", "style", "office", "office")  # the namespaces of an edge and of what is around it


def is_of(element: Any, space: str) -> bool:
    """Whether an element is of a namespace of OpenDocument ("style")."""
    return any(str(element.tag).startswith((f"{{{begin}{space}:", f"{{{begin}{space}}}")) for begin in _SPACES)


class Pages:
    """Of one document."""

    __slots__ = ("_first", "_followed", "_footers", "_footless", "_has_slides", "_is_opened", "_masters", "_parents", "_styles", "_used")

    def __init__(self, *, is_opened: bool = True) -> None:
        """`is_opened`: not a document within another, which shows a part of its text at most."""
        self._is_opened = is_opened
        self._first: str | None = None
        self._followed: dict[str, str] = {}  # a master page, and that of the pages after its own
        self._masters: set[str] = set()  # that are asked for
        self._styles: dict[tuple[str, str], str] = {}  # master pages by the family and name of the style on which their pages begin
        self._parents: dict[tuple[str, str], str] = {}
        self._used: set[tuple[str, str]] = set()  # styles of paragraphs and tables of the body
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
            case "page" if is_of(element, "drawing"):
                self._take_slide(element, hidden)
            case "p" | "h" if is_of(element, "text"):
                self._take_used("paragraph", element)
            case "table" if is_of(element, "table"):
                self._take_used("table", element)
            case "master-page" if is_of(element, "style"):
                name = attribute(element, "name")
                self._first = name if self._first is None else self._first
                self._followed[name] = attribute(element, "next-style-name")
            case _:
                pass

    def needed_by(self, edge: Any) -> tuple[str, str] | None:
        """What has to be used for this edge to be shown: a master page or a declared footer, by its name. None where it cannot be."""
        if local(edge) == "footer-decl":
            return ("footer", attribute(edge, "name")) if is_of(edge, "presentation") else None
        master = edge.getparent()
        holder = master.getparent() if master is not None and local(master) == "master-page" else None
        root = holder.getparent() if holder is not None and local(holder) == "master-styles" else None
        if root is None or local(root) not in _DOCUMENTS or not all(map(is_of, (edge, master, holder, root), _HELD_IN)):
            return None
        return ("master", attribute(master, "name")) if _is_on(edge, master) else None

    def are_used(self) -> set[tuple[str, str]]:
        """Master pages and declared footers, when all has been read."""
        if not self._is_opened:
            return set()
        used: set[str] = set()
        left = [*self._masters, *map(self._begun_by, self._used), *(() if self._has_slides else (*_DEFAULTS, self._first))]
        while left:
            name = left.pop()
            if name is not None and name in self._followed and name not in used:
                used.add(name)
                left.append(self._followed[name])
        return {("master", name) for name in used} | {("footer", name) for name in self._footers}

    def _take_style(self, style: Any, hidden: set[str]) -> None:
        """One of paragraphs or sheets may say on which master page they begin; one of slides, whether they have a footer."""
        if not is_of(style, "style"):
            return
        key = attribute(style, "family"), attribute(style, "name")
        if key not in self._parents:
            self._parents[key] = attribute(style, "parent-style-name")
            self._styles[key] = "" if key[1] in hidden else attribute(style, "master-page-name")
        if any(attribute(properties, "display-footer") == "false" for properties in style.iterchildren("{*}drawing-page-properties")):
            self._footless.add(attribute(style, "name"))

    def _take_used(self, family: str, element: Any) -> None:
        key = family, attribute(element, "style-name")
        if key[1] and key not in self._used and _is_in_body(element):
            self._used.add(key)

    def _begun_by(self, key: tuple[str, str]) -> str:
        """The master page that a style names, or else the style that it comes from."""
        for _ in range(_STEPS):
            if self._styles.get(key) or key not in self._parents:
                break
            key = key[0], self._parents[key]
        return self._styles.get(key, "")

    def _take_slide(self, slide: Any, hidden: set[str]) -> None:
        """It has a master page always, and a footer if it names one."""
        self._has_slides = True
        if (style := attribute(slide, "style-name")) not in hidden:
            self._masters.add(attribute(slide, "master-page-name"))
            self._footers.update(() if style in self._footless else (attribute(slide, "use-footer-name"),))


def _is_on(edge: Any, master: Any) -> bool:
    """Those of left and of first pages are, where those of all others are on."""
    if next(islice(master, _WIDE, None), None) is not None:
        return False
    kind = local(edge).partition("-")[0]
    others = [one for one in master if local(one) == kind and is_of(one, "style")]
    return bool(others) and all(attribute(one, "display") != "false" for one in (edge, *others))


def _is_in_body(element: Any) -> bool:
    """It stands in the text, and in no section that is hidden."""
    around = list(element.iterancestors())
    if not all(str(one.tag).startswith(tuple(f"{{{begin}" for begin in _SPACES)) for one in around):
        return False
    is_hidden = any(local(one) == "section" and attribute(one, "display") in ("none", "condition") for one in around)
    return not is_hidden and any(local(one) == "body" for one in around)
