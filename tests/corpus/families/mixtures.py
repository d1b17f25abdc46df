"""Several formats in one another, parts of documents that are not what they are called, and what is to wear a reader out first."""

import base64
import gzip
import io
import zipfile
from collections.abc import Iterator, Mapping

from tests.build import docx, noise, pdf, pptx, xlsx, zip_of
from tests.build.ooxml import RELATIONSHIPS, package, relationships
from tests.build.packers import packed
from tests.build.tnef import tnef
from tests.content.compound import compound
from tests.corpus.entries import EXCEL, MARKING, PERSON, SECRET, SLIDES, WORD, Technique, carrying, mail
from tests.corpus.families.containers import FILES, _msg, _odt, _package, _pdf_with, _rtf_object, _with
from tests.corpus.families.pictures import _picture
from tests.corpus.families.word import _KIND, _SPACES, document

_P = f"<w:p><w:r><w:t>{PERSON}</w:t></w:r></w:p>"
_BODY = f"<w:document {_SPACES}><w:body>{_P}</w:body></w:document>"
_PAGE = f"<html><body><p>{PERSON}</p></body></html>"


def techniques() -> Iterator[Technique]:
    for name, octets in {**_pdfs(), **_chunks(), **_mixtures(), **_called_otherwise(), **_pieces(), **_slack(), **_tiring()}.items():
        yield Technique("mixtures", name, "detector", "nhs-number", octets)


def _pdfs() -> dict[str, bytes]:
    report = pdf([PERSON])
    ole = compound({"CONTENTS": report, "\x01CompObj": bytes(60), "\x01Ole": bytes(20)})
    return {
        "a PDF in a workbook": carrying("a.xlsx", _with("xl/embeddings/report.pdf", report, xlsx([["a"]])), EXCEL),
        "a PDF as an object of Acrobat in a workbook": carrying("a.xlsx", _with("xl/embeddings/oleObject1.bin", ole, xlsx([["a"]])), EXCEL),
        "a PDF as a package in a workbook": carrying(
            "a.xlsx",
            _with("xl/embeddings/oleObject1.bin", compound({"\x01Ole10Native": _package("report.pdf", report)}), xlsx([["a"]])),
            EXCEL,
        ),
        "a PDF called a picture in a workbook": carrying("a.xlsx", _with("xl/media/image1.png", report, xlsx([["a"]])), EXCEL),
        "a PDF behind a picture in a workbook": carrying(
            "a.xlsx", _with("xl/media/image1.png", _picture("PNG") + report, xlsx([["a"]])), EXCEL
        ),
        "a workbook attached to a PDF in a deck": carrying(
            "a.pptx", _with("ppt/embeddings/a.pdf", _pdf_with({"list.xlsx": xlsx([["NHS number"], ["485 777 3457"]])}), pptx(["a"])), SLIDES
        ),
        "a PDF in a PDF in a PDF": carrying("a.pdf", _pdf_with({"b.pdf": _pdf_with({"c.pdf": report})}), "application/pdf"),
    }


def _chunk(name: str, octets: bytes, kind: str) -> bytes:
    """A document whose only words come from a part in another format (ECMA-376-1 section 17.17.2.1)."""
    main = f'<w:document {_SPACES}><w:body><w:altChunk r:id="rId1"/></w:body></w:document>'
    parts = {
        "word/document.xml": (f"{_KIND}.document.main+xml", main),
        "word/_rels/document.xml.rels": ("", relationships([(f"{RELATIONSHIPS}/aFChunk", f"/{name}")])),
    }
    made = package("word/document.xml", f"{_KIND}.document.main+xml", parts)
    target = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(made)) as old, zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as new:
        for path in old.namelist():
            text = old.read(path)
            if path == "[Content_Types].xml":
                text = text.replace(b"</Types>", f'<Override PartName="/{name}" ContentType="{kind}"/></Types>'.encode())
            new.writestr(path, text)
        new.writestr(name, octets)
    return target.getvalue()


