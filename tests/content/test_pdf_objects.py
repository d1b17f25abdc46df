"""PDF: whatever says something and is no page, each in a document of its own, is found and named."""

import io
import zlib

import pikepdf
import pytest

from gateway.model.finding import Readable
from tests.build import pdf
from tests.build.pdfs import pdf_of, shown, stream
from tests.content.reading import look, seen

MARK = b"(OFFICIAL-SENSITIVE)"
RECT = b"/Rect [0 0 99 99]"

# What stands where, with the place that explain will show.
PLACES: dict[str, tuple[bytes, str]] = {
    "a note": (
        pdf_of(page=b"/Annots [7 0 R]", more=[b"<< /Type /Annot /Subtype /Text %s /Contents %s >>" % (RECT, MARK)]),
        "page 1 annotations",
    ),
    "a note in the page itself": (pdf_of(page=b"/Annots [<< /Subtype /Text %s /Contents %s >>]" % (RECT, MARK)), "page 1 annotations"),
    "a note whose text is an object": (
        pdf_of(page=b"/Annots [7 0 R]", more=[b"<< /Subtype /Text /Contents 8 0 R >>", MARK]),
        "page 1 annotations",
    ),
    "a hidden note": (pdf_of(page=b"/Annots [7 0 R]", more=[b"<< /Subtype /Text /F 2 /Contents %s >>" % MARK]), "page 1 annotations"),
    "rich text of a note": (
        pdf_of(page=b"/Annots [7 0 R]", more=[b"<< /Subtype /FreeText /RC (<body><p>OFFICIAL-<b>SENSITIVE</b></p></body>) >>"]),
        "page 1 annotations",
    ),
    "a note in UTF-16": (
        pdf_of(
            page=b"/Annots [7 0 R]",
            more=[b"<< /Subtype /Text /Contents <%s> >>" % "\ufeffOFFICIAL-SENSITIVE".encode("utf-16-be").hex().encode()],
        ),
        "page 1 annotations",
    ),
    "a form field": (pdf_of(catalog=b"/AcroForm << /Fields [7 0 R] >>", more=[b"<< /FT /Tx /T (field) /V %s >>" % MARK]), "form"),
    "a field shown on a page": (
        pdf_of(page=b"/Annots [7 0 R]", more=[b"<< /Subtype /Widget %s /FT /Tx /T (f) /V %s >>" % (RECT, MARK)]),
        "page 1 annotations",
    ),
    "the value of a parent field": (
        pdf_of(
            page=b"/Annots [8 0 R]", more=[b"<< /FT /Tx /V %s /Kids [8 0 R] >>" % MARK, b"<< /Subtype /Widget %s /Parent 7 0 R >>" % RECT]
        ),
        "form",
    ),
    "a long value in a stream": (pdf_of(more=[b"<< /FT /Tx /V 8 0 R >>", stream(MARK)]), "form"),
    "the choices of a field": (pdf_of(more=[b"<< /FT /Ch /Opt [[(1) (none)] [(2) %s]] >>" % MARK]), "form"),
    "the tooltip of a field": (pdf_of(more=[b"<< /FT /Tx /TU %s >>" % MARK]), "form"),
    "the caption of a button": (
        pdf_of(page=b"/Annots [7 0 R]", more=[b"<< /Subtype /Widget %s /FT /Btn /MK << /CA %s >> >>" % (RECT, MARK)]),
        "page 1 annotations",
    ),
    "a form in XFA": (
        pdf_of(catalog=b"/AcroForm << /XFA [(datasets) 7 0 R] >>", more=[stream(b"<xfa:data><a>OFFICIAL-SENSITIVE</a></xfa:data>")]),
        "form",
    ),
    "a bookmark": (pdf_of(catalog=b"/Outlines 7 0 R", more=[b"<< /First 8 0 R >>", b"<< /Parent 7 0 R /Title %s >>" % MARK]), "bookmarks"),
    "a layer": (pdf_of(catalog=b"/OCProperties << /OCGs [7 0 R] >>", more=[b"<< /Type /OCG /Name %s >>" % MARK]), "layers"),
    "a page label": (pdf_of(catalog=b"/PageLabels << /Nums [0 << /P %s /S /D >>] >>" % MARK), "page labels"),
    "an alternative text": (pdf_of(more=[b"<< /Type /StructElem /S /Figure /Alt %s >>" % MARK]), "alternative texts"),
    "a script": (
        pdf_of(catalog=b"/OpenAction << /S /JavaScript /JS 7 0 R >>", more=[stream(b"app.alert('OFFICIAL-SENSITIVE')")]),
        "scripts",
    ),
    "a link": (
        pdf_of(page=b"/Annots [<< /Subtype /Link /A << /S /URI /URI (https://a.example/OFFICIAL-SENSITIVE) >> >>]"),
        "links and files",
    ),
    "document information": (pdf_of(info=b"/Department %s" % MARK), "document information"),
    "XMP": (
        pdf_of(catalog=b"/Metadata 7 0 R", more=[stream(b"<rdf:li>OFFICIAL-SENSITIVE</rdf:li>", b"/Type /Metadata /Subtype /XML")]),
        "XMP",
    ),
    "an attribute in XMP": (
        pdf_of(catalog=b"/Metadata 7 0 R", more=[stream(b'<rdf:Description pdf:Keywords="OFFICIAL-SENSITIVE"/>')]),
        "XMP",
    ),
}


