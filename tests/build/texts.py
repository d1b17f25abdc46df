"""Sheets, drawings and forms that are written as text: SYLK, DIF, DXF and FDF. Pure and deterministic."""

from collections.abc import Iterable, Sequence

Cell = str | int


def sylk(rows: Iterable[Sequence[Cell]]) -> bytes:
    """As Excel writes it."""
    cells = [(y, x, cell) for y, row in enumerate(rows, 1) for x, cell in enumerate(row, 1)]
    records = [f"C;Y{y};X{x};K{_quoted(cell).replace(';', ';;')}" for y, x, cell in cells]
    return "\r\n".join(["ID;PWXL;N;E", *records, "E", ""]).encode("cp1252")


def dif(rows: Iterable[Sequence[Cell]]) -> bytes:
    """As Excel writes it."""
    head = [
        f'{name}\r\n0,{number}\r\n"{said}"'
        for name, number, said in (("TABLE", 1, "EXCEL"), ("VECTORS", 2, ""), ("TUPLES", 3, ""), ("DATA", 0, ""))
    ]
    lines = [line for row in rows for line in ("-1,0\r\nBOT", *map(_value, row))]
    return "\r\n".join([*head, *lines, "-1,0\r\nEOD", ""]).encode("cp1252")


def _value(cell: Cell) -> str:
    return f"1,0\r\n{_quoted(cell)}" if isinstance(cell, str) else f"0,{cell}\r\nV"


def _quoted(cell: Cell) -> str:
    return f'"{cell}"' if isinstance(cell, str) else str(cell)


def dxf(values: Iterable[tuple[int, str]]) -> bytes:
    """One text of these groups."""
    said = [
        f"{group:>3}\r\n{value}" for group, value in ((0, "SECTION"), (2, "ENTITIES"), (0, "MTEXT"), *values, (0, "ENDSEC"), (0, "EOF"))
    ]
    return "\r\n".join([*said, ""]).encode()


def fdf(value: str, *, name: str = "x") -> bytes:
    """A form with one field."""
    fields = f"1 0 obj\n<< /FDF << /Fields [<< /T ({name}) /V {value} >>] >> >>\nendobj\n"
    return f"%FDF-1.2\n{fields}trailer << /Root 1 0 R >>\n%%EOF\n".encode("latin-1")
