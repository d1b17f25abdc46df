"""Parts of an office package that are no words: pictures, sounds, fonts, settings of printers, controls, and what has such a name.

A name proves nothing: programs go by the content type and the relationship of a part. What is called a picture and is none is a member;
a drawing in SVG is read as markup; of all others, whatever a person can read in them counts, and a file that stands in one is a member.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator
from functools import partial

from gateway.content import markup, pictures, words
from gateway.content.compressed import Streams
from gateway.content.legible import legible
from gateway.content.metafiles import read_metafile
from gateway.content.package import Package
from gateway.content.picture_headers import is_of_a_format_drawn
from gateway.content.reading import Bounded, Item, Member, Source
from gateway.content.structure import find_appended
from gateway.content.zips import Entry

_PIECES = re.compile(
    r"\.(?:png|jpe?g|jpe|jfif|webp|gif|bmp|tiff?|emf|wmf|emz|wmz|wdp|hdp|svg|ico|mp3|mp4|m4a|wav|wma|mov|avi|wmv|odttf|fntdata|ttf|sigs|psdsxs|psdsor)$"
    r"|/(?:printersettings|activex|ctrlprops)[^/]*(?:/[^/]*)?$|vbaprojectsignature",
    re.IGNORECASE,
)
_SVG, _DRAWINGS = ".svg", (".svg", ".emz", ".wmz")  # text; text, or packed octets
_PICTURES = frozenset({"png", "gif", "bmp", "webp", "jpg", "jpeg", "jpe", "jfif", "tif", "tiff"})
_BROKEN = (b"\x89PNG", b"GIF8", b"\xff\xd8")  # still a picture
_FILES = (b"PK", b"%PDF", b"\xd0\xcf\x11\xe0", b"{\\rt", b"Rar!", b"7z\xbc\xaf", b"MSCF", b"\x1f\x8b", b"BZh", b"\xfd7zXZ", b"(\xb5/\xfd")
_GZIP = b"\x1f\x8b"
_FOREIGN = ("text/", "message/", "multipart/", "application/rtf", "application/xhtml")  # types of a part in another format


def is_piece(name: str) -> bool:
    """By its name."""
    return _PIECES.search(name) is not None


def is_foreign(kind: str) -> bool:
    """Whether a part of this type is a text or a message in a format of its own, whatever its name (ECMA-376-1 section 17.17.2.1)."""
    return kind.startswith(_FOREIGN) and not kind.endswith("/xml")


def foreign(package: Package, entry: Entry, kind: str) -> Member:
    """A part that is a file of its own."""
    return Member(entry.name.rpartition("/")[2], package.read(entry), declared=kind if is_foreign(kind) else "")


def read_piece(package: Package, entry: Entry, kind: str) -> Iterator[Item]:
    """A part with the name of a piece."""
    if is_foreign(kind) or _is_disguised(package, entry):
        yield foreign(package, entry, kind)
    elif entry.name.lower().rpartition(".")[2] in _PICTURES:
        yield from pictures.words_in_package(package, entry)
    elif entry.name.lower().endswith(_SVG) and not package.archive.begin_of(entry).startswith(_GZIP):
        name, data = entry.name.rpartition("/")[2], package.read(entry)
        drawing = Source(data, (name,), "image/svg+xml", where=f"drawing {name}")
        yield from words.with_files(markup.read_html, drawing, package.spent)
        if any(find_appended(data, "image/svg+xml")):
            yield Member(name, data)
    else:
        data = package.read(entry)
        name = entry.name.rpartition("/")[2]
        if data.startswith(_GZIP):  # a drawing, packed
            data, _ = Bounded(Streams(partial(zlib.decompressobj, 31), data), len(data), package.spent).salvage()
        if any(find_appended(data, "image/*")):
            yield Member(name, data)
        else:
            yield from read_metafile(data, name, package.spent)
            yield from legible(data, name, package.spent)


def _is_disguised(package: Package, entry: Entry) -> bool:
    """Whether it begins as a file does in which words could stand, or is no picture though it is called one."""
    name = entry.name.lower()
    head = package.archive.begin_of(entry)
    if name.endswith(_DRAWINGS):
        return head.startswith(_FILES) and not head.startswith(_GZIP)
    is_text = len(head) > 16 and head.isascii() and not any(octet < 9 for octet in head)
    is_false = name.rpartition(".")[2] in _PICTURES and bool(head) and not (is_of_a_format_drawn(head) or head.startswith(_BROKEN))
    return is_text or is_false or head.startswith(_FILES)
