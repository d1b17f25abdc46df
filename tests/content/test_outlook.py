"""Outlook's own wrappings, winmail.dat and .msg: every file, body, name and label in them is found, and what is broken is never empty."""

import base64
import struct
import subprocess
import tempfile
from pathlib import Path

import pytest

from gateway.content import Budget
from gateway.content.reading import Spent
from gateway.content.storage import build, read_streams
from gateway.model.finding import EvidenceKind, Readable
from tests.build import docx, noise, xlsx
from tests.build.outlook import attribute, msg, msg_streams, packed_rtf, tnef
from tests.content.reading import look, seen

LABEL = "aaaaaaaa-1111-4222-8333-444444444444"
SITE = "bbbbbbbb-1111-4222-8333-444444444444"
SAID = f"MSIP_Label_{LABEL}_Enabled=true; MSIP_Label_{LABEL}_SiteId={SITE}; MSIP_Label_{LABEL}_Name=Secret"
WIDE = (SAID + "\0").encode("utf-16-le")
RTF = packed_rtf(b"{\\rtf1\\ansi RESTRICTED\\par and more text}")
HTML = b"<html><body><p>RESTRICTED</p></body></html>"


# --- winmail.dat ---------------------------------------------------------------------------------------------------------


def test_the_files_of_a_winmail_dat_are_read_under_all_their_names() -> None:
    data = tnef({"Überblick über alles.docx": docx(["x"], header="RESTRICTED"), "b.xlsx": xlsx([["943 476 5919"]])})

    outer, first, second = look(data, "winmail.dat", "application/ms-tnef")

    assert (outer.readable, outer.detected_type, outer.oddities) == (Readable.YES, "application/ms-tnef", ())
    assert first.names == ("Überblick über alles.docx", "?BERBL~1.DOC")
    assert ("restricted", "page_header") in seen(first)
    assert ("nhs-number", "text") in seen(second)


@pytest.mark.parametrize(
    "data",
    [
        tnef(subject="RESTRICTED: plans"),
        tnef(body="RESTRICTED\r\nplans"),
        tnef(properties=[(0x1000, 0x1F, "RESTRICTED\r\nplans".encode("utf-16-le"))]),
        tnef(properties=[(0x1009, 0x102, RTF)]),
        tnef(properties=[(0x1009, 0x102, packed_rtf(b"{\\rtf1 RESTRICTED}", compressed=False))]),
        tnef(properties=[(0x1013, 0x102, HTML)]),
        tnef(properties=[(0x1013, 0x1E, HTML)]),
    ],
    ids=["subject", "body", "unicode body", "rtf", "plain rtf", "html", "html string"],
)
def test_the_words_of_a_winmail_dat_are_read(data: bytes) -> None:
    (finding,) = look(data, "winmail.dat")

    assert finding.readable is Readable.YES
    assert "restricted" in {id_ for id_, _ in seen(finding)}


def test_a_file_that_stands_in_the_body_of_a_winmail_dat() -> None:
    file = base64.b64encode(docx(["x"], header="RESTRICTED")).decode()

    *_, member = look(
        tnef(properties=[(0x1013, 0x102, f'<a href="data:application/octet-stream;base64,{file}">x</a>'.encode())]), "winmail.dat"
    )

    assert ("restricted", "page_header") in seen(member)


def test_a_message_inside_a_winmail_dat() -> None:
    inner = tnef({"c.txt": b"943 476 5919"}, subject="RESTRICTED")

    outer, message, file = look(tnef(nested={"Old mail": inner}), "winmail.dat")

    assert (message.inside, message.names, message.detected_type) == (outer.id, ("Old mail",), "application/ms-tnef")
    assert ("restricted", "subject_start") in seen(message)
    assert ("nhs-number", "text") in seen(file)


@pytest.mark.parametrize(
    "data",
    [tnef(properties=[("msip_labels", 0x1F, WIDE)]), tnef(properties=[(0x007D, 0x1F, ("msip_labels: " + SAID).encode("utf-16-le"))])],
)
def test_the_label_of_a_winmail_dat(data: bytes) -> None:
    (finding,) = look(data, "winmail.dat")

    assert [(item.id, item.tenant) for item in finding.evidence if item.kind is EvidenceKind.LABEL] == [(LABEL, SITE)]


@pytest.mark.parametrize(
    "data",
    [
        tnef({"a.txt": b"RESTRICTED"})[:-1],
        tnef({"a.txt": b"RESTRICTED"})[:-40],
        tnef()[:6],
        tnef({"a.txt": b"x"}) + b"something else",
        tnef() + attribute(2, 0x800F, b"x").replace(b"x\x78\0", b"x\x79\0"),
        tnef(properties=[(0x1009, 0x102, RTF[:-3])]),
        tnef() + attribute(1, 0x9003, b"\xff\xff\xff\xff\x1f\0\0\x10"),
    ],
    ids=["cut", "cut more", "empty", "more behind", "checksum", "rtf cut", "properties"],
)
def test_a_broken_winmail_dat_is_damaged_never_without_files(data: bytes) -> None:
    assert look(data, "winmail.dat", "application/ms-tnef")[0].readable is Readable.DAMAGED


