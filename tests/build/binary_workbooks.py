"""An Excel workbook in binary parts ([MS-XLSB]): one sheet of texts and numbers, with what stands beside its cells."""

import struct
from collections.abc import Mapping, Sequence

from tests.build.archives import zip_of
from tests.build.ooxml import PACKAGE, RELATIONSHIPS, relationships

_MAIN = "application/vnd.ms-excel.sheet.binary.macroEnabled.main"
_BOOK, _BOOK_END, _SHEETS, _SHEETS_END, _SHEET = 131, 132, 143, 144, 156
_BEGIN, _END, _DIMENSION, _DATA, _DATA_END, _ROW, _NUMBER, _TEXT = 129, 130, 148, 145, 146, 0, 5, 6
_EDGES, _EDGES_END, _VIEWS, _VIEW, _VIEW_END, _VIEWS_END = 479, 480, 422, 423, 424, 425
_NOTHING = b"\xff" * 4  # a string that is not there


def xlsb(
    rows: Sequence[Sequence[str | float]],
    sheet: str = "Sheet1",
    parts: Mapping[str, bytes] | None = None,
    *,
    header: str | None = None,
    format_: str = "",
    state: int = 0,
    edge: int = 0,
    flags: int = 0,
    in_view: bool = False,
) -> bytes:
    """`parts` are other parts, by name; `header` is a page header with its codes, `format_` the number format of all cells.

    The header is that of all, even or first pages (`edge` 0, 2, 4), of the sheet or of a view of it; `flags` says which are other than all.
    `state` is that of the sheet: 0 visible, 1 hidden, 2 very hidden.
    """
    book = _record(_BOOK) + _record(_SHEETS) + _record(_SHEET, struct.pack("<II", state, 1) + _wide("rId1") + _wide(sheet))
    book += _record(_SHEETS_END) + _record(_BOOK_END)
    width = max(map(len, rows))
    cells = _record(_BEGIN) + _record(_DIMENSION, struct.pack("<4I", 0, len(rows) - 1, 0, width - 1)) + _record(_DATA)
    for number, row in enumerate(rows):
        cells += _record(_ROW, struct.pack("<II", number, 0) + bytes(9))
        for column, value in enumerate(row):
            where = struct.pack("<II", column, 1 if format_ else 0)
            cells += _record(_TEXT, where + _wide(value)) if isinstance(value, str) else _record(_NUMBER, where + struct.pack("<d", value))
    said = b"".join(_NOTHING if number != edge or header is None else _wide(header) for number in range(6))
    edges = b"" if header is None else _record(_EDGES, struct.pack("<H", flags) + said) + _record(_EDGES_END)
    edges = _record(_VIEWS) + _record(_VIEW, bytes(40)) + edges + _record(_VIEW_END) + _record(_VIEWS_END) if in_view else edges
    cells += _record(_DATA_END) + edges + _record(_END)
    types = (
        f'<Types xmlns="{PACKAGE}/content-types"><Default Extension="bin" ContentType="{_MAIN}"/>'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        '<Override PartName="/xl/worksheets/sheet1.bin" ContentType="application/vnd.ms-excel.worksheet"/></Types>'
    )
    files = {
        "[Content_Types].xml": types.encode(),
        "_rels/.rels": relationships([(f"{RELATIONSHIPS}/officeDocument", "xl/workbook.bin")]).encode(),
        "xl/workbook.bin": book,
        "xl/_rels/workbook.bin.rels": relationships([(f"{RELATIONSHIPS}/worksheet", "worksheets/sheet1.bin")]).encode(),
        "xl/worksheets/sheet1.bin": cells,
    }
    return zip_of(files | ({"xl/styles.bin": _styles(format_)} if format_ else {}) | dict(parts or {}))


def _styles(code: str) -> bytes:
    """Two styles of cells, the second with a number format of its own."""
    formats = _record(615, struct.pack("<I", 1)) + _record(44, struct.pack("<H", 170) + _wide(code)) + _record(616)
    styles = b"".join(_record(47, struct.pack("<HH", 0, number) + bytes(12)) for number in (0, 170))
    return _record(278) + formats + _record(617, struct.pack("<I", 2)) + styles + _record(618) + _record(279)


def _record(kind: int, data: bytes = b"") -> bytes:
    """Section 2.1.4: kind and size in seven bits an octet."""
    return _seven(kind) + _seven(len(data)) + data


def _seven(number: int) -> bytes:
    low = number & 0x7F
    return bytes((low,)) if number < 0x80 else bytes((low | 0x80,)) + _seven(number >> 7)


def _wide(text: str) -> bytes:
    return struct.pack("<I", len(text)) + text.encode("utf-16-le")
