"""What a file really is: structure first, then libmagic, never its name. A file that is two things at once is both.

Traps: libmagic calls a document with another order of parts a ZIP, and a PDF behind 500 other octets text; readers of PDF accept `%PDF-`
within the first 1024 octets, readers of ZIP only look at the end. So structure is looked at by ourselves.
Disagreement of name, declared type and content is an oddity, not a decision.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache

import magic

from gateway.content.charsets import is_text
from gateway.content.entity import begin_of
from gateway.content.naming import disagrees, extension_of, hides_extension
from gateway.content.reading import Source, Spent
from gateway.content.structure import HOLD_NO_FILES, MESSAGE, find_appended, find_structures

UNKNOWN_BINARY = "application/octet-stream"


@dataclass(frozen=True, slots=True)
class Identity:
    """What a file is."""

    media_type: str
    also: tuple[str, ...] = ()  # what it is besides
    oddities: tuple[str, ...] = ()


def identify(source: Source, spent: Spent) -> Identity:
    """Look at the octets, then compare with what was said."""
    data, names, declared = source.data, source.names, source.declared
    found = find_structures(source, spent)
    if not found or found[0] in HOLD_NO_FILES:
        found = found or [_by_magic(data, names, declared)]
        found = list(dict.fromkeys((*found, *find_appended(data, found[0]))))
    oddities = [*(["polyglot"] if len(found) > 1 else []), *(["type-disagrees"] if disagrees(found, names, declared) else [])]
    oddities += ["hidden-extension"] if any(map(hides_extension, names)) else []
    return Identity(found[0], (*found[1:], *_as_named(data, found[0], names)), tuple(oddities))


def _as_named(data: bytes, kind: str, names: tuple[str, ...]) -> tuple[str, ...]:
    """What has no words of its own is read as text too where a name would have a program show it so: a picture called .html is both."""
    if kind == MESSAGE and not any(extension_of(name) in _MAIL for name in names):
        return ("text/plain",)  # its header section may be words as well
    if not data or not (kind.startswith(_MEDIA) or kind == UNKNOWN_BINARY) or kind == "image/svg+xml":
        return ()
    extensions = {extension_of(name) for name in names}
    return ("text/html",) if extensions & _MARKUP else ("text/plain",) if extensions & _WORDS else ()


@cache
def library() -> magic.Magic:
    """The magic library with its database in memory: made before the lock, because afterwards no file can be opened."""
    return magic.Magic(mime=True)


def _by_magic(data: bytes, names: tuple[str, ...], declared: str) -> str:
    said = "text/plain" if _is_prose(data) else _said_by_library(data)
    if said.startswith(_MEDIA) and not is_text(data, wide=False):
        return said
    if not is_text(data):
        return said
    extensions = {extension_of(name) for name in names}
    may_be_mail = not extensions or extensions & {"", "txt", *_MAIL}  # a log or a list of settings may begin like one
    if MESSAGE in (said, declared) or extensions & _MAIL or (may_be_mail and begin_of(data) >= 0):
        return MESSAGE
    if "text/html" in (said, declared) or extensions & _MARKUP:
        return "text/html"
    return said if said.startswith("text/") or said in _TEXTS else "text/plain"


def _said_by_library(data: bytes) -> str:
    try:
        return str(library().from_buffer(data))
    except magic.MagicException:
        return UNKNOWN_BINARY


def _is_prose(data: bytes) -> bool:
    """Text that begins with a line of words, and is no markup: libmagic would think about it for milliseconds, to say that it is text."""
    return _PROSE.match(data) is not None and b"<" not in data[:_HEAD] and is_text(data, wide=False)


_HEAD = 16_384
_PROSE = re.compile(rb"\s{0,64}(?!BEGIN)[A-Za-z0-9][^\r\n:]{0,998}(?:[\r\n]|\Z)")
_MARKUP = frozenset({"htm", "html", "xhtml", "hta", "svg"})
_MAIL = frozenset({"eml", "emlx", "mht", "mhtml"})
_WORDS = frozenset({"txt", "csv", "tsv", "log", "json", "xml", "md", "ics", "vcf", "yaml", "yml", "css", "js", "vbs", "ini", "bat", "ps1"})
_MEDIA = ("image/", "audio/", "video/", "font/")
_TEXTS = frozenset({"application/json", "application/xml", "application/javascript", "application/pgp-keys", "image/svg+xml"})
