"""Files in files: every kind of archive, mailbox, envelope and document that can hold another file, and some of them in one another."""

import base64
import io
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Iterator

import pikepdf

from tests.build import docx, message, pdf, pptx, prose, xlsx, zip_of
from tests.build.packers import packed
from tests.build.signing import clear_signed, compressed, opaque_signed
from tests.build.tnef import tnef
from tests.content.compound import compound
from tests.corpus.entries import EXCEL, MARKING, OUTSIDER, PERSON, SECRET, SENDER, SLIDES, WORD, Technique, carrying, mail, raw

FILES = {"notes.txt": b"Nothing to see.\n", "list.txt": SECRET.encode()}
ONE = {"list.txt": SECRET.encode()}


def techniques() -> Iterator[Technique]:
    for name, octets in _packed().items():
        yield _hides(f"a file in {name}", carrying(name, octets))
    for how, (name, octets) in {**_odd_zips(), **_other_archives(), **_nested()}.items():
        yield _hides(how, carrying(name, octets))
    yield Technique(
        "containers", "the name of a member", "detector", "file name", carrying("a.zip", zip_of({f"{PERSON.replace(':', '')}.txt": b"x"}))
    )
    yield Technique(
        "containers", "the comment of a zip", "detector", "comment", carrying("a.zip", zip_of({"a": b"b"}, comment=PERSON.encode()))
    )
    yield from _mail()
    yield from _objects()
    yield from _documents()
    yield from _signed()


def _hides(name: str, octets: bytes, where: str = "list.txt") -> Technique:
    return Technique("containers", name, "detector", where, octets)


def _packed() -> dict[str, bytes]:
    """By name of the file, as the programs make them."""
    many = {
        "a.7z": "7z", "lzma.7z": "7z-LZMA", "bzip2.7z": "7z-BZip2", "ppmd.7z": "7z-PPMd", "deflate.7z": "7z-Deflate", "copy.7z": "7z-Copy",
        "deflate64.7z": "7z-Deflate64", "a.zip": "zip", "lzma.zip": "zip-LZMA", "bzip2.zip": "zip-BZip2", "stored.zip": "zip-Copy",
        "a.cab": "cab", "mszip.cab": "cab-mszip", "joliet.iso": "iso", "plain.iso": "iso-plain", "a.cpio": "cpio", "odc.cpio": "cpio-odc",
        "a.ar": "ar", "a.tar": "tar", "v7.tar": "tar-v7", "pax.tar": "tar-pax", "a.tar.gz": "tar-gz", "a.tar.xz": "tar-xz", "a.tgz": "tar-gz",
        "a.tar.zst": "tar-zst", "a.tar.Z": "tar-Z",
    }  # fmt: skip
    single = {"list.txt.gz": "gz", "list.txt.bz2": "bz2", "list.txt.xz": "xz", "list.txt.lzma": "lzma", "list.txt.zst": "zst"}
    return {name: packed(how, FILES) for name, how in many.items()} | {name: packed(how, ONE) for name, how in single.items()}


def _odd_zips() -> dict[str, tuple[str, bytes]]:
    plain = zip_of(FILES)
    return {
        "a zip with another name": ("holiday.jpg", plain),
        "a zip without a name": ("a", plain),
        "a zip behind a program": ("setup.exe", b"MZ" + bytes(510) + plain),
        "a zip behind a picture": ("logo.gif", b"GIF89a\x01\0\x01\0\0\0\0;" + plain),
        "a zip before junk": ("a.zip", plain + bytes(1000)),
        "a zip whose sizes stand behind the data": ("a.zip", _streamed(FILES)),
        "a zip with an entry that only stands locally": ("a.zip", _local(b"list.txt", SECRET.encode()) + zip_of({"notes.txt": b"Nothing."})),
        "a zip without its directory": ("a.zip", plain[: plain.index(b"PK\x01\x02")]),
        "a zip with two entries of one name": ("a.zip", _twice()),
        "a zip whose directory names it otherwise": ("a.zip", plain[: plain.index(b"PK\x01\x02")] + plain[plain.index(b"PK\x01\x02") :].replace(b"list.txt", b"logo.gif")),
        "a zip whose directory says it is empty": ("a.zip", _with_sizes(plain, 0)),
        "a zip with a directory in front": ("a.zip", zip_of({"d/": b"", "d/list.txt": SECRET.encode()})),
        "a zip behind another": ("a.zip", zip_of({"list.txt": SECRET.encode()}) + zip_of({"notes.txt": b"Nothing."})),
        "a file named as a folder": ("a.zip", zip_of({"list.txt/": SECRET.encode()})),
    }  # fmt: skip


