"""Which page headers and footers of a Word 97 document its pages have ([MS-DOC] sections 2.8.21 and 2.8.26). Pure.

In: the document stream, its table stream, and where the stories of the edges begin. Out: the numbers of the stories that are shown. Each
section has six; one that is empty is that of the section before. Those of first pages are shown where a section asks for them, and those of
even pages where the document does.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

from gateway.content.word97_properties import properties_in

NOTES = 6  # stories before those of the sections: the separators of notes
_OF_SECTION = 6
_EVEN, _FIRST = (0, 2), (4, 5)  # header and footer; 1 and 3 are those of all or odd pages
_PLCF_SECTIONS, _DOP = 202, 402  # offsets into the FIB
_TITLE_PAGE = 0x300A  # sprmSFTitlePage
_NO_PROPERTIES = 0xFFFFFFFF


def shown_stories(document: bytes, table: bytes, places: tuple[int, ...]) -> frozenset[int]:
    """The numbers of the stories that stand on some page."""
    try:
        return frozenset(_shown(list(_titled(document, table)), places, is_facing=_is_facing(document, table)))
    except struct.error:
        return frozenset()


def _shown(titled: list[bool], places: tuple[int, ...], *, is_facing: bool) -> Iterator[int]:
    for kind in range(_OF_SECTION):
        current = -1  # the story that this section has, of its own or of one before
        for section, has_first in enumerate(titled):
            story = NOTES + _OF_SECTION * section + kind
            if story + 1 < len(places) and places[story] < places[story + 1]:
                current = story
            if current >= 0 and (has_first if kind in _FIRST else is_facing if kind in _EVEN else True):
                yield current


def _titled(document: bytes, table: bytes) -> Iterator[bool]:
    """For each section, whether its first page differs."""
    at, length = struct.unpack_from("<II", document, _PLCF_SECTIONS)
    count = max((min(length, len(table) - at) - 4) // 16, 0)
    begin = at + 4 * (count + 1)
    for _, place, _, _ in struct.iter_unpack("<HIHI", table[begin : begin + 12 * count]):
        if place == _NO_PROPERTIES:
            yield False
            continue
        (size,) = struct.unpack_from("<H", document, place)
        yield any(code == _TITLE_PAGE and value & 1 for code, value in properties_in(document[place + 2 : place + 2 + size]))


def _is_facing(document: bytes, table: bytes) -> bool:
    """The first bit of the properties of the document (section 2.7.2)."""
    at, length = struct.unpack_from("<II", document, _DOP)
    return length > 0 and bool(table[at : at + 1] and table[at] & 1)