def test_no_cut_of_a_winmail_dat_is_clean() -> None:
    data = tnef({"a.txt": b"RESTRICTED"}, subject="x", properties=[(0x1000, 0x1F, b"x\0")])

    clean = [cut for cut in range(7, len(data)) if look(data[:cut], "winmail.dat")[0].readable is Readable.YES]

    # Cut between two attributes it is a whole file, of less; the last of all is found by what is missing from the attachment.
    assert len(clean) <= 8


# --- .msg ----------------------------------------------------------------------------------------------------------------


def test_the_files_of_a_msg_are_read() -> None:
    data = msg({"a b.docx": docx(["x"], header="RESTRICTED"), "b.xlsx": xlsx([["943 476 5919"]])}, streams={"0037001F": b"x\0"})

    outer, first, second = look(data, "a.msg", "application/vnd.ms-outlook")

    assert (outer.readable, outer.detected_type, outer.oddities) == (Readable.YES, "application/vnd.ms-outlook", ())
    assert first.names == ("a b.docx", "A B~1.DOC")
    assert ("restricted", "page_header") in seen(first)
    assert ("nhs-number", "text") in seen(second)


@pytest.mark.parametrize(
    "streams",
    [
        {"0037001F": "RESTRICTED: plans".encode("utf-16-le")},
        {"0037001E": b"RESTRICTED: plans"},
        {"1000001F": "RESTRICTED\r\nplans".encode("utf-16-le")},
        {"10130102": HTML},
        {"10090102": RTF},
    ],
)
def test_the_words_of_a_msg_are_read(streams) -> None:
    (finding,) = look(msg(streams=streams), "a.msg")

    assert finding.readable is Readable.YES
    assert "restricted" in {id_ for id_, _ in seen(finding)}


def test_the_label_of_a_msg() -> None:
    (finding,) = look(msg(named={"msip_labels": SAID}), "a.msg")

    assert [(item.id, item.tenant) for item in finding.evidence if item.kind is EvidenceKind.LABEL] == [(LABEL, SITE)]


FORM = {
    "one of many categories": msg(public={"Keywords": ("Blue", "OFFICIAL-SENSITIVE")}),
    "a place": msg(public={0x8208: ("OFFICIAL-SENSITIVE",)}),
    "a card": msg(streams={"3A07001F": "OFFICIAL-SENSITIVE".encode("utf-16-le")}),
    "a topic, narrow": msg(streams={"0070001E": b"OFFICIAL-SENSITIVE"}),
    "many narrow strings": msg(streams={"853A101E": bytes(4), "853A101E-00000000": b"OFFICIAL-SENSITIVE"}),
    "a winmail.dat": tnef(properties=[(0x3A0D, 0x1F, "OFFICIAL-SENSITIVE".encode("utf-16-le"))]),
}


@pytest.mark.parametrize("data", FORM.values(), ids=FORM)
def test_what_a_form_shows_is_words(data: bytes) -> None:
    assert ("sensitive", "properties") in seen(look(data, "a.msg")[0])


def test_one_of_many_categories_of_a_winmail_dat() -> None:
    values = [(name + "\0").encode("utf-16-le") for name in ("Blue", "OFFICIAL-SENSITIVE")]
    name = "Keywords\0".encode("utf-16-le")
    public = bytes.fromhex("2903020000000000c000000000000046")  # PS_PUBLIC_STRINGS
    packed = struct.pack("<IHH", 1, 0x101F, 0x8001) + public + struct.pack("<II", 1, len(name)) + name + bytes(-len(name) % 4)
    packed += struct.pack("<I", len(values)) + b"".join(struct.pack("<I", len(one)) + one + bytes(-len(one) % 4) for one in values)

    assert seen(look(tnef() + attribute(1, 0x9003, packed), "a.dat")[0]) == {("sensitive", "header_field"), ("sensitive", "properties")}


@pytest.mark.parametrize("kind", ["101F", "001F-00000000"])
def test_the_sizes_of_many_strings_are_no_string(kind: str) -> None:
    (finding,) = look(msg(streams={f"0070{kind}": "OFFICIAL-SENSITIVE".encode("utf-16-le"), "0037001F": b"x\0"}), "a.msg")

    assert (finding.evidence, finding.readable) == ((), Readable.YES)


def test_a_field_of_somebodys_form_tells_what_its_number_is() -> None:
    number = struct.pack("<HHId", 5, 0x8000, 6, 9434765919.0)
    streams = msg_streams(public={"NHS number": ("x",)}) | {("__properties_version1.0",): bytes(32) + number}

    for data in (msg(public={"NHS number": ("9434765919",)}), build(streams)):
        assert ("nhs-number", "properties") in seen(look(data, "a.msg")[0])


