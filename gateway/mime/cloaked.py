"""Whether what calls itself words is a file, or has one behind it: a document as a body, an invitation, a receipt. Pure.

Programs show a part by what it says it is, and save it by what it holds. Only kinds that no text begins like are looked for; old Office
files also behind a few words, and zips behind any number of them, where the programs that open them still find them.
"""

from __future__ import annotations

import re

_FEW = 512  # octets or characters

_BEGINNING = re.compile(rb"\s*+(?:%PDF-\d|\{\\rtf1|Rar!\x1a\x07|7z\xbc\xaf\x27\x1c|\x1f\x8b\x08)")
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ZIP = b"PK\x03\x04"
# The same as charsets show them: their letters may be any, their control characters stay.
_BEGINNING_SHOWN = re.compile(r"\s*+(?:%PDF-\d|\{\\rtf1|Rar!\x1a\x07|7z.{1,2}'\x1c|\x1f.?\x08)", re.DOTALL)
_OLE_SHOWN = re.compile(r"\x11.{1,3}\x1a", re.DOTALL)
_ZIP_SHOWN = _ZIP.decode("ascii")


def cloaked_at(octets: bytes) -> int | None:
    """Where the file begins in what is said to be words; None: there is none."""
    if _BEGINNING.match(octets):
        return 0
    found = [at for at in (octets.find(_ZIP), octets.find(_OLE, 0, _FEW)) if at >= 0]
    return min(found, default=None)


def is_cloaked(text: str) -> bool:
    """The same of words as they are shown: whether somebody should look at their octets."""
    return _ZIP_SHOWN in text or _OLE_SHOWN.search(text, 0, _FEW) is not None or _BEGINNING_SHOWN.match(text) is not None
