"""Text whose lines go on without a blank (RFC 3676 sections 4.1 to 4.5, DelSp=yes), as programs that follow it show it. Pure.

Without DelSp a blank stays where lines are joined, and every reader of words takes a line end for one already.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from gateway.model.message import Buffer, Part

_SAYS = re.compile(rb";\s*delsp\s*=\s*\"?yes", re.IGNORECASE)
_SIGNATURE = "-- "


def flows(buffer: Buffer, part: Part, text: str) -> bool:
    """Whether lines of this part's text are joined so; quick where none could be."""
    return " \n" in text and _SAYS.search(buffer[part.header.start : part.header.end]) is not None


def flowed(text: str) -> str:
    """The paragraphs of which lines were joined, each on a line; the quotation marks of the first line stay before it."""
    return "\n".join(_paragraphs(text))


def _paragraphs(text: str) -> Iterator[str]:
    lines: list[str] = []
    quotes, goes_on = "", False
    for line in text.split("\n"):
        body = line.lstrip(">")
        mark = line[: len(line) - len(body)]
        body = body.removeprefix(" ")  # section 4.4
        if not (goes_on and mark == quotes and body != _SIGNATURE):
            if len(lines) > 1:
                yield quotes + "".join(lines)
            lines, quotes = [], mark
        goes_on = body.endswith(" ") and body != _SIGNATURE
        lines.append(body[:-1] if goes_on else body)
    if len(lines) > 1:
        yield quotes + "".join(lines)
