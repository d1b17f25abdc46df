"""Words that classify: a pack's markings against lines and running text. Pure.

Upper and lower case never matter, nor do the signs between the words of a marking: OFFICIAL-SENSITIVE is also "Official : Sensitive".
A `whole_line` marking must stand alone: beside it only brackets, punctuation, a page number, or itself again. At the start of a subject
it must be followed by the end or by a colon, a dash or a closing bracket: `RESTRICTED: Smith`, never `Restricted mobility`.
Quoted earlier text is no first line; in running text its markings are reported apart.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from gateway.detectors.normalise import normalise
from gateway.model.finding import Pattern

LONGEST_LINE = 400  # characters; what is longer is prose, whatever it says

_PAGE_NUMBER = r"(?:pages?|pg\.?|p\.|slide|sheet)?\s*\d{1,5}(?:\s*(?:of|/)\s*\d{1,5})?"
_LEADING_PAGE = re.compile(rf"^\W*{_PAGE_NUMBER}(?![^\W_])", re.IGNORECASE)
_TRAILING_PAGE = re.compile(rf"(?<![^\W_]){_PAGE_NUMBER}\W*$", re.IGNORECASE)
_REPLY = re.compile(
    r"\s*(?:(?:re|fwd?|aw|wg|sv|vs|tr|antw|rif|enc|accepted|declined|tentative|cancell?ed)\s*(?:\[\d+\])?\s*:|\[[^\]]{1,40}\])",
    re.IGNORECASE,
)
_SIGNS = bytes(octet for octet in range(128) if not chr(octet).isalnum())
_NEVER = r"[^\x00-\x{10FFFF}]"  # matches no character
_BETWEEN = r"[\s\-:/_.,&]{0,5}"
_ORIGINAL = re.compile(
    r"^[ \t>]*-{3,}[ \t]*(?:original message|forwarded message|forwarded by)\b"
    r"|^[ \t>]*(?:begin forwarded message:|from:[^\n]{0,400}\n(?:[^\n]{0,400}\n){0,2}[ \t>]*(?:sent|date|to):)"
    r"|^[ \t>]*on [^\n]{4,200}(?:\n[^\n]{0,200})? wrote:[ \t\r]*$",
    re.IGNORECASE | re.MULTILINE,
)


@dataclass(frozen=True, slots=True)
class Marking:
    """A Pattern made ready."""

    pattern: Pattern
    key: str  # what a whole line comes down to
    first: str  # its first word, case folded: a text without it needs no closer look
    running: str  # re2: the marking in running text, its words as group 1
    inside: re.Pattern[str]  # the marking somewhere on a line
    opening: re.Pattern[str]  # the marking at the start of a subject


def prepare(pattern: Pattern) -> Marking:
    """Compile one marking. A text without a letter or digit matches nothing."""
    text = normalise(pattern.text)
    words = re.findall(r"[^\W_]+", text)
    joined = _BETWEEN.join(words) or "(?!)"
    after = r"\s*(?:$|[:\-\])}>*|\"'])" if pattern.whole_line else r"(?![^\W_])"
    return Marking(
        pattern,
        key_of(text),
        words[0].casefold() if words else "\0",
        # re2 knows no look-around, but Unicode classes.
        rf"(?i)(?:^|[^\pL\pN])({joined if words else _NEVER})(?:[^\pL\pN]|$)",
        re.compile(rf"(?<![^\W_]){joined}(?![^\W_])", re.IGNORECASE),
        re.compile(rf"[\s\[({{<*\"'#]*{joined}{after}", re.IGNORECASE),
    )


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
    if key not in letters:
        return False
    shorter = _TRAILING_PAGE.sub("", line, count=1)
    shortened = (shorter, _LEADING_PAGE.sub("", line, count=1), _LEADING_PAGE.sub("", shorter, count=1))
    return any(_repeats(key_of(text), key) for text in shortened)


def _repeats(text: str, key: str) -> bool:
    times, rest = divmod(len(text), len(key))
    return times > 0 and rest == 0 and text == key * times


def openings(subject: str) -> tuple[int, ...]:
    """Where a subject may be said to start: at its beginning, and after each Re:, Fw: and bracketed tag."""
    found = [0]
    while (prefix := _REPLY.match(subject, found[-1])) is not None:
        found.append(prefix.end())
    return tuple(found)


def on_line(line: str, folded: str, marking: Marking) -> bool:
    """Whether a line of a page header, a property, a name or the first line carries the marking as its pack asks; `folded`: case folded."""
    if marking.pattern.whole_line:
        return is_whole_line(line, marking.key)
    return marking.first in folded and marking.inside.search(line) is not None


def first_line(text: str) -> str:
    """The first line that says something and is not quoted; empty when all is quoted."""
    start = 0
    while start < len(text):
        end = text.find("\n", start)
        line = text[start : end if end >= 0 else len(text)].strip()
        if line and not line.startswith(">"):
            # What follows a mark of earlier text is all quoted.
            return "" if _ORIGINAL.match(text, start) else line
        start = end + 1 if end >= 0 else len(text)
    return ""


def quoted_from(text: str) -> int:
    """Where earlier text begins that has no `>` before its lines; the length of the text when there is none."""
    found = _ORIGINAL.search(text)
    return found.start() if found else len(text)
