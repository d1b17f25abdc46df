"""Whether a pack's tests can prove something: rows that would pass whatever the pack says, and names that it does not have. Pure.

A name that is not there is never found, so a row that expects its absence proves nothing. Each mistake is a Problem with its place.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from gateway.errors import Problem
from gateway.policy.declared import strange
from gateway.policy.pack_sheets import unknown_name
from gateway.policy.pack_yaml import Path, Sheet
from gateway.policy.rules import Policy
from gateway.studio.rows import ExpectRow, TestFile, TestRow
from gateway.studio.specimen import FileRow, declared_places, is_ip

_Said = Iterator[tuple[Path, str]]  # where in the row, and what is wrong there


def strange_rows(part: TestFile, sheet: Sheet, policy: Policy) -> Iterator[Problem]:
    """Everything in a file of tests that the pack does not know, or that proves nothing."""
    if not part.tests:
        yield sheet.at((), "has no tests in it; write some, or take the file away")
    for index, row in enumerate(part.tests):
        for path, says in (*_expected(row.expect, policy), *_beside(row, policy), *_inside(row.facts.attachments)):
            yield sheet.at(("tests", index, *path), says)


def _expected(expect: ExpectRow, policy: Policy) -> _Said:
    if not expect.says_something:
        yield ("expect",), "expects nothing, so it passes whatever the pack says; write what must come out: {verdict: release}"
    rules = [*(rule.id for rule in policy.rules), *(never.id for never in policy.nevers), "no_route"]
    yield from _unknown("rule", expect.not_because, rules, ("expect", "not_because"))
    routes = [route.name for route in policy.routes]
    for route, words in expect.why_not.items():
        path: Path = ("expect", "why_not", route)
        yield from _unknown("route", [route], routes, path)
        if not words.strip():
            yield path, f"says nothing; write some words of why `{route}` does not serve, as `outgate explain` shows it"


def _beside(row: TestRow, policy: Policy) -> _Said:
    yield from _unknown("route", row.unusable, [route.name for route in policy.routes], ("unusable",))
    yield from _unknown("rule", row.lifted, [rule.id for rule in policy.rules], ("lifted",))
    for said, path in declared_places(row.facts):
        yield from ((("facts", *path), says) for _, says in strange(said, policy))
    if not is_ip(row.facts.peer):
        yield ("facts", "peer"), f"`{row.facts.peer}` is no IP address; write 10.20.30.4"


def _inside(files: list[FileRow]) -> _Said:
    """`inside` names another file of the row, and only one can be meant."""
    outer = {file.name: file.inside for file in files}
    names = [file.name for file in files]
    for index, file in enumerate(files):
        path: Path = ("facts", "attachments", index, "inside")
        if file.inside is None:
            continue
        if file.inside not in outer:
            yield path, unknown_name("file", file.inside, names)
        elif names.count(file.inside) > 1:
            yield path, f"two files of this test are called `{file.inside}`; give each a name of its own"
        elif _is_in_itself(file.name, outer):
            yield path, f"`{file.name}` would be inside itself; name the file that it is in"


def _is_in_itself(name: str, outer: dict[str, str | None]) -> bool:
    at = outer[name]
    for _ in outer:
        if at is None or at == name:
            break
        at = outer.get(at)
    return at == name


def _unknown(what: str, names: Iterable[str], known: list[str], path: Path) -> _Said:
    yield from (((*path, index), unknown_name(what, name, known)) for index, name in enumerate(names) if name not in known)
