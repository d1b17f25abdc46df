"""The words of a pack's files: sizes, times, days, names, domains, addresses. What is written otherwise is refused with a way out."""

from __future__ import annotations

import re
from datetime import date, timedelta
from typing import Annotated, Any, ClassVar, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationInfo,
    WithJsonSchema,
    field_validator,
    model_validator,
)
from pydantic_core import PydanticCustomError

from gateway.policy.places import address_of, domain_of

_SIZES = {"B": 1, "KB": 1024, "MB": 1024**2, "GB": 1024**3}
_TIMES = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_FIRST_YEAR, _LAST_YEAR = 1990, 2100
_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_CLOCK = re.compile(r"(?:[01]\d|2[0-3]):[0-5]\d")
_DATE = re.compile(r"\d{4}-\d\d-\d\d")
_PAGE = re.compile(r"@([\w.-]+)|(?:https?://)([\w.-]+)(?:[:/].*)?", re.DOTALL)
_WITH_NAME = re.compile(r"<([^<>\s@]+@[^<>\s@]+)>")
_SIGNATURE = re.compile(r" *(\S.*?\S)(?:,| ) *(\d{4}-\d\d-\d\d) *", re.DOTALL)
_SAYS_NO = re.compile(
    r"[\W_]*|(?:no|none|no ?(?:one|body)|nil|null|nothing|false|off|n/?a|tb[acd]|unknown|unsigned|missing|waiting|expired|lapsed"
    r"|yes|true|on)[\W_]*|no (?:agreement|contract|longer|signature)\b.*|(?:not|pending|awaiting|to be)(?:[\W_].*)?",
    re.DOTALL,
)


def _size(value: object) -> object:
    match = re.fullmatch(r"(\d{1,9}(?:\.\d{1,3})?) ?(B|KB|MB|GB)", value) if isinstance(value, str) else None
    if match is None:
        raise ValueError(f"`{value}` is no size; write 12MB (1 MB is 1,048,576 octets)")
    return int(float(match[1]) * _SIZES[match[2]])


def _span(value: object) -> object:
    match = re.fullmatch(r"(\d{1,5}) ?([mhdw])", value) if isinstance(value, str) else None
    if match is None or not int(match[1]):
        raise ValueError(f"`{value}` is no time; write 30m, 4h, 7d or 2w")
    return timedelta(**{_TIMES[match[2]]: int(match[1])})


def _day(value: object) -> object:
    if isinstance(value, date):
        return value
    try:
        found = date.fromisoformat(str(value))
    except ValueError:
        raise ValueError(f"`{value}` is no day; write 2027-12-18") from None
    if str(found) != value:  # 20270331, 2027-W13-3
        raise ValueError(f"`{value}` is not written as a day; write {found}")
    if not _FIRST_YEAR <= found.year <= _LAST_YEAR:
        raise ValueError(f"`{value}` is no day that anybody plans by; write one from {_FIRST_YEAR} to {_LAST_YEAR}")
    return found


def _signature(value: object) -> object:
    """Somebody's role and the day. A `no` in this place is text, and would open what waits for a yes."""
    match = _SIGNATURE.fullmatch(value) if isinstance(value, str) else None
    if match is None or says_no(match[1]):
        written = str(value).lower() if isinstance(value, bool) else value
        raise ValueError(f'`{written}` is no signature; write the role and the day, "Head of Compliance, 2026-10-01", or null until then')
    _day(match[2])
    return value


def _reference(value: object) -> object:
    if isinstance(value, str) and says_no(value):
        raise ValueError(f"`{value}` names none, and would count as one; write its name or number, or take the key out")
    return value


def says_no(text: str) -> bool:
    """Whether this stands where a name should, and says that there is none: nothing, `no`, `none`, `not yet`, `pending`."""
    return _SAYS_NO.fullmatch(text.strip().casefold()) is not None


def _why(value: object) -> object:
    if isinstance(value, str) and says_no(value):
        raise ValueError(f"`{value}` says nothing; write in a sentence why")
    return value


def _approver(value: object) -> object:
    if isinstance(value, str) and says_no(value):
        raise ValueError(f"`{value}` is nobody; write who approved it, the role or the name")
    return value


def _hours(value: str) -> str:
    """The pattern has been looked at: days and a zone that there are, and an end after the beginning."""
    if value == "always":
        return value
    days, times, *zone = value.split(" ")
    for day in days.split("-"):
        if day not in _DAYS:
            raise ValueError(f"`{day}` is no day of the week; there are: {', '.join(_DAYS)}")
    begin, end = times.split("-")
    if not (_CLOCK.fullmatch(begin) and (_CLOCK.fullmatch(end) or end == "24:00")):
        raise ValueError(f"`{times}` has an hour that no clock shows; write 08:30-17:00")
    if begin >= end:
        raise ValueError(f"`{times}` ends before it begins, so nobody would ever be there; write the hours of one day, or always")
    try:
        for name in zone:
            ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError(f"`{zone[0]}` is no time zone; write one such as Europe/London, or none: then it is the organisation's") from None
    return value


def _domain(value: object) -> object:
    if isinstance(value, str) and _DATE.fullmatch(value):
        raise ValueError(f"`{value}` is a day, and here stands an address or a domain")
    if isinstance(value, str) and (match := _PAGE.fullmatch(value)):
        raise ValueError(f"`{value}` is more than a domain; write {match[1] or match[2]} alone")
    return domain_of(value) if isinstance(value, str) and value != "own" else value


