"""Number formats of sheets (ECMA-376-1 sections 18.8.30 and 18.8.31) as far as they hide or show something. Pure.

A number is read as it stands, in full. Under a mask (`0000000000`, `000 000 0000`, `"NHS "000-000-0000`) it is read as it is shown, because
the leading zeros are nowhere else; under a date it is read as a date. Where a format puts words beside a value that may be an identifier
(`"NHS number: "General`, `;;;"NHS number: "@`), it is read with them. All other formats only round, group or colour. What a format says by
itself (`0"OFFICIAL-SENSITIVE"`) is read apart, once, whichever of its sections it stands in.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from datetime import date
from typing import NamedTuple, TypeAlias

Show: TypeAlias = Callable[[str], str]  # a value as the file has it, to what a person sees

_BUILT_IN_DATES = frozenset({14, 15, 16, 17, 22, *range(27, 37), *range(50, 59)})  # section 18.8.30, with those of East Asia
_LONGEST = 255  # characters of a format
_LITERAL = re.compile(r'"([^"]*)"|\\(.)|_.|\*.|\[[^\]]*\]')
_CURRENCY = re.compile(r"\[\$([^\[\]\"]*)\]")  # a sign, and for which language
_LANGUAGE = re.compile(r"-[0-9A-Fa-f]{1,8}(?:,\d+)?$")
_DATE = re.compile(r"[yd]|mmm|m{1,2}[-/. ]|[-/. ]m", re.IGNORECASE)
_MASK = re.compile(r"[^.,%/?@eEgGybBhsdnma-zA-Z]*0[^.,%/?@a-zA-Z]*")
_CONDITION = re.compile(r"\[(<=|>=|<>|<|>|=)(-?\d{1,20}(?:\.\d{1,20})?)\]")
_PLACE = re.compile(r"(?i:general)|[@0#?][@0#?.,%/]*")  # where a value stands
_LAST = 2_958_466  # days: the end of 9999
_ENOUGH = 100_000  # dates that are kept: of 270 years
_WORD = 4  # letters and digits: with fewer a format names a unit or a currency
_IDENTIFIER = 5  # digits: shorter numbers identify nobody


def find_show(code: str, id_: int = 0, *, is_1904: bool = False) -> Show | None:
    """How numbers of this format are shown; None when as they stand."""
    sections = _split(code)
    numbers = sections[:3] if len(sections) < 3 or not _has_text(sections[2]) else sections[:2]
    first, *others = (_show_of(section, id_, is_1904=is_1904) for section in numbers)
    if any(map(_says, numbers[1:])) or (others and first and _CONDITION.search(code)):
        return _Sections(numbers, (first, *others)).show
    return first


def is_date(code: str) -> bool:
    """Whether numbers of this format are shown as dates."""
    return _DATE.search(_LITERAL.sub("", _split(code)[0])) is not None


def find_text_show(code: str) -> Show | None:
    """How texts in cells of this format are shown; None when as they stand."""
    if '"' not in code and "\\" not in code and "[$" not in code:
        return None
    sections = _split(code)
    own = sections[3] if len(sections) > 3 else sections[-1]
    return _Beside(own).show if _says(own) and (len(sections) > 3 or _has_text(own)) else None


def words_of(code: str) -> Iterator[str]:
    """What a format says by itself: the words of each section, cut where a value stands."""
    for section in _split(code) if is_word(code) else ():
        for line in "".join(_said(section)).split("\n"):
            if is_word(line):
                yield line.strip()


def plain_number(value: str) -> str:
    """4.11E+15 as a person reads it."""
    if "E" not in value and "e" not in value:
        return value
    try:
        number = float(value)
    except ValueError:
        return value
    return str(int(number)) if number.is_integer() and abs(number) < 1e20 else value


def _show_of(section: str, id_: int, *, is_1904: bool) -> Show | None:
    """How one section shows a number."""
    plain = _LITERAL.sub("", section)
    if id_ in _BUILT_IN_DATES or _DATE.search(plain):
        return _Dates(date(1904, 1, 1) if is_1904 else date(1899, 12, 30)).show
    says = any(quoted or escaped for quoted, escaped in _LITERAL.findall(section))
    if not plain.strip():
        return _Mask(section).show if says else None
    if _MASK.fullmatch(plain) is not None and (plain.count("0") > 1 or says or plain.strip("0#") != ""):
        return _Mask(section).show
    return _Beside(section).show if _says(section) else None


def _split(code: str) -> list[str]:
    """The sections of a format: for positive and negative numbers, zero, text. What stands for a currency is a literal if it is a word."""
    sections, quoted, escaped = [""], False, False
    for sign in _CURRENCY.sub(_quoted, code[:_LONGEST]):
        if sign == ";" and not quoted and not escaped:
            sections.append("")
            continue
        quoted ^= sign == '"' and not escaped
        escaped = sign == "\\" and not escaped
        sections[-1] += sign
    return sections


def _quoted(currency: re.Match[str]) -> str:
    said = _LANGUAGE.sub("", currency[1])
    return f'"{said}"' if is_word(said) else currency[0]


def is_word(text: str) -> bool:
    """Whether it may say something, and is no unit or currency."""
    return sum(map(str.isalnum, text)) >= _WORD


def _has_text(section: str) -> bool:
    return "@" in _LITERAL.sub("", section)


def _says(section: str) -> bool:
    """Whether there are words in it."""
    return any(is_word(text) for text in "".join(_said(section)).split("\n"))


def _said(section: str) -> Iterator[str]:
    """What is shown of a section whatever the value is; a line end where the value or a part of it stands."""
    at = 0
    while at < len(section):
        if place := _PLACE.match(section, at):
            yield "\n"
            at = place.end()
        elif literal := _LITERAL.match(section, at):
            yield literal[1] or literal[2] or (" " if literal[0].startswith("_") else "")
            at = literal.end()
        else:
            yield section[at] if not section[at].isalpha() else "\n"  # letters stand for parts of a date
            at += 1


class _Section(NamedTuple):
    """A section for some numbers."""

    relation: str
    limit: float
    show: Show | None

    def takes(self, number: float) -> bool:
        return {
            "<": number < self.limit,
            ">": number > self.limit,
            "=": number == self.limit,
            "<=": number <= self.limit,
            ">=": number >= self.limit,
            "<>": number != self.limit,
        }[self.relation]


class _Sections:
    """Formats that show some numbers otherwise than others."""

    __slots__ = ("_sections",)

    def __init__(self, sections: Sequence[str], shows: Sequence[Show | None]) -> None:
        usual = ((">", 0.0), ("<", 0.0)) if len(sections) > 2 else ((">=", 0.0),)
        conditions = [(found[1], float(found[2])) if (found := _CONDITION.search(section)) else None for section in sections[:-1]]
        limits = [condition or default for condition, default in zip(conditions, usual, strict=False)]
        self._sections = tuple(_Section(*limit, show) for limit, show in zip((*limits, ("<>", float("inf"))), shows, strict=True))

    def show(self, value: str) -> str:
        """By the first section that takes it; the sign of a number stands in its section."""
        try:
            number = float(value)
        except ValueError:
            return value
        show = next((section.show for section in self._sections if section.takes(number)), None)
        return show(plain_number(value).removeprefix("-")) if show else plain_number(value)


class _Beside:
    """Values that may be identifiers, with the words before and behind them."""

    __slots__ = ("_after", "_before")

    def __init__(self, section: str) -> None:
        before, _, after = "".join(_said(section)).partition("\n")
        self._before = before
        self._after = after.rpartition("\n")[2]

    def show(self, value: str) -> str:
        value = plain_number(value)
        return f"{self._before}{value}{self._after}" if sum(map(str.isdecimal, value)) >= _IDENTIFIER else value


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
        """Whole numbers under the mask; more digits than it has places stand at the first of them, as a spreadsheet shows it."""
        if not value.isdecimal() and not (value := plain_number(value)).isdecimal():
            return value
        if not self._runs:
            return f"{self._template % ()} {value}"
        digits = value.rjust(self._width, "0")
        more = len(digits) - self._width
        if more:
            first, *rest = self._runs
            return self._template % (digits[: more + first.stop], *[digits[more:][run] for run in rest])
        return self._template % tuple([digits[run] for run in self._runs])


_RUN = re.compile("[0#]+")
