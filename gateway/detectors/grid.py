"""Where text of a sheet stands: a name for a person that also knows the cells. Pure."""

from __future__ import annotations

from collections.abc import Callable


class Grid(str):
    """The name of a sheet ("sheet Staff"), for a text in which each line is a row and a tab parts two cells.

    Which cell a place is, is asked only where something was found.
    """

    __slots__ = ("cell",)

    cell: Callable[[int, int], str]  # a line and a cell in it, both counted from 0, to its name: "C14"


def letters(column: int) -> str:
    """The name of a column counted from 0: A ... Z, AA ..."""
    name, rest = "", column + 1
    while rest > 0:
        rest, digit = divmod(rest - 1, 26)
        name = chr(65 + digit) + name
    return name
