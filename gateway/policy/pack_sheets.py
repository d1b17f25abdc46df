"""Sheets to checked parts, and what to say about a mistake: its place and a way out. Pure."""

from __future__ import annotations

import difflib
import types
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, TypeVar, get_args, get_origin

from pydantic import BaseModel, ValidationError

from gateway.errors import Problem
from gateway.policy.pack_yaml import Path, Sheet, read

P = TypeVar("P", bound=BaseModel)

_BLOCK = "must be a block of `key: value`"
_SHORT = {
    "string_type": "must be text",
    "int_type": "must be a whole number",
    "bool_type": "must be true or false",
    "list_type": "must be a list: [ ... ]",
    "dict_type": _BLOCK,
    "model_type": _BLOCK,
    "model_attributes_type": _BLOCK,
}


def part_of(model: type[P], sheet: Sheet) -> P | None:
    """The checked part, or None with the reasons in sheet.problems."""
    if sheet.problems:
        return None
    try:
        return model.model_validate({} if sheet.value is None else sheet.value)
    except ValidationError as error:
        seen = set()
        for item in error.errors(include_url=False):
            problem = _problem(model, sheet, item)
            if (problem.line, problem.column, problem.says) not in seen:
                seen.add((problem.line, problem.column, problem.says))
                sheet.problems.append(problem)
        return None


def sheet_of(files: Mapping[str, bytes], name: str) -> Sheet:
    """One file of the pack, read as YAML."""
    return read(name, files[name])


def unknown_name(what: str, name: str, known: Iterable[str]) -> str:
    """Unknown audience `partnrs`; did you mean `partners`?"""
    there = sorted(known)
    return f"unknown {what} `{name}`{advice(name, there)}"


def advice(name: str, there: list[str]) -> str:
    """The nearest name, or all of them."""
    close = difflib.get_close_matches(name, there, 1, 0.6)
    if close:
        return f"; did you mean `{close[0]}`?"
    return f"; there are: {', '.join(there)}" if there else "; there are none"


def _problem(model: type[BaseModel], sheet: Sheet, item: Any) -> Problem:
    loc: tuple[str | int, ...] = item["loc"]
    path = _path(sheet, loc)
    kind, says = str(item["type"]), str(item["msg"])
    match kind:
        case "extra_forbidden":
            return sheet.at(path, f"unknown key `{loc[-1]}`{advice(str(loc[-1]), _keys_at(model, loc[:-1]))}", key=True)
        case "missing":
            return sheet.at(path, f"needs a `{loc[-1]}:`", key=True)
        case "literal_error":
            there = [text.strip("' ") for text in str(item["ctx"]["expected"]).replace(" or ", ", ").split(",")]
            return sheet.at(path, f"`{item['input']}` is not possible here{advice(str(item['input']), there)}")
        case "string_pattern_mismatch":
            return sheet.at(
                path, f"`{item['input']}` is not written as it must be: {_written(str(item['ctx']['pattern']))}", key=loc[-1] == "[key]"
            )
        case "value_error":
            return sheet.at(path, says.removeprefix("Value error, "))
        case _:
            return sheet.at(path, _SHORT.get(kind, says[0].lower() + says[1:]))


def _written(pattern: str) -> str:
    if pattern.startswith("^[a-z0-9][a-z0-9-]"):
        return "small letters, digits and hyphens"
    if pattern.startswith("^(always"):
        return "always, or Mon-Fri 08:30-17:00 Europe/London"
    if pattern.startswith("^[+(0-9]"):
        return "a telephone number, such as 01632 960123"
    return {"^[a-z0-9][a-z0-9._-]{0,63}\\.yaml$": "a file beside pack.yaml, name.yaml", "^[0-9a-f-]{36}$": "a GUID of 36 characters"}.get(
        pattern, pattern
    )


def _path(sheet: Sheet, loc: tuple[str | int, ...]) -> Path:
    """Pydantic's location without its own words (names of union members)."""
    path: Path = ()
    for step in loc:
        if (*path, step) in sheet.keys:
            path = (*path, step)
    return path


def _keys_at(model: type[BaseModel], loc: tuple[str | int, ...]) -> list[str]:
    """The keys that the part at this location may have."""
    found: list[type[BaseModel]] = [model]
    for step in loc:
        inner = [
            part
            for one in found
            for name, field in one.model_fields.items()
            if (field.alias or name) == step
            for part in _parts(field.annotation)
        ]
        found = inner or found  # an index or a free name: the part is the one of the list or mapping
    return sorted({field.alias or name for one in found for name, field in one.model_fields.items()})


def _parts(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    elif get_origin(annotation) is not None or isinstance(annotation, types.UnionType):
        for inner in get_args(annotation):
            yield from _parts(inner)
