"""Plain text, tables of it, and HTML to segments.

HTML is not parsed into a tree: libxml2 stops silently at a depth of 256. Tags are taken out and everything else is text, so nothing can
hide: text that is invisible, in comments or in scripts is read too, apart from the body. Only style sheets are not.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator

from gateway.content.charsets import texts
from gateway.content.reading import Item, Source, Spent
from gateway.mime.clearsigned import BEGIN, without_frame
from gateway.model.finding import Place


def read_text(source: Source, _spent: Spent) -> Iterator[Item]:
    """Text as it stands, under each plausible charset."""
    for text in texts(source.data, source.charset):
        yield Place.FIRST_LINE, source.where, without_frame(text.replace("\r\n", "\n")) if BEGIN in text else text


def read_html(source: Source, _spent: Spent) -> Iterator[Item]:
    """What is shown, and then what is not."""
    for text in texts(source.data, source.charset or _meta_charset(source.data)):
        shown, hidden = _apart(text)
        head, body = _split_head(shown)
        yield Place.FIRST_LINE, source.where, to_text(body)
        yield Place.TEXT, f"{source.where}, not shown", "\n".join((to_text(head), *_attributes(shown), html.unescape(hidden)))


def to_text(markup: str) -> str:
    """Markup to lines of text: blocks begin a line, cells a column, quotations have `>` before them."""
    pieces: list[str] = []
    depth = preformatted = at = 0
    for tag in _TAG.finditer(markup):
        pieces.append(_collapsed(markup[at : tag.start()], preformatted > 0))
        at = tag.end()
        closing, name = bool(tag[1]), tag[2].lower()
        if name == "blockquote" and (closing or _CITED.search(tag[0])):
            depth = max(0, depth - 1) if closing else depth + 1
        elif name == "pre":
            preformatted = max(0, preformatted - 1) if closing else preformatted + 1
        if name in _BLOCKS:
            pieces.append("\n" + "> " * depth)
        elif name in ("td", "th"):
            pieces.append("\t")
    pieces.append(_collapsed(markup[at:], preformatted > 0))
    return html.unescape("".join(pieces))


# Without `<` inside: each `<` is looked at once. What looks like a tag and never closes stays as text.
_TAG = re.compile(r"<(/?)([a-zA-Z!?][a-zA-Z0-9:]*+)[^<>]*+>")
_BLOCKS = frozenset(
    {"address", "article", "aside", "blockquote", "body", "br", "center", "dd", "div", "dl", "dt", "fieldset", "figure", "footer", "form"}
    | {"h1", "h2", "h3", "h4", "h5", "h6", "header", "hr", "li", "main", "nav", "ol", "option", "p", "pre", "section", "table", "title"}
    | {"tr", "ul"}
)
_CITED = re.compile(r"""type\s*=\s*["']?cite|class\s*=\s*["'][^"']*quote""", re.IGNORECASE)
_RAW = re.compile(r"<!--|<(script|style)\b[^<>]*>", re.IGNORECASE)
_ATTRIBUTE = re.compile(r"""\b(?:alt|title|value|placeholder|content|href)\s*=\s*(?:"([^"<>]*)"|'([^'<>]*)')""", re.IGNORECASE)
_META = re.compile(rb"""<meta[^<>]{0,200}charset\s*=\s*["']?([A-Za-z0-9_.:\-]{1,40})""", re.IGNORECASE)
_BLANKS = re.compile(r"[ \t\r\n\f]+")


def _collapsed(text: str, preformatted: bool) -> str:
    return text if preformatted else _BLANKS.sub(" ", text)


def _apart(text: str) -> tuple[str, str]:
    """What is shown, and what stands in comments and scripts. Of one that never ends a browser shows no more; we read on."""
    shown: list[str] = []
    hidden: list[str] = []
    endless: set[str] = set()
    at = 0
    while (raw := _RAW.search(text, at)) is not None:
        shown.append(text[at : raw.start()])
        name, at = (raw[1] or "").lower(), raw.end()
        ending = None if name in endless else _ENDINGS[name].search(text, at)
        if ending is None:
            endless.add(name)  # not searched for again: that would be quadratic
        else:
            hidden.append("" if name == "style" else text[at : ending.start()])
            at = ending.end()
    shown.append(text[at:])
    return "".join(shown), "\n".join(hidden)


_ENDINGS = {
    "": re.compile(r"--!?>"),
    "script": re.compile(r"</script[^<>]*>", re.IGNORECASE),
    "style": re.compile(r"</style[^<>]*>", re.IGNORECASE),
}


def _split_head(shown: str) -> tuple[str, str]:
    body = _BODY.search(shown)
    return (shown[: body.start()], shown[body.start() :]) if body else ("", shown)


_BODY = re.compile(r"<body\b", re.IGNORECASE)


def _attributes(shown: str) -> list[str]:
    return [html.unescape(double or single) for double, single in _ATTRIBUTE.findall(shown)]


def _meta_charset(data: bytes) -> str | None:
    found = _META.search(data, 0, 4096)
    return found[1].decode("ascii") if found else None
