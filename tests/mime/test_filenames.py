"""Every name that some program shows or saves, and what is odd about it."""

import pytest

from gateway.mime.filenames import all_names, extension
from gateway.model.message import DefectName
from gateway.parse import parse_buffer
from tests.mime.wire import names as defects_of
from tests.mime.wire import wire

ODD, DISAGREE = DefectName.ODD_NAME, DefectName.NAMES_DISAGREE


@pytest.mark.parametrize(
    ("written", "made", "defects"),
    [
        (["plan.docx"], [], set()),
        (["Größe.docx"], [], set()),
        (["plan.docx", "plan.exe"], [], {DISAGREE}),
        (["rates.xlsx", "€ rates.XLSX"], [], set()),
        (["a", "a b.docx"], [], set()),  # without quotes
        (["=?utf-8?b?cGxhbi5leGU=?=", "plan.exe"], [], set()),
        (["plan.exe. "], ["plan.exe"], {ODD}),
        (["plan.exe..."], ["plan.exe"], {ODD}),
        (["plan.exe\0.txt"], ["plan.exe", "plan.exe.txt"], {ODD}),
        (["../../plan.exe"], ["plan.exe"], {ODD}),
        ([r"C:\temp\plan.exe"], ["plan.exe"], {ODD}),
        (["plan\u202excod.exe"], ["planexe.docx", "planxcod.exe"], {ODD}),
        (["plan.e\u200bxe"], ["plan.exe"], {ODD}),
        (["plan\r\n.exe"], ["plan.exe"], {ODD}),
        (["plan%2Eexe"], ["plan.exe", "plan%2Eexe"], set()),
        (["100%.docx"], ["100%.docx"], set()),
        (["", "  "], [], set()),
    ],
)
def test_names(written: list[str], made: list[str], defects: set[DefectName]) -> None:
    found: list[DefectName] = []

    assert list(all_names(written, found)) == list(dict.fromkeys([*(name for name in written if name.strip()), *made]))
    assert set(found) == defects


@pytest.mark.parametrize(
    ("name", "ending"),
    [("a.EXE", "exe"), ("a.exe. .", "exe"), ("a", ""), (".profile", ""), ("a.b c", ""), ("a.doc\u202ex", "docx"), ("=?utf-8?q?a.b?=", "")],
)
def test_endings(name: str, ending: str) -> None:
    assert extension(name) == ending


@pytest.mark.parametrize(
    ("disposition", "names"),
    [
        ("filename*=utf-8''plan%2Eexe; filename=plan.txt", ("plan.exe", "plan.txt")),
        ("filename=plan.txt; filename*=utf-8''plan%2Eexe", ("plan.exe", "plan.txt")),
        ("filename*1*=%2Eexe; filename*0*=utf-8''plan", ("plan.exe", ".exeplan")),
        ("filename*0=pla; filename*1=n.exe; filename*1=n.txt", ("plan.exe", "plan.txt")),
        ("filename*0=plan.exe; filename*2=.txt", ("plan.exe.txt", "plan.exe")),
        ("filename*00=plan; filename*01=.exe", ("plan.exe",)),
        ('filename*0="=?utf-8?q?plan"; filename*1="=2Eexe?="', ("plan.exe",)),
        ('filename="=?utf-8?q?plan?= =?utf-8?q?=2Eexe?="', ("plan.exe",)),
        ("filename==?utf-8?b?cGxhbi5leGU=?=", ("plan.exe",)),
        ("filename*=utf-7''plan+AC4-exe", ("plan.exe",)),
        ("filename*=utf-16le''%70%00%2e%00%65%00", ("p.e",)),
        ("filename*=no-such-charset''plan%2Eexe", ("plan.exe",)),
        ("filename*=plan%2Eexe", ("plan.exe",)),
        ('filename="plan.txt".exe', ("plan.txt", "plan.txt.exe")),
        ('filename="plan.txt"; filename="plan.exe"', ("plan.txt", "plan.exe")),
        ("filename=plan(x).exe", ("plan", "plan .exe")),
    ],
)
def test_every_name_in_a_content_disposition(disposition: str, names: tuple[str, ...]) -> None:
    parsed = parse_buffer(wire(f"MIME-Version: 1.0\nContent-Type: application/zip\nContent-Disposition: attachment; {disposition}\n\nx"))

    assert set(names) <= set(parsed.parts[0].names)
    assert parsed.parts[0].names[0] == names[0]


def test_all_fields_that_name_a_file_are_asked() -> None:
    parsed = parse_buffer(
        wire("""
        MIME-Version: 1.0
        Content-Type: application/zip; name=a.zip; filename=b.zip
        Content-Disposition: attachment; filename=c.zip; name=d.exe
        Content-Disposition: attachment; filename=e.zip

        x""")
    )

    assert parsed.parts[0].names == ("c.zip", "e.zip", "a.zip", "d.exe", "b.zip")
    assert defects_of(parsed) == {DefectName.DUPLICATE_HEADER, DefectName.CONFLICTING_HEADER, DefectName.NAMES_DISAGREE}
