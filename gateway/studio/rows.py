"""The shape of a pack's tests: rows of facts and what must come out of them, as officers write them. Pydantic checks it.

What a row says of the pack is looked at in proves.py, and run in test.py.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from gateway.policy.pack_words import Domain, Name, Part
from gateway.studio.specimen import FactsRow

OWN = ("example.org",)  # what `own` stands for in tests, unless the file says otherwise

Shares = Annotated[list[str], BeforeValidator(lambda value: [] if value == "none" else [value] if isinstance(value, str) else value)]
Strings = Annotated[list[str], BeforeValidator(lambda value: [value] if isinstance(value, str) else value)]


class ExpectRow(Part):
    """Lists must be contained, in any order; `needs` and `shares` must be the same."""

    verdict: Literal["release", "confirm", "hold", "refuse"] | None = None
    route: str | None = None  # `none`: no route serves
    shares: Shares | None = None  # names of the files that a share takes; `none`: no share takes any
    carried_by: str | None = None  # the route of the rest of a share
    because: Strings = Field(default=[])  # rules, nevers, no_route
    not_because: Strings = Field(default=[])
    needs: list[Name] | None = None
    held_for: str | None = None
    guidance: Strings = Field(default=[])
    watched: Strings = Field(default=[])
    audiences: Strings = Field(default=[])
    lifted: Strings = Field(default=[])
    stamps: Strings = Field(default=[])  # "X-Name: value"
    would_pass_if: Strings = Field(default=[])
    why_not: dict[Name, str] = Field(default={})  # words that stand in why a route did not serve

    @property
    def says_something(self) -> bool:
        """Whether there is a decision that is not what this expects."""
        compared = (self.verdict, self.route, self.shares, self.carried_by, self.needs, self.held_for)
        contained = (self.because, self.not_because, self.guidance, self.watched, self.audiences, self.lifted, self.stamps)
        return any(one is not None for one in compared) or any(map(bool, (*contained, self.would_pass_if, self.why_not)))


class TestRow(Part):
    __test__ = False  # for pytest: this is a noun

    name: str
    facts: FactsRow
    expect: ExpectRow
    unusable: list[Name] = Field(default=[])  # routes that have proved unable to serve
    lifted: list[Name] = Field(default=[])  # rules that a person has released


class TestFile(Part):
    __test__ = False

    own_domains: list[Domain] = Field(default=list(OWN), min_length=1)
    tests: list[TestRow]
