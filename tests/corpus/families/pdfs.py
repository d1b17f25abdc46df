"""Every place in a PDF where words can stand, and every way to write them (ISO 32000-1)."""

import io
from collections.abc import Callable, Iterator

import pikepdf
from pikepdf import Array, Dictionary, Name, String

from tests.build import pdf
from tests.corpus.entries import MARKING, PERSON, Technique, carrying

_FONT = "/F1 10 Tf"


def techniques() -> Iterator[Technique]:
    for name, octets in {**_contents(), **_places(), **_files()}.items():
        yield Technique("pdf", name, "detector", "report.pdf", carrying("report.pdf", octets, "application/pdf"))
    for name, (octets, where) in _markings().items():
        yield Technique("pdf", name, "marking", where, carrying("report.pdf", octets, "application/pdf"))


def _drawn(content: str) -> bytes:
    """A page with this content stream."""
    return _changed(lambda document: setattr(document.pages[0], "Contents", document.make_stream(content.encode("latin-1"))))


def _changed(change: Callable[[pikepdf.Pdf], object], pages: tuple[str, ...] = ("A report.",), **how: object) -> bytes:
    target = io.BytesIO()
    with pikepdf.open(io.BytesIO(pdf(pages))) as document:
        change(document)
        document.save(target, **how)  # type: ignore[arg-type]
    return target.getvalue()


def _contents() -> dict[str, bytes]:
    pieces = [PERSON[at : at + 3] for at in range(0, len(PERSON), 3)]
    array = " -10 ".join(f"({piece})" for piece in pieces)
    apart = "".join(f"BT {_FONT} {50 + 5.2 * at:.1f} 700 Td ({sign}) Tj ET\n" for at, sign in enumerate(PERSON) if sign != " ")
    upside = "".join(
        f"BT {_FONT} 50 {600 + 12 * at} Td ({line}) Tj ET\n"
        for at, line in enumerate(reversed(["NHS number", "485 777 3457", "A report."]))
    )
    hexed = PERSON.encode().hex()
    octal = "".join(f"\\{ord(sign):03o}" for sign in PERSON)
    return {
        "a page": pdf([PERSON]),
        "the last page of fifty": pdf([*["A report."] * 49, PERSON]),
        "pieces with kerning": _drawn(f"BT {_FONT} 50 700 Td [{array}] TJ ET"),
        "a character at a time": _drawn(apart),
        "lines in another order": _drawn(upside),
        "a hexadecimal string": _drawn(f"BT {_FONT} 50 700 Td <{hexed}> Tj ET"),
        "octal escapes": _drawn(f"BT {_FONT} 50 700 Td ({octal}) Tj ET"),
        "a string over two lines": _drawn(f"BT {_FONT} 50 700 Td (NHS num\\\nber: 485 777 3457) Tj ET"),
        "invisible text": _drawn(f"BT {_FONT} 3 Tr 50 700 Td ({PERSON}) Tj ET"),
        "white text": _drawn(f"BT 1 1 1 rg {_FONT} 50 700 Td ({PERSON}) Tj ET"),
        "text of one point": _drawn(f"BT /F1 1 Tf 50 700 Td ({PERSON}) Tj ET"),
        "text on its side": _drawn(f"BT {_FONT} 0 1 -1 0 300 300 Tm ({PERSON}) Tj ET"),
        "text outside the page": _drawn(f"BT {_FONT} 50 5000 Td ({PERSON}) Tj ET"),
        "text beneath a picture": _drawn(f"BT {_FONT} 50 700 Td ({PERSON}) Tj ET 1 1 1 rg 0 0 595 842 re f"),
        "a form on the page": _changed(_form),
        "a layer that is switched off": _changed(_layer),
        "an alternative text of a tag": _changed(_actual_text),
    }  # fmt: skip


def _form(document: pikepdf.Pdf) -> None:
    """Text in a form XObject."""
    font = Dictionary(F1=document.pages[0].Resources.Font.F1)
    form = document.make_stream(f"BT {_FONT} 50 700 Td ({PERSON}) Tj ET".encode())
    form.Type, form.Subtype, form.BBox, form.Resources = Name.XObject, Name.Form, Array([0, 0, 595, 842]), Dictionary(Font=font)
    document.pages[0].Resources.XObject = Dictionary(Fm1=form)
    document.pages[0].Contents = document.make_stream(b"/Fm1 Do")


def _layer(document: pikepdf.Pdf) -> None:
    group = document.make_indirect(Dictionary(Type=Name.OCG, Name=String("x")))
    document.Root.OCProperties = Dictionary(OCGs=Array([group]), D=Dictionary(OFF=Array([group])))
    document.pages[0].Resources.Properties = Dictionary(MC0=group)
    document.pages[0].Contents = document.make_stream(f"/OC /MC0 BDC BT {_FONT} 50 700 Td ({PERSON}) Tj ET EMC".encode())


def _actual_text(document: pikepdf.Pdf) -> None:
    document.pages[0].Contents = document.make_stream(f"/Span <</ActualText ({PERSON})>> BDC BT {_FONT} 50 700 Td (xxx) Tj ET EMC".encode())


