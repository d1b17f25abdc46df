"""Words in pictures, where the libraries for it are installed and the budget has time for it, and beside their pixels, to segments.

A picture without words that can be read is unmarked, not unreadable. Oddities tell how much was looked at: `pictures-read`, and
`pictures-unread` where the time was used up first.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator

from gateway.content import ocr
from gateway.content.beside_pixels import beside_pixels
from gateway.content.legible import legible
from gateway.content.ocr import Line
from gateway.content.package import Package
from gateway.content.reading import Item, Member, Oddity, Source, Spent, Unreadable
from gateway.content.structure import find_appended
from gateway.content.zips import Entry
from gateway.model.finding import FileOddity, Place, Readable

_NAMES = re.compile(r"\.(?:png|jpe?g|jpe|gif|bmp|tiff?|webp)$", re.IGNORECASE)  # of pictures that are read inside documents
_EDGE = 0.12  # of the height of a page
_SMALL = 512  # octets: no picture of words is smaller


def read_picture(source: Source, spent: Spent) -> Iterator[Item]:
    """A picture that is a file, or that is shown among words."""
    yield from words_of(source.data, "picture", spent, is_page=not source.is_words)
    for piece in beside_pixels(source.data, spent):
        yield from legible(piece, "picture, beside its pixels", spent)


def words_of(octets: bytes, where: str, spent: Spent, *, is_page: bool = False) -> Iterator[Item]:
    """The words of a picture; of one that is a page of its own also what stands at its edges."""
    if not is_possible(spent) or len(octets) < _SMALL:
        return
    pages = ocr.lines_of_picture(octets, spent.picture_seconds)
    number = 0
    while (lines := measured(lambda: next(pages, None), spent)) is not None:
        number += 1
        yield from segments(lines, where if number == 1 else f"{where} {number}", is_page=is_page, is_first=number == 1)
        if spent.picture_seconds <= 0:
            yield Oddity(FileOddity.PICTURES_UNREAD)
            return
    if number:
        yield Oddity(FileOddity.PICTURES_READ)


def words_in_package(package: Package, entry: Entry) -> Iterator[Item]:
    """The words of a picture inside a document, if this part is one. A broken picture says nothing about the document."""
    if _NAMES.search(entry.name) is None:
        return
    name = entry.name.rpartition("/")[2]
    try:
        data = package.read(entry)
        yield from words_of(data, f"picture {name}", package.spent)
        if any(find_appended(data, "image/*")):
            yield Member(name, data)  # a file in its own right
            return
        for piece in beside_pixels(data, package.spent):
            yield from legible(piece, f"picture {name}, beside its pixels", package.spent)
    except Unreadable as unreadable:
        if unreadable.readable is not Readable.DAMAGED:
            raise
        yield Oddity(FileOddity.PICTURES_UNREAD)


def is_possible(spent: Spent) -> bool:
    """Whether pictures are read here at all. Once the time for it is used up they are not."""
    return spent.picture_seconds > 0 and ocr.is_loaded()


def measured(read: Callable[[], list[Line] | None], spent: Spent) -> list[Line] | None:
    """What this reads, its time taken from the budget."""
    start = time.process_time()
    try:
        return read()
    finally:
        spent.pictured(time.process_time() - start)


def segments(lines: list[Line], where: str, *, is_page: bool, is_first: bool) -> Iterator[Item]:
    """Lines as the text of a page with its edges, or as text in the middle of something else."""
    yield Place.FIRST_LINE if is_page and is_first else Place.TEXT, where, "\n".join(line.text for line in lines)
    if is_page:
        yield Place.PAGE_HEADER, f"{where} header", "\n".join(line.text for line in lines if line.middle < _EDGE)
        yield Place.PAGE_FOOTER, f"{where} footer", "\n".join(line.text for line in lines if line.middle > 1 - _EDGE)
