"""Octets of a YAML file to plain values with the place of each. Pure; every mistake is a Problem with file, line and column.

YAML 1.2: `yes`, `no`, `12:30` and dates are text. One document, no anchors, no tags, no key twice; size and depth are capped,
so that no file costs more to read than it weighs.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, field
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.composer import Composer
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import AliasEvent, CollectionStartEvent, Event
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from gateway.errors import Problem

MOST_OCTETS = 2_097_152
MOST_DEPTH = 24
UNSEEN = "[\u00a0\u00ad\u1680\u2000-\u200f\u2028-\u202f\u205f-\u2064\u3000\ufeff]"
_NO_BLANK = re.compile(rf"^[ -]*(?:[\w.-]+:)?({UNSEEN})")
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
    hurt: set[tuple[int, int]] = field(default_factory=set)  # places around what was left out because it is wrong
    lost: set[str] = field(default_factory=set)  # names of what was left out
    torn: set[str] = field(default_factory=set)  # the parts of the file that something was left out of

    def at(self, path: Path, says: str, *, key: bool = False, severity: str = "error") -> Problem:
        """A Problem at the nearest place known for this path."""
        while True:
            place = (self.keys if key else self.values).get(path) or self.keys.get(path)
            if place is not None or not path:
                break
            path = path[:-1]
        line, column = place or (1, 1)
        return Problem(self.file, line, column, says, severity)

    def leave_out(self, path: Path) -> None:
        """Take what stands at this path out, so that the rest can be looked at; later items of a list move up."""
        parent = self.value
        for step in path[:-1]:
            parent = parent[step]
        gone = parent[path[-1]]
        named = gone.get("id", path[-1]) if isinstance(gone, dict) else path[-1]
        self.lost.add(str(named))
        self.torn.add(str(path[0]))
        for depth in range(1, len(path)):
            self.hurt |= {known[path[:depth]] for known in (self.keys, self.values) if path[:depth] in known}
        del parent[path[-1]]
        self.keys, self.values = (_without(known, path) for known in (self.keys, self.values))

    def is_knock_on(self, problem: Problem) -> bool:
        """Whether it may only be there because something was left out around it."""
        return (problem.line, problem.column) in self.hurt

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
    text = ""
    try:
        text = data.decode("utf-8-sig")
        root = _yaml().compose(text)
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        sheet.problems.append(Problem(file, line, 1, "is not UTF-8 text; save it as UTF-8"))
    except _Refused as refused:
        sheet.problems.append(Problem(file, refused.line, refused.column, refused.says))
    except MarkedYAMLError as error:
        sheet.problems.append(_in_plain_words(file, error, text))
    except (YAMLError, RecursionError) as error:
        says = str(error).splitlines()[0] if str(error) else "cannot be read"
        sheet.problems.append(Problem(file, 1, 1, f"is no YAML: {says}"))
    else:
        if root is not None:
            sheet.value = _plain(sheet, root, ())
    return sheet


def _without(known: dict[Path, tuple[int, int]], path: Path) -> dict[Path, tuple[int, int]]:
    *above, last = path
    depth = len(above)
    found = {}
    for place, at in known.items():
        if place[:depth] == tuple(above) and len(place) > depth:
            step = place[depth]
            if step == last:
                continue
            if isinstance(last, int) and isinstance(step, int) and step > last:
                found[*above, step - 1, *place[depth + 1 :]] = at
                continue
        found[place] = at
    return found


def _yaml() -> YAML:
    # Not "rt": it gathers comments, which takes twice the time, and leaves marks (U+0007) in folded texts.
    yaml = YAML(typ="safe", pure=True)
    yaml.version = "1.2"
    yaml.Composer = _Composer
    return yaml


class _Refused(Exception):
    def __init__(self, event: Event, says: str) -> None:
        super().__init__(says)
        self.line, self.column = event.start_mark.line + 1, event.start_mark.column + 1
        self.says = says


class _Composer(Composer):
    """Refuses before it reads on: anchors (a few lines of them can stand for millions of values), and depth."""

    def compose_node(self, parent: Any, index: Any) -> Any:
        event = self.parser.peek_event()
        if isinstance(event, CollectionStartEvent) and self.depth >= MOST_DEPTH:
            raise _Refused(event, f"is nested more than {MOST_DEPTH} deep")
        if isinstance(event, AliasEvent) or event.anchor is not None:
            raise _Refused(event, "has an anchor or an alias (`&` or `*`); write the value out, or put it in quotes")
        return super().compose_node(parent, index)


_WORDS = (  # what the library says; what it means to whoever wrote the file; whether the place is where the thing in question begins
    ("mapping values are not allowed", "a `: ` where none can stand; put a text that has one in quotes, or look at the indent", False),
    ("did not find expected ',' or '", "the bracket that begins here is not closed, or lacks a comma", True),
    ("expected ',' or '", "the bracket that begins here is not closed, or lacks a comma", True),
    ("expected the node content, but found '-'", "a `- ` where one line wants a value; begin the list on a line of its own", False),
    ("expected the node content", "a value is missing before this, or a bracket is too many", False),
    ("expected <block end>", "this line does not stand below the others of its block; look at the indent", False),
    ("could not find expected ':'", "this line has no `: `; a key needs one, and a text of several lines needs quotes", True),
    ("sequence entries are not allowed", "a `- ` that does not begin a line of its own", False),
    ("found character '\\t'", "a tab; indent with blanks", False),
    ("found unexpected end of stream", "the quote that begins here is not closed", True),
    ("unexpected end of stream", "the quote that begins here is not closed", True),
    ("unknown escape character", "a backslash in double quotes; put the text in single quotes", False),
    ("character '@' that cannot", "a text cannot begin with `@`; a domain is written without it, and any other text in quotes", False),
    ("that cannot start any token", "a text cannot begin with this sign; put it in quotes", False),
    ("another document", "a second document begins here (`---`); a file has one", False),
    ("expected a single document", "a second document begins here (`---`); a file has one", False),
)


def _in_plain_words(file: str, error: MarkedYAMLError, text: str) -> Problem:
    said = error.problem or "cannot be read"
    says, at_beginning = next(((words, begins) for key, words, begins in _WORDS if key in said), (said, False))
    mark = (error.context_mark if at_beginning else None) or error.problem_mark or error.context_mark
    line, column = (mark.line + 1, mark.column + 1) if mark is not None else (1, 1)
    return _looks_like_a_blank(file, text, line) or Problem(file, line, column, f"is no YAML: {says}")


def _looks_like_a_blank(file: str, text: str, until: int) -> Problem | None:
    """The last sign up to this line that stands where YAML wants a blank, and is none: YAML blames what comes after it."""
    for number, line in reversed(list(enumerate(text.split("\n")[:until], 1))):
        match = _NO_BLANK.search(line)
        if match is not None:
            says = f"is no YAML: {named_sign(match[1])} stands here, which looks like a blank or like nothing; write blanks instead"
            return Problem(file, number, match.start(1) + 1, says)
    return None


def named_sign(sign: str) -> str:
    """A no-break space (U+00A0)."""
    return f"a {unicodedata.name(sign, 'sign').lower()} (U+{ord(sign):04X})"


def unseen_in(text: str) -> str:
    """What to say of a name with a sign in it that nobody sees; else nothing."""
    match = re.search(UNSEEN, text)
    return f"; {named_sign(match[0])} is in it, which nobody sees" if match else ""


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
        if value.start_mark.index == value.end_mark.index:  # nothing stands behind its key, not where the next thing begins
            sheet.values[*path, name] = (key.end_mark.line + 1, key.end_mark.column + 2)
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
