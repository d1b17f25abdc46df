"""The samples are real: the libraries that read such files read these, and find in them what was asked for."""

import io
import zipfile
from email import message_from_bytes, policy

import lxml.etree
import magic
import msoffcrypto
import pypdfium2
import pytest
import python_calamine

from tests.build import Label, docx, encrypted_docx, message, noise, pdf, png, pptx, prose, xlsx, zip_of

LABEL = Label("aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee", "Restricted")
WORD = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
CUSTOM = "/*/*[@name='MSIP_Label_aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee_Name']/*/text()"
INFO = "/*/*[@id='{aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee}']/@removed"


def parts(package: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(package)) as archive:
        assert archive.testzip() is None
        return {name: archive.read(name) for name in archive.namelist()}


OFFICE = [
    (docx, ["Hello & goodbye", ("OFFICIAL-SENS", "ITIVE")], WORD),
    (xlsx, [["a", 1, 2.5, None, "b & c"]], "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
    (pptx, ["One\ntwo & three", "four"], "application/vnd.openxmlformats-officedocument.presentationml.presentation"),
]


@pytest.mark.parametrize(("make", "content", "media_type"), OFFICE)
def test_an_office_file_is_a_package_whose_relationships_and_types_hold(make, content, media_type):
    octets = make(content, footer="Page", label=LABEL, label_place="both")
    found = parts(octets)
    trees = {name: lxml.etree.fromstring(part) for name, part in found.items() if name.endswith((".xml", ".rels"))}
    declared = {name.removeprefix("/") for name in trees["[Content_Types].xml"].xpath("//@PartName")}

    assert magic.from_buffer(octets, mime=True) == media_type
    assert declared <= set(found)
    for name, tree in trees.items():
        if name.endswith(".rels"):
            folder = name.split("_rels/")[0]
            assert all(resolve(folder, target) in found for target in tree.xpath("//@Target"))


def resolve(folder: str, target: str) -> str:
    return "/".join([*folder.split("/")[:-2], target[3:]]) if target.startswith("../") else folder + target


@pytest.mark.parametrize(("make", "content", "media_type"), OFFICE)
@pytest.mark.parametrize(("place", "custom", "info"), [("custom", 1, 0), ("labelinfo", 0, 1), ("both", 1, 1)])
def test_a_label_stands_where_it_was_put(make, content, media_type, place, custom, info):
    found = parts(make(content, label=LABEL, label_place=place))

    assert found.keys() & {"docProps/custom.xml", "docMetadata/LabelInfo.xml"} == {
        *(["docProps/custom.xml"] * custom),
        *(["docMetadata/LabelInfo.xml"] * info),
    }
    if custom:
        assert lxml.etree.fromstring(found["docProps/custom.xml"]).xpath(CUSTOM) == ["Restricted"]
    if info:
        assert lxml.etree.fromstring(found["docMetadata/LabelInfo.xml"]).xpath(INFO) == ["0"]
        assert b"mipLabelMetadata" in found["docMetadata/LabelInfo.xml"]


def test_a_label_may_name_its_own_place():
    custom, removed = Label("c" * 8), Label("d" * 8, removed=True, place="labelinfo")
    found = parts(docx([], label=[custom, removed]))

    assert b"cccccccc" in found["docProps/custom.xml"]
    assert b"dddddddd" not in found["docProps/custom.xml"]
    assert b'removed="1"' in found["docMetadata/LabelInfo.xml"]


def test_a_word_document_has_its_texts_and_its_size():
    found = parts(docx(["a", ("b", "c")], header="RESTRICTED", footer="end", pad_octets=50_000))
    texts = [lxml.etree.fromstring(found[f"word/{name}.xml"]).xpath("string()") for name in ("header1", "document", "footer1")]

    assert texts == ["RESTRICTED", "abc", "end"]
    assert len(found["word/media/image1.png"]) == pytest.approx(50_000, rel=0.03)
    assert magic.from_buffer(found["word/media/image1.png"], mime=True) == "image/png"


def test_a_workbook_has_its_cells_and_its_page_header():
    octets = xlsx([["name", "number"], ["Ann & Bob", 7, None, "x"], ["y"] * 30], header="R & D", hidden_rows=[["kept back"]])
    book = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(octets))

    assert book.sheet_names == ["Sheet1", "Hidden"]
    assert book.get_sheet_by_name("Sheet1").to_python()[1][:4] == ["Ann & Bob", 7.0, "", "x"]
    assert book.get_sheet_by_name("Hidden").to_python() == [["kept back"]]
    assert b"<oddHeader>&amp;CR &amp;&amp; D</oddHeader>" in parts(octets)["xl/worksheets/sheet1.xml"]


