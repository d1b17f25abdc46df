"""Octets of a YAML file to plain values with the place of each. Pure; every mistake is a Problem with file, line and column.

YAML 1.2: `yes`, `no`, `12:30` and dates are text. One document, no anchors, no tags, no key twice; size and depth are capped,
so that no file costs more to read than it weighs.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from io import BytesIO
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import AliasEvent, CollectionEndEvent, CollectionStartEvent, NodeEvent
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from gateway.errors import Problem

MOST_OCTETS = 2_097_152
MOST_DEPTH = 24
_CORE = "tag:yaml.org,2002:"

Path = tuple[str | int, ...]


@dataclass(slots=True)
class Sheet:
    """One file, read: its values, and where each stands."""

    file: str
    value: Any = None
    keys: dict[Path, tuple[int, int]] = field(default_factory=dict)  # where the key or list item of a path begins
    values: dict[Path, tuple[int, int]] = field(default_factory=dict)  # where its value begins
    problems: list[Problem] = field(default_factory=list)

    def at(self, path: Path, says: str, *, key: bool = False, severity: str = "error") -> Problem:
        """A Problem at the nearest place known for this path."""
        while True:
            place = (self.keys if key else self.values).get(path) or self.keys.get(path)
            if place is not None or not path:
                break
            path = path[:-1]
        line, column = place or (1, 1)
        return Problem(self.file, line, column, says, severity)

    def below(self, path: Path) -> Sheet:
        """The part at this path as a sheet of its own; what is wrong in it stands at its place in this file."""
        value = self.value
        for step in path:
            value = value[step]
        keys, values = (
            {place[len(path) :]: at for place, at in known.items() if place[: len(path)] == path} for known in (self.keys, self.values)
        )
        return Sheet(self.file, value, keys, values)


def read(file: str, data: bytes) -> Sheet:
    """The whole file. What is wrong with it as YAML is in `problems`; then `value` is None or what could be understood."""
    sheet = Sheet(file)
    if len(data) > MOST_OCTETS:
        sheet.problems.append(Problem(file, 1, 1, f"is larger than {MOST_OCTETS} octets; split it or move its rows into a register"))
        return sheet
    try:
        text = data.decode("utf-8-sig")
        sheet.problems.extend(_refused(file, text))
        root = None if sheet.problems else _yaml().compose(text)
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        sheet.problems.append(Problem(file, line, 1, "is not UTF-8 text; save it as UTF-8"))
    except MarkedYAMLError as error:
        mark = error.problem_mark
        line, column = (mark.line + 1, mark.column + 1) if mark is not None else (1, 1)
        sheet.problems.append(
            Problem(file, line, column, f"is no YAML: {error.problem or 'cannot be read'}; look at the indent and the brackets")
        )
    except (YAMLError, RecursionError) as error:
        says = str(error).splitlines()[0] if str(error) else "cannot be read"
        sheet.problems.append(Problem(file, 1, 1, f"is no YAML: {says}"))
    else:
        if root is not None:
            sheet.value = _plain(sheet, root, ())
    return sheet


def _yaml() -> YAML:
    yaml = YAML(typ="rt", pure=True)
    yaml.version = "1.2"
    return yaml


def _refused(file: str, text: str) -> Iterator[Problem]:
    """What the events already show: anchors (a few lines of them can stand for millions of values), and depth."""
    depth = 0
    for event in _yaml().parse(BytesIO(text.encode())):
        depth += isinstance(event, CollectionStartEvent) - isinstance(event, CollectionEndEvent)
        mark = event.start_mark
        if depth > MOST_DEPTH:
            yield Problem(file, mark.line + 1, mark.column + 1, f"is nested more than {MOST_DEPTH} deep")
            return
        if isinstance(event, AliasEvent) or (isinstance(event, NodeEvent) and event.anchor is not None):
            yield Problem(
                file, mark.line + 1, mark.column + 1, "has an anchor or an alias (`&` or `*`); write the value out, or put it in quotes"
            )
            return


def _plain(sheet: Sheet, node: Node, path: Path) -> Any:
    sheet.values[path] = (node.start_mark.line + 1, node.start_mark.column + 1)
    sheet.keys.setdefault(path, sheet.values[path])
    tag = str(node.tag)
    if isinstance(node, MappingNode) and tag == f"{_CORE}map":
        return _mapping(sheet, node, path)
    if isinstance(node, SequenceNode) and tag == f"{_CORE}seq":
        return [_plain(sheet, item, (*path, index)) for index, item in enumerate(node.value)]
    if isinstance(node, ScalarNode) and tag.startswith(_CORE):
        return _scalar(sheet, node, tag.removeprefix(_CORE), path)
    sheet.problems.append(sheet.at(path, f"has a tag `{tag}`; write a plain value"))
    return None


def _mapping(sheet: Sheet, node: MappingNode, path: Path) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in node.value:
        place = (key.start_mark.line + 1, key.start_mark.column + 1)
        if not isinstance(key, ScalarNode) or not isinstance(key.value, str):
            sheet.problems.append(Problem(sheet.file, *place, "a key must be a word"))
            continue
        name = key.value
        if name in found:
            sheet.problems.append(Problem(sheet.file, *place, f"`{name}` stands twice here; keep one"))
            continue
        sheet.keys[(*path, name)] = place
        found[name] = _plain(sheet, value, (*path, name))
    return found


def _scalar(sheet: Sheet, node: ScalarNode, kind: str, path: Path) -> Any:
    """Nothing in a pack is a fraction or a moment: those stay the text that was written."""
    text = str(node.value)
    match kind:
        case "null":
            return None
        case "bool":
            return text.lower() == "true"
        case "str" | "timestamp" | "float":
            return text
        case "int" if text.lstrip("+-").replace("_", "").isdecimal() and len(text) < 20:
            return int(text.replace("_", ""))
        case _:
            sheet.problems.append(sheet.at(path, f"`{text[:40]}` is no plain value; write a number like 12, or put it in quotes"))
            return None
