"""Files and messages that are built to exhaust whoever reads them: small on the wire, and endless, huge or bottomless inside. Pure.

Nothing large is ever made in memory here: runs of zeros are packed once and repeated as packed octets.
"""

import io
import lzma
import struct
import zipfile
import zlib
from collections.abc import Callable, Mapping
from functools import cache

from tests.build import docx, xlsx, zip_of
from tests.build.tnef import tnef
from tests.corpus.entries import EXCEL, WORD, carrying, raw
from tests.corpus.families.sheets import changed
from tests.corpus.quine import quine

_MB = 1_048_576


def bombs() -> Mapping[str, Callable[[], bytes]]:
    """Messages by what they are; each is made when it is called for."""
    files = {name: (lambda make=make: carrying(*make())) for name, make in _FILES.items()}
    return {**files, **_MESSAGES}


# --- packed zeros -------------------------------------------------------------------------------------------------------


@cache
def _zeros() -> bytes:
    """16 MiB of zeros as whole DEFLATE blocks, to be put one behind the other."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    return packer.compress(bytes(16 * _MB)) + packer.flush(zlib.Z_FULL_FLUSH)


_LAST = b"\x03\x00"  # an empty last block


def _deflated(megabytes: int) -> bytes:
    return _zeros() * (megabytes // 16) + _LAST


def _gzip(megabytes: int) -> bytes:
    return b"\x1f\x8b\x08" + bytes(7) + _deflated(megabytes) + bytes(8)


def _zip(packed: bytes, size: int, entries: int = 1) -> bytes:
    """All entries of the directory point at the same data."""
    local = struct.pack("<IHHHHHIIIHH", 0x04034B50, 20, 0, 8, 0, 0, 0, len(packed), size, 4, 0) + b"0000" + packed
    rows = [
        struct.pack("<IHHHHHHIIIHHHHHII", 0x02014B50, 20, 20, 0, 8, 0, 0, 0, len(packed), size, 4, 0, 0, 0, 0, 0, 0) + b"%04d" % number
        for number in range(entries)
    ]
    directory = b"".join(rows)
    return local + directory + struct.pack("<IHHHHIIH", 0x06054B50, 0, 0, entries, entries, len(directory), len(local), 0)


def _nested(levels: int) -> bytes:
    octets = b"hello"
    for _ in range(levels):
        crc, size = zlib.crc32(octets), len(octets)
        local = struct.pack("<IHHHHHIIIHH", 0x04034B50, 20, 0, 0, 0, 0, crc, size, size, 5, 0) + b"a.zip" + octets
        row = struct.pack("<IHHHHHHIIIHHHHHII", 0x02014B50, 20, 20, 0, 0, 0, 0, crc, size, size, 5, 0, 0, 0, 0, 0, 0) + b"a.zip"
        octets = local + row + struct.pack("<IHHHHIIH", 0x06054B50, 0, 0, 1, 1, len(row), len(local), 0)
    return octets


def _xz() -> bytes:
    """Two gigabytes: a stream of 16 MiB, a hundred times and more (xz streams may follow one another)."""
    return lzma.compress(bytes(16 * _MB), preset=0) * 128


def _bz2() -> bytes:
    import bz2

    return bz2.compress(bytes(16 * _MB)) * 128


def _zst() -> bytes:
    """A frame of blocks of the RLE kind (RFC 8878 3.1.1.2.2): 128 KiB of zeros in four octets each; four gigabytes."""
    head = bytes.fromhex("28b52ffd") + b"\x00" + b"\x70"  # a window of 16 MiB, no content size
    block = (131072 << 3 | 1 << 1).to_bytes(3, "little") + b"\0"
    return head + block * 32768 + (0 << 3 | 1).to_bytes(3, "little")


def _tar_of_claims() -> bytes:
    """Members that say they are eight exabytes (base-256 sizes)."""
    head = b"list.txt".ljust(100, b"\0") + b"0000644\0" * 3 + (b"\x80" + b"\0" * 3 + (1 << 62).to_bytes(8, "big")) + b"00000000000\0"
    block = bytearray((head + b"        0").ljust(512, b"\0"))
    block[148:156] = b"%06o\0 " % sum(block)
    return bytes(block) * 2000


def _many_entries() -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        for number in range(100_000):
            archive.writestr(zipfile.ZipInfo(str(number)), b"")
    return target.getvalue()


# --- XML and office ---------------------------------------------------------------------------------------------------


def _laughs() -> str:
    lines = ['<!DOCTYPE x [<!ENTITY a0 "NHS">'] + [f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 12)] + ["]>"]
    return '<?xml version="1.0"?>' + "\n".join(lines)


def _with_part(octets: bytes, path: str, part: bytes) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(octets)) as old, zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            new.writestr(name, part if name == path else old.read(name))
    return target.getvalue()


_W = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'


def _laughing_docx() -> bytes:
    body = f"<w:document {_W}><w:body><w:p><w:r><w:t>&a11;</w:t></w:r></w:p></w:body></w:document>"
    return _with_part(docx(["A."]), "word/document.xml", (_laughs() + body).encode())


def _deep_docx() -> bytes:
    body = "<w:sdt><w:sdtContent>" * 10_000 + "<w:p/>" + "</w:sdtContent></w:sdt>" * 10_000
    return _with_part(docx(["A."]), "word/document.xml", f"<w:document {_W}><w:body>{body}</w:body></w:document>".encode())


def _wide_docx() -> bytes:
    """Fifty megabytes of text that pack to nothing."""
    body = "<w:p><w:r><w:t>restricted byway 1234567890 </w:t></w:r></w:p>" * 800_000
    return _with_part(docx(["A."]), "word/document.xml", f"<w:document {_W}><w:body>{body}</w:body></w:document>".encode())


def _attribute_docx() -> bytes:
    many = " ".join(f'a{number}="x"' for number in range(100_000))
    return _with_part(docx(["A."]), "word/document.xml", f"<w:document {_W}><w:body {many}/></w:document>".encode())


def _far_cell() -> bytes:
    far = '<row r="1048576"><c r="XFD1048576"><v>1</v></c></row></sheetData>'
    return changed(xlsx([["a"]]), {"xl/worksheets/sheet1.xml": ("</sheetData>", far)})


def _many_cells() -> bytes:
    row = b'<row><c t="s"><v>0</v></c><c><v>4857773457</v></c><c><v>1767603600</v></c></row>'
    sheet = (
        b'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>'
        + row * 600_000
        + b"</sheetData></worksheet>"
    )
    return _with_part(xlsx([["a"]]), "xl/worksheets/sheet1.xml", sheet)


def _far_ods() -> bytes:
    space = "urn:oasis:names:tc:opendocument:xmlns"
    content = (
        f'<office:document-content xmlns:office="{space}:office:1.0" xmlns:table="{space}:table:1.0" xmlns:text="{space}:text:1.0"><office:body>'
        '<office:spreadsheet><table:table><table:table-row table:number-rows-repeated="1048576"><table:table-cell '
        'table:number-columns-repeated="16384"><text:p>485 777 3457</text:p></table:table-cell></table:table-row></table:table>'
        "</office:spreadsheet></office:body></office:document-content>"
    )
    return zip_of({"mimetype": b"application/vnd.oasis.opendocument.spreadsheet", "content.xml": content.encode()})


# --- PDF ----------------------------------------------------------------------------------------------------------------


def _pdf_with(*objects: bytes) -> bytes:
    """Objects from number 1 on; the first is the catalogue."""
    octets, offsets = b"%PDF-1.7\n", []
    for number, body in enumerate(objects, 1):
        offsets.append(len(octets))
        octets += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    table = b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    tail = b"trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, len(octets))
    return octets + b"xref\n0 %d\n0000000000 65535 f \n%s" % (len(objects) + 1, table) + tail


_CATALOGUE = b"<< /Type /Catalog /Pages 2 0 R >>"
_PAGES = b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>"


def _pdf_stream(keys: bytes, data: bytes) -> bytes:
    page = b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 9 9] /Contents 4 0 R /Resources << >> >>"
    return _pdf_with(_CATALOGUE, _PAGES, page, b"<< %s /Length %d >>\nstream\n%s\nendstream" % (keys, len(data), data))


def _pdf_flate() -> bytes:
    """Zeros packed, packed again, and again."""
    data = b"\x78\x9c" + _deflated(1024) + bytes(4)
    return _pdf_stream(b"/Filter [/FlateDecode /FlateDecode]", zlib.compress(data))


def _pdf_circle() -> bytes:
    return _pdf_with(_CATALOGUE, b"<< /Type /Pages /Kids [2 0 R 2 0 R 2 0 R] /Count 1000000 >>")


def _pdf_deep() -> bytes:
    return _pdf_with(b"<< /Type /Catalog /Pages 2 0 R /X " + b"[" * 10_000 + b"]" * 10_000 + b" >>", _PAGES)


def _pdf_forms() -> bytes:
    """Forty forms, each of which draws the next one ten times."""
    objects = [
        _CATALOGUE,
        _PAGES,
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 9 9] /Contents 4 0 R /Resources << /XObject << /F 5 0 R >> >> >>",
    ]
    objects.append(b"<< /Length 5 >>\nstream\n/F Do\nendstream")
    for number in range(5, 45):
        inner = b"/Resources << /XObject << /F %d 0 R >> >>" % (number + 1) if number < 44 else b""
        drawn = b"/F Do " * 10
        objects.append(
            b"<< /Type /XObject /Subtype /Form /BBox [0 0 9 9] %s /Length %d >>\nstream\n%s\nendstream" % (inner, len(drawn), drawn)
        )
    return _pdf_with(*objects)


def _pdf_pages() -> bytes:
    """A hundred thousand pages that are one."""
    return _pdf_with(
        _CATALOGUE,
        b"<< /Type /Pages /Kids [%s] /Count 100000 >>" % (b"3 0 R " * 100_000),
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 9 9] >>",
    )


# --- pictures -------------------------------------------------------------------------------------------------------------


def _huge_png() -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    data = b"\x78\x9c" + _deflated(512) + bytes(4)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", struct.pack(">IIBBBBB", 60_000, 60_000, 8, 0, 0, 0, 0))
        + chunk(b"IDAT", data)
        + chunk(b"IEND", b"")
    )


def _huge_bmp() -> bytes:
    return (
        b"BM"
        + struct.pack("<IHHI", 100, 0, 0, 54)
        + struct.pack("<IiiHHIIiiII", 40, 100_000, 100_000, 1, 24, 0, 0, 0, 0, 0, 0)
        + bytes(5000)
    )


# --- the files, and messages that need no file ------------------------------------------------------------------------------

_FILES: dict[str, Callable[[], tuple[str, bytes, str]]] = {
    "a zip of eight gigabytes": lambda: ("a.zip", _zip(_deflated(8192), 0xFFFFFFFE), "application/zip"),
    "a zip that says it is small": lambda: ("a.zip", _zip(_deflated(2048), 10), "application/zip"),
    "a zip whose entries are all the same octets": lambda: ("a.zip", _zip(_deflated(128), 128 * _MB, 9000), "application/zip"),
    "a gzip that unpacks to itself": lambda: ("q.gz", quine(), "application/gzip"),
    "a gzip of eight gigabytes": lambda: ("a.gz", _gzip(8192), "application/gzip"),
    "a gzip in a gzip": lambda: ("a.gz.gz", b"\x1f\x8b\x08" + bytes(7) + zlib.compress(_gzip(8192))[2:-4] + bytes(8), "application/gzip"),
    "an xz of two gigabytes": lambda: ("a.xz", _xz(), "application/x-xz"),
    "a bzip2 of two gigabytes": lambda: ("a.bz2", _bz2(), "application/x-bzip2"),
    "a zstd of four gigabytes": lambda: ("a.zst", _zst(), "application/zstd"),
    "a tar of members that claim exabytes": lambda: ("a.tar", _tar_of_claims(), "application/x-tar"),
    "a zip of 100,000 entries": lambda: ("a.zip", _many_entries(), "application/zip"),
    "10,000 zips in one another": lambda: ("a.zip", _nested(10_000), "application/zip"),
    "a document of a billion laughs": lambda: ("plan.docx", _laughing_docx(), WORD),
    "a picture of a billion laughs": lambda: ("a.svg", (_laughs() + "<svg><text>&a11;</text></svg>").encode(), "image/svg+xml"),
    "a document 10,000 elements deep": lambda: ("plan.docx", _deep_docx(), WORD),
    "a document that packs to nothing": lambda: ("plan.docx", _wide_docx(), WORD),
    "an element of 100,000 attributes": lambda: ("plan.docx", _attribute_docx(), WORD),
    "a workbook that claims 512 gigabytes": lambda: ("list.xlsx", _far_cell(), EXCEL),
    "a workbook of two million cells": lambda: ("list.xlsx", _many_cells(), EXCEL),
    "an open sheet that repeats a cell for ever": lambda: ("list.ods", _far_ods(), "application/vnd.oasis.opendocument.spreadsheet"),
    "a PDF of gigabytes": lambda: ("report.pdf", _pdf_flate(), "application/pdf"),
    "a PDF whose pages hold themselves": lambda: ("report.pdf", _pdf_circle(), "application/pdf"),
    "a PDF 10,000 arrays deep": lambda: ("report.pdf", _pdf_deep(), "application/pdf"),
    "a PDF of forms in forms": lambda: ("report.pdf", _pdf_forms(), "application/pdf"),
    "a PDF of 100,000 pages": lambda: ("report.pdf", _pdf_pages(), "application/pdf"),

    "a picture of four gigabytes": lambda: ("scan.png", _huge_png(), "image/png"),
    "a picture that claims thirty gigabytes": lambda: ("scan.bmp", _huge_bmp(), "image/bmp"),
    "HTML 10,000 elements deep": lambda: ("a.html", b"<div>" * 10_000 + b"x" + b"</div>" * 10_000, "text/html"),
    "HTML of a million tags": lambda: ("a.html", b"<b><i><a href=x title='" * 400_000, "text/html"),
    "RTF 10,000 groups deep": lambda: ("a.rtf", b"{\\rtf1" + b"{\\b " * 10_000 + b"x" + b"}" * 10_000 + b"}", "application/rtf"),
    "RTF with binary data of two gigabytes": lambda: ("a.rtf", b"{\\rtf1\\bin2147483647 x}", "application/rtf"),
    "a winmail.dat that claims four gigabytes": lambda: ("winmail.dat", _claiming_tnef(), "application/ms-tnef"),
    "2,000 winmail.dat in one another": lambda: ("winmail.dat", _nested_tnef(), "application/ms-tnef"),
    "a text of a million numbers": lambda: ("numbers.txt", b"\n".join(b"%010d" % (999_000_000 + 10 * row) for row in range(1_000_000)), "text/plain"),
    "an old document whose sectors run in a circle": lambda: ("plan.doc", _ole_circle(), "application/msword"),
}  # fmt: skip


def _claiming_tnef() -> bytes:
    octets = tnef({"list.txt": b"x"})
    at = octets.index(struct.pack("<I", 0x0006800F))
    return octets[: at + 4] + struct.pack("<I", 0xFFFFFFF0) + octets[at + 8 :]


def _nested_tnef() -> bytes:
    octets = b"hello"
    for _ in range(2_000):
        octets = tnef({"winmail.dat": octets})
    return octets


def _ole_circle() -> bytes:
    from tests.content.compound import compound

    octets = bytearray(compound({"WordDocument": b"x" * 5000}))
    fat = struct.unpack_from("<I", octets, 0x4C)[0]
    struct.pack_into("<I", octets, 512 * (fat + 1), 0)  # the first sector is followed by itself
    return bytes(octets)


_VERSION = "MIME-Version: 1.0\n"


def _deep_mime(kind: str) -> bytes:
    if kind == "message":
        return raw(_VERSION + f"Content-Type: message/rfc822\n\nSubject: x\n{_VERSION}" * 10_000 + "Content-Type: text/plain\n\nx\n")
    opened = "".join(f"Content-Type: multipart/mixed; boundary=b{number}\n\n--b{number}\n" for number in range(10_000))
    return raw(_VERSION + opened + "Content-Type: text/plain\n\nx\n" + "".join(f"\n--b{number}--" for number in reversed(range(10_000))))


def _parts(head: str) -> bytes:
    return raw(f"{_VERSION}Content-Type: multipart/mixed; boundary=b\n\n" + f"--b\n{head}\n" * 100_000 + "--b--\n")


_MESSAGES: dict[str, Callable[[], bytes]] = {
    "100,000 parts": lambda: _parts("Content-Type: text/plain\n\nx"),
    "100,000 files": lambda: _parts("Content-Disposition: attachment; filename=a.txt\n\nx"),
    "100,000 parts without a header": lambda: _parts("\nx"),
    "10,000 multiparts in one another": lambda: _deep_mime("parts"),
    "10,000 messages in one another": lambda: _deep_mime("message"),
    "100,000 header fields": lambda: raw("".join(f"X-{number}: {number}\n" for number in range(100_000)) + "\nx\n"),
    "a header field of two megabytes": lambda: raw("X-Long: " + "\n x" * 700_000 + "\n\nx\n"),
    "10,000 comments in one another": lambda: raw(f"To: {'(' * 10_000}x{')' * 10_000} <kim@elsewhere.example>\n\nx\n"),
    "a subject of 100,000 encoded-words": lambda: raw("Subject:" + "\n =?utf-8?B?UkVTVFJJQ1RFRA==?=" * 100_000 + "\n\nx\n"),
    "a name in 100,000 pieces": lambda: raw(_VERSION + "Content-Type: text/plain" + "".join(f";\n name*{number}=x" for number in range(100_000)) + "\n\nx\n"),
    "a million lines like a delimiter": lambda: raw(f"{_VERSION}Content-Type: multipart/mixed; boundary=b\n\n--b\n\n" + "--bx\n" * 1_000_000 + "--b--\n"),
    "base64 of one character a line": lambda: raw(f"{_VERSION}Content-Type: text/plain\nContent-Transfer-Encoding: base64\n\n" + "QUJD\n".replace("", "\n") * 500_000),
    "uuencode that begins 100,000 times": lambda: raw(f"{_VERSION}Content-Type: text/plain\n\n" + "begin 644 a\n#86)C\n`\nend\n" * 100_000),
    "HTML in a body, a million tags": lambda: raw(f"{_VERSION}Content-Type: text/html\n\n" + "<b><i><a href=x title='\n" * 300_000),
}  # fmt: skip