def test_a_pdf_has_its_pages_and_its_size():
    octets = pdf(["One (1) \\ £5\nline two", "Two"], header="RESTRICTED", footer="p", pad_octets=300_000, info={"MSIP_Label_x_Name": "A"})
    document = pypdfium2.PdfDocument(octets)
    pages = [document[at].get_textpage().get_text_range() for at in range(2)]

    assert pages[0].split("\r\n") == ["One (1) \\ £5", "line two", "RESTRICTED", "p"]
    assert "Two" in pages[1]
    assert len(octets) == pytest.approx(300_000, rel=0.02)
    assert b"/MSIP_Label_x_Name (A)" in octets
    assert magic.from_buffer(octets, mime=True) == "application/pdf"


def test_the_cross_reference_table_points_at_every_object():
    octets = pdf(["One", "Two"], pad_octets=10_000)
    at = int(octets.rsplit(b"startxref\n", 1)[1].split(b"\n")[0])
    lines = octets[at:].split(b"\n")[2:]
    offsets = [int(line[:10]) for line in lines if line.endswith(b" n ")]

    assert octets[at : at + 4] == b"xref"
    assert all(octets[offset:].startswith(b"%d 0 obj" % number) for number, offset in enumerate(offsets, start=1))


def test_an_encrypted_zip_opens_with_its_password_only():
    files = {"a.txt": b"hello" * 1000, "b.bin": noise(500)}
    with zipfile.ZipFile(io.BytesIO(zip_of(files, encrypted=True))) as archive:
        assert all(info.flag_bits & 1 for info in archive.infolist())
        assert {name: archive.read(name, b"secret") for name in archive.namelist()} == files
        with pytest.raises(RuntimeError, match="password"):
            archive.read("a.txt")


def test_an_encrypted_document_opens_with_its_password():
    document = msoffcrypto.OfficeFile(io.BytesIO(encrypted_docx(["Kept."], "pass")))
    opened = io.BytesIO()
    document.load_key(password="pass")
    document.decrypt(opened)

    assert document.is_encrypted()
    assert b"Kept." in parts(opened.getvalue())["word/document.xml"]


def test_a_message_is_read_back_as_it_was_made():
    files = [("résumé.docx", docx(["x"]), WORD), ('a;b".zip', zip_of({"x": b"y"}), "application/zip")]
    octets = message(
        "clerk@sender.example",
        ["a@x.example", "b@y.example"],
        "Grüße " * 20,
        "häll=o\n.dot  \n" + "x" * 200,
        html="<img src='cid:logo@x'>",
        attachments=files,
        inline=[("logo@x", "logo.png", png(), "image/png")],
        headers=[("msip_labels", LABEL.header_value())],
    )
    read = message_from_bytes(octets, policy=policy.default)
    kinds = [part.get_content_type() for part in read.walk()]

    assert kinds[:6] == ["multipart/mixed", "multipart/alternative", "text/plain", "multipart/related", "text/html", "image/png"]
    assert read["subject"] == ("Grüße " * 20)
    assert [address.addr_spec for address in read["to"].addresses] == ["a@x.example", "b@y.example"]
    assert read.get_body(("plain",)).get_content().replace("\r\n", "\n") == "häll=o\n.dot  \n" + "x" * 200 + "\n"
    assert [(part.get_filename(), part.get_content()) for part in read.iter_attachments()] == [(name, data) for name, data, _ in files]
    assert "MSIP_Label_aaaaaaaa" in read["msip_labels"]
    assert octets.count(b"\n") == octets.count(b"\r") == octets.count(b"\r\n")
    assert max(map(len, octets.split(b"\r\n"))) <= 998


def test_the_same_arguments_give_the_same_octets():
    def everything() -> list[bytes]:
        files = [("a.docx", docx(["x"], label=LABEL, pad_octets=2000), WORD)]
        mail = message("a@b.example", "c@d.example", "s", prose(50), html="<p>", attachments=files)
        return [xlsx([["x"]]), pptx(["x"]), pdf(["x"], pad_octets=2000), png(seed="s"), zip_of({"a": b"b"}, encrypted=True), mail]

    assert everything() == everything()
