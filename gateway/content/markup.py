"""HTML to segments: what each kind of client shows, then what none shows.

It is not parsed into a tree: libxml2 stops silently at a depth of 256, and trees of hostile markup take time. Tags are taken out and
everything else is text, in one pass and in linear time. So nothing can hide: text that is invisible, in comments, attributes or scripts is
read too, apart from what is shown. Of style sheets the words are read, and what they hide (styles.py).
Standards: the HTML Standard section 13.2.5 (tags, quoted attributes, comments, CDATA), Outlook's conditional comments.
Limits: colours are not compared; what only a script or the selectors of a style sheet would put in order stands in the order of the text.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from itertools import islice
from urllib.parse import unquote_plus

from gateway.content.charsets import guesses, texts
from gateway.content.entities import declares_entities, resolved
from gateway.content.files_in_text import read_files_shown
from gateway.content.reading import Item, Source, Spent, Unreadable
from gateway.content.style_rules import rules_of
from gateway.content.styles import Around, Hidden, hides, words_of
from gateway.content.web_pages_of_excel import page_edges
from gateway.mime.uuencode import may_hold_file
from gateway.model.finding import Place, Readable


def read_html(source: Source, spent: Spent) -> Iterator[Item]:
    """What is shown, and then what is not."""
    for text in texts(source.data, source.charset, _said_charset(source.data)):
        yield from _views(text, source.where, spent)
    for codec, text in guesses(source.data):
        yield Place.TEXT, f"{source.where} read as {codec}", to_text(text)


def to_text(markup: str) -> str:
    """Markup to lines of text: blocks begin a line, cells a column, quotations have `>` before them."""
    return _Page(markup).everything()


# --- what clients make of it ------------------------------------------------------------------------------------------


def _views(text: str, where: str, spent: Spent) -> Iterator[Item]:
    page = _Page(text)
    shown, everything = page.shown(), page.everything()
    yield Place.FIRST_LINE, where, shown
    others = [view for view in (everything, *_outlook(text)) if view != shown]
    for view in dict.fromkeys(others):
        yield Place.FIRST_LINE, f"{where}, hidden text", view
    twice = html.unescape(shown) if _ENTITY.search(shown) else ""
    yield Place.TEXT, f"{where}, not shown", "\n".join((*page.unshown(), twice))
    for edge, line in page_edges(text):
        # Printed, not shown: it raises, and never lowers.
        yield Place.FIRST_LINE, f"{where}, page {edge}", line
    if quoted := "\n".join(page.unshown_quoted()):
        yield Place.QUOTED, f"{where}, not shown", quoted
    if may_hold_file(everything):
        # Where a style or an element says that blanks count, lines end without a tag.
        yield from read_files_shown(_Page(text, preformatted=True).everything(), spent)
    if declares_entities(text):
        other = _Page(resolved(text))
        yield Place.FIRST_LINE, f"{where}, entities resolved", other.everything()
        yield Place.TEXT, f"{where}, entities resolved, not shown", "\n".join(other.unshown())
    if page.around:
        yield from _with_words_of_styles(text, where, page.around, spent)
    if page.is_full:
        raise Unreadable(Readable.OVER_BUDGET)


def _with_words_of_styles(text: str, where: str, around: Around, spent: Spent) -> Iterator[Item]:
    """More than once, where rules say different words for the same element."""
    reading = 0
    while reading < around.readings:
        spent.time()
        around.begin(reading, len(text))
        yield Place.FIRST_LINE, f"{where}, with the words of its styles", _Page(text, around=around).shown()
        reading += 1


def _outlook(text: str) -> Iterator[str]:
    """As Word shows it in Outlook: conditional comments are none."""
    if "<!--[if" in text:
        yield _Page(_CONDITION.sub("", text)).everything()


_ENTITY = re.compile(r"&#?[a-zA-Z0-9]{1,32};")
_CONDITION = re.compile(r"<!--\[if[^\]<>]{0,200}\]>|<!\[endif\]-->", re.IGNORECASE)

# --- one pass over the markup -----------------------------------------------------------------------------------------

# Quotes only count behind an equals sign. Nothing is tried twice: linear in its length.
_MARK = re.compile(
    r"<(?:(?P<comment>!--(?:-?>)?)|(?P<cdata>!\[CDATA\[)|(?P<bogus>[!?])"
    r"""|(?P<close>/?)(?P<name>[a-zA-Z][^\s/>]*+)(?P<attributes>(?:[^>=]++|=\s*+(?:"[^"]*+"|'[^']*+')|=)*+)>"""
    r"|(?P<endless>/?[a-zA-Z]))"
)
_LOOSE = re.compile(r"<(?P<close>/?)(?P<name>[a-zA-Z][^\s/<>]*+)(?P<attributes>[^<>]*+)>")  # once a tag has not ended
_ENDINGS = {
    "comment": re.compile(r"--!?>"),
    "cdata": re.compile(r"\]\]>"),
    "bogus": re.compile(r">"),
    "script": re.compile(r"</script[^<>]*>", re.IGNORECASE),
    "style": re.compile(r"</style[^<>]*>", re.IGNORECASE),
}
_BLOCKS = frozenset(
    {
        "desc",
        "text",
        "address",
        "article",
        "aside",
        "blockquote",
        "body",
        "br",
        "caption",
        "center",
        "dd",
        "details",
        "dir",
        "div",
        "dl",
        "dt",
        "fieldset",
    }
    | {"figcaption", "figure", "footer", "form", "h1", "h2", "h3", "h4", "h5", "h6", "header", "hgroup", "hr", "legend", "li", "main"}
    | {"menu", "nav", "ol", "optgroup", "option", "p", "pre", "search", "section", "summary", "table", "textarea", "title", "tr", "ul"}
)
_VOID = frozenset({"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "param", "source", "track", "wbr"})
_CITED = re.compile(r"""type\s*=\s*["']?cite|\bclass\s*=\s*["'][^"']*(?:quote|yahoo_quoted)""", re.IGNORECASE)
_REPLY = re.compile(
    r"""\bid\s*=\s*["']?(?:divRplyFwdMsg|appendonsend|mail-editor-reference-message-container|OLK_SRC_BODY_SECTION)""", re.IGNORECASE
)
_MAY_HIDE = re.compile(
    r":\s*+(?:(?i:none|hidden|collapse|all)\b|0(?![.\d]*[1-9])|-\d{3})|\shidden[\s=/>]"
)  # quick: looked for in the whole
_MAY_HIDE_UNSEEN = re.compile(r"\\|/\*")  # what a style sheet says may be written so that the quick look misses it
_HIDDEN = re.compile(r"(?:^|\s)hidden(?:[\s=/>]|$)", re.IGNORECASE)
_CONTENT = re.compile(r"""content\s*(?::|/\*)|list-style[^;}"']{0,100}["']|(?<![\w\-])--[\w\-]++\s*:|\\""", re.IGNORECASE)  # quick
_RULES = 50_000  # of style sheets; no page that is shown has as many
_MAY_TURN = re.compile(r"-override", re.IGNORECASE)  # quick
_OVERRIDING = re.compile(r"unicode-bidi\s*:\s*(?:bidi|isolate)-override", re.IGNORECASE)
_DIRECTION = re.compile(r"""\b(?:dir\s*=\s*["']?|direction\s*:\s*)(rtl|ltr)\b""", re.IGNORECASE)
_OVERRIDES = {"rtl": "\u202e", "ltr": "\u202d"}
_DEEPEST = 16  # what is opened inside of so many others, or quoted so often, is shown as if it were not
_CARRIED = 50_000  # signs: no page has lines in elements that order letters inside of others that do
_END_OF_OVERRIDE = "\u202c"
# Every attribute says something but those about looks.
_ATTRIBUTE = re.compile(
    r"""[\s"'/](?!(?:style|class|id|width|height|bgcolor|color|align|valign|border|cell\w+|face|size|lang|xmlns|dir|target|rel|type|http-equiv)\b[^\-])"""
    r"""[a-z][\w:.\-]*+\s*+=\s*+(?:"([^"]++)"|'([^']++)'|([^\s"'<>=]++))""",
    re.IGNORECASE,
)
_BLANKS = re.compile(r"[ \t\r\n\f]+")


class _Page:
    """A document, read once, in linear time."""

    __slots__ = (
        "_all",
        "_behind",
        "_carried",
        "_depth",
        "_head",
        "_hidden",
        "_hiding",
        "_judged",
        "_may_hide",
        "_may_turn",
        "_preformatted",
        "_puts",
        "_quoted_tags",
        "_quotes",
        "_rules",
        "_sheets",
        "_tags",
        "_turning",
        "_visible",
        "around",
        "unseen",
    )

    def __init__(self, markup: str, *, preformatted: bool = False, around: Around | None = None) -> None:
        self.around = around or Around()  # what style sheets put around elements: collected, or put there when it is given
        self._puts = around is not None
        self._behind: list[tuple[str, _Open]] = []  # the words behind what is open
        self.unseen: list[str] = []  # comments, scripts, texts of style sheets
        self._all: list[str] = []  # texts, and what tags stand for in text
        self._visible: list[str] = []  # those of them that are not hidden
        self._head = ""
        self._tags: list[str] = []  # their attributes
        self._quoted_tags: list[str] = []  # ... inside quotations
        self._sheets: list[str] = []
        self._rules = _RULES  # that may still come
        self._hidden = Hidden()
        self._quotes: list[_Open] = []
        self._depth = 0  # of quotations
        self._preformatted = len(markup) if preformatted else 0  # elements; no document closes more than it has characters
        self._hiding: _Open | None = None
        self._may_hide = _MAY_HIDE.search(markup) is not None
        self._may_turn = _MAY_TURN.search(markup) is not None
        self._turning: list[tuple[str, _Open]] = []  # the signs that order what is open, innermost last
        self._carried = 0  # signs of those around the innermost, that lines began with
        self._judged: dict[
            tuple[str, str], bool
        ] = {}  # elements with their attributes, and whether they hide: most are the same again and again
        self._read(markup)

    def shown(self) -> str:
        """What stands in the body and is not hidden."""
        return html.unescape("".join(self._visible if self._may_hide else self._all))

    def everything(self) -> str:
        """What stands in the body."""
        return html.unescape("".join(self._all))

    @property
    def is_full(self) -> bool:
        """Its style sheets say more than was looked at."""
        return self._rules < 0 or self._hidden.is_full or self.around.is_full

    def unshown(self) -> Iterator[str]:
        """Head, attributes, comments, scripts."""
        yield html.unescape(self._head)
        yield from _values(self._tags)
        yield from map(_plain, self.unseen)
        yield from words_of("\n".join(self._sheets), "\n".join(self._tags))

    def unshown_quoted(self) -> Iterator[str]:
        """Attributes in quoted earlier text: the addresses of links that somebody else has sent."""
        yield from _values(self._quoted_tags)

    # --- the pass -------------------------------------------------------------------------------------------------------

    def _read(self, markup: str) -> None:
        pattern, at = _MARK, 0
        endless: set[str] = set()  # not searched for again: that would be quadratic
        while (mark := pattern.search(markup, at)) is not None:
            self._text(markup[at : mark.start()])
            at, kind = mark.end(), self._kind(mark)
            if kind == "endless":  # a tag without an end: a browser shows no more, we read on
                pattern, at = _LOOSE, mark.start() + 1
                self._put("<")
            elif kind and kind not in endless:
                ending = _ENDINGS[kind].search(markup, at)
                if ending is None:
                    endless.add(kind)
                else:
                    self._apart(kind, markup[at : ending.start()])
                    at = ending.end()
        self._text(markup[at:])

    def _kind(self, mark: re.Match[str]) -> str:
        """Takes a tag. What has an ending of its own kind: which."""
        kind = mark.lastgroup or ""
        if kind == "attributes":
            name = mark["name"].lower()
            self._tag(name, mark["attributes"], closing=mark["close"] == "/")
            return name if name in ("script", "style") and not mark["close"] else ""
        return "" if kind == "comment" and mark["comment"].endswith(">") else kind  # <!--> is a comment already

    def _text(self, text: str) -> None:
        if text:
            self._put(text if self._preformatted else _BLANKS.sub(" ", text))

    def _put(self, text: str) -> None:
        self._all.append(text)
        if self._may_hide and self._hiding is None:
            self._visible.append(text)

    def _apart(self, kind: str, text: str) -> None:
        if kind == "cdata":
            self._put(html.escape(text))
        elif kind == "style":
            self._sheets.append(text)
            self._styles(text)
        else:
            self.unseen.append(text)

    def _styles(self, sheet: str) -> None:
        """What a style sheet shows and hides; most do neither."""
        if not self._may_hide and _MAY_HIDE_UNSEEN.search(sheet):
            self._may_hide, self._visible = True, list(self._all)
        shows = not self._puts and _CONTENT.search(sheet) is not None
        rules = tuple(islice(rules_of(sheet), self._rules + 1)) if shows or self._may_hide else ()
        self._rules -= len(rules)
        if shows:
            self.around.add(rules)
        if self._may_hide:
            self._hidden.add(rules)
            self._judged.clear()

    def _tag(self, name: str, attributes: str, *, closing: bool) -> None:
        if name == "body" and not closing and not self._head:
            self._head = "".join(self._all)
            self._all.clear()
            self._visible.clear()
        if "=" in attributes:
            (self._quoted_tags if self._depth else self._tags).append(attributes)
        if self._may_hide and name not in _VOID:
            self._hide(name, attributes, closing=closing)
        if name == "bdo" or (self._may_turn and name not in _VOID):
            self._turn(name, attributes, closing=closing)
        if name in ("blockquote", "div"):
            self._quote(name, attributes, closing=closing)
        elif name == "pre":
            self._preformatted = max(0, self._preformatted - 1) if closing else self._preformatted + 1
        if self._puts and closing:
            self._put_behind(name)
        self._part(name)
        if self._puts and not closing:
            self._put_before(name, attributes)

    def _part(self, name: str) -> None:
        """What an element means for the lines and columns of text."""
        if name in _BLOCKS:
            self._put("\n" + "> " * min(self._depth, _DEEPEST) + self._order())
        elif name in ("td", "th"):
            self._put("\t")

    def _order(self) -> str:
        """The signs with which a line begins in elements that order their letters: all of them while there is room, then the innermost."""
        if not self._turning:
            return ""
        self._carried += len(self._turning) - 1
        return "".join(sign for sign, _ in self._turning[-1 if self._carried > _CARRIED else 0 :])

    def _hide(self, name: str, attributes: str, *, closing: bool) -> None:
        if self._hiding is None:
            if not closing and self._hides(name, attributes):
                self._hiding = _Open(name)
        elif self._hiding.closes(name, closing=closing):
            self._hiding = None

    def _hides(self, name: str, attributes: str) -> bool:
        found = self._judged.get((name, attributes))
        if found is None:
            by_itself = bool(attributes) and (hides(attributes) or _HIDDEN.search(attributes) is not None)
            found = self._judged[name, attributes] = by_itself or self._hidden.holds(name, attributes)
        return found

    def _turn(self, name: str, attributes: str, *, closing: bool) -> None:
        """An element that orders its letters (the HTML Standard 15.3.6, CSS Writing Modes 2.2): as the signs that do so in plain text."""
        orders = not closing and len(self._turning) < _DEEPEST and (name == "bdo" or _OVERRIDING.search(attributes))
        if orders and (way := _DIRECTION.search(attributes)) is not None:
            self._turning.append((_OVERRIDES[way[1].lower()], _Open(name)))
            self._put(self._turning[-1][0])
        elif self._turning and self._turning[-1][1].closes(name, closing=closing):
            self._turning.pop()
            self._put(_END_OF_OVERRIDE)

    def _put_before(self, name: str, attributes: str) -> None:
        before, behind = self.around.of(name, attributes)
        if before:
            self._put(html.escape(before))
        if behind and name not in _VOID:
            self._behind.append((html.escape(behind), _Open(name)))
        elif self._behind:
            self._behind[-1][1].closes(name, closing=False)

    def _put_behind(self, name: str) -> None:
        if self._behind and self._behind[-1][1].closes(name, closing=True):
            self._put(self._behind.pop()[0])

    def _quote(self, name: str, attributes: str, *, closing: bool) -> None:
        """Quotations are blockquotes that say so, what web mail puts around an answer, and all that follows Outlook's mark."""
        if self._quotes and self._quotes[-1].closes(name, closing=closing):
            self._quotes.pop()
            self._depth -= 1
        elif not closing and attributes and _CITED.search(attributes):
            self._quotes.append(_Open(name))
            self._depth += 1
        elif not closing and attributes and _REPLY.search(attributes):
            self._depth += 1


class _Open:
    """An element that is open."""

    __slots__ = ("_inside", "_name")

    def __init__(self, name: str) -> None:
        self._name = name
        self._inside = 0  # elements of its name that are open inside

    def closes(self, name: str, *, closing: bool) -> bool:
        """Whether this tag is its end."""
        if name == self._name:
            self._inside += -1 if closing else 1
        return self._inside < 0


def _values(tags: list[str]) -> Iterator[str]:
    for found in _ATTRIBUTE.finditer("\n".join(tags)):
        value = html.unescape(found[1] or found[2] or found[3])
        said = _plain(value)
        yield said
        if value != said and may_hold_file(value):
            yield value
        if "%" in said:  # as the program that opens a link reads it
            yield unquote_plus(said)


def _plain(text: str) -> str:
    return to_text(text) if "<" in text else html.unescape(text)


def _said_charset(data: bytes) -> str | None:
    """In a <meta> or an XML declaration near the beginning."""
    found = _SAID.search(data, 0, 4096)
    return found[1].decode("ascii") if found else None


_SAID = re.compile(rb"""<(?:meta[^<>]{0,200}charset|\?xml[^<>]{0,200}encoding)\s*=\s*["']?([A-Za-z0-9_.:\-]{1,40})""", re.IGNORECASE)
