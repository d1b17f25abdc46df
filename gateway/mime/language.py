"""Which of some languages a message is written in: by its script, its words, and what it says of itself. Pure.

What people have typed outranks what their program says: mail programs declare the language that they were installed in. So the script comes
first, then words that are common in one language and not in the others, then Content-Language (RFC 3282) and the `lang` of HTML.
Only the beginning of the words is looked at: what somebody answers may be in another language.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from gateway.mime.charsets import body_to_text
from gateway.mime.decode import head
from gateway.mime.html import top_of, words_of
from gateway.model.message import Buffer, Message, Part

LOOKED_AT = 2000  # characters of words

_OCTETS = 65_536  # of a body
_SURE = 3  # common words that are enough, where another language has not half as many
_SCRIPTS = (
    ("arabic", re.compile("[\u0600-\u06ff\u0750-\u077f\u08a0-\u08ff\ufb50-\ufdff\ufe70-\ufeff]")),
    ("hebrew", re.compile("[\u0590-\u05ff\ufb1d-\ufb4f]")),
    ("cyrillic", re.compile("[\u0400-\u052f]")),
    ("greek", re.compile("[\u0370-\u03ff\u1f00-\u1fff]")),
    ("devanagari", re.compile("[\u0900-\u097f]")),
    ("bengali", re.compile("[\u0980-\u09ff]")),
    ("gurmukhi", re.compile("[\u0a00-\u0a7f]")),
    ("thai", re.compile("[\u0e00-\u0e7f]")),
    ("hangul", re.compile("[\uac00-\ud7af]")),
    ("han", re.compile("[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff]")),
    ("latin", re.compile("[A-Za-z\u00c0-\u024f\u1e00-\u1eff]")),
)
_WORD = re.compile(r"[^\W\d_]+(?:['\u2019][^\W\d_]+)*")


def language_of(buffer: Buffer, message: Message, bodies: Sequence[Part], known: Mapping[str, Iterable[str]], default: str = "en") -> str:
    """One of the `known` languages (BCP 47, each with words that are common in it), else the default."""
    read = [_read(head(buffer, part, _OCTETS), part) for part in bodies]
    declared = [message.field("content-language") or "", *(said for _, said in read)]
    return guess(f"{message.subject}\n{read[0][0] if read else ''}", declared, known, default)


def guess(text: str, declared: Iterable[str], known: Mapping[str, Iterable[str]], default: str = "en") -> str:
    """The same for a text, and what was declared of it."""
    script = script_of(text)
    fitting = {tag: frozenset(words) for tag, words in known.items() if script_of(" ".join(words)) == script}
    counts = Counter(dict.fromkeys(fitting, 0))
    for word in _WORD.findall(text.lower().replace("\u2019", "'")):
        counts.update(tag for tag, words in fitting.items() if word in words)
    ranking = counts.most_common(2)
    if ranking and ranking[0][1] >= _SURE and (len(ranking) == 1 or ranking[0][1] >= 2 * ranking[1][1]):
        return ranking[0][0]
    for tags in declared:
        for tag in tags.lower().replace(" ", "").split(","):
            if (found := _of(tag, fitting)) is not None:
                return found
    if ranking and ranking[0][1] >= _SURE:
        return ranking[0][0]
    return next(iter(fitting)) if script != "latin" and len(fitting) == 1 else default


def script_of(text: str) -> str:
    """The script of most letters."""
    counts = {name: len(pattern.findall(text)) for name, pattern in _SCRIPTS}
    return max(counts, key=lambda name: counts[name]) if any(counts.values()) else "latin"


def _read(octets: bytes, part: Part) -> tuple[str, str]:
    """The first words of a body, and the language that it says it is in."""
    if part.media_type == "text/plain":
        return body_to_text(octets, part.charset)[:LOOKED_AT], ""
    top = top_of(octets)
    shown = octets[top.offset :] if top else octets
    return words_of(body_to_text(shown, part.charset)[: 8 * LOOKED_AT])[:LOOKED_AT], top.language if top else ""


def _of(tag: str, known: Iterable[str]) -> str | None:
    """RFC 4647 section 3.4: `es-MX` is served by `es`."""
    return next((one for one in known if one.lower() in {tag, tag.partition("-")[0]}), None)