@pytest.mark.parametrize("name", PLACES)
def test_what_is_no_page(name: str) -> None:
    data, where = PLACES[name]

    (finding,) = look(data, "a.pdf", "application/pdf")

    assert [(item.id, item.where) for item in finding.evidence] == [("sensitive", where)]
    assert finding.readable is Readable.YES


def test_what_stands_in_a_compressed_object_is_found_too() -> None:
    with pikepdf.open(io.BytesIO(PLACES["a bookmark"][0])) as file:
        packed = io.BytesIO()
        file.save(packed, object_stream_mode=pikepdf.ObjectStreamMode.generate)

    assert b"OFFICIAL" not in packed.getvalue()
    assert seen(look(packed.getvalue())[0]) == {("sensitive", "text")}


def test_a_script_and_a_program_are_oddities() -> None:
    data = pdf_of(catalog=b"/OpenAction << /S /JavaScript /JS (x()) >> /AA << /WC << /S /Launch /F (a.exe) >> >>")

    assert set(look(data, "a.pdf")[0].oddities) == {"javascript", "launches-program"}


@pytest.mark.parametrize(
    "hung",
    [
        b"/Names << /EmbeddedFiles << /Names [(a.txt) 7 0 R] >> >>",
        b"/AF [7 0 R]",
        b"/Collection << /View /T >>",  # a portfolio; here even the reference to the file is missing
    ],
)
def test_a_file_is_a_member_wherever_it_hangs(hung: bytes) -> None:
    files = [b"<< /Type /Filespec /F (a.txt) /UF (a.txt) /EF << /F 8 0 R /UF 8 0 R >> >>", stream(b"RESTRICTED", b"/Type /EmbeddedFile")]

    (outer, member) = look(pdf_of(catalog=hung, more=files), "a.pdf")

    assert (member.inside, member.names, member.octets) == (outer.id, ("a.txt",), 10)
    assert ("restricted", "first_line") in seen(member)


def test_a_file_in_a_note_is_a_member() -> None:
    note = b"<< /Subtype /FileAttachment %s /FS << /Type /Filespec /F (a.txt) /EF << /F 8 0 R >> >> >>" % RECT

    (_, member) = look(pdf_of(page=b"/Annots [7 0 R]", more=[note, stream(b"RESTRICTED")]), "a.pdf")

    assert member.names == ("a.txt",)


def test_a_file_that_nothing_names_is_a_member() -> None:
    (_, member) = look(pdf_of(more=[stream(b"RESTRICTED", b"/Type /EmbeddedFile")]), "a.pdf")

    assert ("restricted", "first_line") in seen(member)


@pytest.mark.slow
def test_a_bomb_among_the_files_is_over_budget_and_the_document_is_read() -> None:
    file = pikepdf.open(io.BytesIO(pdf(["x"], header="RESTRICTED")))
    file.attachments["bomb.txt"] = pikepdf.AttachedFileSpec(file, bytes(100 * 1_048_576), filename="bomb.txt")
    packed = io.BytesIO()
    file.save(packed)

    (outer, member) = look(packed.getvalue(), "a.pdf")

    assert len(packed.getvalue()) < 200_000
    assert member.readable is Readable.OVER_BUDGET
    assert outer.readable is Readable.OVER_BUDGET
    assert ("restricted", "page_header") in seen(outer)


def test_the_wrapper_of_a_protected_document() -> None:
    inner = pdf(["x"]).replace(b"/Root 1 0 R", b"/Root 1 0 R /Encrypt << /Filter /MicrosoftIRMServices /V 4 >>")
    payload = b"<< /Type /Filespec /AFRelationship /EncryptedPayload /UF (MicrosoftIRMServices Protected PDF.pdf) /EF << /F 8 0 R >> >>"

    (outer, member) = look(pdf_of(shown("This file is protected"), catalog=b"/AF [7 0 R]", more=[payload, stream(inner)]), "a.pdf")

    assert (outer.readable, member.readable) == (Readable.RIGHTS_PROTECTED, Readable.RIGHTS_PROTECTED)


def encrypted(data: bytes, user: str, **more: bool) -> bytes:
    with pikepdf.open(io.BytesIO(data)) as file:
        out = io.BytesIO()
        file.save(out, encryption=pikepdf.Encryption(owner="owner", user=user, R=6, **more))
    return out.getvalue()