def _places() -> dict[str, bytes]:
    def annotation(**keys: object) -> Callable[[pikepdf.Pdf], None]:
        def change(document: pikepdf.Pdf) -> None:
            made = Dictionary(Type=Name.Annot, Rect=Array([10, 10, 200, 50]), **keys)
            document.pages[0].Annots = Array([document.make_indirect(made)])

        return change

    def field(**keys: object) -> Callable[[pikepdf.Pdf], None]:
        def change(document: pikepdf.Pdf) -> None:
            made = document.make_indirect(
                Dictionary(Type=Name.Annot, Subtype=Name.Widget, Rect=Array([10, 10, 200, 50]), T=String("person"), **keys)
            )
            document.pages[0].Annots = Array([made])
            document.Root.AcroForm = Dictionary(Fields=Array([made]))

        return change

    def outline(document: pikepdf.Pdf) -> None:
        with document.open_outline() as found:
            found.root.append(pikepdf.OutlineItem(PERSON, 0))

    def xmp(document: pikepdf.Pdf) -> None:
        with document.open_metadata() as found:
            found["dc:description"] = PERSON

    def title(document: pikepdf.Pdf) -> None:
        document.docinfo[Name.Subject] = String(PERSON)

    def xfa(document: pikepdf.Pdf) -> None:
        data = document.make_stream(f"<xfa:datasets xmlns:xfa='x'><person>{PERSON}</person></xfa:datasets>".encode())
        document.Root.AcroForm = Dictionary(Fields=Array([]), XFA=Array([String("datasets"), data]))

    return {
        "a note": _changed(annotation(Subtype=Name.Text, Contents=String(PERSON))),
        "a text upon the page": _changed(annotation(Subtype=Name.FreeText, Contents=String(PERSON))),
        "a note's rich text": _changed(annotation(Subtype=Name.Text, Contents=String("x"), RC=String(f"<body><p>{PERSON}</p></body>"))),
        "a note in UTF-16": _changed(annotation(Subtype=Name.Text, Contents=String("ä " + PERSON))),
        "a link's address": _changed(annotation(Subtype=Name.Link, A=Dictionary(S=Name.URI, URI=String(f"https://x.example/?q={PERSON.replace(' ', '%20')}")))),
        "a field of a form": _changed(field(FT=Name.Tx, V=String(PERSON))),
        "a field's tip": _changed(field(FT=Name.Tx, V=String("x"), TU=String(PERSON))),
        "a field's default": _changed(field(FT=Name.Tx, DV=String(PERSON))),
        "a choice of a field": _changed(field(FT=Name.Ch, Opt=Array([String("a"), String(PERSON)]))),
        "an XFA form": _changed(xfa),
        "a bookmark": _changed(outline),
        "the XMP metadata": _changed(xmp),
        "the document's subject": _changed(title),
    }  # fmt: skip


def _files() -> dict[str, bytes]:
    plain = pdf([PERSON])
    return {
        "objects in streams": _changed(
            lambda _: None, (PERSON,), object_stream_mode=pikepdf.ObjectStreamMode.generate, compress_streams=True
        ),
        "a linearised file": _changed(lambda _: None, (PERSON,), linearize=True),
        "an empty password": _changed(lambda _: None, (PERSON,), encryption=pikepdf.Encryption(owner="secret", user="", R=6)),
        "an empty password of old": _changed(
            lambda _: None, (PERSON,), encryption=pikepdf.Encryption(owner="secret", user="", R=3, aes=False, metadata=False)
        ),
        "500 octets before it": b"x" * 499 + b"\n" + plain,
        "octets behind it": plain + b"\0" * 3000,
        "no cross-reference table": plain[: plain.rindex(b"xref\n0")] + b"trailer\n<< /Root 1 0 R >>\n",
        "a wrong cross-reference table": plain.replace(b"startxref\n", b"startxref\n9"),
        "a version of the far future": plain.replace(b"%PDF-1.7", b"%PDF-9.9"),
    }


def _markings() -> dict[str, tuple[bytes, str]]:
    return {
        "a marking in the page header": (pdf(["A report."], header=MARKING), "header"),
        "a marking in two lines of the page header": (pdf(["A report."], header="OFFICIAL -\nSENSITIVE"), "header"),
        "a marking in the page footer": (pdf(["A report."], footer=MARKING), "footer"),
        "a marking in the footer with a page number": (pdf(["A report."], footer=f"{MARKING} - Page 1 of 1"), "footer"),
        "a marking as the first line": (pdf([f"{MARKING}\nA report."]), "official-sensitive"),
        "a marking as a property": (pdf(["A report."], info={"Keywords": MARKING}), "document information"),
        "a marking on the second page alone": (pdf(["A report.", f"{MARKING}"], footer=None), "official-sensitive"),
        "a marking stamped upon the page": (_changed(_stamp), "official-sensitive"),
    }


def _stamp(document: pikepdf.Pdf) -> None:
    """A watermark annotation at the top of the page, as office programs put it."""
    stamp = Dictionary(Type=Name.Annot, Subtype=Name.FreeText, Rect=Array([200, 800, 400, 830]), Contents=String(MARKING), DA=String(_FONT))
    document.pages[0].Annots = Array([document.make_indirect(stamp)])
