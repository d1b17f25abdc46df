"""Outlook's own wrappings, winmail.dat and .msg: every file, body, name and label in them is found, and what is broken is never empty."""

import base64
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
