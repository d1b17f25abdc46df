"""Words that classify: a pack's markings against lines and running text. Pure.

Upper and lower case never matter, nor do the signs between the words of a marking: OFFICIAL-SENSITIVE is also "Official : Sensitive".
A `whole_line` marking must stand alone: beside it only brackets, punctuation, a page number, or itself again. At the start of a subject
it must be followed by the end or by a colon, a dash or a closing bracket: `RESTRICTED: Smith`, never `Restricted mobility`. Anywhere else
in a subject it must stand in brackets: `Smith [SECURE]`. What it `may_add` (OFFICIAL-SENSITIVE - PERSONAL) counts as part of it.
R E S T R I C T E D is read as the word. Quoted earlier text is no first line; in running text its markings are reported apart.
"""

from __future__ import annotations

import re
import string
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import re2

from gateway.detectors.normalise import normalise
from gateway.model.finding import Pattern

LONGEST_LINE = 400  # characters; what is longer is prose, whatever it says
_BRACKETS = {b"[": b"]", b"(": b")", b"{": b"}"}
_NEAR = 16  # octets before a marking, in which its bracket stands
_GLANCE = 160  # octets beside a marking; what may stand there is no longer

_PAGE_NUMBER = r"(?:pages?|pg\.?|p\.|slide|sheet)?\s*\d{1,5}(?:\s*(?:of|/)\s*\d{1,5})?"
_PAGES = ("page", "pg", "p", "slide", "sheet")
_DIGIT = re.compile(r"\d")
_LEADING_PAGE = re.compile(rf"^\W*{_PAGE_NUMBER}(?![^\W_])", re.IGNORECASE)
_TRAILING_PAGE = re.compile(rf"(?<![^\W_]){_PAGE_NUMBER}\W*$", re.IGNORECASE)
_REPLY = re.compile(
    r"\s*(?:(?:re|fwd?|aw|wg|sv|vs|tr|antw|rif|enc|accepted|declined|tentative|cancell?ed)\s*(?:\[\d+\])?\s*:|\[[^\]]{1,40}\])",
    re.IGNORECASE,
)
_SIGNS = bytes(octet for octet in range(128) if not chr(octet).isalnum())
NEVER = r"[^\x00-\x{10FFFF}]"  # matches no character
_BETWEEN = r"[\s\-:/_.,&\\|>()\[\]·•]{0,5}"  # Office shows a label and the one below it with a backslash
_SIGN_LAST = re.compile(rb"[\-:/\\|][ \t\r]*\n[ \t\r]*\n?[ \t\r]*[^\s]")
_SIGN_FIRST = re.compile(rb"\n[ \t]*[\-:/\\|]")
_SPACED_FROM = 5  # letters: so long must a marking be to be read with blanks between its letters
_SPACE = r"[ \t.\-_*]{1,3}"
# How mail programs begin earlier text. Both re and re2.
EARLIER = (
    r"(?im)^[ \t>]*-{3,}[ \t]*(?:original message|forwarded message|forwarded by)\b"
    r"|^[ \t>]*(?:begin forwarded message:|from:[^\n]*\n(?:[^\n]*\n){0,2}?[ \t>]*(?:sent|date|to):)"
    r"|^[ \t>]*on [^\n]{4,200}(?:\n[^\n]{0,200})? wrote:[ \t\r]*$"
)
# What all of it holds: with whole lines beside one another the pattern of everything would be much larger.
MAY_BE_EARLIER = r"(?i)wrote:|-{3}[ \t]*(?:original|forwarded) |forwarded message:|from:"
_ORIGINAL = re.compile(EARLIER)


@dataclass(frozen=True, slots=True)
class Marking:
    """A Pattern made ready."""

    pattern: Pattern
    key: str  # what a whole line comes down to
    words: int
    first: str  # the letters of its first word, case folded: a text without them needs no closer look
    running: str  # re2: the marking in running text, its words as group 1
    finder: Any  # the same, compiled, for octets
    inside: re.Pattern[str]  # the marking somewhere on a line
    opening: re.Pattern[str]  # the marking at the start of a subject
    added: re.Pattern[str] | None  # what may stand beside it
    beside: tuple[bytes, ...]  # the letters of that, of itself and of page numbers, in small letters; none where not all is ASCII
    others: frozenset[str]  # the keys of the pack's other markings of a whole line


