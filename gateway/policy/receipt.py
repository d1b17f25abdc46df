"""What the sender hears of files that went by link: which, to whom, until when, and how to take them back. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from gateway.mime.block import Kind
from gateway.mime.sizes import human
from gateway.model.share import Offer, SharedFile
from gateway.policy.guidance import SHARES, Guidance, House
from gateway.policy.rules import Policy
from gateway.policy.share_words import FALLBACK, rows_of, share_texts, until
from gateway.policy.wording import About, Letter, Told, help_at, help_line, in_line, join, listed, words_of

_RECEIPT = f"{SHARES}receipt"


@dataclass(frozen=True, slots=True)
class Sent:
    """One share, as its sender is told of it."""

    case: str  # its number
    people: tuple[tuple[str, tuple[SharedFile, ...]], ...]  # who can fetch what, in their order
    until: datetime
    page: Offer | None = None  # the sender's own: where they see who has fetched what, and what they alone are told

    @property
    def files(self) -> tuple[SharedFile, ...]:
        """All of them, each once."""
        return tuple(dict.fromkeys(file for _, files in self.people for file in files))


def receipt(about: About, told: Told, sent: Sequence[Sent], policy: Policy, texts: Mapping[str, Guidance]) -> Letter:
    """To the sender of mail that has gone with links. `told`: of whom, and what else rules have to say of it. `about` names the case."""
    gone, waiting = (tuple(one for one in told.recipients if (one in told.waiting) is waits) for waits in (False, True))
    went = [f"has gone to {listed(gone)}"] if gone else []
    went += [f"is on its way to {listed(waiting)}"] if waiting else []
    instead = _instead(sent)
    parts = (
        f"{about.which} {' and '.join(went)}, {instead}.",
        *link_words(sent, policy, about.house),
        *words_of(replace(about, case=""), told, texts),
        help_line(about),
    )
    return Letter(f"{'Sent' if gone else 'On its way'}, {instead} (case {about.case})", join(parts))


def link_words(sent: Sequence[Sent], policy: Policy, house: House) -> tuple[str, ...]:
    """What the pack says of links to whom has sent the files, once for each share: of its kind of place, where there is such a text."""
    texts = share_texts(policy)
    ours = texts[_RECEIPT, FALLBACK]
    return tuple(_filled(texts.get((_kind(one), FALLBACK), ours), one, house) for one in sent)


def _kind(sent: Sent) -> str:
    return f"{_RECEIPT}-{sent.page.how}" if sent.page is not None else _RECEIPT


def _instead(sent: Sequence[Sent]) -> str:
    count = len({file.id for one in sent for file in one.files})
    return f"with a link instead of {'a file' if count == 1 else f'{count} files'}"


def _filled(text: Guidance, sent: Sent, house: House) -> str:
    values = {
        "files": "\n".join(_files(sent)),
        "until": until(sent.until if sent.page is None else min(sent.until, sent.page.until), text, house),
        "organisation": house.name,
        "help": help_at(house),
        "case": sent.case,
        "recipients": listed(tuple(address for address, _ in sent.people)),
    }
    if sent.page is not None:
        values |= {name: in_line(value) for name, value in sent.page.said.items()} | {"link": sent.page.link, "to": sent.page.address}
    paragraphs = (_lines(paragraph, values) for paragraph in re.split(r"\n{2,}", text.body))
    return "\n\n".join(paragraph for paragraph in paragraphs if paragraph)


def _lines(paragraph: str, values: Mapping[str, str]) -> str:
    rows = rows_of(paragraph, values, ())
    lines = (f"{row.text}:\n{row.address}" if row.kind is Kind.LINK else f"{'- ' * (row.kind is Kind.ITEM)}{row.text}" for row in rows)
    return "\n".join(lines)


def _files(sent: Sent) -> Iterator[str]:
    """By name: they are the sender's own. Apart for each person only where they do not get the same."""
    if len({files for _, files in sent.people}) == 1:
        yield from (_file(file) for file in sent.files)
        return
    for address, files in sent.people:
        yield f"For {address}:"
        yield from (_file(file) for file in files)


def _file(file: SharedFile) -> str:
    return f"- {in_line(file.name) or 'a file without a name'}: {human(file.octets)}"