@pytest.mark.parametrize("tag", ["0065", "0C1F", "1035", "1042", "001A", "3003", "39FE", "4023", "5D01", "0E28"])
def test_addresses_and_identifiers_of_machines_are_no_words(tag: str) -> None:
    assert look(msg(streams={f"{tag}001F": "NHS 943 476 5919".encode("utf-16-le")}), "a.msg")[0].evidence == ()


@pytest.mark.parametrize(
    ("tag", "value"),
    [
        ("007D", "X-Id: NHS 943 476 5919"),
        ("0E04", "'nhs9434765919@b.example'; Kim"),
        ("3FFA", "/o=X/ou=Y/cn=NHS 943 476 5919"),
        ("8000", "/O=X/OU=Y/CN=NHS 943 476 5919"),
    ],
)
def test_nor_are_they_in_the_place_of_words(tag: str, value: str) -> None:
    assert look(msg(streams={f"{tag}001F": value.encode("utf-16-le")}), "a.msg")[0].evidence == ()


@pytest.mark.parametrize(
    "data",
    [
        msg(named={"Comments": "NHS number 943 476 5919"}),
        msg(streams={"007D001F": "From: a@b.example\r\nComments: NHS number\r\n 943 476 5919\r\n\r\n".encode("utf-16-le")}),
        msg(recipients=["Kim", "NHS number 943 476 5919"]),
        tnef(properties=[("Comments", 0x1F, "NHS number 943 476 5919".encode("utf-16-le"))]),
    ],
    ids=["field", "transport", "recipient", "winmail.dat"],
)
def test_the_header_fields_of_an_item_are_read_as_those_of_a_mail(data: bytes) -> None:
    assert ("nhs-number", "text") in seen(look(data, "a.msg")[0])


@pytest.mark.parametrize(
    "data",
    [
        msg(named={"X-Classification": "OFFICIAL-SENSITIVE"}),
        msg(streams={"007D001F": "X-Classification: OFFICIAL-SENSITIVE\r\n".encode("utf-16-le")}),
        tnef(properties=[("x-classification", 0x1F, "OFFICIAL-SENSITIVE".encode("utf-16-le"))]),
    ],
)
def test_a_field_of_an_item_may_carry_a_marking(data: bytes) -> None:
    assert seen(look(data, "a.msg")[0]) == {("sensitive", "header_field")}


def test_a_protective_marking_of_an_item() -> None:
    data = msg(
        named={"X-Protective-Marking": "VER=2025.1, NS=gov.au, SEC=PROTECTED"}, streams={"0037001F": "x [SEC=SECRET]".encode("utf-16-le")}
    )

    assert {"SEC=PROTECTED", "SEC=SECRET", "DISAGREE"} <= {item.id for item in look(data, "a.msg")[0].evidence}


def test_a_file_that_is_only_referred_to_has_the_name_of_its_path() -> None:
    streams = msg_streams() | {
        ("__attach_version1.0_#00000000", "__substg1.0_370D001F"): "C:\\x\\OFFICIAL-SENSITIVE.docx".encode("utf-16-le")
    }

    assert ("sensitive", "file_name") in seen(look(build(streams), "a.msg")[1])


def test_a_message_inside_a_message_inside_a_message() -> None:
    innermost = msg_streams({"c.txt": b"943 476 5919"}, head=24)
    inner = msg_streams(streams={"0037001F": "RESTRICTED".encode("utf-16-le")}, nested={"innermost": innermost}, head=24)

    found = look(msg(nested={"inner": inner}), "a.msg")

    assert [file.names for file in found] == [("a.msg",), ("inner",), ("innermost",), ("c.txt", "C~1.TXT")]
    assert {file.readable for file in found} == {Readable.YES}
    assert ("restricted", "subject_start") in seen(found[1])
    assert ("nhs-number", "text") in seen(found[3])


def test_an_object_inside_a_message_is_a_file() -> None:
    found = look(msg(nested={"Document": {("Package",): docx(["x"], header="RESTRICTED")}}, nested_method=6), "a.msg")

    assert ("restricted", "page_header") in seen(found[-1])


# --- a storage made a file ---------------------------------------------------------------------------------------------


def test_a_storage_made_a_file_is_what_other_programs_read() -> None:
    import io

    import olefile

    streams = {
        ("a",): b"x" * 100,
        ("b", "c"): noise(70_000, "x"),
        ("b", "d", "e"): b"",
        ("b", "d", "f"): noise(4096, "y"),
        ("g",): noise(63, "z"),
    }
    data = build(streams)

    with olefile.OleFileIO(io.BytesIO(data), raise_defects=olefile.DEFECT_INCORRECT) as file:
        assert read_streams(file, [], Spent(Budget())) == streams
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "a.ole").write_bytes(data)
        subprocess.run(["7z", "x", "-tcompound", "-bd", "a.ole"], cwd=folder, check=True, capture_output=True)
        assert Path(folder, "b/c").read_bytes() == streams["b", "c"]
        assert Path(folder, "a").read_bytes() == streams["a",]