def prepare(pattern: Pattern, tiers: frozenset[str] = frozenset()) -> Marking:
    """Compile one marking of a pack with these. A text without a letter or digit matches nothing."""
    text = normalise(pattern.text)
    words = re.findall(r"[^\W_]+", text)
    joined = _written(words) if words else "(?!)"
    added = "|".join(_BETWEEN.join(re.findall(r"[^\W_]+", normalise(more))) for more in sorted(pattern.may_add, key=len, reverse=True))
    prefix = rf"(?:(?:{added})[\s\-:/_.,\\|>]{{1,5}})?" if added else ""
    beside = rf"(?:[\s\-:/_.,&()\[\]]{{0,5}}(?:{added})(?![^\W_])){{0,4}}" if added else ""
    after = rf"{beside}\s*(?:$|[:\-\])}}>*|\"'])" if pattern.whole_line else r"(?![^\W_])"
    # re2 knows no look-around, but Unicode classes.
    running = rf"(?i)(?:^|[^\pL\pN])({joined if words else NEVER})(?:[^\pL\pN]|$)"
    return Marking(
        pattern,
        key_of(text),
        len(words),
        words[0].casefold() if words else "\0",
        running,
        re2.compile(running.encode(), _options()),
        re.compile(rf"(?<![^\W_]){joined}(?![^\W_])", re.IGNORECASE),
        re.compile(rf"[\s\[({{<*\"'#]*{prefix}{joined}{after}", re.IGNORECASE),
        re.compile(rf"(?<![^\W_])(?:{added})(?![^\W_])", re.IGNORECASE) if added else None,
        _beside((text, *map(normalise, pattern.may_add))),
        tiers - {key_of(text)},
    )


def _beside(texts: tuple[str, ...]) -> tuple[bytes, ...]:
    keys = (*map(key_of, texts), *_PAGES, *string.digits)
    return tuple(key.encode() for key in keys) if all(map(str.isascii, keys)) else ()


def _written(words: list[str]) -> str:
    """The words with any signs between them, or all their letters apart."""
    letters = "".join(words)
    joined = _BETWEEN.join(words)
    return rf"(?:{joined}|{_SPACE.join(letters)})" if len(letters) >= _SPACED_FROM else joined


def key_of(line: str) -> str:
    """The letters and digits of a line, case folded: what is left when punctuation does not count."""
    folded = line.casefold()
    if folded.isascii():
        return folded.encode("ascii").translate(None, _SIGNS).decode("ascii")
    return "".join(filter(str.isalnum, folded))


def is_whole_line(line: str, key: str) -> bool:
    """Whether nothing else stands on the line but brackets, punctuation, page numbers and the marking again."""
    if not key or not len(key) <= len(line) <= LONGEST_LINE:
        return False
    letters = key_of(line)
    if _repeats(letters, key):
        return True
    if _DIGIT.search(letters) is None or not _may_be_numbered(letters, key):
        return False
    shorter = _TRAILING_PAGE.sub("", line, count=1)
    shortened = (shorter, _LEADING_PAGE.sub("", line, count=1), _LEADING_PAGE.sub("", shorter, count=1))
    return any(_repeats(key_of(text), key) for text in shortened)


def _may_be_numbered(letters: str, key: str) -> bool:
    """Whether all that stands before and behind a marking ends with a digit: this costs less than to look for a page number."""
    begin = end = letters.find(key)
    while letters.startswith(key, end):
        end += len(key)
    return begin >= 0 and (letters[:begin] or "0")[-1].isdigit() and (letters[end:] or "0")[-1].isdigit()


def _repeats(text: str, key: str) -> bool:
    times, rest = divmod(len(text), len(key))
    return times > 0 and rest == 0 and text == key * times


def openings(subject: str) -> tuple[int, ...]:
    """Where a subject may be said to start: at its beginning, and after each Re:, Fw: and bracketed tag."""
    found = [0]
    while (prefix := _REPLY.match(subject, found[-1])) is not None:
        found.append(prefix.end())
    return tuple(found)


def opens_title(opening: str, marking: Marking, *, is_name: bool) -> bool:
    """Whether what opens a subject opens the title of an invitation: a single word in capitals, for `Secret - Santa` is a meeting.

    Of the name of somebody it must stand in brackets too, for `SECRET - AGENT LTD` is a firm.
    """
    if marking.words > 1:
        return True
    found = marking.inside.search(opening)
    return found is not None and found[0].isupper() and (not is_name or (opening.strip()[0] in "[({" and opening[-1] in "])}"))


