"""Parameters of Content-Type and Content-Disposition: every value that some reader might see (RFC 2045 5.1, RFC 2231, RFC 2047). Pure.

In: an unfolded value. Out: its first token, and for each parameter the candidates, best first. Readers disagree about duplicates, blanks
without quotes, comments, backslashes and which of `filename*` and `filename` wins: so all are kept, and callers take the worst.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice
from urllib.parse import unquote_to_bytes

from gateway.mime.charsets import to_text
from gateway.mime.words import decode_words

CANDIDATES = 64  # more of one parameter are not kept
PARAMETERS = 128  # more of one value are not read

# A run of semicolons that no parameter follows matches too, without a name: tried again from each of them it would take quadratic time.
_PARAMETER = re.compile(r';[\s;]*+(?:([^\s=;"()]++)\s*+=\s*+(?:"((?:[^"\\]|\\.)*+)"([^;]*+)|([^;]*+))|)', re.DOTALL)
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
_TOKEN = re.compile(r'[^\s(;"]++')
_SECTION = re.compile(r"(.+?)(?:\*([0-9]{1,9}))?(\*)?")


@dataclass(frozen=True, slots=True)
class Parameters:
    """A value taken apart."""

    token: str  # "text/plain", "attachment": lower-case, without blanks and comments; "" when there is none
    values: Mapping[str, tuple[str, ...]]  # by lower-case name: candidates, best first
    is_complete: bool = True  # False: there were more than are read

    def first(self, name: str) -> str | None:
        """The best candidate, or None."""
        return next(iter(self.values.get(name, ())), None)


def parse_parameters(value: str) -> Parameters:
    """Take a Content-Type or Content-Disposition apart. Anything is taken; nothing raises."""
    # The few values that come with every message are remembered; never one with a file name.
    return _remembered(value) if len(value) < 60 and "ame" not in value else _parse(value)


def _parse(value: str) -> Parameters:
    text = without_comments(value) if "(" in value else value
    token = _TOKEN.search(text.partition(";")[0].replace('"', ""))
    plain: dict[str, list[str]] = {}
    sections: dict[str, list[tuple[int, bool, str]]] = {}
    matches = (found for found in _PARAMETER.finditer(text) if found[1] is not None)
    for found in islice(matches, PARAMETERS):
        name = found[1].lower()
        values = _quoted(found[2], found[3]) if found[2] is not None else _bare(found[4])
        if "*" in name:
            base, number, extended = _section(name)
            sections.setdefault(base, []).append((number, extended, values[0]))
        else:
            plain.setdefault(name, []).extend(values)
    read = {name: _read(written) for name, written in plain.items()}
    for name, parts in sections.items():
        joined = (text for value in _join(parts) for text in ((decode_words(value), value) if "=?" in value else (value,)))
        read[name] = tuple(dict.fromkeys((*joined, *read.get(name, ()))))[:CANDIDATES]
    return Parameters(token[0].lower() if token else "", read, next(matches, None) is None)


_remembered = lru_cache(maxsize=512)(_parse)


def without_comments(text: str) -> str:
    """Comments outside of quoted-strings left out (RFC 5322 section 3.2.2); one that is never closed stays."""
    done: list[str] = []
    depth = at = start = 0
    quoted = False
    while at < len(text):
        character = text[at]
        if character == "\\" and (quoted or depth):
            at += 1
        elif character == '"' and not depth:
            quoted = not quoted
        elif character == "(" and not quoted:
            if not depth:
                done.append(text[start:at])
                start = at
            depth += 1
        elif character == ")" and depth:
            depth -= 1
            if not depth:
                done.append(" ")
                start = at + 1
        at += 1
    return "".join(done) + text[start:]


def _quoted(text: str, behind: str) -> tuple[str, ...]:
    """In quotes. What follows them up to the semicolon is nothing to some, and to others a part of the value."""
    if "\\" not in text and not behind.strip():
        return (text,)
    # Some senders write a Windows path without doubling its backslashes.
    whole = (text + behind.rstrip()).replace('"', "") if behind.strip() else text
    return tuple(dict.fromkeys((_ESCAPED.sub(r"\1", text), text, whole)))


def _bare(text: str) -> tuple[str, ...]:
    """Without quotes: a token (RFC 2045), or all up to the semicolon."""
    whole = text.strip().lstrip('"')
    token = _TOKEN.match(whole)
    return (whole,) if token is None or token[0] == whole else (token[0], whole)


def _section(name: str) -> tuple[str, int, bool]:
    """`filename*1*` to its name, number and whether its octets are percent-encoded; number -1 stands for the whole in one piece."""
    found = _SECTION.fullmatch(name)
    if found is None:
        return name, -1, False
    return found[1], -1 if found[2] is None else int(found[2]), found[3] is not None


def _join(parts: list[tuple[int, bool, str]]) -> Iterator[str]:
    """Values of RFC 2231: each given in one piece, and the one given in numbered sections."""
    for number, extended, value in parts:
        if number < 0 and extended:
            charset, octets = _extended(value)
            yield to_text(octets, charset)
    numbered = [part for part in parts if part[0] >= 0]
    if numbered:
        yield from dict.fromkeys(_joined(sections) for sections in _orders(numbered))


def _orders(parts: list[tuple[int, bool, str]]) -> Iterator[list[tuple[int, bool, str]]]:
    """The sections in the orders in which readers put them together: nearly always one."""
    numbers = [number for number, _, _ in parts]
    in_order = sorted(dict(zip(reversed(numbers), reversed(parts), strict=True)).values())  # of duplicates the first
    yield in_order
    if numbers != list(range(len(parts))):
        yield [part for at, part in enumerate(in_order) if part[0] == at]  # up to a gap
        yield sorted(dict(zip(numbers, parts, strict=True)).values())  # of duplicates the last
        yield parts  # as they stand there


def _joined(parts: list[tuple[int, bool, str]]) -> str:
    charset, pieces = None, []
    for _, extended, value in parts:
        if extended and charset is None and "'" in value:
            charset, octets = _extended(value)
        else:
            octets = unquote_to_bytes(value) if extended else value.encode("utf-8", "replace")
        pieces.append(octets)
    return to_text(b"".join(pieces), charset)


def _extended(value: str) -> tuple[str | None, bytes]:
    charset, mark, rest = value.partition("'")
    if not mark or "'" not in rest:
        return None, unquote_to_bytes(value)
    return charset or None, unquote_to_bytes(rest.partition("'")[2])


def _read(values: list[str]) -> tuple[str, ...]:
    """Encoded-words are not allowed in parameters (RFC 2047 section 5), and widely read there: both."""
    if len(values) == 1 and "=?" not in values[0]:
        return (values[0],)
    both = (text for value in values for text in ((decode_words(value), value) if "=?" in value else (value,)))
    return tuple(dict.fromkeys(both))[:CANDIDATES]
