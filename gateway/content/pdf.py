"""PDF (ISO 32000) to segments, labels and members, by pdfium.

A page header is what stands in the top tenth of a page, a footer what stands in the bottom tenth, each line of it by itself: the order of
the text in the file says nothing about its place. Annotations and form fields are read too, attachments are members.
Limits: a scan without text is read and has no words. Labels are found in the document information dictionary and in XMP.
"""

from __future__ import annotations

import ctypes
import re
import zlib
from collections.abc import Iterator
from typing import Any

import pypdfium2
import pypdfium2.raw as pdfium

from gateway.content import labels
from gateway.content.reading import Item, Member, Source, Spent, Unreadable
from gateway.detectors import Segment
from gateway.model.finding import Place, Readable

_BAND = 0.1  # of the height
_LABEL = re.compile(r"MSIP_Label_([0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12})_([A-Za-z]+)")
_IN_XMP = re.compile(r"(MSIP_Label_[0-9a-fA-F\-]{36}_[A-Za-z]+)(?:>|\s*=\s*[\"'])([^<\"']{0,255})")
_STREAM = re.compile(rb"/(?:ObjStm|Metadata)\b[^\r\n]{0,400}?(?:[\r\n][^\r\n]{0,400}?){0,12}?stream\r?\n")
_PROPERTIES = ("Title", "Author", "Subject", "Keywords", "Creator", "Producer")
_UNPACKED = 4 * 1_048_576  # octets of one stream that is looked through for labels
_ANNOTATION_KEYS = (b"Contents", b"V", b"TU", b"RC")


def read_pdf(source: Source, spent: Spent) -> Iterator[Item]:
    """Pages in their order, then what hangs on the document."""
    document = _open(source.data)
    try:
        yield from _labels(document, source.data)
        yield Place.PROPERTIES, "document information", "\n".join(document.get_metadata_value(name) for name in _PROPERTIES)
        yield from _attachments(document, spent)
        for number in range(len(document)):
            spent.pages()
            yield from _page(document, number)
    finally:
        document.close()


def _open(data: bytes) -> Any:
    try:
        return pypdfium2.PdfDocument(data)
    except pypdfium2.PdfiumError as error:
        if b"MicrosoftIRMServices" in data:
            raise Unreadable(Readable.RIGHTS_PROTECTED) from None
        locked = error.err_code in (pdfium.FPDF_ERR_PASSWORD, pdfium.FPDF_ERR_SECURITY)
        raise Unreadable(Readable.ENCRYPTED if locked else Readable.DAMAGED) from None


def _page(document: Any, number: int) -> Iterator[Segment]:
    page = document[number]
    try:
        words = page.get_textpage()
        try:
            text = words.get_text_range().replace("\r\n", "\n").replace("\ufffe", "-")  # pdfium's sign for a hyphen at the end of a line
            yield Place.FIRST_LINE if number == 0 else Place.TEXT, f"page {number + 1}", text
            yield from _edges(page, words, f"page {number + 1}")
        finally:
            words.close()
        yield Place.TEXT, f"page {number + 1} annotations", "\n".join(_annotations(page))
    finally:
        page.close()


def _edges(page: Any, words: Any, where: str) -> Iterator[Segment]:
    """Lines of text in the top and bottom bands, as the page is turned when it is shown."""
    left, bottom, right, top = page.get_bbox()
    turned = page.get_rotation() % 360
    found: dict[Place, list[str]] = {Place.PAGE_HEADER: [], Place.PAGE_FOOTER: []}
    for index in range(words.count_rects()):
        box = words.get_rect(index)
        x, y = (box[0] + box[2]) / 2, (box[1] + box[3]) / 2
        across, up = (x - left) / max(right - left, 1), (y - bottom) / max(top - bottom, 1)
        height = {0: up, 90: 1 - across, 180: 1 - up, 270: across}.get(turned, up)
        if height > 1 - _BAND or height < _BAND:
            found[Place.PAGE_HEADER if height > 0.5 else Place.PAGE_FOOTER].append(words.get_text_bounded(*box).replace("\x02", "-"))
    for place, lines in found.items():
        yield place, f"{where} {place.value.removeprefix('page_')}", "\n".join(lines)


def _annotations(page: Any) -> Iterator[str]:
    """What notes and form fields say: pdfium's text of a page leaves it out."""
    for index in range(pdfium.FPDFPage_GetAnnotCount(page)):
        annotation = pdfium.FPDFPage_GetAnnot(page, index)
        if annotation:
            try:
                yield from filter(None, (_string(annotation, key) for key in _ANNOTATION_KEYS))
            finally:
                pdfium.FPDFPage_CloseAnnot(annotation)


def _string(annotation: Any, key: bytes) -> str:
    octets = pdfium.FPDFAnnot_GetStringValue(annotation, key, None, 0)
    if octets <= 2 or octets > _UNPACKED:
        return ""
    buffer = ctypes.create_string_buffer(octets)
    pdfium.FPDFAnnot_GetStringValue(annotation, key, ctypes.cast(buffer, ctypes.POINTER(pdfium.FPDF_WCHAR)), octets)
    return buffer.raw[: octets - 2].decode("utf-16-le", "replace")


def _attachments(document: Any, spent: Spent) -> Iterator[Member]:
    for index in range(document.count_attachments()):
        spent.entries()
        attachment = document.get_attachment(index)
        data = bytes(attachment.get_data())
        spent.unpacked(len(data), len(data), len(data))
        yield Member(attachment.get_name(), data)


def _labels(document: Any, data: bytes) -> Iterator[Item]:
    """The library cannot list the keys of the information dictionary, only answer for one: so keys are looked for in the file first."""
    sources = [text.decode("latin-1") for text in (data, *_unpacked(data)) if b"MSIP_Label_" in text]
    keys = dict.fromkeys(match[0] for text in sources for match in _LABEL.finditer(text))
    pairs = [(key, value) for key in keys if (value := document.get_metadata_value(key))]
    found = labels.from_pairs(pairs, "document information")
    yield from found
    in_xmp = labels.from_pairs(((match[1], match[2]) for text in sources for match in _IN_XMP.finditer(text)), "XMP")
    yield from (label for label in in_xmp if label.id not in {known.id for known in found})


def _unpacked(data: bytes) -> Iterator[bytes]:
    """Object streams (ISO 32000-1 section 7.5.7) and metadata, decompressed as far as is reasonable."""
    for match in _STREAM.finditer(data):
        try:
            yield zlib.decompressobj().decompress(data[match.end() : match.end() + _UNPACKED], _UNPACKED)
        except zlib.error:
            continue
