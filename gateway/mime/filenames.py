"""File names as recipients' programs show and save them: every candidate beside what was written (RFC 2183 section 2.3). Pure.

Windows drops dots and blanks at the end, old programs stop at a NUL, most keep only what follows the last separator, and a direction
override (UAX #9) makes `gpj.exe` of `exe.jpg` on the screen. All of these count: callers take the worst.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from urllib.parse import unquote

from gateway.model.message import DefectName

_OVERRIDES = "\u202a\u202b\u202d\u202e\u2066\u2067\u2068"
_INVISIBLE = re.compile("[\x00-\x1f\x7f-\x9f\xad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]+")
_REVERSED = re.compile("[\u202e\u2067\u202b]([^\u202a-\u202e\u2066-\u2069]*)")
_ODD = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff/\\\\]|[. ]$")
_ESCAPE = re.compile("%[0-9A-Fa-f]{2}")
_EXTENSION = re.compile(r"[^.]\.([^.\s/\\]{1,16})$")


def all_names(written: Iterable[str], defects: list[DefectName]) -> tuple[str, ...]:
    """The names as they were written, best first, then what programs make of them; what is odd about them is added to `defects`."""
    names = dict.fromkeys([name for name in written if name and not name.isspace()])
    if len(names) == 1:
        (name,) = names
        if name.isascii() and name.isprintable() and name[-1] not in ". " and "/" not in name and "\\" not in name and "%" not in name:
            return (name,)
    odd = [name for name in names if _ODD.search(name)]
    if odd:
        defects.append(DefectName.ODD_NAME)
    endings = {ending for name in names if (ending := extension(name))}
    if len(endings) > 1:
        defects.append(DefectName.NAMES_DISAGREE)
    for name in tuple(names):
        if name in odd or "%" in name:
            names |= dict.fromkeys(made for made in _made_of(name) if made.strip())
    return tuple(names)


def extension(name: str) -> str:
    """The ending that decides what opens a file: lower-case, without the dot; "" when there is none, or in an undecoded encoded-word."""
    if name.startswith("=?") and name.endswith("?="):
        return ""
    found = _EXTENSION.search(_INVISIBLE.sub("", name).rstrip(". "))
    return found[1].lower() if found else ""


def _made_of(name: str) -> Iterator[str]:
    """What a program shows or saves."""
    if _ESCAPE.search(name):
        yield unquote(name)  # web mail, without RFC 2231
    if "\0" in name:
        yield _saved(name.partition("\0")[0])
    if not name.isascii() and any(mark in name for mark in _OVERRIDES):
        yield _INVISIBLE.sub("", _REVERSED.sub(lambda run: run[1][::-1], name))  # on the screen
    yield _saved(name)


def _saved(name: str) -> str:
    return _INVISIBLE.sub("", re.split(r"[/\\]", name)[-1]).strip().rstrip(". ")
