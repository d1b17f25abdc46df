"""Sheets to checked parts, and what to say about a mistake: its place and a way out. Pure."""

from __future__ import annotations

import difflib
import re
import types
from collections.abc import Iterable, Iterator, Mapping
from copy import deepcopy
from typing import Any, TypeVar, get_args, get_origin

from pydantic import BaseModel, ValidationError

from gateway.errors import Problem
from gateway.policy.pack_yaml import Path, Sheet, read, unseen_in

P = TypeVar("P", bound=BaseModel)

_MOST_TURNS = 12  # what is left out may make more go: a rule without its id
_MOST_LEFT_OUT = 200
_UNKNOWN = re.compile(r"unknown ([^`]*?) ?`([^`]*)`")
_NAMED_IN = {
    "classification": "classifications",
    "category": "categories",
}  # lists of names: of what stands there wrongly, nobody knows the name
_BLOCK = "must be a block of `key: value`"
_WRITTEN = {
    "^[a-z0-9][a-z0-9._-]{0,63}\\.yaml$": "a file beside pack.yaml, name.yaml",
    "^[0-9a-f-]{36}$": "a GUID of 36 characters",
    "^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$": "the name of a folder alone: example-university",
    "^[A-Za-z0-9][A-Za-z0-9@_.+-]{0,63}$": "the name of an account: exuniv",
    "^X-[A-Za-z0-9-]{1,60}$": "a header field of ours, X-Name, with letters, digits and hyphens",
    "^[\\x20-\\x7e]{0,200}$": "at most 200 signs of ASCII on one line",
}
_WAYS_OUT = "write a value, or take it out"
_SHORT = {
    "string_type": "must be text",
    "int_type": "must be a whole number",
    "bool_type": "must be true or false",
    "list_type": "must be a list: [ ... ]",
    "dict_type": _BLOCK,
    "model_type": _BLOCK,
    "model_attributes_type": _BLOCK,
}


_MEASURED = {
    "greater_than_equal": "must be {ge} or more",
    "less_than_equal": "must be {le} or less",
    "string_too_long": "is too long; write at most {max_length} characters",
    "string_too_short": "is too short; write at least {min_length} characters",
    "too_long": "has too many entries; at most {max_length} can stand here",
}
_OF_TYPE = {"list_type", "int_type"}  # where one of them may stand, the other may


def part_of(model: type[P], sheet: Sheet) -> P | None:
    """The checked part, or None with the reasons in sheet.problems."""
    if sheet.problems:
        return None
    try:
        return model.model_validate({} if sheet.value is None else sheet.value)
    except ValidationError as error:
        _note(model, sheet, error)
        return None


def mended_part_of(model: type[P], sheet: Sheet, stand_ins: Mapping[str, object] | None = None) -> P | None:
    """The part without what is wrong in it, so that the rest can be looked at too; the reasons are in sheet.problems.

    `stand_ins`: values for keys that must be there. None: too little is left.
    """
    if sheet.value is None and sheet.problems:
        return None
    sheet.value = {} if sheet.value is None else deepcopy(sheet.value)
    for turn in range(_MOST_TURNS):
        try:
            return model.model_validate(sheet.value)
        except ValidationError as error:
            if turn == 0:
                _note(model, sheet, error)
            if not _mend(sheet, error, stand_ins or {}):
                return None
    return None


def _note(model: type[BaseModel], sheet: Sheet, error: ValidationError) -> None:
    """Each mistake once; what YAML has already been blamed for is not blamed again."""
    blamed = {(problem.line, problem.column) for problem in sheet.problems}
    seen = set()
    for item in _of_one_reading(sheet, error):
        problem = _problem(model, sheet, item)
        place = (problem.line, problem.column)
        if (place, problem.says) not in seen and place not in blamed:
            seen.add((place, problem.says))
            sheet.problems.append(problem)


def _of_one_reading(sheet: Sheet, error: ValidationError) -> list[Any]:
    """What may be a list or a number is wrong as either; said is what is wrong with what it looks like."""
    items: list[Any] = error.errors(include_url=False)
    told = [_path(sheet, item["loc"]) for item in items if item["type"] not in _OF_TYPE]
    kept: dict[Path, Any] = {}
    for item in items:
        path = _path(sheet, item["loc"])
        if item["type"] not in _OF_TYPE:
            kept[*path, len(kept)] = item
        elif not any(other[: len(path)] == path for other in told):
            before = kept.get(path)
            kept[path] = item if before is None else {**before, "or": (*before.get("or", ()), item["type"])}
    return list(kept.values())


def _mend(sheet: Sheet, error: ValidationError, stand_ins: Mapping[str, object]) -> bool:
    """Leave out what is wrong, or what lacks something; later items of a list first. Whether that was possible."""
    paths = set()
    for item in error.errors(include_url=False):
        path, last = _path(sheet, item["loc"]), item["loc"][-1] if item["loc"] else None
        if not path and last in stand_ins and isinstance(sheet.value, dict):
            sheet.value[last] = deepcopy(stand_ins[str(last)])
        elif not path:
            return False
        else:
            paths.add(path)
    outer = [path for path in paths if not any(path[:depth] in paths for depth in range(1, len(path)))]
    if len(outer) > _MOST_LEFT_OUT:
        return False
    for path in sorted(
        outer, key=lambda path: [(isinstance(step, int), step if isinstance(step, int) else 0) for step in path], reverse=True
    ):
        sheet.leave_out(path)
    return True


