"""File names as other services take them. Pure.

What the sender's program called a file may hold a path, signs that turn text around, or names that mean something to a service or to
Windows. Here it becomes one that every service and every computer takes, as like the original as can be; two files never get the same.
Rules: those of Windows and of SharePoint (which are its superset), NFC, at most 120 characters, endings kept.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

MOST = 120  # characters of a name; SharePoint takes 400 for a whole path
_MOST_ENDING = 16

_FORBIDDEN = re.compile(r'["*:<>?/\\|#%\x00-\x1f\x7f]')
_RESERVED = re.compile(r"(?:con|prn|aux|nul|com\d|lpt\d|\.lock|desktop\.ini)(?:\..*)?", re.IGNORECASE)


def names_for(names: Iterable[str]) -> tuple[str, ...]:
    """A safe name for each, in order; of those that would be the same without regard to case, later ones are numbered."""
    taken: set[str] = set()
    found = []
    for name in names:
        stem, ending = _split(safe(name))
        numbered, number = stem + ending, 1
        while numbered.casefold() in taken:
            number += 1
            numbered = f"{stem} ({number}){ending}"
        taken.add(numbered.casefold())
        found.append(numbered)
    return tuple(found)


def safe(name: str) -> str:
    """One name as every service takes it; `file` when nothing is left."""
    text = unicodedata.normalize("NFC", name)
    text = "".join(sign for sign in text if unicodedata.category(sign) not in {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"} or sign < " ")
    text = _FORBIDDEN.sub("_", text).replace("_vti_", "_").strip(" .~")
    if _RESERVED.fullmatch(text):
        text = f"_{text}"
    stem, ending = _split(text)
    return (stem[: MOST - len(ending)].rstrip(" .") + ending) or "file"


def _split(name: str) -> tuple[str, str]:
    stem, dot, ending = name.rpartition(".")
    return (stem, dot + ending) if stem and len(ending) < _MOST_ENDING else (name, "")
