"""Objects inside documents, and documents under a password that everybody knows."""

import io
import struct
import subprocess
import tempfile
import zlib
from pathlib import Path

import msoffcrypto.format.ooxml
import pytest

from gateway.content.storage import build
from gateway.model.finding import Readable
from tests.build import docx, noise, pdf, xlsx
from tests.content.compound import compound, workbook
from tests.content.reading import look, seen
from tests.content.test_documents import rebuilt

FILE = docx(["x"], header="RESTRICTED")


def native(name: str, octets: bytes, wide: str = "") -> bytes:
    """Ole10Native as the packager fills it."""
    narrow = name.encode("cp1252", "replace")
    path = b"C:\\Users\\a\\" + narrow + b"\0"
    body = b"\x02\0" + narrow + b"\0" + path + struct.pack("<II", 0x30000, len(path)) + path + struct.pack("<I", len(octets)) + octets
    for text in (f"C:\\Users\\a\\{wide}", wide, f"C:\\Users\\a\\{wide}") if wide else ():
        body += struct.pack("<I", len(text) + 1) + (text + "\0").encode("utf-16-le")
    return struct.pack("<I", len(body)) + body


def test_a_package_has_all_its_names() -> None:
    _, member = look(build({("\x01Ole10Native",): native("????.docx", FILE, "Планы.docx")}), "oleObject1.bin")

    assert member.names == ("????.docx", "Планы.docx")
    assert ("restricted", "page_header") in seen(member)


@pytest.mark.parametrize("stream", ["Package", "CONTENTS", "EmbeddedOdf"])
def test_a_stream_that_is_a_file(stream: str) -> None:
    *_, member = look(build({(stream,): FILE, ("\x01CompObj",): b"x"}), "oleObject1.bin")

    assert ("restricted", "page_header") in seen(member)


def old_word(objects: dict[tuple[str, ...], bytes]) -> bytes:
    return build({("WordDocument",): bytes(600), ("1Table",): b"x"} | {("ObjectPool", *path): octets for path, octets in objects.items()})


def inside(found, id_: str) -> list[str]:
    return [name for file in found if id_ in {found_id for found_id, _ in seen(file)} for name in file.names]


def test_objects_in_an_old_document_are_files() -> None:
    found = look(
        old_word(
            {
                ("_1", "\x01Ole10Native"): native("a.docx", FILE),
                ("_2", "Package"): xlsx([["943 476 5919"]]),
                ("_3", "CONTENTS"): pdf(["x"], header="RESTRICTED"),
                ("_4", "\x03ObjInfo"): b"x",
            }
        ),
        "a.doc",
    )

    assert inside(found, "restricted") == ["a.docx", "CONTENTS"]
    assert inside(found, "nhs-number") == ["Package"]


def test_a_whole_old_document_in_an_old_document() -> None:
    import olefile

    with olefile.OleFileIO(io.BytesIO(workbook([["943 476 5919"]]))) as file:
        sheet = file.openstream("Workbook").read()

    found = look(old_word({("_1", "Workbook"): sheet, ("_1", "\x01CompObj"): b"x"}), "a.doc")

    assert [file.detected_type for file in found] == ["application/msword", "application/vnd.ms-excel"]
    assert inside(found, "nhs-number") == ["embedded document"]


@pytest.mark.parametrize("compressed", [True, False])
def test_objects_in_an_old_presentation(compressed: bool) -> None:
    inner = build({("Package",): FILE})
    body = struct.pack("<I", len(inner)) + zlib.compress(inner) if compressed else inner
    records = struct.pack("<HHI", 0xF, 1000, 4) + b"xxxx" + struct.pack("<HHI", 0x10 if compressed else 0, 0x1011, len(body)) + body

    found = look(build({("PowerPoint Document",): records, ("Current User",): b"x"}), "a.ppt")

    assert inside(found, "restricted") == ["Package"]


def test_custom_xml_of_an_old_document_is_read() -> None:
    (finding,) = look(build({("WordDocument",): bytes(600), ("MsoDataStore", "1", "Item"): b"<a>OFFICIAL-SENSITIVE</a>"}), "a.doc")

    assert ("sensitive", "properties") in seen(finding)


def test_an_object_that_nobody_knows_makes_the_document_unsupported() -> None:
    assert look(build({("Workbook",): b"", ("MBD1", "VisioDocument"): noise(999, "x")}), "a.xls")[0].readable is not Readable.YES


