"""Names of files as strangers gave them, made harmless for a page, a header field and a disk. Pure.

Standards: RFC 6266, RFC 8187 (Content-Disposition). What is taken out: folders, controls, characters that are not seen or turn the
direction of writing ("exe.slx" that shows as "xls.exe"), what Windows reserves, dots and blanks at the ends, a leading dot.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from urllib.parse import quote

LONGEST = 180  # octets in UTF-8: most disks take 255, and a program that unpacks adds a folder
_LONGEST_ENDING = 20
_FOLDERS = re.compile(r"[/\\\u2044\u2215\u29f5\u29f8\uff0f\uff3c]")  # and what looks like them
_DOTS = {ord(letter): "." for letter in "\u2024\u2025\ufe52\uff0e"}  # what some programs make dots of
_RESERVED = re.compile(r'[<>:"|?*%]')
_DEVICE = re.compile(r"(con|prn|aux|nul|conin\$|conout\$|clock\$|(com|lpt)[0-9\u00b9\u00b2\u00b3])(\s*\..*)?", re.IGNORECASE)
_UNSEEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
_BLANK = frozenset(
    "\u115f\u1160\u3164\uffa0\u2800\u034f\u17b4\u17b5\u180b\u180c\u180d\u180f"
)  # letters and marks by category, seen by nobody


def harmless(name: str) -> str:
    """The name, safe to show and to save; "file" where nothing is left of it."""
    last = _FOLDERS.split(unicodedata.normalize("NFC", name).translate(_DOTS).rstrip("/\\"))[-1]
    seen = "".join(_seen(letter) for letter in last)
    plain = _RESERVED.sub("_", " ".join(seen.split())).strip(". ")
    if last.startswith(".") and plain:
        plain = f"_{plain}"
    if _DEVICE.fullmatch(plain):
        plain = f"_{plain}"
    return _short(plain) or "file"


def _seen(letter: str) -> str:
    if letter.isspace():
        return " "
    if (
        unicodedata.category(letter) in _UNSEEN
        or letter in _BLANK
        or "\ufe00" <= letter <= "\ufe0f"
        or "\U000e0100" <= letter <= "\U000e01ef"
    ):
        return ""
    return letter


def _short(name: str) -> str:
    """As much of it as fits; the ending stays, for it says what opens the file."""
    if len(name.encode()) <= LONGEST:
        return name
    stem, dot, ending = name.rpartition(".")
    tail = f".{ending}" if dot and stem and len(ending.encode()) <= _LONGEST_ENDING else ""
    head = (stem if tail else name).encode()[: LONGEST - len(tail.encode())].decode("utf-8", "ignore")
    return head.rstrip(". ") + tail


def distinct(names: Iterable[str]) -> tuple[str, ...]:
    """Each name once, on disks that know no capitals too: "a.pdf", "a (2).pdf"."""
    used: set[str] = set()
    found = []
    for name in names:
        stem, dot, ending = name.rpartition(".") if "." in name[1:] else (name, "", "")
        number, new = 1, name
        while unicodedata.normalize("NFKC", new).casefold() in used:
            number += 1
            new = f"{stem} ({number}){dot}{ending}"
        used.add(unicodedata.normalize("NFKC", new).casefold())
        found.append(new)
    return tuple(found)


def attachment(name: str) -> str:
    """The Content-Disposition for a harmless name: in ASCII for old programs, in UTF-8 for all others."""
    folded = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    stem, dot, ending = re.sub(r"[^A-Za-z0-9 ._()+,=@-]", "_", folded).rpartition(".")
    stem, ending = (stem, ending) if dot else (ending, "")
    ascii_only = harmless(f"{stem.strip('. ') or 'file'}{dot}{ending}")  # of wide letters it may be a device only now
    field = f'attachment; filename="{ascii_only}"'
    return field if ascii_only == name else f"{field}; filename*=UTF-8''{quote(name, safe='')}"
