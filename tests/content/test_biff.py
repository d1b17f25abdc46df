"""Old workbooks ([MS-XLS]): what is said in records that are no cells, and cells as their number formats show them."""

import struct

import olefile
import pytest

from gateway.content.biff import read_book
from gateway.content.reading import Budget, Spent
from tests.content.compound import begin, record, string, with_format, workbook
from tests.content.reading import look

MARKING = "OFFICIAL-SENSITIVE"
_LONG = "x" * 8000 + "\n"
_NOTHING = string("\0") * 4  # the four texts of a validation


def _evidence(octets: bytes) -> set[tuple[str, str]]:
    (finding,) = look(octets, "a.xls")
    return {(item.id, item.where) for item in finding.evidence}


def _note(*pieces: bytes, size: int) -> bytes:
    """A text of a shape, in as many records."""
    begin_ = record(0x1B6, struct.pack("<9H", 0, 0, 0, 0, 0, size, 16, 0, 0))
    return begin_ + b"".join(record(0x3C, piece) for piece in pieces) + record(0x3C, bytes(16))


@pytest.mark.parametrize("wide", [False, True])
def test_the_titles_of_a_chart(wide: bool) -> None:
    chart = begin(0x20) + record(0x100D, bytes(2) + string(MARKING, size="<B", wide=wide)) + record(0x0A)

    assert _evidence(workbook([["x"]], beside=chart)) == {("sensitive", "sheet Sheet1, besides its cells")}


@pytest.mark.parametrize(
    "records",
    [
        pytest.param(record(0x800, bytes(12) + MARKING.encode("utf-16-le") + bytes(2)), id="the tooltip of a link"),
        pytest.param(record(0xB0, bytes(40) + struct.pack("<HH", 1, 18) + b"\0a\0" + MARKING.encode()), id="a pivot table"),
        pytest.param(record(0xB2, bytes(6) + string(MARKING)), id="an item of a pivot table"),
        pytest.param(record(0xAF, bytes(8) + MARKING.encode() + bytes(1)), id="a scenario"),
        pytest.param(record(0x872, bytes(60) + string(MARKING, wide=True)), id="a table"),
        pytest.param(record(0x9E, bytes(24) + MARKING.encode()), id="a filter"),
        pytest.param(record(0x5D, bytes(31) + MARKING.encode()), id="a control"),
        pytest.param(record(0xEC, bytes(8000)) + record(0x3C, bytes(30) + MARKING.encode("utf-16-le")), id="a drawing in two records"),
        pytest.param(record(0x1BE, bytes(4) + string("\0") * 2 + string(MARKING) + string("\0") + bytes(18)), id="a hint"),
        pytest.param(_note(b"\0" + MARKING.encode(), size=18), id="a note"),
        pytest.param(_note(b"\0" + _LONG.encode(), b"\0" + MARKING.encode(), size=len(_LONG) + 18), id="a long note"),
        pytest.param(_note(b"\0OFFICIAL", b"\1" + "-SENSITIVE".encode("utf-16-le"), size=18), id="a note cut in a word"),
    ],
)
def test_what_stands_beside_cells(records: bytes) -> None:
    assert ("sensitive", "sheet Sheet1, besides its cells") in _evidence(workbook([["x"]], beside=records))


@pytest.mark.parametrize(
    "records",
    [
        pytest.param(record(0x894, bytes(18) + b"\0a\0" + MARKING.encode()), id="the comment of a name"),
        pytest.param(record(0x1A9, bytes(40) + string(MARKING)), id="a view"),
        pytest.param(record(0xEB, bytes(8000)) + record(0x3C, bytes(30) + MARKING.encode("utf-16-le")), id="drawings in two records"),
    ],
)
def test_what_stands_before_the_sheets(records: bytes) -> None:
    assert ("sensitive", "names and links") in _evidence(workbook([["x"]], before=records))


def test_the_cache_of_a_pivot_table() -> None:
    cache = record(0xC6, bytes(20)) + record(0xCD, string(MARKING)) + record(0x0A)

    assert ("sensitive", "cache of a pivot table") in _evidence(workbook([["x"]], streams={"_SX_DB_CUR/0001": cache}))


@pytest.mark.parametrize("code", [f'0"{MARKING}"', f';;;"{MARKING}"@', f'0;"{MARKING}"'])
def test_what_a_number_format_says(code: str) -> None:
    assert ("sensitive", "number formats") in _evidence(workbook([[7]], before=with_format(code)))


@pytest.mark.parametrize(
    ("code", "value"),
    [('"NHS number: "General', 4857773457.0), ('0;"NHS number: "0', -4857773457.0), (';;;"NHS number: "@', "4857773457")],
)
def test_values_as_they_are_shown(code: str, value: str | float) -> None:
    assert ("nhs-number", "sheet Sheet1, A1") in _evidence(workbook([[value]], before=with_format(code)))


@pytest.mark.parametrize(
    "records",
    [
        pytest.param(
            record(0x1BE, bytes(4) + _NOTHING + bytes(4) + b"\x17\x1a\0yes\0" + MARKING.encode() + b"\0no" + bytes(12)), id="choices"
        ),
        pytest.param(record(0x1B1, bytes(14) + b"\x17\x12\0" + MARKING.encode()), id="a condition"),
    ],
)
def test_what_cells_are_compared_with_is_no_marking(records: bytes) -> None:
    """A register of documents lets choose their classification, and colours them by it: there it stands, but not alone on a line."""
    book = olefile.OleFileIO(workbook([["x"]], beside=records)).openstream("Workbook").read()

    lines = [line for _, _, text in read_book(book, Spent(Budget())) for line in text.split("\n")]

    assert MARKING not in lines
    assert any(MARKING in line for line in lines)
