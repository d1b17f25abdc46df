"""OLE compound files: rights protection, old workbooks, embedded objects."""

import struct

import olefile
import pytest

from gateway.model.finding import EvidenceKind, Readable
from tests.build import docx, noise, xlsx
from tests.content.compound import compound, workbook
from tests.content.reading import look, seen
from tests.content.test_documents import rebuilt

LABEL = "aaaaaaaa-1111-4222-8333-444444444444"


def test_an_old_workbook() -> None:
    (finding,) = look(workbook([["RESTRICTED"], ["NHS number"], [9434765919.0]]), "a.xls")

    assert (finding.detected_type, finding.readable) == ("application/vnd.ms-excel", Readable.YES)
    assert seen(finding) == {("restricted", "first_line"), ("nhs-number", "text")}


def test_an_encrypted_old_workbook() -> None:
    assert look(workbook([["x"]], locked=True), "a.xls")[0].readable is Readable.ENCRYPTED


@pytest.mark.parametrize(
    ("stream", "detected", "readable"),
    [
        ("WordDocument", "application/msword", Readable.DAMAGED),
        ("PowerPoint Document", "application/vnd.ms-powerpoint", Readable.DAMAGED),
        ("Workbook", "application/vnd.ms-excel", Readable.UNSUPPORTED),
        ("Something", "application/x-ole-storage", Readable.UNSUPPORTED),
    ],
)
def test_a_stream_that_is_not_what_its_name_says(stream: str, detected: str, readable: Readable) -> None:
    (finding,) = look(compound({stream: b"x"}), "")

    assert (finding.detected_type, finding.readable) == (detected, readable)


def test_embedded_objects_of_an_old_document_are_members() -> None:
    native = struct.pack("<IH", 0, 2) + b"secret.txt\0c:\\x\0" + bytes(8) + b"c:\\x\0" + struct.pack("<I", 10) + b"RESTRICTED"
    sheet = workbook([["x"]])
    streams = {"Workbook": olefile.OleFileIO(sheet).openstream("Workbook").read(), "MBD00000001/\x01Ole10Native": native}

    found = look(compound(streams), "a.xls")

    assert [(file.id, file.names[0], file.readable) for file in found] == [
        ("2", "a.xls", Readable.YES),
        ("2/1", "secret.txt", Readable.YES),
    ]
    assert ("restricted", "first_line") in seen(found[1])


def test_macros_of_an_old_document_are_an_oddity() -> None:
    sheet = olefile.OleFileIO(workbook([["x"]])).openstream("Workbook").read()

    assert "macros" in look(compound({"Workbook": sheet, "_VBA_PROJECT_CUR/VBA/dir": b"x"}), "a.xls")[0].oddities


def test_a_rights_protected_document_keeps_its_label() -> None:
    info = f'<l:labelList xmlns:l="urn:l"><l:label id="{{{LABEL}}}" enabled="1" siteId="{{{LABEL}}}" removed="0"/></l:labelList>'
    spaces = {"DataSpaces/TransformInfo/DRMEncryptedTransform/Primary": b"x", "DataSpaces/TransformInfo/LabelInfo": info.encode()}

    (finding,) = look(compound({"EncryptedPackage": noise(5000, "x"), **spaces}), "a.docx")

    assert finding.readable is Readable.RIGHTS_PROTECTED
    assert [item.id for item in finding.evidence if item.kind is EvidenceKind.LABEL] == [LABEL]


def test_an_encrypted_package_without_rights_is_encrypted() -> None:
    assert look(compound({"EncryptedPackage": noise(5000, "x")}), "a.docx")[0].readable is Readable.ENCRYPTED


def test_an_embedded_object_is_unwrapped() -> None:
    inner = xlsx([["943 476 5919"]])
    native = struct.pack("<IH", 0, 2) + b"b.xlsx\0c:\\b.xlsx\0" + bytes(8) + b"c:\\t\\b.xlsx\0" + struct.pack("<I", len(inner)) + inner
    wrapped = compound({"\x01Ole10Native": native})

    outer, wrapper, member = look(rebuilt(docx(["x"]), {"word/embeddings/oleObject1.bin": wrapped}), "a.docx")

    assert [file.readable for file in (outer, wrapper, member)] == [Readable.YES] * 3
    assert (member.id, member.inside, member.names) == ("2/1/1", "2/1", ("b.xlsx",))
    assert ("nhs-number", "text") in seen(member)


def test_a_formula_has_no_words() -> None:
    assert look(compound({"Equation Native": b"x"}), "")[0].readable is Readable.YES


def test_an_object_that_claims_too_much_is_damaged() -> None:
    native = struct.pack("<IH", 0, 2) + b"b\0b\0" + bytes(8) + b"b\0" + struct.pack("<I", 1 << 30)

    assert look(compound({"\x01Ole10Native": native}), "")[0].readable is Readable.DAMAGED
