"""The words that stand in a mail instead of its files: a pack's text, filled in for one person. Pure.

A text is plain Markdown. A line in two asterisks is the heading; a line `- File {number}: {what}` comes once for each file; a line
`[words]({link})` is a link. A line that speaks of something nobody knows is left out, and a paragraph of which nothing is left.
Limits: twenty files are listed, and those behind them together.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from types import MappingProxyType

from gateway.mime.block import Block, Kind, Row
from gateway.mime.sizes import human
from gateway.model.share import Offer, SharedFile
from gateway.policy.guidance import PLACEHOLDER, SHARES, Guidance, House, parse_guidance
from gateway.policy.rules import Policy
from gateway.policy.share_texts import ENGLISH
from gateway.policy.wording import help_at, in_line

LISTED = 20
FALLBACK = "en"  # there is always a text in it

_MOST_OF_A_NAME = 80
_MONTHS = (
    "January, February, March, April, May, June, July, August, September, October, November, December".split(", ")  # noqa: SIM905
)
_LINK = re.compile(r"\[(.+)\]\((\{link\})\)")
_KINDS = {
    "application/pdf": "PDF",
    "application/zip": "ZIP",
    "application/x-7z-compressed": "7Z",
    "application/msword": "DOC",
    "application/vnd.ms-excel": "XLS",
    "application/vnd.ms-powerpoint": "PPT",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": "DOCX",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": "XLSX",
    "application/vnd.openxmlformats-officedocument.presentationml.presentation": "PPTX",
    "application/vnd.oasis.opendocument.text": "ODT",
    "application/vnd.oasis.opendocument.spreadsheet": "ODS",
    "application/vnd.oasis.opendocument.presentation": "ODP",
    "application/rtf": "RTF",
    "text/rtf": "RTF",
    "text/csv": "CSV",
    "text/plain": "TXT",
    "text/html": "HTML",
    "message/rfc822": "EML",
    "image/jpeg": "JPEG",
    "image/png": "PNG",
    "image/tiff": "TIFF",
}  # what people everywhere call them


@dataclass(frozen=True, slots=True)
class Given:
    """What one person is told of."""

    offer: Offer
    files: tuple[SharedFile, ...]
    sender: str  # who to ask: an address
    shows_names: bool  # of the files: else they have numbers
    is_short: bool = False  # where room is scarce, all files stand in one line


@lru_cache(maxsize=8)
def share_texts(policy: Policy) -> Mapping[tuple[str, str], Guidance]:
    """Every text about shared files, by its id and language; ours where the pack has none."""
    files = {f"guidance/{id_}.{FALLBACK}.md": text.encode("utf-8") for id_, text in ENGLISH.items()} | dict(policy.guidance_files)
    texts = (parse_guidance(name, data) for name, data in files.items() if name.startswith(f"guidance/{SHARES}"))
    return MappingProxyType({(text.id, text.lang): text for text in texts})


def known_languages(policy: Policy) -> dict[str, tuple[str, ...]]:
    """The languages that there are texts in, each with the words by which a message in it is known."""
    known: dict[str, tuple[str, ...]] = {}
    for text in share_texts(policy).values():
        if text.known_by:
            known[text.lang] = text.known_by
    return known


def blocks(given: Given, language: str, policy: Policy, house: House) -> tuple[Block, ...]:
    """In that language where its place has a text in it, then in English."""
    texts = share_texts(policy)
    id_ = f"{SHARES}{given.offer.how}"
    found = [texts[id_, tag] for tag in dict.fromkeys((language, FALLBACK)) if (id_, tag) in texts]
    return tuple(_block(text, given, house) for text in found)


def until(at: datetime, text: Guidance, house: House) -> str:
    """A day in the language of a text: in words where it has the months, else in numbers that are read alike everywhere."""
    months = text.months or (tuple(_MONTHS) if text.lang.partition("-")[0] == FALLBACK else ())
    local = at.astimezone(house.timezone)
    return f"{local.day} {months[local.month - 1]} {local:%Y, %H:%M %Z}".rstrip() if months else house.moment(at)


def listed_files(files: Sequence[SharedFile], *, names: bool, most: int = LISTED) -> list[tuple[str, str]]:
    """Number and description of each; what is beyond `most` is one line."""
    rows = [(str(number), _what(file, names=names)) for number, file in enumerate(files[:most], 1)]
    rest = files[most:]
    if rest:
        numbers = f"{most + 1}-{len(files)}" if len(rest) > 1 else str(len(files))
        rows.append((numbers, human(sum(file.octets for file in rest))))
    return rows


def rows_of(paragraph: str, values: Mapping[str, str], files: Sequence[tuple[str, str]]) -> Iterator[Row]:
    """One paragraph of a text, filled in; lines that speak of what is not known are left out."""
    for line in paragraph.splitlines():
        if "{number}" in line or "{what}" in line:
            for number, what in files:
                yield from _row(line, {**values, "number": number, "what": what})
        else:
            yield from _row(line, values)


# --- private ----------------------------------------------------------------------------------------------------------


def _what(file: SharedFile, *, names: bool) -> str:
    shown = in_line(file.name, _MOST_OF_A_NAME) if names else ""
    return ", ".join(part for part in (shown or _KINDS.get(file.media_type, ""), human(file.octets)) if part)


def _block(text: Guidance, given: Given, house: House) -> Block:
    offer = given.offer
    values = {name: in_line(value) for name, value in offer.said.items()} | {
        "link": offer.link,
        "until": until(offer.until, text, house),
        "to": offer.address,
        "sender": in_line(given.sender),
        "organisation": house.name,
        "help": help_at(house),
    }
    files = listed_files(given.files, names=given.shows_names, most=0 if given.is_short else LISTED)
    paragraphs = (tuple(rows_of(paragraph, values, files)) for paragraph in re.split(r"\n{2,}", text.body))
    return Block(text.lang, tuple(rows for rows in paragraphs if rows))


def _row(line: str, values: Mapping[str, str]) -> Iterator[Row]:
    """The line is looked at before it is filled in: a file name makes no heading and no link."""
    if any(not values.get(name) for name in PLACEHOLDER.findall(line)):
        return
    link = _LINK.fullmatch(line.strip())
    if link is not None:
        yield Row(Kind.LINK, _filled(link[1], values), values["link"])
    elif line.startswith("**") and line.rstrip().endswith("**"):
        yield Row(Kind.HEADING, _filled(line.strip().strip("*"), values))
    elif line.startswith("- "):
        yield Row(Kind.ITEM, _filled(line[2:], values))
    else:
        yield Row(Kind.WORDS, _filled(line, values))


def _filled(text: str, values: Mapping[str, str]) -> str:
    return PLACEHOLDER.sub(lambda match: values[match[1]], text).strip()