def test_an_empty_password_opens() -> None:
    (finding,) = look(encrypted(pdf(["x"], header="RESTRICTED", info={"Title": "OFFICIAL-SENSITIVE"}), ""), "a.pdf")

    assert finding.readable is Readable.YES
    assert seen(finding) == {("restricted", "page_header"), ("sensitive", "properties")}


def test_a_user_password() -> None:
    (finding,) = look(encrypted(pdf(["x"], header="RESTRICTED"), "secret"), "a.pdf")

    assert (finding.readable, seen(finding)) == (Readable.ENCRYPTED, {("encrypted", "")})


def test_the_label_of_an_encrypted_file_stands_in_clear_metadata() -> None:
    label = "8c6ae5c1-95ad-4d8b-9a27-a4e4d4a1a4a1"
    keys = "".join(f' pdfx:MSIP_Label_{label}_{key}="{value}"' for key, value in (("Enabled", "true"), ("SiteId", "t")))
    names = 'xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns:pdfx="http://ns.adobe.com/pdfx/1.3/"'
    xmp = f'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF {names}><rdf:Description rdf:about=""{keys}/></rdf:RDF></x:xmpmeta>'.encode()
    data = encrypted(pdf_of(catalog=b"/Metadata 7 0 R", more=[stream(xmp, b"/Type /Metadata /Subtype /XML")]), "secret", metadata=False)

    (finding,) = look(data, "a.pdf")

    assert [item.id for item in finding.evidence] == [label, "encrypted"]


def test_a_certificate_is_encryption_and_another_handler_protects_rights() -> None:
    for handler, readable in ((b"/Adobe.PubSec", Readable.ENCRYPTED), (b"/EBX_HANDLER", Readable.RIGHTS_PROTECTED)):
        data = pdf_of(trailer=b"/Encrypt << /Filter %s /V 4 >> /ID [(a) (a)]" % handler)

        assert look(data, "a.pdf")[0].readable is readable


FLATE = b"/Filter /FlateDecode"
# Made when asked for: each costs seconds.
BOMBS = {
    "a page": lambda: pdf_of(b"x", more=[stream(zlib.compress(b"BT ET\n" * 15_000_000, 9), FLATE)]).replace(
        b"/Contents 6 0 R", b"/Contents 7 0 R"
    ),
    "a page packed twice": lambda: pdf_of(
        b"x", more=[stream(zlib.compress(zlib.compress(bytes(90_000_000), 9), 9), b"/Filter [/FlateDecode /FlateDecode]")]
    ).replace(b"/Contents 6 0 R", b"/Contents 7 0 R"),
    "metadata": lambda: pdf_of(catalog=b"/Metadata 7 0 R", more=[stream(zlib.compress(b"<a>" * 30_000_000, 9), FLATE)]),
    "letters of a font": lambda: pdf_of(more=[stream(zlib.compress(b"<00> <00>\n" * 9_000_000, 9), FLATE)]),
    "forms in forms": lambda: pdf_of(
        b"/X Do",
        page=b"/Resources << /XObject << /X 7 0 R >> >>",
        more=[
            stream(b"/X Do " * 10, b"/Subtype /Form /BBox [0 0 9 9] /Resources << /XObject << /X %d 0 R >> >>" % (8 + number))
            for number in range(12)
        ],
    ),
    "notes on one page": lambda: pdf_of(page=b"/Annots [" + b"<< /Subtype /Text /AP << /N 6 0 R >> >> " * 6000 + b"]"),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", BOMBS)
def test_a_bomb_is_over_budget_before_anybody_unpacks_it(name: str) -> None:
    bomb = BOMBS[name]()
    assert len(bomb) < 400_000

    assert look(bomb, "a.pdf")[0].readable is Readable.OVER_BUDGET


def test_forms_that_draw_themselves_are_drawn_once() -> None:
    loop = [stream(shown("OFFICIAL-SENSITIVE") + b"/X Do", b"/Subtype /Form /BBox [0 0 900 900] /Resources << /XObject << /X 7 0 R >> >>")]

    (finding,) = look(pdf_of(b"/X Do", page=b"/Resources << /Font << /F1 3 0 R >> /XObject << /X 7 0 R >> >>", more=loop), "a.pdf")

    assert finding.readable is Readable.YES


def test_arrays_within_arrays_are_no_way_to_hide() -> None:
    assert look(pdf_of(more=[b"<< /A " * 5000 + b"(x)" + b" >>" * 5000]), "a.pdf")[0].octets


def test_broken_octets_break_nothing_and_take_no_time() -> None:
    kinds = set()
    for data, _ in PLACES.values():
        for at in range(0, len(data), len(data) // 9):
            kinds |= {look(octets, "a.pdf")[0].readable for octets in (data[:at], data[:at] + bytes([data[at] ^ 16]) + data[at + 1 :])}

    assert Readable.DAMAGED in kinds
    assert Readable.YES in kinds