def _chunks() -> dict[str, bytes]:
    mht = (
        "MIME-Version: 1.0\r\nContent-Type: multipart/related; boundary=b\r\n\r\n--b\r\nContent-Type: text/html\r\n"
        f"Content-Transfer-Encoding: base64\r\n\r\n{base64.encodebytes(_PAGE.encode()).decode()}\r\n--b--\r\n"
    )
    rtf = f"{{\\rtf1 {PERSON}}}".encode()
    two = _chunk("word/b.docx", _chunk("word/c.docx", docx([PERSON]), WORD), WORD)
    found = {
        "a chunk of HTML": ("word/chunk.html", _PAGE.encode(), "text/html"),
        "a chunk of HTML in UTF-16": ("word/chunk.html", _PAGE.encode("utf-16"), "text/html"),
        "a chunk of HTML called a picture": ("word/media/image1.png", _PAGE.encode(), "text/html"),
        "a chunk of HTML in UTF-16 called a picture": ("word/media/image1.png", _PAGE.encode("utf-16"), "text/html"),
        "a chunk of HTML in UTF-16 called a drawing": ("word/media/image1.emf", _PAGE.encode("utf-16"), "text/html"),
        "a chunk of HTML called XML": ("word/chunk.xml", f"<p>Hello <br>{_PAGE}".encode(), "text/html"),
        "a chunk of HTML called the styles": ("word/styles.xml", _PAGE.encode(), "text/html"),
        "a chunk of a saved page": ("word/chunk.mht", mht.encode(), "message/rfc822"),
        "a chunk of a saved page called a picture": ("word/media/image1.jpg", mht.encode(), "message/rfc822"),
        "a chunk of RTF": ("word/chunk.rtf", rtf, "application/rtf"),
        "a chunk of RTF called macros": ("word/vbaProject.bin", rtf, "application/rtf"),
        "a chunk of text": ("word/chunk.txt", SECRET.encode("utf-16"), "text/plain"),
        "a chunk of a document": ("word/chunk.docx", docx([PERSON]), WORD),
        "a chunk of a document called macros": ("word/vbaProject.bin", docx([PERSON]), WORD),
        "a chunk of a document called a sound": ("word/media/a.mp3", docx([PERSON]), WORD),
    }
    made = {name: carrying("plan.docx", _chunk(*what), WORD) for name, what in found.items()}
    return made | {"a chunk of a chunk of a chunk": carrying("plan.docx", two, WORD)}


def _mixtures() -> dict[str, bytes]:
    plan = docx([PERSON])
    return {
        "a document in a mail in a zip in a document": carrying(
            "plan.docx", _with("word/embeddings/a.zip", zip_of({"a.eml": carrying("plan.docx", plan, WORD)})), WORD
        ),
        "a workbook in an RTF in a zip": carrying("a.zip", zip_of({"a.rtf": _rtf_object(_package("list.xlsx", xlsx([["NHS number"], ["485 777 3457"]])))})),
        "a winmail.dat in a .msg": carrying("a.msg", _msg(tnef(FILES), name="winmail.dat"), "application/vnd.ms-outlook"),
        "a .msg in a 7z in a mail": carrying("a.eml", carrying("a.7z", packed("7z", {"a.msg": _msg(SECRET.encode())})), "message/rfc822"),
        "a PDF in an open document in a tar": carrying("a.tar", packed("tar", {"a.odt": _odt({"Object 1/report.pdf": pdf([PERSON])})})),
        "a page with a data: URI in a document": carrying(
            "plan.docx",
            _chunk("word/chunk.html", f'<a href="data:application/zip;base64,{base64.b64encode(zip_of(FILES)).decode()}">x</a>'.encode(), "text/html"),
            WORD,
        ),
        "an object in a document in a workbook": carrying(
            "a.xlsx", _with("xl/embeddings/oleObject1.bin", compound({"Package": plan, "\x01CompObj": bytes(60)}), xlsx([["a"]])), EXCEL
        ),
        "an mbox in a gzip in a deck": carrying(
            "a.pptx",
            _with("ppt/embeddings/a.gz", packed("gz", {"a.mbox": b"From a@b Mon Jan  5 09:00:00 2026\n" + mail(text=SECRET).replace(b"\r\n", b"\n")}), pptx(["a"])),
            SLIDES,
        ),
        "a picture in a document in a zip in a PDF": carrying("a.pdf", _pdf_with({"a.zip": zip_of({"plan.docx": _with("word/media/image1.png", _picture("PNG"))})}), "application/pdf"),
    }  # fmt: skip


def _renamed(octets: bytes, names: Mapping[str, str]) -> bytes:
    """A package whose parts are called otherwise, wherever they are named."""
    target = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(octets)) as old, zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as new:
        for path in old.namelist():
            text, called = old.read(path), path
            for before, after in names.items():
                text, called = text.replace(before.encode(), after.encode()), called.replace(before, after)
            new.writestr(called, text)
    return target.getvalue()


def _called_otherwise() -> dict[str, bytes]:
    plain = document(_P)
    named = (
        "styles.xml",
        "theme1.xml",
        "fontTable.xml",
        "settings.xml",
        "webSettings.xml",
        "vbaProject.bin",
        "a.png",
        "a.emf",
        "a.rels",
        "a.mp3",
    )
    found = {f"a main part called {name}": carrying("plan.docx", _renamed(plain, {"document.xml": name}), WORD) for name in named}
    for name in ("styles.xml", "calcChain.xml", "a.png", "settings.xml"):
        book = _renamed(xlsx([["NHS number"], ["485 777 3457"]]), {"sheet1.xml": name})
        found[f"a sheet called {name}"] = carrying("a.xlsx", book, EXCEL)
    header = document("<w:p/>", {"header1": ("hdr", _P)})
    found["a page header called styles.xml"] = carrying("plan.docx", _renamed(header, {"header1.xml": "styles.xml"}), WORD)
    numbering = f'<w:numbering {_SPACES}><w:abstractNum w:abstractNumId="0"><w:lvl w:ilvl="0"><w:numFmt w:val="none"/><w:lvlText w:val="{PERSON}"/></w:lvl></w:abstractNum></w:numbering>'
    found["the text of a numbered list"] = carrying("plan.docx", document("<w:p/>", others={"word/numbering.xml": numbering}), WORD)
    symbols = "".join(f'<w:r><w:sym w:font="Arial" w:char="{ord(sign):04X}"/></w:r>' for sign in PERSON)
    found["words set as symbols"] = carrying("plan.docx", document(f"<w:p>{symbols}</w:p>"), WORD)
    private = "".join(f'<w:r><w:sym w:font="Symbol" w:char="F0{ord(sign):02X}"/></w:r>' for sign in "485 777 3457")
    found["a number set as symbols"] = carrying("plan.docx", document(f"<w:p><w:r><w:t>NHS number: </w:t></w:r>{private}</w:p>"), WORD)
    return found


