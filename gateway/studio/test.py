"""Runs a pack's own tests: rules/<pack>/tests/*.yaml, rows that a compliance officer can read. Pure.

A file is a list of tests, or `own_domains` and `tests`. Each has a name, the facts, and what is expected; only what is said is compared.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from gateway.decide import decide
from gateway.errors import BadPack, Problem
from gateway.model.decision import Decision
from gateway.model.facts import Facts
from gateway.policy.pack_sheets import part_of
from gateway.policy.pack_yaml import Sheet, read
from gateway.policy.parse_pack import load_pack
from gateway.policy.rules import Policy
from gateway.studio.proves import strange_rows
from gateway.studio.rows import ExpectRow, TestFile, TestRow
from gateway.studio.specimen import Impossible, facts_of


@dataclass(frozen=True, slots=True)
class Result:
    """How one test went."""

    file: str
    line: int
    name: str
    wrong: tuple[str, ...]  # empty: it passed

    @property
    def passed(self) -> bool:
        return not self.wrong

    def __str__(self) -> str:
        says = "".join(f"\n    {line}" for line in self.wrong)
        return f"{'passed' if self.passed else 'FAILED'}  {self.file}:{self.line}: {self.name}{says}"


def run_tests(files: Mapping[str, bytes]) -> tuple[Result, ...]:
    """Every test of a pack.

    Raises:
        BadPack: the pack or a file of tests cannot be used.
    """
    results: list[Result] = []
    problems = list(_not_run(files))
    for sheet, part in _test_files(files):
        problems += sheet.problems
        if part is not None:
            own_domains = tuple(part.own_domains)
            policy = load_pack(files, own_domains)
            strange = tuple(strange_rows(part, sheet, policy))
            problems += strange
            lines = [_line(sheet, index) for index in range(len(part.tests))]
            results += (
                [] if strange else [_run(sheet.file, line, row, policy, own_domains) for line, row in zip(lines, part.tests, strict=True)]
            )
    if problems:
        raise BadPack(tuple(problems))
    return tuple(results)


def check_tests(files: Mapping[str, bytes], policy: Policy | None = None) -> tuple[Problem, ...]:
    """What is wrong with the files of tests as they are written, and with what they say of the policy; they are not run."""
    problems = list(_not_run(files))
    for sheet, part in _test_files(files):
        problems += sheet.problems
        if part is not None and policy is not None:
            problems += strange_rows(part, sheet, policy)
    return tuple(problems)


def _not_run(files: Mapping[str, bytes]) -> Iterator[Problem]:
    """Files that are meant as tests and have another name than tests have."""
    for name in sorted(files):
        stem, _, end = name.rpartition(".")
        if name.startswith("tests/") and end.lower() in ("yml", "yaml") and end != "yaml":
            yield Problem(name, 1, 1, f"is not run, because its name does not end in .yaml; call it {stem}.yaml")


def _test_files(files: Mapping[str, bytes]) -> Iterator[tuple[Sheet, TestFile | None]]:
    for name in sorted(files):
        if name.startswith("tests/") and name.endswith(".yaml"):
            sheet = read(name, files[name])
            if isinstance(sheet.value, list):  # the tests alone; they stand where a list below `tests` would
                sheet.value = {"tests": sheet.value}
                sheet.keys, sheet.values = ({("tests", *path): at for path, at in known.items()} for known in (sheet.keys, sheet.values))
            yield sheet, part_of(TestFile, sheet)


def _line(sheet: Sheet, index: int) -> int:
    return sheet.values["tests", index][0]


def _run(file: str, line: int, row: TestRow, policy: Policy, own_domains: tuple[str, ...]) -> Result:
    try:
        facts = facts_of(row.facts, policy, own_domains)
    except Impossible as error:
        return Result(file, line, row.name, (f"cannot be made: {error}",))
    decision = decide(facts, policy, unusable=frozenset(row.unusable), lifted=frozenset(row.lifted))
    return Result(file, line, row.name, tuple(_differences(row.expect, decision, _names(facts))))


def _names(facts: Facts) -> dict[str, str]:
    """What files are called, by id: rows speak of them by name."""
    return {file.id: file.name for file in facts.message.files}


def _differences(expect: ExpectRow, decision: Decision, names: Mapping[str, str]) -> Iterable[str]:
    if expect.verdict is not None and expect.verdict != decision.verdict.word:
        yield f"verdict: expected {expect.verdict}, is {decision.verdict.word} ({_why(decision)})"
    route = decision.route or "none"
    if expect.route is not None and expect.route != route:
        yield f"route: expected {expect.route}, is {route} ({_routes(decision)})"
    if expect.needs is not None and set(expect.needs) != decision.needs:
        yield f"needs: expected {_listed(expect.needs)}, are {_listed(decision.needs)}"
    if expect.held_for is not None and expect.held_for != decision.held_for:
        yield f"held_for: expected {expect.held_for}, is {decision.held_for or 'nobody'}"
    yield from _shares(expect, decision, names)
    for name, found in _lists(decision).items():
        missing = [one for one in getattr(expect, name) if one not in found]
        if missing:
            yield f"{name}: expected {_listed(missing)}, {'are' if found else 'there are'} {_listed(found)}"
    surplus = [one for one in expect.not_because if one in {reason.rule for reason in decision.reasons}]
    if surplus:
        yield f"not_because: but {_listed(surplus)} matched"
    tried = {one.route: one.why_not for one in decision.routes_tried}
    for route, words in expect.why_not.items():
        if words not in tried.get(route, ""):
            yield f"why_not: expected {route} not to serve because `{words}`, is `{tried.get(route, 'not tried')}`"


def _shares(expect: ExpectRow, decision: Decision, names: Mapping[str, str]) -> Iterable[str]:
    shared = [names[one] for one in decision.shared_files]
    if expect.shares is not None and sorted(expect.shares) != sorted(shared):
        yield f"shares: expected {_listed(expect.shares)}, are {_listed(shared)} ({_routes(decision)})"
    carrier = decision.carried_by or "none"
    if expect.carried_by is not None and expect.carried_by != carrier:
        yield f"carried_by: expected {expect.carried_by}, is {carrier}"


def _lists(decision: Decision) -> dict[str, list[str]]:
    return {
        "because": [reason.rule for reason in decision.reasons],
        "guidance": list(decision.guidance),
        "watched": [one.rule for one in decision.watched],
        "audiences": list(decision.audiences),
        "lifted": list(decision.lifted),
        "stamps": [f"{name}: {value}" for name, value in decision.stamps],
        "would_pass_if": list(decision.would_pass_if),
    }


def _why(decision: Decision) -> str:
    return "; ".join(f"{reason.rule}: {reason.text}" for reason in decision.reasons) or "no rule matched"


def _routes(decision: Decision) -> str:
    return "; ".join(f"{tried.route}: {tried.why_not}" for tried in decision.routes_tried) or "the first one serves"


def _listed(names: Iterable[str]) -> str:
    return ", ".join(sorted(names)) or "none"