def on_line(line: str, letters: str, marking: Marking) -> bool:
    """Whether a line of a page header, a property, a name or the first line carries the marking as its pack asks; `letters`: its key."""
    if marking.first not in letters:
        return False
    if marking.pattern.whole_line:
        return is_alone(line, marking)
    return marking.inside.search(line) is not None


def is_broken_over(lines: Sequence[str], marking: Marking) -> bool:
    """Whether it begins on the first of these lines and ends on the last; what one of them says by itself is not asked here."""
    joined = " ".join(lines)
    if not on_line(joined, key_of(joined), marking):
        return False
    return not any(on_line(" ".join(some), key_of(" ".join(some)), marking) for some in (lines[1:], lines[:-1]))


def stands_alone(data: bytes, at: int, end: int, marking: Marking) -> bool:
    """Whether a marking that was found in running text is all that its line says, or all of the two lines over which it is broken."""
    if b"\n" in data[at:end] and not _goes_on(data[at:end]):
        return False
    first, last = (
        max(0, at - 4 * LONGEST_LINE),
        min(len(data), at + 4 * LONGEST_LINE),
    )  # octets: no farther, lest many on one line cost much
    begin, stop = data.rfind(b"\n", first, at) + 1, data.find(b"\n", end, last)
    if (begin == 0 < first) or (stop < 0 and last < len(data)):
        return False
    return is_all(data, (begin, at), (end, stop if stop >= 0 else last), marking)


def _goes_on(words: bytes) -> bool:
    """Whether one line goes on in the next: the first ends with a sign, or all is capitals. Else they may be items of a list."""
    return _SIGN_LAST.search(words) is not None or (words.isupper() and _SIGN_FIRST.search(words) is None and words.count(b"\n") == 1)


def is_bracketed(data: bytes, at: int, end: int, marking: Marking) -> bool:
    """Whether a marking that was found in a subject stands in brackets there, or is all of it."""
    closing = _BRACKETS.get(data[max(0, at - _NEAR) : at].rstrip()[-1:])
    if closing is not None and (closed := data.find(closing, end, end + LONGEST_LINE)) >= 0:
        after = data[end:closed].decode("utf-8", "replace")
        rest = marking.added.sub("", after) if marking.added else after
        if not rest.strip(" \t-:/_.,&"):
            return True
    return len(data) <= 4 * LONGEST_LINE and is_alone(data.decode("utf-8", "replace"), marking)


def is_all(data: bytes, before: tuple[int, int], after: tuple[int, int], marking: Marking) -> bool:
    """Whether nothing stands on both sides of a marking but what may stand beside it; a glance mostly says no."""
    if marking.beside:
        left = data[max(before[0], before[1] - _GLANCE) : before[1]]
        right = data[after[0] : min(after[1], after[0] + _GLANCE)]
        if left.isascii() and (letters := left.translate(None, _SIGNS)) and not letters.lower().endswith(marking.beside):
            return False
        if right.isascii() and (letters := right.translate(None, _SIGNS)) and not letters.lower().startswith(marking.beside):
            return False
    return is_alone(data[before[0] : after[1]].decode("utf-8", "replace"), marking)


def is_alone(line: str, marking: Marking) -> bool:
    """Whether a line says nothing but this marking, and what may stand beside it."""
    if is_whole_line(line, marking.key):
        return True
    if marking.added is None or len(line) > LONGEST_LINE:
        return False
    bare = marking.added.sub("", line)
    return bare != line and is_whole_line(bare, marking.key)


def first_line(text: str) -> tuple[int, int]:
    """Where the first line that says something and is not quoted begins and ends, without blanks; empty when all is quoted."""
    start = 0
    while start < len(text):
        end = text.find("\n", start)
        line = text[start : end if end >= 0 else len(text)].strip()
        if line and not line.startswith(">"):
            # What follows a mark of earlier text is all quoted.
            at = text.index(line, start)
            return (0, 0) if _ORIGINAL.match(text, start) else (at, at + len(line))
        start = end + 1 if end >= 0 else len(text)
    return 0, 0


def quoted_from(data: bytes, start: int, end: int) -> int:
    """The first octet from `start` where earlier text begins that has no `>` before its lines; the length of the data when none does."""
    found = _earlier.search(data, start, end)
    return int(found.start()) if found else len(data)


def _options() -> Any:
    options = re2.Options()
    options.log_errors = False
    return options


_earlier = re2.compile(EARLIER.encode(), _options())
