"""XML of foreign hands to elements: without entities, network or DTD, never more in memory than a small part.

A document type declaration, which no office program writes, makes a part damaged. What stood before the damage has been given.
"""

from __future__ import annotations

import html
from collections.abc import Iterable, Iterator
from typing import Any, Protocol

from lxml import etree

from gateway.content.reading import Unreadable
from gateway.model.finding import Readable

SMALL = 524_288  # octets: parsed whole, ten times as fast as piece by piece
_OPTIONS: dict[str, Any] = {
    "resolve_entities": False,
    "no_network": True,
    "load_dtd": False,
    "huge_tree": False,
    "remove_pis": True,
    "remove_comments": True,
}
_PARSER = etree.XMLParser(**_OPTIONS)
_MENDER = etree.XMLParser(recover=True, **_OPTIONS)  # gives what it can of what is broken


class Stream(Protocol):
    """Octets that can only be read onwards."""

    def read(self, size: int, /) -> bytes: ...


class Pieces:
    """Pieces of octets as a stream."""

    __slots__ = ("_pieces",)

    def __init__(self, pieces: Iterable[bytes]) -> None:
        self._pieces = iter(pieces)

    def read(self, _size: int = -1) -> bytes:
        return next(filter(None, self._pieces), b"")


def parse(data: bytes) -> tuple[Any, bool]:
    """The root of a small part, and whether it was well-formed; of a broken one what could be mended, None when nothing.

    Raises:
        Unreadable: there is a document type declaration.
    """
    is_well_formed = True
    try:
        root = etree.fromstring(data, _PARSER)
    except (etree.XMLSyntaxError, ValueError):
        root, is_well_formed = etree.fromstring(data, _MENDER) if data else None, False
    if root is not None:
        _without_doctype(root)
    return root, is_well_formed


def elements(stream: Stream, *tags: str) -> Iterator[Any]:
    """Parse XML as it comes; yield the elements with these tags ("{*}p": of any namespace) when they end. The caller may clear them.

    Raises:
        Unreadable: damaged, or with a document type declaration.
    """
    return (element for element, is_root in _events(stream, tags) if not is_root)


def outermost(stream: Stream, *tags: str) -> Iterator[Any]:
    """The elements with these tags that stand in no other of them, each when it ends and then forgotten; last the root, without them."""
    for element, is_root in _events(stream, tags):
        if is_root or next(element.iterancestors(*tags), None) is None:
            yield element
            element.clear(keep_tail=True)


def _events(stream: Stream, tags: tuple[str, ...]) -> Iterator[tuple[Any, bool]]:
    """Elements when they end, and at last the root."""
    try:
        events = etree.iterparse(stream, events=("end",), tag=tags, **_OPTIONS)
        checked = False
        for _, element in events:
            checked = checked or _without_doctype(element)
            yield element, False
        if events.root is not None:
            _without_doctype(events.root)
            yield events.root, True
    except etree.XMLSyntaxError:
        raise Unreadable(Readable.DAMAGED) from None


def _without_doctype(element: Any) -> bool:
    if element.getroottree().docinfo.internalDTD is not None:
        raise Unreadable(Readable.DAMAGED)
    return True


def unescape(text: str) -> str:
    """Character references and the five entities of XML (section 4.6) to what they stand for."""
    return html.unescape(text) if "&" in text else text


def local(element: Any) -> str:
    """The local name of an element; empty for a comment or an entity."""
    tag = element.tag
    return tag.rpartition("}")[2] if isinstance(tag, str) else ""
