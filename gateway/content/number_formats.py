"""Number formats of sheets (ECMA-376-1 section 18.8.30) as far as they hide or show something: dates, and digits behind a mask. Pure.

A number is read as it stands, in full. Under a mask (`0000000000`, `000 000 0000`, `"NHS "000-000-0000`) it is read as it is shown, because
the leading zeros are nowhere else; under a date it is read as a date. All other formats only round, group or colour.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from typing import TypeAlias

Show: TypeAlias = Callable[[str], str]  # a number as the file has it, to what a person sees

_BUILT_IN_DATES = frozenset({14, 15, 16, 17, 22, *range(27, 37), *range(50, 59)})  # section 18.8.30, with those of East Asia
_LITERAL = re.compile(r'"([^"]*)"|\\(.)|_.|\*.|\[[^\]]*\]')
_DATE = re.compile(r"[yd]|mmm|m{1,2}[-/. ]|[-/. ]m", re.IGNORECASE)
_MASK = re.compile(r"[^.,%/?@eEgGybBhsdnma-zA-Z]*0[^.,%/?@a-zA-Z]*")
_LAST = 2_958_466  # days: the end of 9999
_ENOUGH = 100_000  # dates that are kept: of 270 years


def find_show(code: str, id_: int = 0, *, is_1904: bool = False) -> Show | None:
    """How numbers of this format are shown; None when as they stand."""
    positive = _split(code)[0]
    plain = _LITERAL.sub("", positive)
    if id_ in _BUILT_IN_DATES or _DATE.search(plain):
        return _Dates(date(1904, 1, 1) if is_1904 else date(1899, 12, 30)).show
    says = any(quoted or escaped for quoted, escaped in _LITERAL.findall(positive))
    if not plain.strip():
        return _Mask(positive).show if says else None
    is_mask = _MASK.fullmatch(plain) is not None and (plain.count("0") > 1 or says or plain.strip("0#") != "")
    return _Mask(positive).show if is_mask else None


def _split(code: str) -> list[str]:
    """The sections of a format: for positive and negative numbers, zero, text."""
    sections, quoted, escaped = [""], False, False
    for sign in code[:255]:
        if sign == ";" and not quoted and not escaped:
            sections.append("")
            continue
        quoted ^= sign == '"' and not escaped
        escaped = sign == "\\" and not escaped
        sections[-1] += sign
    return sections


class _Dates:
    """Days since an epoch; the few that a table repeats are kept."""

    __slots__ = ("_epoch", "_is_lotus", "_known")

    def __init__(self, epoch: date) -> None:
        self._epoch = epoch.toordinal()
        self._is_lotus = epoch.year == 1899
        self._known: dict[str, str] = {}

    def show(self, value: str) -> str:
        known = self._known.get(value)
        if known is None:
            if len(self._known) >= _ENOUGH:
                self._known.clear()
            known = self._known[value] = self._make(value)
        return known

    def _make(self, value: str) -> str:
        try:
            days = int(value) if value.isdecimal() else int(float(value))
        except (ValueError, OverflowError):
            return value
        # Before March 1900 the count is one more than the days: Lotus thought that 1900 was a leap year, and all follow.
        shift = 1 if self._is_lotus and days < 60 else 0
        return date.fromordinal(self._epoch + days + shift).isoformat() if 0 < days < _LAST else value


class _Mask:
    """Digits with signs between them."""

    __slots__ = ("_runs", "_template", "_width")

    def __init__(self, section: str) -> None:
        self._runs: list[slice] = []  # of digits, each between two signs
        self._width = 0
        template: list[str] = []
        at = 0
        while at < len(section):
            if run := _RUN.match(section, at):
                self._runs.append(slice(self._width, self._width + len(run[0])))
                self._width += len(run[0])
                template.append("%s")
                at = run.end()
            elif literal := _LITERAL.match(section, at):
                template.append((literal[1] or literal[2] or "").replace("%", "%%"))
                at = literal.end()
            else:
                template.append(section[at].replace("%", "%%"))
                at += 1
        self._template = "".join(template)

    def show(self, value: str) -> str:
        """Whole numbers under the mask; what does not fit into it stands before it, as a spreadsheet shows it."""
        if not value.isdecimal():
            return value
        digits = value.rjust(self._width, "0")
        more = len(digits) - self._width
        if more:
            shown = self._template % tuple([digits[more:][run] for run in self._runs])
            return f"{digits[:more]}{shown}" if self._width and shown[:1].isdecimal() else f"{shown} {value}"
        return self._template % tuple([digits[run] for run in self._runs])


_RUN = re.compile("[0#]+")
