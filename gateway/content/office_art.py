"""Words in the drawings of old Office files ([MS-ODRAW]): word art, alternative texts, names of shapes. Pure.

Their place among the properties of a shape is not looked for: every run of letters in UTF-16 is taken, which finds more, never less.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

_FEWEST = 4  # letters of a run
_RUN = re.compile(rb"(?:[\x20-\x7e\xa0-\xff]\x00|[\x00-\xff][\x01-\x06\x1e-\x20]){%d,}" % _FEWEST)


def words_in(octets: bytes) -> Iterator[str]:
    """Latin, Greek, Cyrillic, Hebrew, Arabic and punctuation, wherever a run of them begins."""
    for run in _RUN.finditer(octets):
        text = run[0].decode("utf-16-le", "replace").strip()
        if sum(map(str.isalpha, text)) >= _FEWEST:
            yield text