def _address(value: object) -> object:
    if isinstance(value, str) and (match := _WITH_NAME.search(value)):
        raise ValueError(f"`{value}` has a name beside the address; write {match[1]} alone")
    return address_of(value) if isinstance(value, str) else value


def _place(value: object) -> object:
    return (address_of(value) if "@" in value else _domain(value)) if isinstance(value, str) else value


def _someone(value: object) -> object:
    return address_of(value) if isinstance(value, str) and "@" in value else value


def _one_or_more(value: object) -> object:
    return [value] if isinstance(value, str) else value


def _words(value: object) -> object:
    """Words are an item each: in one text, or with signs between them, they would be looked for as they stand."""
    for word in value if isinstance(value, list) else [value]:
        if isinstance(word, str) and (";" in word or ("," in word and value is word)):
            raise ValueError(
                f"`{word}` is looked for as it stands, signs and all; write a list: [HIV, hepatitis], in quotes what has a comma"
            )
    return _one_or_more(value)


Size = Annotated[int, BeforeValidator(_size), WithJsonSchema({"type": "string", "pattern": r"^\d{1,9}(\.\d{1,3})? ?(B|KB|MB|GB)$"})]
Span = Annotated[timedelta, BeforeValidator(_span), WithJsonSchema({"type": "string", "pattern": r"^\d{1,5} ?[mhdw]$"})]
Day = Annotated[date, BeforeValidator(_day), WithJsonSchema({"type": "string", "pattern": r"^\d{4}-\d{2}-\d{2}$"})]
Name = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,63}$")]
Signature = Annotated[str, BeforeValidator(_signature)]  # the role and the day
Reference = Annotated[str, BeforeValidator(_reference)]  # what somebody can look up: the name or number of an agreement
Domain = Annotated[str, BeforeValidator(_domain)]  # example.org, "*.example.org", or own
Mailbox = Annotated[str, BeforeValidator(_address)]
Someone = Annotated[str, BeforeValidator(_someone)]  # an address, or a name in people
Where = Annotated[str, BeforeValidator(_place)]  # an address, a domain, "*.domain" or own
FileName = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9._-]{0,63}\.yaml$")]
HeaderName = Annotated[str, Field(pattern=r"^X-[A-Za-z0-9-]{1,60}$")]
HeaderValue = Annotated[str, Field(pattern=r"^[\x20-\x7e]{0,200}$")]
Guid = Annotated[str, BeforeValidator(lambda value: value.lower() if isinstance(value, str) else value), Field(pattern=r"^[0-9a-f-]{36}$")]
Sentence = Annotated[str, Field(max_length=400)]
Hours = Annotated[
    str,
    Field(pattern=r"^(always|[A-Z][a-z]{2}(-[A-Z][a-z]{2})? \d\d:\d\d-\d\d:\d\d( [A-Za-z_]+/[A-Za-z_/]+)?)$"),
    AfterValidator(_hours),
]
Why = Annotated[Sentence, BeforeValidator(_why)]
Approver = Annotated[str, BeforeValidator(_approver)]
_LIST_OF = {"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]}
Phone = Annotated[str, Field(pattern=r"^[+(0-9][0-9 ().+-]{2,30}( ext\.? ?[0-9]{1,6})?$")]
Names = Annotated[list[Name], BeforeValidator(_one_or_more), Field(min_length=1), WithJsonSchema(_LIST_OF)]
Domains = Annotated[list[Domain], BeforeValidator(_one_or_more), Field(min_length=1), WithJsonSchema(_LIST_OF)]
Wheres = Annotated[list[Where], BeforeValidator(_one_or_more), Field(min_length=1), WithJsonSchema(_LIST_OF)]
Words = Annotated[
    list[Annotated[str, Field(min_length=2, max_length=80)]],
    BeforeValidator(_words),
    Field(min_length=1, max_length=5000),
    WithJsonSchema(_LIST_OF),
]
Count = Annotated[int, Field(ge=1, le=1_000_000)]

Kind = Literal["label", "marking", "detector", "unreadable", "unmarked"]
Unread = Literal["encrypted", "rights-protected", "enveloped", "damaged", "over-budget", "crashed", "unsupported", "pictures-unread"]
Spot = Literal[
    "subject_start", "subject", "page_header", "page_footer", "first_line", "text", "quoted", "file_name", "properties", "header_field"
]  # fmt: skip
SentAs = Literal["microsoft-365", "smime", "pgp"]
Mode = Literal["watch", "advise", "enforce"]


class Part(BaseModel):
    """A part of a file with keys of its own: none is unknown, no value is coerced, and no key has nothing behind it."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    may_be_null: ClassVar[frozenset[str]] = frozenset()

    @field_validator("*", mode="before")
    @classmethod
    def _has_something(cls, value: object, info: ValidationInfo) -> object:
        """What was begun and not finished (`sent_as: `) would otherwise be as if it were not there: a condition less."""
        if value is None and info.field_name not in cls.may_be_null:
            raise PydanticCustomError("nothing_behind", "has nothing behind it")
        return value


class Asking(Part):
    """A part that is there to ask or to limit: with no key in it, it would do nothing. An empty list would ask for nothing either."""

    nothing: ClassVar[str] = "asks for nothing; write a condition in it, or take it out"

    @model_validator(mode="before")
    @classmethod
    def _asks_something(cls, value: Any) -> Any:
        if value == {}:
            raise PydanticCustomError("nothing_in_it", "{says}", {"says": cls.nothing})
        return value
