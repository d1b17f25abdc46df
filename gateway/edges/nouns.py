"""Nouns to JSON and back, by the types of their fields. Pure.

What the database keeps of an envelope or a decision outlives the version that wrote it: a field that is missing takes its default,
a field that is unknown is passed over. Sets are sorted, so equal nouns give equal text.
"""

from __future__ import annotations

import dataclasses
import json
import types
from collections.abc import Callable
from datetime import datetime, timedelta
from enum import Enum
from functools import cache
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

Noun = TypeVar("Noun")

encode = json.JSONEncoder(separators=(",", ":"), sort_keys=True).encode  # canonical: one text for equal values
decode = json.loads


def to_json(value: object) -> str:
    """A noun, or a tuple of nouns, as canonical JSON text."""
    return encode(to_plain(value))


def from_json(kind: type[Noun], text: str) -> Noun:
    """The noun that `to_json` wrote."""
    return from_plain(kind, decode(text))


def to_plain(value: Any) -> Any:
    """The same with dicts, lists, text and numbers only."""
    if isinstance(value, Enum):
        return value.name
    if isinstance(value, (tuple, list)):
        return [to_plain(item) for item in value]
    if isinstance(value, frozenset):
        return sorted(to_plain(item) for item in value)
    if dataclasses.is_dataclass(value):
        return {field.name: to_plain(getattr(value, field.name)) for field in dataclasses.fields(value)}
    return _OUT[type(value)](value) if type(value) in _OUT else value


def from_plain(kind: type[Noun], value: Any) -> Noun:
    """The noun that `to_plain` took apart."""
    kind_as_key: Any = kind
    made: Noun = _maker(kind_as_key)(value)
    return made


_OUT: dict[type, Callable[[Any], Any]] = {
    datetime: datetime.isoformat,
    timedelta: lambda value: value // timedelta(microseconds=1),  # a float would not come back the same
    bytes: bytes.hex,
}
_IN: dict[type, Callable[[Any], Any]] = {
    datetime: datetime.fromisoformat,
    timedelta: lambda value: timedelta(microseconds=value),
    bytes: bytes.fromhex,
}


@cache
def _maker(kind: Any) -> Callable[[Any], Any]:
    """How to make a `kind` out of plain values."""
    origin, arguments = get_origin(kind), get_args(kind)
    if origin in (Union, types.UnionType):
        inner = _maker(next(argument for argument in arguments if argument is not type(None)))
        return lambda value: None if value is None else inner(value)
    if origin in (tuple, frozenset):
        return _collection_maker(origin, arguments)
    if dataclasses.is_dataclass(kind):
        return _dataclass_maker(kind)
    if isinstance(kind, type) and issubclass(kind, Enum):
        return lambda value: kind[value]
    return _IN.get(kind, _as_it_is)


def _as_it_is(value: Any) -> Any:
    return value


def _collection_maker(origin: Any, arguments: tuple[Any, ...]) -> Callable[[Any], Any]:
    if origin is tuple and arguments[-1] is not Ellipsis:
        makers = tuple(_maker(argument) for argument in arguments)
        return lambda value: tuple(make(item) for make, item in zip(makers, value, strict=True))
    each = _maker(arguments[0])
    return lambda value: origin(each(item) for item in value)


def _dataclass_maker(kind: Any) -> Callable[[Any], Any]:
    hints = get_type_hints(kind)
    fields = {field.name: _maker(hints[field.name]) for field in dataclasses.fields(kind)}
    return lambda value: kind(**{name: make(value[name]) for name, make in fields.items() if name in value})