def _streamed(files: dict[str, bytes]) -> bytes:
    """As a program writes that cannot go back (APPNOTE 4.4.4, bit 3)."""

    class Pipe(io.RawIOBase):
        def __init__(self) -> None:
            self.octets = b""

        def writable(self) -> bool:
            return True

        def write(self, data) -> int:
            self.octets += bytes(data)
            return len(data)

    pipe = Pipe()
    with zipfile.ZipFile(pipe, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, octets in files.items():
            archive.writestr(name, octets)
    return pipe.octets


def _local(name: bytes, octets: bytes) -> bytes:
    fields = struct.pack("<HHHHHIIIHH", 20, 0, 0, 0, 0, zlib.crc32(octets), len(octets), len(octets), len(name), 0)
    return b"PK\x03\x04" + fields + name + octets


def _twice() -> bytes:
    import warnings

    target = io.BytesIO()
    with warnings.catch_warnings(), zipfile.ZipFile(target, "w") as archive:
        warnings.simplefilter("ignore")
        archive.writestr("list.txt", SECRET)
        archive.writestr("list.txt", "Nothing.")
    return target.getvalue()


def _with_sizes(octets: bytes, size: int) -> bytes:
    """The directory says of each entry that it is so long."""
    pieces = octets.split(b"PK\x01\x02")
    return b"PK\x01\x02".join([pieces[0], *(piece[:20] + struct.pack("<I", size) + piece[24:] for piece in pieces[1:])])


def _other_archives() -> dict[str, tuple[str, bytes]]:
    tar = _tar("x" * 180 + "/list.txt")
    return {
        "a tar with a long name of GNU": ("a.tar", tar),
        "a tar with another name": ("minutes.doc", packed("tar", FILES)),
        "a gzip in two members": ("list.txt.gz", _gzip(b"Nothing.\n") + _gzip(SECRET.encode())),
        "a gzip with another name": ("list.txt", _gzip(SECRET.encode())),
        "a gzip that keeps the name of its file": ("a.gz", _gzip(SECRET.encode(), b"list.txt")),
        "a RAR 4 without compression": ("a.rar", _rar4("list.txt", SECRET.encode())),
        "a RAR 5 without compression": ("a.rar", _rar5("list.txt", SECRET.encode())),
        "a mailbox": ("list.txt.mbox", b"From kim Mon Jan  5 09:00:00 2026\n" + mail().replace(b"\r\n", b"\n") + b"\n\nFrom kim Mon Jan  5 09:00:00 2026\n" + mail(text=SECRET).replace(b"\r\n", b"\n")),
    }  # fmt: skip


def _tar(name: str) -> bytes:
    target = io.BytesIO()
    with tarfile.open(fileobj=target, mode="w", format=tarfile.GNU_FORMAT) as archive:
        member = tarfile.TarInfo(name)
        member.size = len(SECRET)
        archive.addfile(member, io.BytesIO(SECRET.encode()))
    return target.getvalue()


def _gzip(octets: bytes, name: bytes = b"") -> bytes:
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    body = packer.compress(octets) + packer.flush()
    head = b"\x1f\x8b\x08" + (b"\x08" if name else b"\0") + bytes(5) + b"\x03" + (name + b"\0" if name else b"")
    return head + body + struct.pack("<II", zlib.crc32(octets), len(octets))


def _rar4(name: str, octets: bytes) -> bytes:
    """Method 0x30, stored (RAR 4 technical note)."""

    def block(kind: int, flags: int, rest: bytes, more: int = 0) -> bytes:
        head = struct.pack("<BHH", kind, flags, 7 + len(rest)) + rest
        return struct.pack("<H", zlib.crc32(head) & 0xFFFF) + head

    file = struct.pack("<IIBIIBBHI", len(octets), len(octets), 2, zlib.crc32(octets), 0x5C254800, 20, 0x30, len(name), 0x20) + name.encode()
    main, end = block(0x73, 0, bytes(6)), block(0x7B, 0x4000, b"")
    return b"Rar!\x1a\x07\x00" + main + block(0x74, 0x8000, file) + octets + end


def _rar5(name: str, octets: bytes) -> bytes:
    """Method 0, stored (RAR 5.0 archive format)."""

    def number(value: int) -> bytes:
        out = b""
        while value > 127:
            out, value = out + bytes((value & 127 | 128,)), value >> 7
        return out + bytes((value,))

    def block(*fields: int, rest: bytes = b"") -> bytes:
        body = b"".join(map(number, fields)) + rest
        head = number(len(body)) + body
        return struct.pack("<I", zlib.crc32(head)) + head

    file = b"".join(map(number, (4, len(octets), 0x20))) + struct.pack("<I", zlib.crc32(octets))  # flags: CRC32 present
    file += b"".join(map(number, (0, 1, len(name)))) + name.encode()
    return b"Rar!\x1a\x07\x01\x00" + block(1, 0, 0) + block(2, 2, len(octets), rest=file) + octets + block(5, 0, 0)


def _nested() -> dict[str, tuple[str, bytes]]:
    plan = docx([PERSON])
    return {
        "a file in a zip in a zip in a zip": ("a.zip", zip_of({"b.zip": zip_of({"c.zip": zip_of(FILES)})})),
        "a file in a gzip in a 7z": ("a.7z", packed("7z", {"list.txt.gz": _gzip(SECRET.encode())})),
        "a file in a tar.xz in a zip": ("a.zip", zip_of({"a.tar.xz": packed("tar-xz", FILES)})),
        "a document in a message in a zip": ("a.zip", zip_of({"list.txt.eml": carrying("plan.docx", plan, WORD)})),
        "a file in a zip in a message": ("a.eml", carrying("a.zip", zip_of(FILES), "application/zip")),
        "a file in a zip in a winmail.dat": ("winmail.dat", tnef({"a.zip": zip_of(FILES)})),
        "a file in a cab in a zip": ("a.zip", zip_of({"a.cab": packed("cab", FILES)})),
        "a file in an iso in a 7z": ("a.7z", packed("7z", {"a.iso": packed("iso", FILES)})),
    }


# --- mail programs' own ------------------------------------------------------------------------------------------------


def _mail() -> Iterator[Technique]:
    yield _hides("a file in a winmail.dat", carrying("winmail.dat", tnef(FILES), "application/ms-tnef"))
    yield _hides("a file in a winmail.dat by another name", carrying("a.bin", tnef(FILES)))
    yield _hides("words in a winmail.dat", carrying("winmail.dat", tnef({}, body=SECRET), "application/ms-tnef"), "winmail.dat")
    yield _hides("a file in a .msg", carrying("a.msg", _msg(SECRET.encode()), "application/vnd.ms-outlook"))
    yield _hides("words in a .msg", carrying("a.msg", _msg(b"x", body=SECRET), "application/vnd.ms-outlook"), "a.msg")
    yield _hides("the subject of a .msg", carrying("a.msg", _msg(b"x", subject=PERSON), "application/vnd.ms-outlook"), "subject")
    yield _hides(
        "a document in a .msg", carrying("a.msg", _msg(docx([PERSON]), name="plan.docx"), "application/vnd.ms-outlook"), "plan.docx"
    )
    yield _hides("a message by its name alone", carrying("a.eml", message(SENDER, OUTSIDER, "x", SECRET)), "a.eml")


def _msg(octets: bytes, *, name: str = "list.txt", body: str = "", subject: str = "x") -> bytes:
    """[MS-OXMSG] 2.4: one property a stream; strings are UTF-16."""
    texts = {0x001A: "IPM.Note", 0x0037: subject, **({0x1000: body} if body else {})}
    streams = {"__properties_version1.0": bytes(32) + b"".join(_variable(tag, 0x001F, len(text) * 2 + 2) for tag, text in texts.items())}
    streams |= {f"__substg1.0_{tag:04X}001F": text.encode("utf-16-le") for tag, text in texts.items()}
    attached = "__attach_version1.0_#00000000"
    streams[f"{attached}/__properties_version1.0"] = (
        bytes(8)
        + _variable(0x3701, 0x0102, len(octets))
        + _variable(0x3707, 0x001F, len(name) * 2 + 2)
        + struct.pack("<IIII", 0x37050003, 6, 1, 0)
    )
    streams[f"{attached}/__substg1.0_37010102"] = octets
    streams[f"{attached}/__substg1.0_3707001F"] = name.encode("utf-16-le")
    return compound(streams)


def _variable(tag: int, kind: int, size: int) -> bytes:
    return struct.pack("<IIII", tag << 16 | kind, 6, size, 0)


# --- objects in documents -----------------------------------------------------------------------------------------------


def _objects() -> Iterator[Technique]:
    package = _package("list.txt", SECRET.encode())
    yield _hides("an OLE package", carrying("oleObject1.bin", compound({"\x01Ole10Native": package})))
    yield _hides(
        "an OLE package in a Word document",
        carrying("plan.docx", _with("word/embeddings/oleObject1.bin", compound({"\x01Ole10Native": package})), WORD),
    )
    yield _hides(
        "a workbook in a Word document", carrying("plan.docx", _with("word/embeddings/sheet1.xlsx", xlsx([[PERSON]])), WORD), "sheet1.xlsx"
    )
    yield _hides(
        "a document in a workbook", carrying("a.xlsx", _with("xl/embeddings/plan.docx", docx([PERSON]), xlsx([["a"]])), EXCEL), "plan.docx"
    )
    yield _hides(
        "a workbook in a deck",
        carrying("a.pptx", _with("ppt/embeddings/sheet1.xlsx", xlsx([[PERSON]]), pptx(["a"])), SLIDES),
        "sheet1.xlsx",
    )
    yield _hides("a file of any kind in a Word document", carrying("plan.docx", _with("customXml/list.txt", SECRET.encode()), WORD))
    yield _hides(
        "a file in an open document",
        carrying("a.odt", _odt({"Object 1/list.txt": SECRET.encode()}), "application/vnd.oasis.opendocument.text"),
    )
    yield _hides("a package in an RTF", carrying("a.rtf", _rtf_object(package), "application/rtf"))


def _package(name: str, octets: bytes) -> bytes:
    """What an OLE package holds: name, path, and the file ([MS-OLEDS] 2.3.6)."""
    label = name.encode() + b"\0"
    rest = struct.pack("<H", 2) + label + label + struct.pack("<HHI", 0, 3, len(label)) + label + struct.pack("<I", len(octets)) + octets
    return struct.pack("<I", len(rest)) + rest


def _with(path: str, octets: bytes, package: bytes | None = None) -> bytes:
    """An office document with one more member."""
    target = io.BytesIO(package if package is not None else docx(["A plan."]))
    with zipfile.ZipFile(target, "a") as archive:
        archive.writestr(path, octets)
    return target.getvalue()


def _odt(files: dict[str, bytes]) -> bytes:
    namespaces = (
        'xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0"'
    )
    content = f"<office:document-content {namespaces}><office:body><office:text><text:p>A.</text:p></office:text></office:body></office:document-content>"
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.text")
        archive.writestr("content.xml", content)
        for name, octets in files.items():
            archive.writestr(name, octets)
    return target.getvalue()


def _rtf_object(package: bytes) -> bytes:
    """[MS-OLEDS] 2.2.5: an embedded object of class Package."""
    kind = b"Package\0"
    data = struct.pack("<III", 0x501, 2, len(kind)) + kind + struct.pack("<III", 0, 0, len(package) - 4) + package[4:]
    return b"{\\rtf1 A.{\\object\\objemb{\\*\\objclass Package}{\\*\\objdata " + data.hex().encode() + b"}}}"


# --- documents that carry files ------------------------------------------------------------------------------------------


def _documents() -> Iterator[Technique]:
    yield _hides("a file attached to a PDF", carrying("a.pdf", _pdf_with(ONE), "application/pdf"))
    yield _hides(
        "a document attached to a PDF", carrying("a.pdf", _pdf_with({"plan.docx": docx([PERSON])}), "application/pdf"), "plan.docx"
    )
    yield _hides("a PDF portfolio", carrying("a.pdf", _pdf_with(FILES, portfolio=True), "application/pdf"))
    yield _hides("a file pinned on a page of a PDF", carrying("a.pdf", _pdf_pinned(), "application/pdf"))
    link = "data:text/plain;base64," + base64.b64encode(SECRET.encode()).decode()
    page = f'<html><body>Hello.<a href="{link}" download="list.txt">list</a></body></html>'
    yield _hides("a data: URI in an HTML body", mail(html=page), "nhs-number")
    yield _hides("a data: URI in an HTML file", carrying("a.html", page.encode(), "text/html"), "a.html")
    plan = "data:application/octet-stream;base64," + base64.b64encode(docx([PERSON])).decode()
    yield _hides("a document as a data: URI", carrying("a.html", f'<a href="{plan}">x</a>'.encode(), "text/html"), "a.html")
    yield _hides(
        "a data: URI with percent signs",
        carrying("a.html", f'<a href="data:text/plain,{PERSON.replace(" ", "%20").replace("4", "%34")}">x</a>'.encode(), "text/html"),
        "a.html",
    )
    yield _hides("a file in a calendar entry", carrying("a.ics", _calendar(), "text/calendar"))


def _pdf_with(files: dict[str, bytes], *, portfolio: bool = False) -> bytes:
    target = io.BytesIO()
    with pikepdf.open(io.BytesIO(pdf(["A report."]))) as document:
        for name, octets in files.items():
            document.attachments[name] = pikepdf.AttachedFileSpec(document, octets, filename=name)
        if portfolio:
            document.Root.Collection = pikepdf.Dictionary(Type=pikepdf.Name.Collection, View=pikepdf.Name.T)
        document.save(target)
    return target.getvalue()


def _pdf_pinned() -> bytes:
    """A file attachment annotation (ISO 32000-1, 12.5.6.15), in no name tree."""
    target = io.BytesIO()
    with pikepdf.open(io.BytesIO(pdf(["A report."]))) as document:
        spec = pikepdf.AttachedFileSpec(document, SECRET.encode(), filename="list.txt").obj
        pin = pikepdf.Dictionary(Type=pikepdf.Name.Annot, Subtype=pikepdf.Name.FileAttachment, Rect=[10, 10, 20, 20], FS=spec)
        document.pages[0].Annots = pikepdf.Array([document.make_indirect(pin)])
        document.save(target)
    return target.getvalue()


def _calendar() -> bytes:
    data = base64.b64encode(SECRET.encode()).decode()
    lines = [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "BEGIN:VEVENT",
        "UID:1",
        f"ATTACH;ENCODING=BASE64;VALUE=BINARY;FILENAME=list.txt:{data}",
        "END:VEVENT",
        "END:VCALENDAR",
    ]
    return "\r\n".join(lines).encode() + b"\r\n"


# --- signed ---------------------------------------------------------------------------------------------------------------


def _signed() -> Iterator[Technique]:
    inner = mail(text=SECRET).partition(b"\r\n\r\n")[2]
    entity = b"Content-Type: text/plain\r\n\r\n" + inner
    file = b'Content-Type: text/plain; name="list.txt"\r\nContent-Disposition: attachment; filename="list.txt"\r\n\r\n' + SECRET.encode()
    opaque = base64.encodebytes(opaque_signed(entity)).decode()
    head = 'MIME-Version: 1.0\nContent-Type: application/pkcs7-mime; smime-type=signed-data; name="smime.p7m"\nContent-Transfer-Encoding: base64\n\n'
    yield _hides("a message in an opaque signature", raw(head + opaque), "nhs-number")
    yield _hides("a file in an opaque signature", raw(head + base64.encodebytes(opaque_signed(file)).decode()))
    yield _hides("an opaque signature as a file", carrying("smime.p7m", opaque_signed(entity), "application/pkcs7-mime"), "smime.p7m")
    yield _hides("an opaque signature by another name", carrying("a.bin", opaque_signed(entity)), "a.bin")
    yield _hides("a compressed S/MIME file", carrying("smime.p7z", compressed(file), "application/pkcs7-mime"))
    signed = clear_signed(f"{PERSON}\n{prose(20)}")
    yield _hides("words under a clear PGP signature", mail(text=signed), "body")
    yield _hides("a file under a clear PGP signature", carrying("list.txt.asc", signed.encode()))
    yield Technique(
        "containers",
        "a marking as the first line under a clear PGP signature",
        "marking",
        "body",
        mail(text=clear_signed(f"{MARKING}\n\n{prose(20)}")),
    )
