"""OpenDocument text, sheets and slides (OASIS ODF 1.3), packed or flat, to segments, labels and members.

Every part with words in it is read: content, page headers and footers, masters, notes, annotations, hidden text, alternative texts, fields,
properties. A document with tracked changes is read as it will be; what was deleted, and what it was before, is read apart.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator
from typing import Any

from gateway.content import labels, pictures, pieces, xml
from gateway.content.odf_attributes import PARAGRAPHS, hidden_styles
from gateway.content.odf_pages import Pages
from gateway.content.odf_words import Document
from gateway.content.package import Package, package_in
from gateway.content.reading import Item, Member, Oddity, Source, Spent, Unread, Unreadable
from gateway.content.xml import local
from gateway.content.zips import Entry
from gateway.detectors import Segment
from gateway.model.finding import Place, Readable

# What of a large part is read whole.
_HELD = ("{*}table-row", "{*}automatic-styles", "{*}master-styles", "{*}tracked-changes", *PARAGRAPHS)
_PICTURES = (".png", ".jpg", ".jpeg", ".gif", ".svg", ".svm", ".wmf", ".emf", ".webp", ".bmp", ".jpe", ".jfif", ".tif", ".tiff")
_PIECES = (*_PICTURES, ".ttf", ".otf", "layout-cache")
_ABOUT = ("mimetype", "META-INF/manifest.xml", "META-INF/documentsignatures.xml", "META-INF/macrosignatures.xml")


def read_odf(source: Source, spent: Spent) -> Iterator[Item]:
    """Content first, then styles, properties and embedded objects; what is no piece of a document is a member."""
    if source.data.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<"):
        yield from _flat(source, spent)
        return
    package = package_in(source, spent)
    for entry in package.find("META-INF/manifest.xml"):
        if any(True for _ in package.elements(entry, "{*}encryption-data", "{*}EncryptedKey")):
            yield from _visible(package)
            raise Unreadable(Readable.ENCRYPTED)
    if package.has_duplicates:
        yield Oddity("duplicate-members")
    pages = Pages()
    for entry in pictures.last(sorted(package.parts, key=lambda entry: (entry.name != "content.xml", entry.name))):
        yield from _part(entry, package, source.where, pages)
    if package.is_damaged:
        raise Unreadable(Readable.DAMAGED)


def _flat(source: Source, spent: Spent) -> Iterator[Item]:
    """A whole document in one XML."""
    stream = xml.Pieces(source.data[at : at + 65536] for at in range(0, len(source.data), 65536))
    document = Document(source.where, spent, pages=Pages())
    for block in xml.outermost(stream, "{*}binary-data", "{*}meta", *_HELD):
        name = local(block)
        if name == "binary-data":
            yield from _embedded(block, spent)
        elif name == "meta":
            yield from _meta(block, "meta")
        else:
            yield from document.read(block)
            for file in block.iter("{*}binary-data"):
                if file.text:
                    yield from _embedded(file, spent)
    yield from document.end()


def _visible(package: Package) -> Iterator[Item]:
    """What an encrypted document says in clear: its properties, when a program left them out of the encryption."""
    for entry in package.find("meta.xml"):
        root, is_well_formed = xml.parse(package.read(entry))
        if is_well_formed and root is not None:
            yield from _meta(root, entry.name)


def _part(entry: Entry, package: Package, where: str, pages: Pages) -> Iterator[Item]:
    name = entry.name
    if name == "content.xml":
        yield from _read(entry, package, Document(where, package.spent, hidden=_common_hidden(package), pages=pages))
    elif name == "styles.xml":
        yield from _read(entry, package, Document("styles", package.spent, Place.TEXT, pages=pages))
    elif name.endswith(("/content.xml", "/styles.xml")):
        yield from _read(entry, package, Document(name.rpartition("/")[0], package.spent, Place.TEXT))
    elif name == "meta.xml" or name.endswith("/meta.xml"):
        for block in package.blocks(entry):
            yield from _meta(block, name)
    elif name.startswith(("Basic/", "Scripts/")):
        yield Oddity("macros")
        if name.endswith(".xml"):
            yield Place.TEXT, "macros", "\n".join("".join(block.itertext()) for block in package.blocks(entry))
    elif entry.size and not name.endswith(_ABOUT):
        yield from _other(entry, package)


def _other(entry: Entry, package: Package) -> Iterator[Item]:
    """What belongs to no document of ours: pictures and other pieces, XML of any kind, files."""
    name = entry.name
    if name.startswith(("Thumbnails/", "ObjectReplacements/")) or name.lower().endswith(_PIECES):
        yield from pieces.read_piece(package, entry, "")
    elif name.endswith((".xml", ".rdf")):
        if not name.endswith("settings.xml"):
            yield Place.TEXT, name, "\n".join(text for block in package.blocks(entry) for text in block.itertext() if not text.isspace())
    else:
        yield Member(name, package.read(entry))


def _common_hidden(package: Package) -> Iterator[str]:
    """The styles of styles.xml that hide; almost no document has one."""
    for entry in package.find("styles.xml"):
        octets = package.read(entry)
        if b'display="none"' in octets or not octets.isascii():
            root, _ = xml.parse(octets) if len(octets) <= xml.SMALL else (None, True)
            yield from hidden_styles(root) if root is not None else ()


def _read(entry: Entry, package: Package, document: Document) -> Iterator[Segment]:
    sheets = any(b"spreadsheet" in package.archive.begin_of(kind) for kind in package.find("mimetype"))
    # In sheets there are many paragraphs and almost none outside of a row.
    for block in package.blocks(entry, *(_HELD if not sheets else [tag for tag in _HELD if tag not in PARAGRAPHS])):
        yield from document.read(block)
    yield from document.end()


def _meta(root: Any, where: str) -> Iterator[Item]:
    """ODF 1.3 part 3 section 4.3: properties, among them the user's own, where labels are."""
    pairs = [
        (next((value for key, value in e.attrib.items() if key.endswith("}name")), ""), e.text or "") for e in root.iter("{*}user-defined")
    ]
    yield from labels.from_pairs(pairs, where)
    pairs += [(local(e), e.text) for e in root.iter("{*}*") if e.text and local(e) != "user-defined"]
    yield Place.PROPERTIES, where, labels.property_lines(pairs)


def _embedded(element: Any, spent: Spent) -> Iterator[Item]:
    """A file in the middle of a flat document; pictures are pieces of it, if they are pictures."""
    is_picture = local(element.getparent()) == "image"
    try:
        octets = base64.b64decode("".join(element.itertext()))
    except binascii.Error:
        if is_picture:
            yield Unread(Readable.PICTURES_UNREAD)
            return
        raise Unreadable(Readable.DAMAGED) from None
    spent.unpacked(len(octets), len(octets), len(octets))
    yield from pictures.read_shown(octets, "", "picture", spent) if is_picture else (Member("", octets),)
