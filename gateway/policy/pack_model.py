"""The shape of pack.yaml, as officers write it. Pydantic checks it; rules/schema.json is made from it, and from its neighbours.

Nothing is coerced and no key is unknown. What one part says of another (names, levels) is checked in parse_pack.
What rules ask stands in pack_asks.py, the files beside pack.yaml in pack_files.py.
"""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal

from pydantic import BeforeValidator, Field, WithJsonSchema

from gateway.policy.pack_asks import ExceptionPart, NeverPart, OverridePart, RulePart
from gateway.policy.pack_files import LimitsFilePart, ListsPart, RegisterPart, WordsFilePart
from gateway.policy.pack_words import (
    Asking,
    Count,
    Day,
    Domains,
    FileName,
    Guid,
    Hours,
    Mailbox,
    Name,
    Names,
    Part,
    Phone,
    SentAs,
    Sentence,
    Signature,
    Size,
    Someone,
    Span,
    Spot,
    Unread,
    Wheres,
    Words,
)


class InterpretationPart(Part):
    """What the source leaves open."""

    may_be_null: ClassVar[frozenset[str]] = frozenset({"signed"})

    says: Sentence
    clause: Sentence = ""
    signed: Signature | None = None  # null until somebody has signed


class PersonPart(Part):
    mailbox: Mailbox
    name: Annotated[str, Field(max_length=80)] = ""  # as a notice says it; else made of the name in the pack
    hours: Hours = "always"
    phone: Phone | None = None  # staffed in these hours: a notice tells the sender to ring it when it is urgent
    otherwise: Name | None = None


class GroupPart(Asking):
    """Senders: by address or domain, or a group of the directory (unknown until one is connected)."""

    nothing: ClassVar[str] = "names nobody; write `addresses:` or `directory_group:` in it, or take it out"

    addresses: Wheres | None = None
    directory_group: str | None = None


class SystemPart(Part):
    owner: Someone  # an address or a name in people
    senders: list[Mailbox] = Field(min_length=1)
    client_certificate: str | None = None
    networks: Annotated[list[str], Field(min_length=1)] = []
    unmarked_files: Name | None = None
    notices_to: Someone | None = None  # or: owner, recipient_if_colleague; left out, nobody is told


class UnmarkedPart(Part):
    files: Name
    words: Name


class LabelPart(Part):
    tenant: Guid
    id: Guid


class MarkingPart(Part):
    """Exactly one of label, pspf, text, detector, unreadable."""

    is_: Name = Field(alias="is")
    label: LabelPart | None = None
    pspf: Annotated[str, Field(min_length=2, max_length=200)] | None = None
    text: Annotated[str, Field(min_length=2, max_length=80)] | None = None
    where: Annotated[list[Spot], Field(min_length=1)] | None = None
    whole_line: bool | None = None
    may_add: Words | None = None
    detector: Name | None = None
    at_least: Count | None = None
    unreadable: Annotated[list[Unread], Field(min_length=1)] | None = None
    category: Name | None = None


