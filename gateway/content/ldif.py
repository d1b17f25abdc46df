"""Entries of a directory written as text (LDIF, RFC 2849): long lines put together, values in base64 decoded. Pure."""

from __future__ import annotations

import binascii
import re
from collections.abc import Iterator

from gateway.content.reading import Item, Spent
from gateway.mime.charsets import to_text
from gateway.model.finding import Place

_BEGIN = re.compile(
    r"\s{0,64}(?:#[^\n]{0,2000}\n\s{0,64}){0,50}(?:version:[ \t]*\d{1,3}\s{1,64})?(?:#[^\n]{0,2000}\n\s{0,64}){0,50}dn::?[ \t]",
    re.IGNORECASE,
)
_FOLD = re.compile(r"\r?\n ")
_CODED = re.compile(r"^([A-Za-z0-9.;\-]{1,200}):: *([A-Za-z0-9+/]+={0,2})[ \t\r]*$", re.MULTILINE)
_VALUE = re.compile(r"^[A-Za-z0-9.;\-]{1,200}: *([^\s][^\r\n]*)", re.MULTILINE)  # one that is a marking stands alone


def read_ldif(text: str, where: str, _spent: Spent) -> Iterator[Item]:
    """The lines as a directory has them, if the text is of this kind; quick when it is not."""
    if _BEGIN.match(text):
        entries = _CODED.sub(_decoded, _FOLD.sub("", text))
        yield Place.FIRST_LINE, f"{where}, entries", entries
        yield Place.TEXT, f"{where}, values", "\n".join(_VALUE.findall(entries))


def _decoded(line: re.Match[str]) -> str:
    try:
        return f"{line[1]}: {to_text(binascii.a2b_base64(line[2] + '=' * (-len(line[2]) % 4)))}"
    except binascii.Error:
        return line[0]