def _pieces() -> dict[str, bytes]:
    """Words in the pieces of a document that programs do not open as text."""
    lead = noise(64, "lead").replace(b"PK", b"xx")
    found = {}
    for path in (
        "word/media/image1.emf",
        "word/media/a.mp3",
        "word/fonts/font1.odttf",
        "word/printerSettings1.bin",
        "word/activeX/activeX1.bin",
    ):
        found[f"words in {path}"] = carrying("plan.docx", _with(path, lead + SECRET.encode() + lead), WORD)
        found[f"a zip in {path}"] = carrying("plan.docx", _with(path, lead + zip_of(FILES)), WORD)
    found["words in a macro's file"] = carrying("plan.docm", _with("word/vbaProject.bin", SECRET.encode()), WORD)
    found["words in a compound file of macros"] = carrying(
        "plan.docm", _with("word/vbaProject.bin", compound({"VBA/Module1": SECRET.encode()})), WORD
    )
    found["a document in a compound file of macros"] = carrying(
        "plan.docm", _with("word/vbaProject.bin", compound({"VBA/Module1": zip_of(FILES)})), WORD
    )
    return found


def _slack() -> dict[str, bytes]:
    """Words before, behind and between the things that a format knows."""
    secret, plain = SECRET.encode(), {"notes.txt": b"Nothing."}
    tar = packed("tar", plain)
    gz, bare = gzip.compress(b"Nothing."), b"\x1f\x8b\x08%b\0\0\0\0\0\xff"
    line = secret.replace(b"\n", b" ")
    found = {
        "before a PDF": ("a.pdf", secret + pdf(["A report."])),
        "behind a PDF": ("a.pdf", pdf(["A report."]) + secret),
        "before a document": ("plan.docx", secret + docx(["A plan."])),
        "behind a document": ("plan.docx", docx(["A plan."]) + secret),
        "behind an open document": ("a.odt", _odt({}) + secret),
        "before a zip": ("a.zip", secret + zip_of(plain)),
        "behind a zip": ("a.zip", zip_of(plain) + secret),
        "behind a 7z": ("a.7z", packed("7z", plain) + secret),
        "behind a cab": ("a.cab", packed("cab", plain) + secret),
        "behind a cpio": ("a.cpio", packed("cpio", plain) + secret),
        "behind an iso": ("a.iso", packed("iso", plain) + secret),
        "in the padding of a tar": ("a.tar", tar[:530] + secret + tar[530 + len(secret) :]),
        "in the extra field of a gzip": ("a.gz", bare % b"\4" + len(secret).to_bytes(2, "little") + secret + gz[10:]),
        "in the comment of a gzip": ("a.gz", bare % b"\x10" + line + b"\0" + gz[10:]),
    }
    made = {f"words {name}": carrying(*what) for name, what in found.items()}
    for place in ("Thumbnails/thumbnail.png", "Configurations2/x.xml", "META-INF/list.txt", "layout-cache", "manifest.rdf"):
        octets = f"<x>{PERSON}</x>".encode() if place.endswith(("xml", "rdf")) else secret
        made[f"words in {place} of an open document"] = carrying("a.odt", _odt({place: octets}))
    drawing = gzip.compress(bytes(40) + PERSON.encode("utf-16-le") + bytes(40))
    made["words in a packed drawing"] = carrying("plan.docx", _with("word/media/a.emz", drawing), WORD)
    glyphs = "".join(f'<Glyphs OriginX="{9 * at}" UnicodeString="{word}"/>' for at, word in enumerate(("NHS number: 485", " 777 ", "3457")))
    made["words drawn on a page of XPS"] = carrying(
        "a.xps", zip_of({"Documents/1/Pages/1.fpage": f"<FixedPage>{glyphs}</FixedPage>".encode()})
    )
    made["a folder of a document that holds words"] = carrying("plan.docx", _with("word/x/", secret), WORD)
    return made


def _tiring() -> dict[str, bytes]:
    """What is to use the time up before the file that matters."""
    heavy = pdf([f"Line {number}. " + "The plan for the mill. " * 60 for number in range(300)])
    return {
        "a long PDF before it": mail(files=[("a.pdf", heavy, "application/pdf"), ("list.txt", SECRET.encode(), "text/plain")]),
        "sixty files before it": mail(files=[*((f"{number}.docx", docx(["A plan."]), WORD) for number in range(60)), ("list.docx", docx([MARKING, PERSON]), WORD)]),
    }  # fmt: skip
