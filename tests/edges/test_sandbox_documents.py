"""Real documents by the real readers: a locked child finds what an unlocked process finds, so nothing was left to load."""

import asyncio
from contextlib import closing

import pytest

from gateway.config import Examine
from gateway.content import Budget, preload, read
from gateway.detectors import NAMES
from gateway.edges.sandbox import Sandbox
from gateway.model.finding import OwnDetector, Pattern, Patterns, Place, Readable
from tests.build import docx, encrypted_docx, pdf, png, pptx, xlsx, zip_of
from tests.build.outlook import msg, tnef
from tests.build.packers import packed
from tests.build.pdfs import pdf_of, shown, stream
from tests.build.scans import picture_of, scanned
from tests.build.signers import pgp, smime
from tests.edges.sandboxed import Bench, parts

TEXT = "RESTRICTED: the NHS number is 943 476 5919"
DOCUMENTS = {
    "a.docx": docx([TEXT]),
    "b.xlsx": xlsx([["number", TEXT]]),
    "c.pptx": pptx([TEXT]),
    "d.pdf": pdf([TEXT]),
    "e.png": png(),
    "f.txt": TEXT.encode(),
    "g.html": f"<p>{TEXT}".encode(),
    "h.docx": encrypted_docx(),
    "i.rtf": b"{\\rtf1 " + TEXT.encode() + b"}",
    "j.eml": f"From: a@example.org\r\nSubject: {TEXT}\r\n\r\n{TEXT}\r\n".encode(),
    "k.doc": bytes.fromhex("d0cf11e0a1b11ae1") + bytes(2000),
    "l.txt": TEXT.encode("cp500"),
}
DOCUMENTS |= {
    f"m.{how}": packed(how, {"a.txt": TEXT.encode(), "ü.txt": TEXT.encode()})
    for how in ("7z", "cab", "iso", "cpio", "tar", "zip-PPMd", "zst", "xz")
}
DOCUMENTS |= {
    "n.p7m": smime("signed", TEXT.encode()),
    "o.gpg": pgp("signed-bzip2", TEXT.encode()),
    "p.dat": tnef({"a.docx": docx([TEXT])}, body=TEXT),
    "q.msg": msg({"a.docx": docx([TEXT])}, streams={"1000001F": TEXT.encode("utf-16-le")}),
    "r.docx": encrypted_docx([TEXT], password="VelvetSweatshop"),
    "s.mbox": b"From a@b Thu Nov 26 12:00:00 2026\nSubject: x\n\n" + TEXT.encode(),
}
PEOPLE = "Surname,NHS number,Card,Note\n" + "".join(
    f'"Smith, {n}",943 476 5919,4111111111111111,"see https://we.tl/{n}"\n' for n in range(40)
)
DOCUMENTS |= {
    "t.csv": PEOPLE.encode(),
    "u.tsv": PEOPLE.replace(",", "\t").replace('"', "").encode(),
    "v.csv": b"Number of pupils;\nSchool;Pupils\nNorth;3\nSouth;44\nEast;*\n",
    "w.txt": "\u0420\u0415\u0405\u0422RICTED 943 476\n5919 CS-123456 passport 925665416 born on 12 March 1984".encode(),
}
# What each kind of document can say beside its pages, in charsets of every kind, in pictures.
_SCRIPTS = {
    "cp1251": "\u0421\u0435\u043a\u0440\u0435\u0442",
    "gb18030": "\u673a\u5bc6",
    "iso2022_jp": "\u79d8\u5bc6",
    "hz": "\u673a\u5bc6",
    "utf-7": TEXT,
}
DOCUMENTS |= {f"x.{codec}.txt": f"{text}\n{TEXT}".encode(codec) for codec, text in _SCRIPTS.items()}
DOCUMENTS |= {
    "y.pdf": pdf_of(
        shown("ICTED", 90) + shown("x", y=300) + shown("RESTR"),
        page=b"/Annots [<< /Subtype /Text /Rect [0 0 9 9] /Contents (%s) >>]" % TEXT.encode(),
        info=b"/Title (%s)" % TEXT.encode(),
        catalog=b"/Metadata 7 0 R /AF [8 0 R]",
        more=[
            stream(b"<a>" + TEXT.encode() + b"</a>", b"/Type /Metadata"),
            b"<< /UF (a.txt) /EF << /F 9 0 R >> >>",
            stream(TEXT.encode(), b"/Type /EmbeddedFile"),
        ],
    ),
    "y.ics": f"BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nNOTE;ENCODING=QUOTED-PRINTABLE:=52{TEXT}\r\nEND:VEVENT\r\n".encode(),
    "y.html": f"<style>.x{{display:none}}</style><b class=x>{TEXT}</b>&#82;<!--[if mso]>{TEXT}<![endif]-->".encode(),
    "y.rtf": b"{\\rtf1{\\fonttbl{\\f1\\fcharset130 A;}}\\f1 \\'d0\\'65\\f0{\\v " + TEXT.encode() + b"}}",
    "scan.png": picture_of(TEXT),
    "scan.tif": picture_of(TEXT, "TIFF"),
    "scan.webp": picture_of(TEXT, "WEBP"),
    "scan.pdf": scanned(TEXT, TEXT, TEXT),
    "beside.pdf": scanned(TEXT, TEXT, TEXT, words=b"BT /F1 8 Tf 50 20 Td (%s) Tj ET" % (b"words " * 30)),
}
DOCUMENTS["z.zip"] = zip_of(dict(DOCUMENTS))
QUICK = {"a.docx", "b.xlsx", "d.pdf", "h.docx", "m.7z", "q.msg", "t.csv", "y.html", "scan.png", "beside.pdf"}  # one of each way to be read
PATTERNS = Patterns(
    (Pattern("marking-1", "RESTRICTED", frozenset(Place), may_add=("PERSONAL",)),),
    frozenset(NAMES),  # everything that is looked for
    (OwnDetector("case", "case", like=("CS-[0-9]{6}",)), OwnDetector("words", "word", words=("number", "born"), near=("NHS",))),
)


class Real(Bench):
    def make(self, examine):
        return Sandbox(examine, on_killed=self.learn)


@pytest.fixture(scope="module")
def at():
    preload(with_ocr=True)
    with asyncio.Runner() as runner, closing(Real(runner, memory=Examine().memory, seconds=20)) as found:
        found.sandbox.prepare(PATTERNS)
        yield found


@pytest.mark.parametrize("name", [name if name in QUICK else pytest.param(name, marks=pytest.mark.slow) for name in DOCUMENTS])
def test_a_locked_child_finds_what_an_unlocked_process_finds(at, name):
    data = DOCUMENTS[name]
    (part,) = parts(data, names=(name,), declared_type="application/octet-stream")
    asked = {"id": part.id, "names": part.names, "declared_type": part.declared_type, "charset": None, "is_words": False}

    found = at.read(data, names=part.names, declared_type=part.declared_type, patterns=PATTERNS)

    assert found == read(data, **asked, patterns=PATTERNS, budget=Budget(picture_seconds=Examine().ocr_seconds))
    assert not at.killed
    assert found[0].readable is not Readable.CRASHED


@pytest.mark.slow
def test_a_whole_message_is_read_at_once(at):
    found = at.read(*DOCUMENTS.values(), patterns=PATTERNS, declared_type="application/octet-stream")

    outermost = [file for file in found if file.inside is None]
    assert [file.id for file in outermost] == [str(number) for number in range(1, len(DOCUMENTS) + 1)]
    assert not at.killed
