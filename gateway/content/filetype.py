"""What a file really is: structure first, then libmagic, never its name. A file that is two things at once is both.

Traps: libmagic calls a document with another order of parts a ZIP, and a PDF behind 500 other octets text; readers of PDF accept `%PDF-`
within the first 1024 octets, readers of ZIP only look at the end. So structure is looked at by ourselves.
Disagreement of name, declared type and content is an oddity, not a decision.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache

import magic

from gateway.content import ole
from gateway.content.charsets import is_text
from gateway.content.package import Package, package_in
from gateway.content.reading import Source, Spent, Unreadable
from gateway.content.zip_index import find_entries, is_regular

ZIP = "application/zip"
PDF = "application/pdf"
TAR = "application/x-tar"
CPIO = "application/x-cpio"
ISO = "application/x-iso9660-image"
OLE = ole.OLE
EMPTY = "inode/x-empty"
PGP = "application/pgp-encrypted"
PKCS7 = "application/pkcs7-mime"
RIGHTS = "application/x-microsoft-rpmsg-message"
MESSAGE = "message/rfc822"
RTF = "application/rtf"
TNEF = "application/ms-tnef"
UNKNOWN_BINARY = "application/octet-stream"


@dataclass(frozen=True, slots=True)
class Identity:
    """What a file is."""

    media_type: str
    also: tuple[str, ...] = ()  # what it is besides
    oddities: tuple[str, ...] = ()


def identify(source: Source, spent: Spent) -> Identity:
    """Look at the octets, then compare with what was said."""
    data, names, declared = source.data, source.names, source.declared
    found = _structures(source, spent) or [_by_magic(data, names, declared)]
    oddities = [*(["polyglot"] if len(found) > 1 else []), *(["type-disagrees"] if _disagrees(found, names, declared) else [])]
    return Identity(found[0], tuple(found[1:]), tuple(oddities))


@cache
def library() -> magic.Magic:
    """The magic library with its database in memory: made before the lock, because afterwards no file can be opened."""
    return magic.Magic(mime=True)


_STARTS: tuple[tuple[bytes, str], ...] = (
    (ole.MAGIC, OLE),
    (b"\x76\xe8\x04\x60\xc4\x11\xe3\x86", RIGHTS),  # [MS-OXORMMS] 2.2.3.1
    (b".pfile", "application/x-pfile"),
    (b"-----BEGIN PGP MESSAGE-----", PGP),
    (b"\x78\x9f\x3e\x22", TNEF),
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
    (b"\x00\x05\x16\x07", "application/applefile"),
    (b"\x00\x00\x00\x01Bud1", "application/applefile"),  # .DS_Store
)
# ContentInfo of CMS (RFC 5652): SEQUENCE, its length, then an object identifier below 1.2.840.113549.1.
_CMS = re.compile(rb"\x30(?:[\x00-\x80]|\x81.|\x82..|\x83...|\x84....)\x06.\x2a\x86\x48\x86\xf7\x0d\x01(?:\x07|\x09\x10\x01)", re.DOTALL)


def _structures(source: Source, spent: Spent) -> list[str]:
    """Everything that the octets show without a doubt, what they begin with first."""
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
    if _CMS.match(data):
        found.append(PKCS7)
    if b"%PDF-" in data[:1024]:
        found.append(PDF)
    if data.startswith(b"PK") or (b"PK\x05\x06" in data[-65557:]):
        found.extend(_zip_kinds(source, spent))
    return list(dict.fromkeys(found))


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


def _by_magic(data: bytes, names: tuple[str, ...], declared: str) -> str:
    try:
        said = str(library().from_buffer(data))
    except magic.MagicException:
        said = UNKNOWN_BINARY
    if said.startswith(_MEDIA) and not is_text(data, wide=False):
        return said
    if not is_text(data):
        return said
    extensions = {_extension(name) for name in names}
    if MESSAGE in (said, declared) or "eml" in extensions:
        return MESSAGE
    if "text/html" in (said, declared) or extensions & {"htm", "html", "xhtml", "mht", "mhtml"}:
        return "text/html"
    return said if said.startswith("text/") or said in _TEXTS else "text/plain"


_MEDIA = ("image/", "audio/", "video/", "font/")
_TEXTS = frozenset({"application/json", "application/xml", "application/javascript", "application/pgp-keys", "image/svg+xml"})


# --- what was said of it ----------------------------------------------------------------------------------------------

_EXTENSIONS = {
    extension: family
    for family, extensions in {
        "word": "docx docm dotx dotm",
        "excel": "xlsx xlsm xltx xltm xlsb",
        "powerpoint": "pptx pptm potx potm ppsx ppsm",
        "old word": "doc dot",
        "old excel": "xls xlt",
        "old powerpoint": "ppt pot pps",
        "odf": "odt ott ods ots odp otp odg",
        "pdf": "pdf",
        "zip": "zip",
        "rtf": "rtf",
        "picture": "png jpg jpeg jpe gif bmp tif tiff webp heic ico",
        "sound": "mp3 wav m4a ogg flac",
        "film": "mp4 mov avi mkv wmv",
        "text": "txt csv tsv log json xml html htm md ics vcf yaml yml css js eml ini",
        "outlook": "msg",
    }.items()
    for extension in extensions.split()
}
_TYPES: tuple[tuple[str, str], ...] = (
    ("application/vnd.openxmlformats-officedocument.wordprocessingml", "word"),
    ("application/vnd.openxmlformats-officedocument.spreadsheetml", "excel"),
    ("application/vnd.openxmlformats-officedocument.presentationml", "powerpoint"),
    ("application/vnd.ms-word.", "word"),
    ("application/vnd.ms-excel.", "excel"),
    ("application/vnd.ms-powerpoint.", "powerpoint"),
    ("application/msword", "old word"),
    ("application/vnd.ms-excel", "old excel"),
    ("application/vnd.ms-powerpoint", "old powerpoint"),
    ("application/vnd.oasis.opendocument", "odf"),
    ("application/pdf", "pdf"),
    ("application/zip", "zip"),
    ("application/x-zip-compressed", "zip"),
    ("application/rtf", "rtf"),
    ("text/rtf", "rtf"),
    ("application/vnd.ms-outlook", "outlook"),
    ("image/svg+xml", "text"),
    ("image/", "picture"),
    ("audio/", "sound"),
    ("video/", "film"),
    ("text/", "text"),
    ("message/", "text"),
    ("application/json", "text"),
    ("application/xml", "text"),
)
_OFFICE = frozenset({"word", "excel", "powerpoint", "old word", "old excel", "old powerpoint"})

_MAY_BE = {ole.ENCRYPTED: _OFFICE, EMPTY: frozenset(_EXTENSIONS.values()), PGP: frozenset({"text"})}


def _disagrees(found: list[str], names: tuple[str, ...], declared: str) -> bool:
    """Whether a name, or the declared type, says another kind of file. What says nothing does not disagree."""
    is_what = _MAY_BE.get(found[0]) or {_family(kind) for kind in found}
    named = {_EXTENSIONS[extension] for name in names if (extension := _extension(name)) in _EXTENSIONS}
    if named - is_what:
        return True
    said = _family(declared)
    # Windows calls a CSV what its registry calls it: application/vnd.ms-excel.
    return said is not None and said not in is_what and not (said == "old excel" and named == {"text"})


def _family(kind: str) -> str | None:
    return next((family for start, family in _TYPES if kind.startswith(start)), None)


def _extension(name: str) -> str:
    return name.rpartition(".")[2].strip().lower() if "." in name else ""
