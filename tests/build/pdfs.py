"""A PDF 1.7 document (ISO 32000-1) written by hand: pages of text, page header and footer, pictures for size.

Limits: text is WinAnsi (Windows code page 1252) in Helvetica; what it cannot say becomes a question mark.
"""

import textwrap
from collections.abc import Mapping, Sequence

from tests.build.octets import noise

_WIDTH, _HEIGHT = 595, 842  # A4 in points
_LINE = 12


def pdf(
    pages: Sequence[str],
    header: str | None = None,
    footer: str | None = None,
    pad_octets: int = 0,
    *,
    info: Mapping[str, str] | None = None,
) -> bytes:
    """A document with one page for each text.

    Args:
        pad_octets: octets of pictures (raw RGB noise), shared evenly by the pages and rounded down to whole rows.
        info: more entries of the document information dictionary, for example of a label.
    """
    rows = pad_octets // max(1, len(pages)) // _ROW
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"",
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
        _info(info),
    ]
    kids = []
    for number, text in enumerate(pages):
        resources = b"/Font << /F1 3 0 R >>"
        if rows:
            objects.append(_picture(rows, f"page {number}"))
            resources += b" /XObject << /Im1 %d 0 R >>" % len(objects)
        objects.append(_stream(b"", _content(text, header, footer, picture=rows > 0)))
        page = b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 %d %d] /Contents %d 0 R /Resources << %s >> >>"
        objects.append(page % (_WIDTH, _HEIGHT, len(objects), resources))
        kids.append(b"%d 0 R" % len(objects))
    objects[1] = b"<< /Type /Pages /Kids [%s] /Count %d >>" % (b" ".join(kids), len(kids))
    return _file(objects)


def pdf_of(
    content: bytes = b"", *, page: bytes = b"", catalog: bytes = b"", info: bytes = b"", more: Sequence[bytes] = (), trailer: bytes = b""
) -> bytes:
    """One page, drawn by this content stream; further keys of its dictionaries; further objects, the first of which is `7 0 R`."""
    fonts = b"/Resources << /Font << /F1 3 0 R >> >>"
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R %s >>" % catalog,
        b"<< /Type /Pages /Kids [5 0 R] /Count 1 >>",
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
        b"<< /Producer (Samples) %s >>" % info,
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 %d %d] /Contents 6 0 R %s %s >>" % (_WIDTH, _HEIGHT, fonts, page),
        stream(content),
        *more,
    ]
    return _file(objects, trailer)


def stream(data: bytes, keys: bytes = b"") -> bytes:
    """A stream object."""
    return _stream(keys, data)


def shown(text: str, x: int = 50, y: int = 500) -> bytes:
    """One line of text at a place, in points from the lower left."""
    return b"BT /F1 10 Tf 1 0 0 1 %d %d Tm (%s) Tj ET\n" % (x, y, _escape(text))


_ROW = 3 * 512


def _picture(rows: int, seed: str) -> bytes:
    keys = b"/Type /XObject /Subtype /Image /Width 512 /Height %d /ColorSpace /DeviceRGB /BitsPerComponent 8 " % rows
    return _stream(keys, noise(rows * _ROW, seed))


def _content(text: str, header: str | None, footer: str | None, *, picture: bool) -> bytes:
    lines = [piece for line in text.split("\n") for piece in textwrap.wrap(line, 95) or [""]]
    blocks = [(_HEIGHT - 72, lines)]
    if header is not None:
        blocks.append((_HEIGHT - 30, [header]))
    if footer is not None:
        blocks.append((24, [footer]))
    drawn = b"q 120 0 0 60 400 40 cm /Im1 Do Q\n" if picture else b""
    return drawn + b"".join(_text(y, block) for y, block in blocks)


def _text(y: int, lines: Sequence[str]) -> bytes:
    shown = b"".join(b"(%s) Tj T*\n" % _escape(line) for line in lines)
    return b"BT /F1 10 Tf %d TL 50 %d Td\n%sET\n" % (_LINE, y, shown)


def _escape(text: str) -> bytes:
    return text.encode("cp1252", "replace").replace(b"\\", b"\\\\").replace(b"(", b"\\(").replace(b")", b"\\)")


def _info(info: Mapping[str, str] | None) -> bytes:
    entries = {"Producer": "Samples", "CreationDate": "D:20260105090000Z"} | dict(info or {})
    return b"<< " + b" ".join(b"/%s (%s)" % (key.encode(), _escape(value)) for key, value in entries.items()) + b" >>"


def _stream(keys: bytes, data: bytes) -> bytes:
    return b"<< %s /Length %d >>\nstream\n%s\nendstream" % (keys, len(data), data)


def _file(objects: Sequence[bytes], more: bytes = b"") -> bytes:
    # The comment of four high octets marks the file as binary (7.5.2).
    pieces = [b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n"]
    at, offsets = len(pieces[0]), []
    for number, body in enumerate(objects, start=1):
        offsets.append(at)
        pieces.append(b"%d 0 obj\n%s\nendobj\n" % (number, body))
        at += len(pieces[-1])
    size = len(objects) + 1
    table = b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    trailer = b"trailer\n<< /Size %d /Root 1 0 R /Info 4 0 R %s >>\nstartxref\n%d\n%%%%EOF\n"
    pieces.append(b"xref\n0 %d\n0000000000 65535 f \n%s" % (size, table) + trailer % (size, more, at))
    return b"".join(pieces)
