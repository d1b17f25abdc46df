"""Text under a cleartext signature of OpenPGP (RFC 9580 section 7) as a person reads it. Pure.

The frame is what a reader's program takes away: then the first line of the text is the first line again. Nothing is lost: the lines of the
frame come last.
"""

from __future__ import annotations

import re

BEGIN = "-----BEGIN PGP SIGNED MESSAGE-----"
_FRAME = re.compile(r"-----BEGIN PGP SIGNED MESSAGE-----[ \t]*\n((?:[A-Za-z]+:[^\n]*\n)*)[ \t]*\n")
_DASHED = re.compile(r"^- ", re.MULTILINE)


def without_frame(text: str) -> str:
    """The text with its frame at its end, dashes no longer escaped. Line ends are LF."""
    frames = _FRAME.findall(text)
    return "\n".join((_DASHED.sub("", _FRAME.sub("", text)).lstrip("\n"), *frames)) if frames else text