class PatternPart(Part):
    """A detector of the pack's own: what its values look like."""

    says: Annotated[str, Field(min_length=2, max_length=60)]  # what it finds, in the singular
    like: Annotated[
        list[Annotated[str, Field(min_length=1, max_length=300)]],
        BeforeValidator(lambda value: [value] if isinstance(value, str) else value),
        Field(min_length=1, max_length=20),
        WithJsonSchema({"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]}),
    ]
    near: Words | None = None
    shows: Literal["end", "all", "nothing"] = "end"


class DictionaryPart(Part):
    """A detector of the pack's own: a list of words, of which the different ones are counted."""

    says: Annotated[str, Field(min_length=2, max_length=60)]
    words: FileName
    near: Words | None = None
    shows: Literal["end", "all", "nothing"] = "all"


class SharingPart(Part):
    """Links to file-sharing services: which are ours, and which others there are besides the well-known ones."""

    approved: Domains | None = None
    services: Domains | None = None


class TablesPart(Part):
    small_below: Annotated[int, Field(ge=2, le=1000)] = 6


class AudiencePart(Part):
    domains: Domains | None = None
    register_: FileName | None = Field(default=None, alias="register")
    except_: FileName | None = Field(default=None, alias="except")
    not_in: Names | None = None


class LimitsPart(Asking):
    nothing: ClassVar[str] = "limits nothing; write `attachments:`, `message:` or `file:` in it, or take it out"

    attachments: Size | None = None  # the sum of the decoded files; of a share: of those that it takes
    message: Size | None = None  # octets on the wire; not of a share
    file: Size | None = None  # of a share: the largest file


class ExpiresPart(Part):
    after: Span
    idle: Span | None = None  # also when nobody has fetched anything for so long


class RoutePart(Part):
    kind: Literal["relay", "share", "seal"]
    next_hop: Name | None = None
    place: Name | None = None
    optional: bool = False  # of a share: without its place it is as if it were not there, instead of a mistake
    provides: Annotated[list[Name], Field(min_length=1)] = []
    for_: Names | None = Field(default=None, alias="for")
    not_for: Names | None = None
    senders: Names | None = None
    sender_domains: Domains | None = None
    purpose: Name | None = None
    sent_as: Annotated[list[SentAs], Field(min_length=1)] | None = None
    limits: LimitsPart = LimitsPart.model_construct()
    recipient_limits: FileName | None = None
    unknown_recipient_limit: Size | None = None
    expires: ExpiresPart | None = None
    download_limit: Annotated[int, Field(ge=1, le=1000)] | None = None  # of each file, for each person
    show_file_names: bool = False
    tell_when_fetched: bool = False  # the sender hears when the first file has been fetched
    clause: Sentence = ""
    interpretation: Name | None = None


class NoRoutePart(Part):
    do: Literal["confirm", "hold", "refuse"]
    by: Literal["sender"] | None = None
    for_: Name | None = Field(default=None, alias="for")
    within: Span | None = None
    then: Name | None = None
    guidance: Name | None = None


class NoRoutesPart(Part):
    otherwise: NoRoutePart
    too_large: NoRoutePart | None = None


class PurposePart(Part):
    groups: Names | None = None  # who has this purpose by being who they are


class PackPart(Part):
    """pack.yaml."""

    pack: Name
    source: str
    owner: Mailbox  # the accountable person
    review_by: Day
    refuse_by: Literal["notice", "smtp"] = "notice"
    keep: Span | None = None
    interpretations: dict[Name, InterpretationPart] = {}
    people: dict[Name, PersonPart] = {}
    groups: dict[Name, GroupPart] = {}
    systems: dict[Name, SystemPart] = {}
    lists: FileName | None = None
    classifications: list[Name] = Field(min_length=1, max_length=8)
    categories: list[Name] = []
    unmarked: UnmarkedPart
    markings: list[MarkingPart] = []
    patterns: dict[Name, PatternPart] = {}
    dictionaries: dict[Name, DictionaryPart] = {}
    sharing: SharingPart = SharingPart()
    tables: TablesPart = TablesPart()
    audiences: dict[Name, AudiencePart]
    protections: dict[Name, Literal["files", "message"]] = {}
    purposes: dict[Name, PurposePart] = {}
    routes: dict[Name, RoutePart]
    no_route: NoRoutesPart
    rules: list[RulePart]
    overrides: list[OverridePart] = []
    exceptions: list[ExceptionPart] = []
    never: list[NeverPart] = []


def schema() -> dict[str, Any]:
    """JSON Schema for editors: pack.yaml, with the other files under $defs."""
    made: dict[str, Any] = PackPart.model_json_schema(by_alias=True)
    for other in (RegisterPart, ListsPart, WordsFilePart, LimitsFilePart):
        extra = other.model_json_schema(by_alias=True)
        made["$defs"] |= extra.pop("$defs", {})
        made["$defs"][other.__name__] = extra
    kept: dict[str, Any] = _without_null(made)
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "Outgate policy pack", **kept}


def _without_null(made: Any, key: str = "") -> Any:
    """A key that can be left out cannot be empty, save those that say so."""
    if isinstance(made, list):
        return [_without_null(one) for one in made]
    if not isinstance(made, dict):
        return made
    if key not in InterpretationPart.may_be_null and {"type": "null"} in made.get("anyOf", ()):
        left = [one for one in made["anyOf"] if one != {"type": "null"}]
        rest = {name: value for name, value in made.items() if name not in ("anyOf", "default")}
        made = {**(left[0] if len(left) == 1 else {"anyOf": left}), **rest}
    return {name: _without_null(value, name) for name, value in made.items()}
