"""The shape of rules in a pack: what they ask (`when`, `unless`, `facts`) and what they ask for. Pydantic checks them.

The whole vocabulary of conditions; conditions.py answers each.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from gateway.policy.pack_words import (
    Approver,
    Asking,
    Count,
    Day,
    Domains,
    HeaderName,
    HeaderValue,
    Kind,
    Mode,
    Name,
    Names,
    Part,
    SentAs,
    Sentence,
    Size,
    Span,
    Unread,
    Wheres,
    Why,
)


class ClassificationAsk(Part):
    of: Literal["files", "words", "any"]
    at_least: Name | None = None
    below: Name | None = None
    above: Literal["agreement"] | None = None
    because: Annotated[list[Kind], Field(min_length=1)] | None = None


class SizeAsk(Asking):
    above: Size | None = None
    at_most: Size | None = None


class CountAsk(Part):
    at_least: Count


class ListAsk(Asking):
    uncleared_members: CountAsk | None = None
    external_members: CountAsk | None = None
    members: CountAsk | None = None
    sender_allowed: bool | None = None


class SenderAsk(Asking):
    ours: bool | None = None
    authenticated: bool | None = None
    domain: Domains | None = None


class FoundAsk(Part):
    """What a detector found in one file or in the words, whatever it is classified as."""

    detector: Name
    at_least: Count = 1
    of: Literal["files", "words", "any"] = "any"


class AsksPart(Asking):
    """Every condition must hold. The whole vocabulary of `when`, `unless` and `facts`."""

    audience: Names | None = None
    audience_not: Names | None = None
    recipient_domain: Domains | None = None
    classification: ClassificationAsk | None = None
    category: Names | None = None
    attachments: SizeAsk | None = None
    message: SizeAsk | None = None
    files: CountAsk | None = None
    list_: ListAsk | None = Field(default=None, alias="list")
    agreement: Annotated[list[Literal["current", "lapsed", "none"]], Field(min_length=1)] | None = None
    sender: SenderAsk | None = None
    sender_group: Names | None = None
    system: Names | None = None
    purpose: Names | None = None
    declared: Names | None = None
    sent_as: Annotated[list[SentAs], Field(min_length=1)] | None = None
    defects: Annotated[list[Name], Field(min_length=1)] | None = None
    unreadable: Annotated[list[Unread], Field(min_length=1)] | None = None
    found: FoundAsk | None = None


class ConfirmPart(Part):
    by: Literal["sender"] = "sender"
    declares: Name | None = None  # `purpose`, or a word that `declared` can ask for
    guidance: Name | None = None
    within: Span | None = None
    then: Name | None = None


class HoldPart(Part):
    for_: Name = Field(alias="for")
    guidance: Name | None = None
    within: Span | None = None
    then: Name | None = None


class RefusePart(Part):
    guidance: Name


class NotifyPart(Part):
    who: Name
    guidance: Name | None = None


class RulePart(Part):
    """What it is about (`when`, `unless`) and what it asks for (at least one effect)."""

    id: Name
    clause: Sentence = ""
    says: Sentence = ""
    when: AsksPart = AsksPart.model_construct()  # left out: every mail
    unless: AsksPart | None = None
    require: Annotated[list[Name], Field(min_length=1)] | None = None
    confirm: ConfirmPart | None = None
    hold: HoldPart | None = None
    refuse: RefusePart | None = None
    notify: NotifyPart | None = None
    stamp: Annotated[dict[HeaderName, HeaderValue], Field(min_length=1)] | None = None
    mode: Mode = "enforce"
    becomes: dict[Mode, Day] = {}
    from_: Day | None = Field(default=None, alias="from")
    until: Day | None = None


class OverridePart(Part):
    id: Name
    who: Names
    lifts: list[Name] = Field(min_length=1)
    asks: list[Name] = Field(min_length=1)
    told: Name | None = None
    clause: Sentence = ""


class ExceptionPart(Part):
    rule: Name
    from_: Wheres | None = Field(default=None, alias="from")  # addresses, domains; or
    from_group: Names | None = None
    to: Wheres | None = None
    why: Why
    approved_by: Approver
    until: Day


class OutcomePart(Part):
    without: Annotated[list[Name], Field(min_length=1)] | None = None
    route: Names | None = None
    released: Literal[True] | None = None


class NeverPart(Part):
    id: Name
    clause: Sentence = ""
    facts: AsksPart
    outcome: OutcomePart