def test_a_package_in_rtf() -> None:
    name = b"Package\0"
    ole1 = struct.pack("<III", 0x501, 2, len(name)) + name + struct.pack("<II", 0, 0) + native("a.docx", FILE)
    rtf = b"{\\rtf1 x {\\object\\objemb{\\*\\objdata " + ole1.hex().encode() + b"}}}"

    outer, member = look(rtf, "a.rtf")

    assert (outer.readable, member.names) == (Readable.YES, ("a.docx",))
    assert ("restricted", "page_header") in seen(member)


def test_objects_that_a_real_program_embeds_are_found() -> None:
    """7z takes the compound file that we make of a storage for one of its own, so the wrapping is not ours alone to believe."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "a.doc").write_bytes(old_word({("_1", "Package"): FILE}))
        listing = subprocess.run(["7z", "l", "-tcompound", "a.doc"], cwd=folder, check=True, capture_output=True).stdout

    assert b"ObjectPool" in listing


def test_an_object_in_an_office_package() -> None:
    wrapped = build({("\x01Ole10Native",): native("b.xlsx", xlsx([["943 476 5919"]]))})

    found = look(rebuilt(docx(["x"]), {"word/embeddings/oleObject1.bin": wrapped}), "a.docx")

    assert inside(found, "nhs-number") == ["b.xlsx"]


# --- passwords ---------------------------------------------------------------------------------------------------------


def encrypted(data: bytes, password: str) -> bytes:
    target = io.BytesIO()
    msoffcrypto.format.ooxml.OOXMLFile(io.BytesIO(data)).encrypt(password, target)
    return target.getvalue()


def test_a_document_under_the_password_that_office_knows_is_readable() -> None:
    outer, member = look(encrypted(docx(["x"], header="RESTRICTED", pad_octets=6144), "VelvetSweatshop"), "a.docx")

    assert (outer.readable, member.names) == (Readable.YES, ("a.docx",))
    assert ("restricted", "page_header") in seen(member)


def test_a_document_under_another_password_is_not() -> None:
    assert look(encrypted(docx(["x"], pad_octets=6144), "secret"), "a.docx")[0].readable is Readable.ENCRYPTED


def test_a_password_that_takes_for_ever_is_not_tried() -> None:
    import time

    data = encrypted(docx(["x"], pad_octets=6144), "VelvetSweatshop").replace(b'spinCount="100000"', b'spinCount="9999999"')
    began = time.process_time()

    assert look(data, "a.docx")[0].readable is Readable.ENCRYPTED
    assert time.process_time() - began < 1


def test_a_rights_protected_document_is_not_tried() -> None:
    spaces = {"DataSpaces/TransformInfo/DRMEncryptedTransform/Primary": b"x"}

    assert look(compound({"EncryptedPackage": noise(5000, "x"), **spaces}), "a.docx")[0].readable is Readable.RIGHTS_PROTECTED


def test_what_stands_outside_the_encryption_is_read() -> None:
    import olefile

    from gateway.model.finding import EvidenceKind

    label = "aaaaaaaa-1111-4222-8333-444444444444"
    with olefile.OleFileIO(io.BytesIO(encrypted(docx(["x"], pad_octets=6144), "secret"))) as file:
        streams = {tuple(entry): file.openstream(entry).read() for entry in file.listdir()}
    streams["\x05DocumentSummaryInformation",] = property_set({f"MSIP_Label_{label}_Enabled": "true", "Subject": "OFFICIAL-SENSITIVE"})

    (finding,) = look(build(streams), "a.docx")

    assert finding.readable is Readable.ENCRYPTED
    assert [item.id for item in finding.evidence if item.kind is EvidenceKind.LABEL] == [label]
    assert ("sensitive", "properties") in seen(finding)


def property_set(values: dict[str, str]) -> bytes:
    """[MS-OLEPS]: one section of a person's own properties."""
    names = struct.pack("<I", len(values))
    for number, name in enumerate(values, 2):
        names += struct.pack("<II", number, len(name) + 1) + name.encode() + b"\0"
    names += bytes(-len(names) % 4)
    bodies = [names, struct.pack("<II", 2, 1252)]
    for value in values.values():
        octets = value.encode() + b"\0"
        bodies.append(struct.pack("<II", 30, len(octets)) + octets + bytes(-len(octets) % 4))
    offset = 8 + 8 * len(bodies)
    table = b""
    for number, body in enumerate(bodies):
        table += struct.pack("<II", number, offset)
        offset += len(body)
    section = struct.pack("<II", offset, len(bodies)) + table + b"".join(bodies)
    head = struct.pack("<HHI", 0xFFFE, 0, 0x20006) + bytes(16) + struct.pack("<I", 1)
    return head + bytes(16) + struct.pack("<I", 48) + section