def without_knock_ons(sheets: Iterable[Sheet], told: Iterable[Problem]) -> tuple[Problem, ...]:
    """What is wrong in all of them, without what is only said because something was left out. `told`: what certainly stays."""
    sheets = tuple(sheets)
    lost = frozenset[str]().union(*(sheet.lost for sheet in sheets))
    torn = frozenset[str]().union(*(sheet.torn for sheet in sheets))
    sure = set(map(id, told))
    return tuple(
        problem
        for sheet in sheets
        for problem in sheet.problems
        if id(problem) in sure or not (sheet.is_knock_on(problem) or _is_of_lost(problem, lost, torn))
    )


def _is_of_lost(problem: Problem, lost: frozenset[str], torn: frozenset[str]) -> bool:
    """Nobody knows what was left out, nor what that would have used."""
    match = _UNKNOWN.match(problem.says)
    named = match is not None and (match[2] in lost or _NAMED_IN.get(match[1]) in torn)
    return named or (bool(lost) and problem.severity == "warning")


def sheet_of(files: Mapping[str, bytes], name: str) -> Sheet:
    """One file of the pack, read as YAML."""
    return read(name, files[name])


def unknown_name(what: str, name: str, known: Iterable[str]) -> str:
    """Unknown audience `partnrs`; did you mean `partners`?"""
    there = sorted(known)
    return f"unknown {what} `{name}`{advice(name, there)}"


def missing_file(name: str, there: Iterable[str]) -> str:
    """`lists.yaml` is not there; a file that is nearly called so may be meant."""
    stems = {file.removesuffix(".yaml"): file for file in there}
    close = difflib.get_close_matches(name.removesuffix(".yaml"), sorted(stems), 1, 0.8)
    return f"`{name}` is not there; " + (f"did you mean `{stems[close[0]]}`?" if close else "write it, beside pack.yaml")


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
            return sheet.at(
                path, f"unknown key `{loc[-1]}`{unseen_in(str(loc[-1])) or advice(str(loc[-1]), _keys_at(model, loc[:-1]))}", key=True
            )
        case "missing":
            return sheet.at(path, f"needs `{loc[-1]}:`", key=True)
        case "literal_error":
            expected = str(item["ctx"]["expected"]).replace("True", "true")
            there = [text.strip("' ") for text in expected.replace(" or ", ", ").split(",")]
            given = str(item["input"])
            return sheet.at(path, f"`{given}` is not possible here{unseen_in(given) or advice(given, there)}")
        case "string_pattern_mismatch":
            pattern, text = str(item["ctx"]["pattern"]), str(item["input"])
            says = f"`{text}` is not written as it must be: {_written(pattern)}{unseen_in(text) or _rewritten(pattern, text)}"
            return sheet.at(path, says, key=loc[-1] == "[key]")
        case "value_error":
            return sheet.at(path, says.removeprefix("Value error, "))
        case _:
            return sheet.at(path, _in_short(kind, path, item))


def _in_short(kind: str, path: Path, item: Any) -> str:
    if item["input"] is None:
        return _nothing_behind(path)
    if kind == "too_short":
        return f"`{item['loc'][-1]}` is empty; {_WAYS_OUT}"
    context, says = item.get("ctx", {}), str(item["msg"])
    if kind == "nothing_in_it" and path:
        return f"`{path[-1]}` {says}"
    if kind in _MEASURED:
        return _MEASURED[kind].format(**context)
    if kind == "string_type" and isinstance(item["input"], int):
        return "must be text; put it in quotes"
    return " or ".join(
        (_SHORT.get(kind, says[0].lower() + says[1:]), *(_SHORT[other].removeprefix("must be ") for other in item.get("or", ())))
    )


def _nothing_behind(path: Path) -> str:
    """A key, or the dash of a list, with nothing after it."""
    if not path:
        return "has nothing in it"
    named = f"`{path[-1]}` has" if isinstance(path[-1], str) else "this line of the list has"
    return f"{named} nothing behind it; {_WAYS_OUT}"


def _written(pattern: str) -> str:
    if pattern.startswith("^[a-z0-9][a-z0-9-]"):
        return "small letters, digits and hyphens"
    if pattern.startswith("^(always"):
        return "always, or Mon-Fri 08:30-17:00 Europe/London"
    if pattern.startswith("^[+(0-9]"):
        return "a telephone number, such as 01632 960123"
    return _WRITTEN.get(pattern, pattern)


def _rewritten(pattern: str, text: str) -> str:
    """Did you mean `nhs-number`?"""
    better = re.sub(r"[ _]+", "-", text.strip().lower())
    return f"; did you mean `{better}`?" if pattern.startswith("^[a-z0-9][a-z0-9-]") and re.fullmatch(pattern, better) else ""


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
