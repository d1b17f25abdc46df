"""Lines that Unicode's bidirectional controls (UAX #9) have shown in another order than they are written in. Pure.

A right-to-left override shows EVITISNES as SENSITIVE. An embedding or an isolate leaves words as they are, but shows the groups of a number
from the last to the first. What is opened ends with its line.
Limits: what letters of Hebrew and Arabic alone do to numbers among them; mirrored signs but brackets.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

_LRE, _RLE, _PDF, _LRO, _RLO, _LRI, _RLI, _FSI, _PDI = "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
_TURNING = frozenset({_RLO, _RLE, _RLI})
_TURNS = re.compile(f"[{''.join(sorted(_TURNING))}]")
_ENDING = frozenset({_PDF, _PDI})
_DEEPEST = 125  # BD2: what is opened deeper is passed over
_SIGN = re.compile(f"([{_LRE}-{_RLO}{_LRI}-{_PDI}])")
_MIRRORED = str.maketrans("()[]{}<>", ")(][}{><")
_WORD = re.compile(r"\s+|\S+")


class Line(NamedTuple):
    """A line as it is written and as it is shown."""

    written: str
    shown: str


def turned_lines(text: str) -> Iterator[Line]:
    """Those that are shown in another order; quick when there is none."""
    if not _is_turned(text):
        return
    for line in text.splitlines():
        if _is_turned(line) and (shown := _shown(line)) != _SIGN.sub("", line):
            yield Line(line, shown)


def _is_turned(text: str) -> bool:
    return not text.isascii() and _TURNS.search(text) is not None


def _shown(line: str) -> str:
    """A run that ends is one piece of the run around it: each is a sign that opened it, and its pieces as they are shown."""
    text, *rest = _SIGN.split(line)
    if not text and rest[0] == _RLO and len(rest) == 2:
        return rest[1][::-1].translate(_MIRRORED)  # all of it, as in most lines that are turned
    runs: list[tuple[str, list[str]]] = [("", [])]
    too_deep = 0
    _add(runs[-1], text)
    for sign, behind in zip(rest[::2], rest[1::2], strict=True):
        if sign not in _ENDING:
            if len(runs) > _DEEPEST:
                too_deep += 1
            else:
                runs.append((sign, []))
        elif too_deep:
            too_deep -= 1
        elif len(runs) > 1:
            _end(runs)
        if behind:
            _add(runs[-1], behind)
    while len(runs) > 1:
        _end(runs)
    return "".join(runs[0][1])


def _add(run: tuple[str, list[str]], text: str) -> None:
    sign, pieces = run
    if sign == _RLO:
        pieces.append(text[::-1].translate(_MIRRORED))
    elif sign in _TURNING:
        pieces.extend(_WORD.findall(text))
    else:
        pieces.append(text)


def _end(runs: list[tuple[str, list[str]]]) -> None:
    sign, pieces = runs.pop()
    runs[-1][1].append("".join(reversed(pieces) if sign in _TURNING else pieces))
