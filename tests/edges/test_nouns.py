"""Nouns go to text and come back the same; older and newer text can still be read."""

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum, StrEnum

from hypothesis import given
from hypothesis import strategies as st

from gateway.edges.nouns import from_json, to_json
from gateway.model.decision import Decision
from gateway.model.envelope import Envelope


class Colour(Enum):
    RED = 1
    BLUE = 2


class Word(StrEnum):
    YES = "yes"


@dataclass(frozen=True, slots=True)
class Inner:
    name: str
    octets: bytes = b""


@dataclass(frozen=True, slots=True)
class Everything:
    text: str
    number: int | None
    truth: bool
    at: datetime | None
    within: timedelta | None
    colour: Colour
    word: Word
    names: frozenset[str]
    pairs: tuple[tuple[str, int], ...]
    inner: tuple[Inner, ...]
    one: Inner | None = None


@given(st.from_type(Everything) | st.from_type(Envelope) | st.from_type(Decision))
def test_a_noun_comes_back_the_same(noun):
    text = to_json(noun)
    again = from_json(type(noun), text)

    assert again == noun
    assert to_json(again) == text


def test_what_an_older_version_did_not_know_has_its_default_and_what_a_newer_knew_is_passed_over():
    assert from_json(Inner, json.dumps({"name": "a", "invented": 1})) == Inner("a")
