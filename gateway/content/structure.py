"""What octets show of themselves without a doubt: the kinds of file by their structure. Pure; names and declared types are not asked.

A file may be several things at once: readers of PDF accept `%PDF-` within the first 1024 octets, readers of ZIP look at the end, and
programs that open archives find them behind other octets. All are told, what the file begins with first.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from gateway.content import libarchive, mbox, ole
from gateway.content.package import Package, package_in
from gateway.content.reading import Source, Spent, Unreadable
from gateway.content.zip_index import find_entries, holds_local_entry
from gateway.content.zip_regular import is_regular

ZIP = "application/zip"
PDF = "application/pdf"
TAR = "application/x-tar"
CPIO = "application/x-cpio"
ISO = "application/x-iso9660-image"
OLE = ole.OLE
EMPTY = "inode/x-empty"
FLAT_OFFICE = "application/x-office-flat-xml"
PGP = "application/pgp-encrypted"
PKCS7 = "application/pkcs7-mime"
RIGHTS = "application/x-microsoft-rpmsg-message"
MESSAGE = "message/rfc822"
RTF = "application/rtf"
POSTSCRIPT, PRINTER, FDF = "application/postscript", "application/vnd.hp-pcl", "application/vnd.fdf"
TNEF, TNEF_SIGNATURE = "application/ms-tnef", b"\x78\x9f\x3e\x22"

_WRAPPERS = frozenset(
    {OLE, TNEF, CPIO, "application/vnd.ms-outlook", "application/msword", "application/vnd.ms-excel", "application/vnd.ms-powerpoint"}
    | {"application/x-archive", "application/x-iso9660-image", "application/x-7z-compressed", "application/vnd.rar"}
    | {"application/vnd.ms-cab-compressed", "application/warc", "application/x-xar", ole.ENCRYPTED, PKCS7, PGP}
)
# What archives may stand behind, or in, without being its own.
HOLD_NO_FILES = frozenset(
    {PDF, RTF, RIGHTS, "application/x-pfile", "application/applefile", "application/onenote", POSTSCRIPT, PRINTER, FDF}
)
_STARTS: tuple[tuple[bytes, str], ...] = (
    (ole.MAGIC, OLE),
    (b"\x76\xe8\x04\x60\xc4\x11\xe3\x86", RIGHTS),  # [MS-OXORMMS] 2.2.3.1
    (b".pfile", "application/x-pfile"),
    (b"-----BEGIN PGP MESSAGE-----", PGP),
    *((start + b"\x0d\x03" + kind, PGP) for start in (b"\x90", b"\xc4") for kind in (b"\0", b"\1")),  # signed in one pass (RFC 9580)
    (b"-----BEGIN PKCS7-----", PKCS7),
    (b"-----BEGIN CMS-----", PKCS7),
    (TNEF_SIGNATURE, TNEF),
    (b"{\\rt", RTF),
    (b"\x1f\x8b\x08", "application/gzip"),
    (b"BZh", "application/x-bzip2"),
    (b"\xfd7zXZ\x00", "application/x-xz"),
    (b"7z\xbc\xaf\x27\x1c", "application/x-7z-compressed"),
    (b"Rar!\x1a\x07", "application/vnd.rar"),
    (b"MSCF", "application/vnd.ms-cab-compressed"),
    (b"(\xb5/\xfd", "application/zstd"),
    *((bytes((low,)) + b"\x2a\x4d\x18", "application/zstd") for low in range(0x50, 0x60)),  # a frame to be skipped
    (b"\x1f\x9d", "application/x-compress"),
    (b"\x04\x22\x4d\x18", "application/x-lz4"),
    (b"\x02\x21\x4c\x18", "application/x-lz4"),  # as old kernels have it
    (b"LZIP", "application/x-lzip"),
    (b"\x5d\x00\x00", "application/x-lzma"),
    (b"xar!", "application/x-xar"),
    (b"!<arch>\n", "application/x-archive"),
    (b"070701", CPIO),
    (b"070702", CPIO),
    (b"070707", CPIO),
    (b"\xc7\x71", CPIO),
    (b"\x71\xc7", CPIO),
    (b"WARC/", "application/warc"),
    (bytes.fromhex("e4525c7b8cd8a74daeb15378d02996d3"), "application/onenote"),  # text to libmagic
    *((start, "application/applefile") for start in (b"\x00\x05\x16\x07", b"\x00\x05\x16\x00")),  # AppleDouble, AppleSingle
    *((start, PRINTER) for start in (b"\x1b%-12345X", b"\x1bE\x1b")),
    (b"\x00\x00\x00\x01Bud1", "application/applefile"),  # .DS_Store
)
# ContentInfo of CMS (RFC 5652): SEQUENCE, its length, then an object identifier below 1.2.840.113549.1.
_CMS = re.compile(rb"\x30(?:[\x00-\x80]|\x81.|\x82..|\x83...|\x84....)\x06.\x2a\x86\x48\x86\xf7\x0d\x01(?:\x07|\x09\x10\x01)", re.DOTALL)

# Behind what a Mac or a print queue puts before it; a program that begins without PS is one as well, and so is an EPS with a preview.
_POSTSCRIPT = re.compile(rb"(?:\xef\xbb\xbf)?[\s\x04]{0,64}%!(?:PS|[ \t]*[\r\n])|\xc5\xd0\xd3\xc6")


def find_structures(source: Source, spent: Spent) -> list[str]:
    """Everything that the octets show, what they begin with first; nothing where only libmagic may know."""
    data = source.data
    if not data:
        return [EMPTY]
    found = [ole.kind_of(data) if name == OLE else name for start, name in _STARTS if data.startswith(start)]
    if _is_tar(data):
        return [*found, TAR]
    if data[32769:32774] == b"CD001":
        found.append(ISO)
    if data[2:5] == b"-lh" and data[6:7] == b"-":
        found.append("application/x-lzh-compressed")
    found.extend(kind for begin, kind in ((_CMS, PKCS7), (_POSTSCRIPT, POSTSCRIPT)) if begin.match(data))
    if data.startswith(b"From ") and mbox.BEGIN.match(data):
        found.append(mbox.MEDIA_TYPE)
    found.extend(kind for sign, kind in ((b"%FDF-", FDF), (b"%PDF-", PDF)) if sign in data[:1024])
    if flat := _FLAT.match(data, 0, 4096):
        found.append(flat[1].decode().lower() + "-flat-xml" if flat[1] else FLAT_OFFICE)
    if data.startswith(b"PK") or _ends_as_zip(data, whole=bool(found) and found[0] in _WRAPPERS):
        found.extend(_zip_kinds(source, spent))
    return list(dict.fromkeys(found))


# An office document in one XML: ODF 1.3 part 3 section 3.1.2; Word and Excel 2003; a package in one file ([MS-OFFICE-FLAT]).
_FLAT = re.compile(
    rb"(?:\xef\xbb\xbf)?\s*(?:<[?!][^>]*>\s*)*"
    rb"<(?:office:document\b[^>]*\boffice:mimetype=[\"'](application/vnd\.oasis\.opendocument\.[a-z\-]+)"
    rb"|(?:\w+:)?(?:wordDocument|package|Workbook)\b[^>]*\bhttp://schemas\.microsoft\.com/office/(?:word/2003|2006/xmlPackage)"
    rb"|(?:\w+:)?Workbook\b[^>]*\burn:schemas-microsoft-com:office:spreadsheet)",
)


def find_appended(data: bytes, kind: str) -> Iterator[str]:
    """The archives that stand somewhere in a file which itself holds none: a picture, a text or a PDF may carry one."""
    if kind == PDF:  # what it holds itself, its reader unpacks
        data = data[: max(data.find(b"%PDF-"), 0)] + data[data.rfind(b"%%EOF") :]
    yield from (archive for archive in libarchive.SIGNATURES if libarchive.begin_of(archive, data) >= 0)
    if holds_local_entry(data):
        yield ZIP


def _ends_as_zip(data: bytes, *, whole: bool) -> bool:
    """Whether an archive ends near the end; of what holds files as they are (`whole`), exactly there: else it is that of one of them."""
    end = data.rfind(b"PK\x05\x06", max(0, len(data) - 65557))
    return end >= 0 and not (whole and end + 22 + int.from_bytes(data[end + 20 : end + 22], "little") != len(data))


def _is_tar(data: bytes) -> bool:
    """POSIX ustar and GNU say so; older ones have only the sum of their header."""
    if data[257:262] == b"ustar":
        return True
    said = data[148:156].strip(b" \0")
    if len(data) < 512 or not said.isdigit() or not data[0]:
        return False
    return int(said[:8], 8) == sum(data[:148]) + 8 * 32 + sum(data[156:512]) if not said.strip(b"01234567") else False


def _zip_kinds(source: Source, spent: Spent) -> list[str]:
    """OOXML by the content type of its main part, ODF by its mimetype, else a ZIP; nothing where only the letters are like one."""
    try:
        package = package_in(source, spent)
        said = _mimetype(package) or _main_type(package)
        return [said, ZIP] if said and _is_disputed(source.data, spent) else [said or ZIP]
    except Unreadable:  # its reader says what is wrong with it
        return [ZIP] if source.data.startswith((b"PK\x03\x04", b"PK00PK\x03\x04")) else []


def _is_disputed(data: bytes, spent: Spent) -> bool:
    """Whether programs would not agree on the parts of a document: then it is read as an archive too."""
    return not is_regular(data) and not {"leading-data", "trailing-data"}.issuperset(find_entries(data, spent).oddities)


def _mimetype(package: Package) -> str:
    """ODF 1.3 part 2 section 3.3; EPUB has it too."""
    for entry in package.find("mimetype"):
        said = package.archive.open(entry, package.spent)[0][:256].decode("ascii", "replace").strip().lower()
        return said if _IN_ZIP.fullmatch(said) else ""
    return ""


# What a package may say that it is: said to be a picture or a script it would not be opened.
_IN_ZIP = re.compile(
    r"application/(?:epub\+zip|vnd\.(?:oasis\.opendocument|sun\.xml|openxmlformats-officedocument|ms-(?:word|excel|powerpoint|visio))"
    r"[a-z0-9.+\-]{1,100})"
)


def _main_type(package: Package) -> str | None:
    """The media type of an OOXML document: the content type of its main part without `.main+xml`."""
    for link in package.relationships:
        for entry in package.find(link.target) if link.type == "officedocument" else ():
            stem = package.type_of(entry).removesuffix("+xml").removesuffix(".main")
            if _IN_ZIP.fullmatch(stem):
                return f"{stem}.12" if "macroenabled" in stem else stem
    return None
