"""PDF (ISO 32000) to segments, labels and members: its objects by pikepdf, then its pages by pdfium.

A file that asks for a password is encrypted, one that a rights server must open is rights-protected; an empty password opens it. Where
pikepdf cannot open what pdfium can, the labels are looked for in the octets, and the file is damaged: what hangs on it was not seen.
Limits: a scan has words only where tesseract is installed, and as many as there was time for (pdf_scans, pdf_pictures).
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Generator, Iterator
from typing import Any

import pikepdf
import pypdfium2
import pypdfium2.raw as pdfium

from gateway.content.pdf_objects import Known, read_objects, xmp_labels
from gateway.content.pdf_pages import read_pages
from gateway.content.reading import Item, Source, Spent, Unreadable
from gateway.model.finding import Readable

_PACKED = re.compile(rb"/(?:ObjStm|Metadata)\b[^\r\n]{0,400}?(?:[\r\n][^\r\n]{0,400}?){0,12}?stream\r?\n")
_UNPACKED = 4 * 1_048_576  # octets of one stream that is looked through for labels


def read_pdf(source: Source, spent: Spent) -> Iterator[Item]:
    """What hangs on the document, then its pages in their order."""
    known = yield from _objects(source.data, spent)
    document = _open(source.data)
    try:
        yield from read_pages(document, known.untold, spent)
    finally:
        document.close()
    if known.trouble is not None:
        raise Unreadable(known.trouble)


def _objects(data: bytes, spent: Spent) -> Generator[Item, None, Known]:
    """What pikepdf reads; where it could not, any font may be anything."""
    try:
        return (yield from read_objects(data, spent))
    except pikepdf.PikepdfError:
        yield from _labels_in_octets(data)
        return Known(Readable.DAMAGED)


def _open(data: bytes) -> Any:
    try:
        return pypdfium2.PdfDocument(data)
    except pypdfium2.PdfiumError as error:
        raise Unreadable(_why(error.err_code, data)) from None


def _why(code: int, data: bytes) -> Readable:
    """ISO 32000-2 7.6.2: the standard handler asks for a password, that for public keys wants a certificate, others ask a server."""
    if b"/MicrosoftIRMServices" in data:
        return Readable.RIGHTS_PROTECTED
    if code == pdfium.FPDF_ERR_SECURITY:
        return Readable.ENCRYPTED if b"/Adobe.PubSec" in data else Readable.RIGHTS_PROTECTED
    return Readable.ENCRYPTED if code == pdfium.FPDF_ERR_PASSWORD else Readable.DAMAGED


def _labels_in_octets(data: bytes) -> Iterator[Item]:
    """Metadata may stand in clear in an encrypted file, and whole in a broken one."""
    for octets in (data, *_unpacked(data)):
        if b"MSIP_Label_" in octets:
            yield from xmp_labels(octets.decode("latin-1"))


def _unpacked(data: bytes) -> Iterator[bytes]:
    """Object streams (section 7.5.7) and metadata, as far as is reasonable."""
    for match in _PACKED.finditer(data):
        try:
            yield zlib.decompressobj().decompress(data[match.end() : match.end() + _UNPACKED], _UNPACKED)
        except zlib.error:
            continue
