"""What the pages say, in the languages there are: words/<tag>.toml. Pure but for reading those files once.

The language of a page is the one the visitor has chosen, else the first of the browser's that there is, else that of the message, else
English: what a person reads, their browser says best, and it does not change on the way. Dates and sizes are written as the language writes
them; sizes in units of 1,024, as everywhere in the gateway.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, tzinfo
from pathlib import Path
from typing import Any

_FOLDER = Path(__file__).resolve().parent.parent / "words"
_UNITS = (("gb", 1 << 30), ("mb", 1 << 20), ("kb", 1 << 10))
_MOST_ASKED = 20  # languages of an Accept-Language that are looked at
_FIRST, _LAST = "\u2068", "\u2069"  # what is filled in keeps its own direction: Unicode Standard Annex 9, isolates


@dataclass(frozen=True)
class Words:
    """One language."""

    tag: str
    texts: Mapping[str, Any]

    @property
    def name(self) -> str:
        return str(self.texts["language"])

    @property
    def direction(self) -> str:
        return str(self.texts["direction"])

    def say(self, key: str, **values: object) -> str:
        """The text "page.title" with what is filled in."""
        section, _, name = key.partition(".")
        return str(self.texts[section][name]).format(**{name: f"{_FIRST}{value}{_LAST}" for name, value in values.items()})

    def size(self, octets: int) -> str:
        units = self.texts["units"]
        for name, unit in _UNITS:
            if octets >= unit:
                return f"{octets / unit:.1f}".removesuffix(".0").replace(".", units["decimal"]) + f" {units[name]}"
        return f"{octets} {units['octets']}"

    def date(self, moment: datetime, zone: tzinfo | None) -> str:
        """In the organisation's time."""
        local, dates = moment.astimezone(zone), self.texts["dates"]
        month = dates["months"][local.month - 1]
        return str(dates["form"]).format(day=local.day, month=month, year=local.year, time=f"{local:%H:%M %Z}".rstrip())


def read_words() -> Mapping[str, Words]:
    """Every language there is, by its tag; English first."""
    found = {path.stem: Words(path.stem, tomllib.loads(path.read_text(encoding="utf-8"))) for path in sorted(_FOLDER.glob("*.toml"))}
    return {"en": found.pop("en"), **found}


def choose(words: Mapping[str, Words], chosen: str, accepted: str, *others: str) -> Words:
    """The chosen one, else the browser's best (RFC 9110 section 12.5.4), else the first of `others` (BCP 47), else English."""
    for tag in (chosen, *_by_quality(accepted), *others):
        found = words.get(tag.lower().partition("-")[0])
        if found is not None:
            return found
    return words["en"]


def _by_quality(accepted: str) -> list[str]:
    asked: list[tuple[float, int, str]] = []
    for item in accepted.split(",")[:_MOST_ASKED]:
        tag, _, parameter = item.partition(";")
        name, _, value = parameter.strip().partition("=")
        try:
            quality = float(value) if name.strip() == "q" else 1.0
        except ValueError:
            quality = 0.0
        if quality > 0:
            asked.append((-quality, len(asked), tag.strip()))
    return [tag for _, _, tag in sorted(asked)]
