"""Where the first thing that an HTML page shows begins, and the language it claims. Pure, linear; nothing is understood but its beginning.

Everything before is what browsers put into the head: doctype, comments, `meta`, `style`, `title` ... A `body` tag ends it, and so does the
first word or other tag, for which they make a body of their own. So does whatever two browsers could end in two places: what is put behind
it could be swallowed. Octets of any charset that has ASCII in it (mime/block.py asks for that).
Standards: HTML Living Standard 13.2.6 (tree construction), as far as "before html" to "after head".
"""

from __future__ import annotations

import re
from html import unescape
from typing import NamedTuple

_BLANKS = re.compile(rb"[ \t\r\n\f]*+")
_MARKED = re.compile(rb"<[!?][^>]*+>")
_VALUE = rb"[ \t\r\n\f]*+=[ \t\r\n\f]*+(?:\"[^\"]*+\"|'[^']*+'|[^\s\"'=<>`]++)"
_TAG = re.compile(rb"<(/?[A-Za-z][A-Za-z0-9:]*+)((?:[ \t\r\n\f/]++(?:[^\s/>=\"'<]++(?:" + _VALUE + rb")?+)?+)*+)>")
_RAW = frozenset({b"style", b"script", b"title"})  # with all that is in them, which is no markup
_HEAD = frozenset({b"html", b"head", b"/head", b"meta", b"link", b"base", b"body"})
_LANGUAGE = re.compile(rb"(?<![A-Za-z-])(?:xml:)?lang\s*=\s*[\"']?([A-Za-z]{2,3}(?:-[A-Za-z0-9]{1,8}){0,4})", re.IGNORECASE)
_ANY_TAG = re.compile(r"<[^<>]*+>")


class Top(NamedTuple):
    """The top of what is shown."""

    offset: int  # behind the last tag of the head, or behind `body`; 0 where there is no head
    language: str  # of `html` or `body`, BCP 47; "" where neither says it


def top_of(octets: bytes) -> Top | None:
    """None: something has no end."""
    offset, language = 0, ""
    while True:
        at = _blanks(octets, offset)
        if at >= len(octets):
            return Top(offset, language)
        end = _marked(octets, at)
        if end is None:
            return None
        if end:
            offset = end
            continue
        tag = _TAG.match(octets, at)
        name = tag[1].lower() if tag else b""
        if tag is None or name not in _RAW | _HEAD:
            return Top(offset, language)
        if name in {b"html", b"body"} and (said := _LANGUAGE.search(tag[2])):
            language = said[1].decode("ascii")
        if name == b"body":
            return Top(tag.end(), language)
        offset = _behind(octets, tag.end(), name) if name in _RAW else tag.end()
        if not offset:
            return None


def words_of(text: str) -> str:
    """About what a page shows, in one line: for a guess, not for people."""
    return " ".join(unescape(_ANY_TAG.sub(" ", text)).split())


def _blanks(octets: bytes, at: int) -> int:
    found = _BLANKS.match(octets, at)
    return found.end() if found else at


def _marked(octets: bytes, at: int) -> int | None:
    """Behind a comment or declaration that begins here; 0: none does; None: it has no end."""
    if octets.startswith(b"<!--", at):
        end = octets.find(b"-->", at + 4)
        is_doubtful = octets.startswith((b"<!-->", b"<!--->"), at) or octets.find(b"--!>", at, end + 1) >= 0
        return None if end < 0 else 0 if is_doubtful else end + 3
    found = _MARKED.match(octets, at)
    return found.end() if found else 0


def _behind(octets: bytes, at: int, name: bytes) -> int:
    """Behind the end of an element whose content is no markup; 0: it has none."""
    end = re.compile(rb"</" + name + rb"(?:[ \t\r\n\f/][^<>]*+)?>", re.IGNORECASE).search(octets, at)
    if end is None or (name == b"script" and b"<!--" in octets[at : end.start()]):  # there, the end of another is not its end
        return 0
    return end.end()
