"""A marking that shares its line with other words, and has a cell of its own there: in a table, a banner, a page footer, a subject. Pure.

What divides a line for who reads it: a tab, a wide gap, a bar, a dot in the middle; in a title a dash or a colon too; in a table of commas
or semicolons, those. Words that nobody says together by chance are a marking in any cell, but where other tiers of the pack are
its neighbours: that is guidance about markings. A single one is a daily word (`Restricted` and
`Unrestricted` head the columns of every charity's accounts): it counts where pages and documents are marked, in capitals. On a first
line it is a banner beside a title or a date; beside more cells than one, or above a row of the same form, it is a cell of a table.

Whatever is read so can only raise. What lowers has to be a whole line at an edge of a page (policy/classify.py): a marking that counts at
those edges alone is looked for in no cell, and one that is found in a part of such a line is said to stand in the text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache

from gateway.detectors.marking import Marking, is_all, is_alone, key_of
from gateway.detectors.normalise import octets
from gateway.detectors.seen import Finds, Text
from gateway.detectors.tables import divider_of
from gateway.model.finding import Place

EDGES = frozenset({Place.PAGE_HEADER, Place.PAGE_FOOTER})
_CELL = rb"[\t|\n]|[ ]{3,}|\xc2\xb7|\xe2\x80\xa2"
_CELLS = re.compile(_CELL)
_ROWS = re.compile(_CELL + rb"|,{2,}|;{2,}")  # commas with nothing between them are no prose
_PARTS = re.compile(_CELL + rb"|[ ]-{1,2}[ ]|:[ ]|[ ]/{1,2}[ ]")
_LISTS = re.compile(_PARTS.pattern + rb"|[,;]")
_NAME = rb"(?:classification|marking|sensitivity|(?:security|protective)[ _.\-]?label)(?:[ ]label)?[\w.\-]{0,20}"
_FIELD = re.compile(rb"(?i)(?:" + _NAME + rb"[\"']?[ \t]*[=:][ \t]*[\"']?|<[^<>\n]{0,40}" + _NAME + rb"[^<>\n]{0,80}>\s{0,8})$")
_FIELD_SIGNS = (b":", b"=", b'"', b"'", b">")  # one of them is the last before its value, and one of these stands before that
_FIELD_WORDS = (b"classification", b"marking", b"sensitivity", b"label")
# The value ends, and what follows is no prose: a tag, a bracket, the end of the line, or another field. A comma alone is one of a sentence.
_NEXT = rb"[,;]?[ \t]*(?:$|[\r\n\"'}\]]|[\w.:\-]{1,40}[\"']?[ \t]*[:=])"
_FIELD_ENDS = re.compile(rb"[ \t]*(?:$|[\r\n<}\]]|[,;]" + _NEXT + rb"|[\"'][ \t]*(?:[<>/?)]|" + _NEXT + rb"))")
_COMMAS = {",": re.compile(rb"[,\n]"), ";": re.compile(rb"[;\n]")}
_BEGINS = re.compile(rb"[^A-Za-z0-9\x80-\xff]*")
_APART = re.compile(rb"(?:^|\t[ ]*\t|[ ]{3,}|[,;]{2,})[^A-Za-z0-9\x80-\xff]*$")  # before a cell that begins its line, or that none adjoins
_GAP = re.compile(rb"[ ]{3,}[^ \t|,;]")  # all that divides a word from what follows: it may be the beginning of a title in wide letters
_LONGEST = 160  # octets on both sides of a marking in which its cell must end
_EXPLAINED = 200  # cells of one file that may tell about the tiers
_LOOK = 4096  # octets of a line that are looked at, in which a table shows what divides it, and in which a row begins


def may_share(marking: Marking) -> bool:
    """Whether a marking may stand beside other words: what may lower has to be a whole line."""
    return marking.pattern.whole_line and not marking.pattern.where <= EDGES


def shares(finds: Finds, line: str, marking: Marking, place: Place, text: str) -> bool:
    """Whether it shares a line with other words where that is usual; of a first line the text says whether a table begins there."""
    if place is Place.FIRST_LINE:
        return on_first_line(finds, line, marking, text)
    if place is Place.PROPERTIES:
        return in_list(line, marking)
    return place in EDGES and on_edge(line, marking)


def on_edge(line: str, marking: Marking) -> bool:
    """Whether it has a part of a line of a page header or footer to itself; of a dash or a colon a single word must be the beginning."""
    data = octets(line[:_LOOK])
    return any(
        _is_cell(data, at, end, marking, _PARTS if marking.words > 1 or _BEGINS.fullmatch(data, 0, at) else _CELLS)
        for at, end in _found(data, marking)
    )


def on_first_line(finds: Finds, line: str, marking: Marking, text: str) -> bool:
    """Whether it has a cell of the first line of a text to itself; a single word where it is a banner there."""
    data = octets(line[:_LOOK])
    cells = ((at, end) for at, end in _found(data, marking) if _is_cell(data, at, end, marking, _ROWS))
    if marking.words > 1:
        return any(not _is_explained(finds, data, at, end, marking, _ROWS) for at, end in cells)
    return any(_is_banner(data, at, end) for at, end in cells) and not _is_row(data, marking, _below(text, line))


def in_list(line: str, marking: Marking) -> bool:
    """Whether it is one of the keywords of a document, or a part of its title. A single word there may be any of them."""
    data = octets(line[:_LOOK])
    return marking.words > 1 and any(_is_cell(data, at, end, marking, _LISTS) for at, end in _found(data, marking))


def in_name(name: str, marking: Marking) -> bool:
    """Whether it has a part of the name of a file to itself, in capitals: `TOP SECRET - plan`, but not `Top secret recipes`."""
    data = octets(name[:_LOOK])
    return any(data[at:end].isupper() and _is_cell(data, at, end, marking, _PARTS) for at, end in _found(data, marking))


def in_subject(data: bytes, at: int, end: int, marking: Marking) -> bool:
    """Whether it has a part of a subject to itself: `Minutes - OFFICIAL-SENSITIVE`. A single word has to stand in brackets there."""
    return marking.words > 1 and may_share(marking) and _is_cell(data, at, end, marking, _PARTS)


def in_text(finds: Finds, text: Text, at: int, end: int, marking: Marking) -> bool:
    """Whether what was found in running text is all that its cell says. A single word has to be all that its line says there."""
    if marking.words == 1 or not may_share(marking) or b"\n" in text.data[at:end]:
        return False
    if _is_cell(text.data, at, end, marking, _CELLS):
        return not _is_explained(finds, text.data, at, end, marking, _CELLS)
    if _is_field(text.data, at, end):
        return True
    commas = _COMMAS.get(_divider(text))
    if commas is None or not _is_cell(text.data, at, end, marking, commas) or _is_quoted(text.data, at):
        return False
    return not _is_explained(finds, text.data, at, end, marking, commas)


def _is_field(data: bytes, at: int, end: int) -> bool:
    """Whether it is the value of a field that is named for it: in JSON, XML or a configuration."""
    first, last = max(0, at - _LONGEST), min(len(data), end + _LONGEST)
    before = data[first:at].rstrip()
    if not before.endswith(_FIELD_SIGNS) or _FIELD_ENDS.match(data, end, last) is None:
        return False
    before = before.lower()
    return any(word in before for word in _FIELD_WORDS) and _FIELD.search(data, first, at) is not None


def _found(data: bytes, marking: Marking) -> Iterator[tuple[int, int]]:
    """Wherever it stands on a line; in small letters a single word is none."""
    for found in marking.finder.finditer(data) if may_share(marking) else ():
        if marking.words > 1 or found[1].isupper():
            yield found.span(1)


def _is_cell(data: bytes, at: int, end: int, marking: Marking, dividers: re.Pattern[bytes]) -> bool:
    """Whether it is all that stands between two dividers, or between one and an end of the text."""
    first, last = max(0, at - _LONGEST), min(len(data), end + _LONGEST)
    ends = dividers.search(data, end, last)
    if ends is None and last < len(data):
        return False
    begins = _last(dividers).match(data, first, at)
    if begins is None and (first or ends is None):
        return False
    return is_all(data, (begins.end() if begins else 0, at), (end, ends.start() if ends else last), marking)


@cache
def _last(dividers: re.Pattern[bytes]) -> re.Pattern[bytes]:
    """The last of these dividers in some octets: it is looked for from their end."""
    return re.compile(rb"(?s:.*)(?:" + dividers.pattern + rb")")


def _is_explained(finds: Finds, data: bytes, at: int, end: int, marking: Marking, dividers: re.Pattern[bytes]) -> bool:
    """Whether a table or a list tells about it. To look costs much, and no guidance needs so many cells: then each one counts."""
    if not marking.others or finds.explained >= _EXPLAINED:
        return False
    explained = _is_among_tiers(data, at, end, marking, dividers)
    finds.explained += explained
    return explained


def _is_among_tiers(data: bytes, at: int, end: int, marking: Marking, dividers: re.Pattern[bytes]) -> bool:
    """Whether it is one of the tiers that a table or a list tells about: two others are cells of its line, or of its column close by."""
    *above, before = data[max(0, at - 2 * _LONGEST) : at].split(b"\n")
    after, *below = data[end : end + 2 * _LONGEST].split(b"\n")
    first = dividers.split(before)
    cells = [*first, *dividers.split(after)]
    for line in (*list(filter(bytes.strip, above))[-2:], *list(filter(bytes.strip, below))[:2]):
        cells.extend(dividers.split(line)[len(first) - 1 : len(first)])
    return len({key_of(cell.decode("utf-8", "replace")) for cell in cells} & marking.others) >= 2


def _is_banner(data: bytes, at: int, end: int) -> bool:
    """Whether a single word is no heading among headings, and no beginning of a title."""
    around = data[max(0, at - _LONGEST) : at] + data[end : end + _LONGEST]
    return _APART.search(data, max(0, at - _LONGEST), at) is not None and not around.isupper() and not _GAP.match(data, end)


def _is_row(data: bytes, marking: Marking, below: bytes) -> bool:
    """Whether a line is a row of a table: it says more than one thing beside the marking, or the next one has its form."""
    others = sum(not is_alone(cell.decode("utf-8", "replace"), marking) for cell in _ROWS.split(data) if cell.strip())
    return others > 1 or (below != b"" and _form(below) == _form(data))


def _below(text: str, line: str) -> bytes:
    """The next line that says something."""
    rest = text[: text.find(line) + len(line) + _LOOK].partition(line)[2]
    return octets(next((more for each in rest.split("\n")[1:] if (more := each.strip())), ""))


def _form(line: bytes) -> tuple[tuple[bytes, ...], int]:
    """What divides the cells of a line, and how many say something."""
    dividers = tuple(found[0] if found[0].strip(b" ") else b" " for found in _ROWS.finditer(line.strip()))
    return dividers, sum(bool(cell.strip()) for cell in _ROWS.split(line))


def _divider(text: Text) -> str:
    """What divides the cells of a text that is a table, found out once."""
    if text.divider is None:
        text.divider = divider_of(text.data[:_LOOK].decode("utf-8", "replace"))
    return text.divider


def _is_quoted(data: bytes, at: int) -> bool:
    """Whether it stands within a cell in quotation marks that began before it (RFC 4180): a comma there divides nothing."""
    first = max(0, at - _LOOK)
    begin = data.rfind(b"\n", first, at) + 1 or first
    return data.count(b'"', begin, at) % 2 == 1 and data[at - 1 : at] != b'"'
