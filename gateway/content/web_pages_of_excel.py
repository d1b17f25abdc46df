"""Page headers and footers of a sheet that Excel has saved as a web page: they stand in its style sheet and are printed. Pure.

They are the codes of a sheet's page edge, as in `mso-header-data:"&LLeft&CMiddle"`; other signs than letters are escaped, by a backslash or
by one and four digits, of which Excel takes no more, unlike CSS.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from gateway.content.spreadsheet import page_edge

_DATA = re.compile(r"""mso-(header|footer)-data\s*:\s*(?:"((?:[^"\\\n]|\\.){0,2048}+)"|'((?:[^'\\\n]|\\.){0,2048}+)')""", re.IGNORECASE)
_ESCAPE = re.compile(r"\\(?:([0-9A-Fa-f]{4})|(.))")


def page_edges(markup: str) -> Iterator[tuple[str, str]]:
    """Each line of a page edge, and whether it is of a "header" or a "footer"."""
    if "mso-" in markup:
        for found in _DATA.finditer(markup):
            codes = _ESCAPE.sub(_unescaped, found[2] or found[3] or "")
            yield from ((found[1].lower(), line) for line in page_edge(codes).split("\n") if line.strip())


def _unescaped(found: re.Match[str]) -> str:
    return chr(int(found[1], 16)) if found[1] else found[2]
