"""The words that take the place of files, as plain text and as HTML. Pure: what they say and in which language is decided elsewhere.

In HTML everything beyond ASCII is a character reference, so that neither a charset nor a `meta` that disagrees with it can spoil it. In
plain text what a charset cannot say is written without its accents, as people do there. No line begins with what could be a delimiter.
Standards: RFC 3676 (format=flowed), HTML Living Standard 13.1.4 (character references).
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from enum import Enum, auto
from html import escape
from textwrap import wrap
from typing import NamedTuple

COLUMNS = 72  # of a line of text; an address of a page is never cut
_HTML_COLUMNS = 200
RIGHT_TO_LEFT = frozenset({"ar", "arc", "ckb", "dv", "fa", "he", "ps", "sd", "ug", "ur", "yi"})  # by their usual script

_END = "* * *"  # between our words and the sender's
_FOLDED = str.maketrans(
    {"\u2019": "'", "\u2018": "'", "\u201c": '"', "\u201d": '"', "\u00ab": '"', "\u00bb": '"'}
    | {"\u2013": "-", "\u2014": "-", "\u2026": "...", "\u00a0": " ", "\u00df": "ss", "\u00bf": "", "\u00a1": ""}
)
_FRAME = (
    "border:1px solid #505a5f;border-radius:4px;padding:8px 16px;margin:0 0 16px;"
    "background:#ffffff;color:#0b0c0c;font-family:Arial,sans-serif;font-size:16px;line-height:1.5"
)
_PARAGRAPH = "margin:8px 0"
_LINK = "color:#1d70b8;font-weight:bold"
_LTR_RUN = re.compile("[0-9A-Za-z\u00c0-\u024f](?:[ -~\u00c0-\u024f]*[0-9A-Za-z\u00c0-\u024f])?")


class Kind(Enum):
    """What a row is."""

    HEADING = auto()
    WORDS = auto()
    ITEM = auto()  # of a list
    LINK = auto()  # words that lead to an address


class Row(NamedTuple):
    """One line of the block."""

    kind: Kind
    text: str
    address: str = ""  # of a LINK


@dataclass(frozen=True, slots=True)
class Block:
    """What stands where the files stood."""

    language: str  # BCP 47
    paragraphs: tuple[tuple[Row, ...], ...]

    @property
    def is_rtl(self) -> bool:
        """Whether it is read from right to left."""
        return self.language.partition("-")[0].lower() in RIGHT_TO_LEFT


# --- plain text -------------------------------------------------------------------------------------------------------


def as_text(block: Block, *, flowed: bool = False) -> str:
    """Paragraphs with an empty line between them, in lines of 72 columns ended by CRLF; `flowed`: those that go on end in a blank."""
    paragraphs = ("\r\n".join(line for row in rows for line in _lines(row, flowed=flowed)) for rows in block.paragraphs)
    return "\r\n\r\n".join(paragraphs) + "\r\n"


def before_words(text: str) -> str:
    """The text as it stands above what the sender has written."""
    return f"{text}\r\n{_END}\r\n\r\n"


def say(text: str, codec: str, *, ascii_only: bool) -> bytes | None:
    """The text in a charset, or as near as people would write it there; None: that cannot be said."""
    for words in (text, fold(text)):
        if ascii_only and not words.isascii():
            continue
        try:
            return words.encode(codec)
        except (UnicodeError, LookupError):
            continue
    return None


def fold(text: str) -> str:
    """Latin letters without their accents, typographic signs as typewriters have them; all else as it is."""
    parts = (unicodedata.normalize("NFD", sign) for sign in text.translate(_FOLDED))
    return "".join(part[0] if part[0].isascii() else unicodedata.normalize("NFC", part) for part in parts)


def _lines(row: Row, *, flowed: bool) -> list[str]:
    """A row of text in lines. An address has a line of its own, so that nothing is taken for a part of it."""
    match row.kind:
        case Kind.LINK:
            return [*_wrapped(f"{row.text}:", "", flowed=flowed), row.address]
        case Kind.ITEM:
            return _wrapped(row.text, "- ", flowed=flowed)
        case Kind.HEADING | Kind.WORDS:
            return _wrapped(row.text, "", flowed=flowed)


def _wrapped(text: str, mark: str, *, flowed: bool) -> list[str]:
    further = "" if flowed else " " * len(mark)  # a blank at the beginning of a flowed line means something else (RFC 3676 section 4.4)
    lines = wrap(mark + text, COLUMNS, subsequent_indent=further, break_long_words=False, break_on_hyphens=False)
    lines = [_plain_beginning(line) for line in lines]
    return [f"{line} " for line in lines[:-1]] + lines[-1:] if flowed else lines


def _plain_beginning(line: str) -> str:
    """Not what could be taken for a delimiter, a quotation, or the first line of a mailbox entry."""
    return f" {line}" if line.startswith(("--", ">", "From ")) else line


# --- HTML -------------------------------------------------------------------------------------------------------------


def as_html(block: Block) -> bytes:
    """A framed `div`, in lines of ASCII ended by CRLF. It says itself which language and direction it has."""
    direction = "rtl" if block.is_rtl else "ltr"
    align = "right" if block.is_rtl else "left"
    head = f'<div lang="{escape(block.language)}" dir="{direction}" style="{_FRAME};text-align:{align}">'
    rows = (line for paragraph in block.paragraphs for line in _html_paragraph(paragraph, is_rtl=block.is_rtl))
    octets = [line.encode("ascii", "xmlcharrefreplace").decode("ascii") for line in (head, *rows, "</div>")]
    # A line end is a blank, in words and between attributes.
    cut = (part for line in octets for part in wrap(line, _HTML_COLUMNS, break_long_words=False, break_on_hyphens=False))
    return "".join(f"{_plain_beginning(part)}\r\n" for part in cut).encode("ascii")


def _html_paragraph(rows: tuple[Row, ...], *, is_rtl: bool) -> list[str]:
    items = [f"<li>{_html_words(row.text, is_rtl=is_rtl)}</li>" for row in rows if row.kind is Kind.ITEM]
    words = [_html_row(row, is_rtl=is_rtl) for row in rows if row.kind is not Kind.ITEM]
    lines = [f'<p style="{_PARAGRAPH}">', *(f"{line}<br>" for line in words[:-1]), *words[-1:], "</p>"] if words else []
    return lines + ([f'<ul style="{_PARAGRAPH}">', *items, "</ul>"] if items else [])


def _html_row(row: Row, *, is_rtl: bool) -> str:
    words = _html_words(row.text, is_rtl=is_rtl)
    match row.kind:
        case Kind.LINK:
            return f'<a href="{escape(row.address)}" style="{_LINK}">{words}</a>'
        case Kind.HEADING:
            return f"<strong>{words}</strong>"
        case Kind.ITEM | Kind.WORDS:
            return words


def _html_words(text: str, *, is_rtl: bool) -> str:
    """In a text that is read from right to left, names and sizes in Latin letters keep their own direction."""
    if not is_rtl:
        return escape(text)
    done, at = [], 0
    for run in _LTR_RUN.finditer(text):
        done += [escape(text[at : run.start()]), f'<bdi dir="ltr">{escape(run[0])}</bdi>']
        at = run.end()
    return "".join((*done, escape(text[at:])))
