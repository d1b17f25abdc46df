r"""Drawings of AutoCAD written as text (DXF) to their words: what is encoded in them resolved, long texts put together. Pure.

In: a text. A value stands on a line below the number of its group. Out: each text of an entity on a line, as it is drawn.
Standards: the DXF reference (groups 0 to 9, 300 to 309, 1000); codes of MTEXT: \U+0034, %%052, {\fArial;words}, \P. Limits: what is drawn
by lines.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from gateway.content.reading import Item, Spent
from gateway.model.finding import Place

_BEGIN = re.compile(r"\s{0,64}(?:999[ \t]*\r?\n[^\n]{0,2000}\n\s{0,64}){0,50}0[ \t]*\r?\n[ \t]*SECTION[ \t]*\r?\n")
_TEXTS = frozenset({"1", "2", "3", "4", "5", "6", "7", "8", "9", "1000", *map(str, range(300, 310))})
_PIECES = frozenset({"1", "3"})  # of one long text: 3, 3, 1
_CODES = re.compile(
    r"\\U\+([0-9A-Fa-f]{4})|%%([0-9]{3})|%%[A-Za-z]|\\([PNX~])|\\[ACcFfHhQTWp][^;\\{}]{0,200};|\\[LlOoKk]|\\S([^;\\]{0,200});|\\([\\{}])|[{}]"
)


def read_dxf(text: str, where: str, spent: Spent) -> Iterator[Item]:
    """The words of a drawing, if the text is one; quick when it is none."""
    if _BEGIN.match(text):
        yield Place.TEXT, f"{where}, drawn", "\n".join(_CODES.sub(_said, words) for words in _texts(text, spent))


def _texts(text: str, spent: Spent) -> Iterator[str]:
    lines = text.splitlines()
    pieces: list[str] = []
    for group, value in zip(lines[::2], lines[1::2], strict=False):
        code = group.strip()
        if code in _PIECES:
            pieces.append(value)
        elif code in _TEXTS:
            yield value
        elif code == "0":
            spent.cells(1)
            yield "".join(pieces)
            pieces = []
    yield "".join(pieces)


def _said(code: re.Match[str]) -> str:
    """What is drawn for a code."""
    if code[1] or code[2]:
        return chr(int(code[1], 16) if code[1] else int(code[2]))
    if code[3]:
        return " " if code[3] == "~" else "\n"
    return code[4] or code[5] or ""
