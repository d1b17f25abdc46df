"""Words in pictures, where the libraries for it are installed and the budget has time for it, and beside their pixels, to segments.

A picture without words that can be read is unmarked, not unreadable; one that nobody has looked at, or not to its end, makes its file
`pictures-unread`, for whatever reason: no time was left, it is too large, it is broken. Whoever fills a file with pictures so that one is
passed over has gained nothing. A format that is not drawn here is an oddity: it says nothing of what somebody hides.
"""

from __future__ import annotations

import hashlib
import html
import re
import signal
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TypeVar

from gateway.content import ocr
from gateway.content.animations import frames_of
from gateway.content.beside_pixels import beside_pixels
from gateway.content.legible import legible
from gateway.content.metafiles import read_metafile
from gateway.content.ocr import NOT_READ, Line, Page
from gateway.content.office_art import words_in
from gateway.content.package import Package
from gateway.content.picture_headers import is_metafile, is_of_a_format_drawn
from gateway.content.reading import Item, Member, Oddity, Source, Spent, Unread, Unreadable
from gateway.content.structure import find_appended
from gateway.content.zips import Entry
from gateway.model.finding import FileOddity, Place, Readable

_NAMES = re.compile(r"\.(?:png|jpe?g|jpe|jfif|gif|bmp|tiff?|webp)$", re.IGNORECASE)  # of pictures that are read inside documents
_EXIF, _RDF = b"Exif\0\0", b"<rdf:"  # CIPA DC-008 4.5; XMP (ISO 16684-1 section 7)
_TAG, _VALUE = re.compile(r"<[^<>]*>"), re.compile(r"=\s*\"([^\"<>]*)\"")
_EDGE = 0.12  # of the height of a page
_AT_ONCE = 0.001  # seconds
_SMALL = 128  # octets: no picture of words is smaller


def read_picture(source: Source, spent: Spent) -> Iterator[Item]:
    """A picture that is a file, or that is shown among words."""
    yield from words_of(source.data, "picture", spent, is_page=not source.is_words)
    yield from _beside(source.data, "picture", spent)


def read_shown(octets: bytes, name: str, where: str, spent: Spent, *, declared: str = "") -> Iterator[Item]:
    """A picture that stands as itself among words, called `name` in the file: no file of its own. What is none, or more than one, is."""
    if not (is_of_a_format_drawn(octets) or is_metafile(octets)) or any(find_appended(octets, "image/*")):
        yield Member(name, octets, declared)
        return
    if not is_metafile(octets):
        yield from words_of(octets, where, spent)
    yield from _beside(octets, where, spent)


def _beside(octets: bytes, where: str, spent: Spent) -> Iterator[Item]:
    """What is no pixel: comments, tags of cameras and programs; the words that a metafile draws."""
    yield from read_metafile(octets, where, spent)
    for piece in beside_pixels(octets, spent):
        yield from legible(piece, f"{where}, beside its pixels", spent)
        if piece.startswith(_EXIF) and (tags := "\n".join(words_in(piece))):  # XPKeywords and others are in UTF-16, and may be short
            yield Place.TEXT, f"{where}, tags", tags
        if _RDF in piece:
            said = piece.decode("utf-8", "replace")
            yield Place.TEXT, f"{where}, XMP", html.unescape("\n".join((*_TAG.split(said), *_VALUE.findall(said))))


def words_of(octets: bytes, where: str, spent: Spent, *, is_page: bool = False) -> Iterator[Item]:
    """The words of a picture; of one that is a page of its own also what stands at its edges."""
    if not spent.reads_pictures or len(octets) < _SMALL:
        return
    if not ocr.is_drawn(octets):
        yield Oddity(FileOddity.PICTURES_UNSUPPORTED)
        return
    number = 0
    for frame in frames_of(octets, spent):
        if frame.piece_of >= ocr.WORTH:
            yield told(NOT_READ)
        for page in _pages(frame.octets, spent):
            number += 1
            yield from segments(page.lines, where if number == 1 else f"{where} {number}", is_page=is_page, is_first=number == 1)
            yield told(page)
            if not page.is_whole and spent.picture_seconds <= 0:
                return  # nor is what follows


def _pages(octets: bytes, spent: Spent) -> Iterator[Page]:
    """Each page, its time taken from the budget; those of a picture that was read before as they were then."""
    digest = hashlib.sha256(octets).digest()
    known = spent.pictures.get(digest)
    if isinstance(known, tuple):
        yield from known
        return
    pages = ocr.pages_of_picture(octets, lambda: spent.picture_seconds)
    read: list[Page] = []
    while (page := measured(lambda: next(pages, None), spent)) is not None:
        read.append(page)
        yield page
    spent.pictures[digest] = tuple(read)


def told(page: Page) -> Item:
    """Whether it was looked at."""
    return Oddity(FileOddity.PICTURES_READ) if page.is_whole else Unread(Readable.PICTURES_UNREAD)


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
        yield from _beside(data, f"picture {name}", package.spent)
    except Unreadable as unreadable:
        if unreadable.readable is not Readable.DAMAGED:
            raise
        yield Unread(Readable.PICTURES_UNREAD)


def last(entries: Iterable[Entry]) -> list[Entry]:
    """Parts of a document in their order, behind them its pictures, of which the small ones come first.

    They cost least, and of two pictures of one size it is the photograph that has more octets: so most of what can be read is.
    """
    return sorted(entries, key=lambda entry: entry.size if _NAMES.search(entry.name) else -1)


_Read = TypeVar("_Read")


def measured(read: Callable[[], _Read], spent: Spent) -> _Read:
    """What this reads, its time taken from the budget for pictures, and not from that of the timer which ends whoever never comes back."""
    start, given = time.process_time(), max(0.0, spent.picture_seconds)
    timer, _ = signal.getitimer(signal.ITIMER_PROF)
    if timer:
        signal.setitimer(signal.ITIMER_PROF, timer + given)
    try:
        return read()
    finally:
        took = time.process_time() - start
        spent.pictured(took)
        if timer:
            signal.setitimer(signal.ITIMER_PROF, max(_AT_ONCE, timer - max(0.0, took - given)))


def segments(lines: Sequence[Line], where: str, *, is_page: bool, is_first: bool) -> Iterator[Item]:
    """Lines as the text of a page with its edges, or as text in the middle of something else."""
    yield Place.FIRST_LINE if is_page and is_first else Place.TEXT, where, "\n".join(line.text for line in lines)
    if is_page:
        header, footer = _edges(lines)
        yield Place.PAGE_HEADER, f"{where} header", "\n".join(header)
        yield Place.PAGE_FOOTER, f"{where} footer", "\n".join(footer)


def inset_segments(lines: Sequence[Line], where: str) -> Iterator[Item]:
    """Lines of a picture beside words. Its first and last ones are no header and footer of the page: a marking there only raises."""
    yield Place.TEXT, where, "\n".join(line.text for line in lines)
    header, footer = _edges(lines)
    yield from ((Place.FIRST_LINE, f"{where} header", line) for line in header or [line.text for line in lines[:1]])
    yield from ((Place.FIRST_LINE, f"{where} footer", line) for line in footer or [line.text for line in lines[-1:]])


def _edges(lines: Sequence[Line]) -> tuple[list[str], list[str]]:
    return [line.text for line in lines if line.middle < _EDGE], [line.text for line in lines if line.middle > 1 - _EDGE]
