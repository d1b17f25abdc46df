"""XML of foreign hands to elements: without entities, network or DTD, never more in memory than a small part.

A document type declaration, which no office program writes, makes a part damaged. What stood before the damage has been given.
"""

from __future__ import annotations

from collections.abc import Iterator
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
    try:
        events = etree.iterparse(stream, events=("end",), tag=tags, **_OPTIONS)
        checked = False
        for _, element in events:
            checked = checked or _without_doctype(element)
            yield element
        if not checked and events.root is not None:
            _without_doctype(events.root)
    except etree.XMLSyntaxError:
        raise Unreadable(Readable.DAMAGED) from None


def outermost(stream: Stream, *tags: str) -> Iterator[Any]:
    """The elements with these tags that stand in no other of them, each when it ends and then forgotten; last the root, without them."""
    element = None
    for element in elements(stream, *tags):
        if next(element.iterancestors(*tags), None) is None:
            yield element
            element.clear(keep_tail=True)
    if element is not None:
        yield element.getroottree().getroot()


def _without_doctype(element: Any) -> bool:
    if element.getroottree().docinfo.internalDTD is not None:
        raise Unreadable(Readable.DAMAGED)
    return True


def local(element: Any) -> str:
    """The local name of an element; empty for a comment or an entity."""
    tag = element.tag
    return tag.rpartition("}")[2] if isinstance(tag, str) else ""
