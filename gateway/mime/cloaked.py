"""Whether what calls itself words begins like a file: a document under the cloak of a body, an invitation or a receipt. Pure.

Programs show a part by what it says it is, and save it by what it holds. Only kinds that no text begins like are looked for; zips and old
Office files also behind a few words, where their readers still find them. A zip opens behind any number of words: who reads all of them
looks for ZIP.
"""

from __future__ import annotations

import re

ZIP = "PK\x03\x04"
LOOKED_AT = 512  # octets, decoded

_BEGINNING = re.compile(rb"\s*+(?:%PDF-\d|\{\\rtf1|Rar!\x1a\x07|7z\xbc\xaf\x27\x1c|\x1f\x8b\x08)")
_ANYWHERE = re.compile(rb"PK\x03\x04|\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1")


def is_cloaked(octets: bytes) -> bool:
    """`octets`: the first LOOKED_AT, or more, of what is said to be words."""
    return _BEGINNING.match(octets) is not None or _ANYWHERE.search(octets, 0, LOOKED_AT) is not None
