"""The shape of the files that a pack.yaml names: registers, lists, words, limits. Pydantic checks them; pack_known.py and
pack_looked.py read them.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from gateway.policy.pack_words import Day, Domain, Mailbox, Name, Names, Part, Phone, Reference, Size, Span, Where, Wheres, Words


class LiaisonPart(Part):
    """Somebody at a partner who looks after file transfer."""

    name: Annotated[str, Field(min_length=1, max_length=80)]
    mailbox: Mailbox | None = None
    phone: Phone | None = None


class EntryPart(Part):
    domain: Domain | None = None
    address: Mailbox | None = None
    name: str = ""
    folder: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$")] | None = None  # of theirs, on the file transfer service
    account: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9@_.+-]{0,63}$")] | None = None  # as which they sign in there
    liaisons: Annotated[list[LiaisonPart], Field(max_length=4)] = []  # theirs: the primary one, then the alternate
    agreement: Reference | None = None
    owner: Mailbox | None = None
    review_by: Day | None = None
    highest: Name | None = None


class RegisterPart(Part):
    """A register: who is enrolled, agreed with, cleared."""

    as_of: Day | None = None
    valid_for: Span | None = None
    entries: list[EntryPart]


class ListPart(Part):
    address: Mailbox
    owner: Mailbox | None = None
    members: list[Mailbox] | Annotated[int, Field(ge=0)]
    external_members: Annotated[int, Field(ge=0)] | None = None  # else counted: members outside the organisation's domains
    cleared: dict[Name, list[Mailbox] | Annotated[int, Field(ge=0)] | Literal["all"]] = {}
    allowed_senders: Wheres | None = None
    allowed_groups: Names | None = None


class ListsPart(Part):
    """The distribution lists that are known."""

    as_of: Day | None = None
    valid_for: Span | None = None
    people: list[Mailbox] = []  # addresses known to be no list
    lists: list[ListPart]


class WordsFilePart(Part):
    """The words of a dictionary."""

    words: Words


class LimitsFilePart(Part):
    """What recipients' servers accept, in octets on the wire."""

    limits: dict[Where, Size]
