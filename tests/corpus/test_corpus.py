"""Nothing hidden arrives in clear, nothing innocent is stopped, and explain shows where each thing stood.

Every message goes over a real socket through `outgate serve` with the UK pack, to next hops that record what they get.
"""

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.corpus.entries import OUTSIDER, SENDER, Technique
from tests.corpus.every import all_innocents, all_techniques
from tests.corpus.explaining import explainer, is_named, places
from tests.corpus.pack import uk_pack
from tests.corpus.run import Gone, running, table
from tests.journey.gateway import OUTGATE

pytestmark = [pytest.mark.peer, pytest.mark.slow]


@pytest.fixture(scope="module")
def pack() -> Iterator[Path]:
    with uk_pack() as pack:
        yield pack


@pytest.fixture(scope="module")
def results(pack: Path) -> list[Gone]:
    with running(pack) as gateway:
        results = gateway.send((*all_techniques(), *all_innocents()))
    print(table(results))
    return results


@pytest.fixture(scope="module")
def explained(pack: Path) -> list[tuple[Technique, dict[str, Any]]]:
    with explainer(pack) as each:
        found = each.explain_all([technique.octets for technique in all_techniques()])
    return list(zip(all_techniques(), found, strict=True))


def test_there_are_enough_and_each_has_a_name_of_its_own() -> None:
    entries = (*all_techniques(), *all_innocents())

    assert len({(one.family, one.name) for one in entries}) == len(entries)
    assert len(all_techniques()) >= 250
    assert len(all_innocents()) >= 100


def test_no_technique_arrives_in_clear(results: list[Gone]) -> None:
    assert [_name(gone.entry) for gone in results if gone.slipped] == []


def test_no_innocent_is_stopped(results: list[Gone]) -> None:
    assert [_name(gone.entry) for gone in results if gone.stopped] == []


def test_every_message_is_answered_for_good(results: list[Gone]) -> None:
    """None waits upstream: whatever it hides, it is a decision."""
    assert [(_name(gone.entry), gone.answer) for gone in results if not gone.answer.startswith("250 ")] == []


def test_explain_names_where_each_thing_stood(explained: list[tuple[Technique, dict[str, Any]]]) -> None:
    missing = {_name(one): list(places(found)) for one, found in explained if not is_named(one, found)}

    assert missing == {}


def test_what_the_sender_has_encrypted_as_a_whole_goes_by_the_route_for_that(explained: list[tuple[Technique, dict[str, Any]]]) -> None:
    routes = {found["recipients"][0]["route"] for one, found in explained if one.sealed}

    assert routes == {"already-protected"}


def test_no_evidence_shows_the_number_itself(explained: list[tuple[Technique, dict[str, Any]]]) -> None:
    shown = {_name(one) for one, found in explained for item in _evidence(found) if "5777345" in item["sample"].replace(" ", "")}

    assert shown == set()


@pytest.mark.parametrize("family", ["names", "office: word", "unreadable"])
def test_the_command_says_the_same(explained: list[tuple[Technique, dict[str, Any]]], pack: Path, tmp_path: Path, family: str) -> None:
    technique, found = next((one, found) for one, found in explained if one.family == family)
    file = tmp_path / "message.eml"
    file.write_bytes(technique.octets)
    arguments = (
        "explain",
        str(file),
        "--sender",
        SENDER,
        "--recipient",
        OUTSIDER,
        "--pack",
        str(pack),
        "--json",
    )
    done = subprocess.run((*OUTGATE, *arguments), capture_output=True, text=True, timeout=60, check=False, cwd=tmp_path)

    assert done.returncode == 0, done.stderr

    assert json.loads(done.stdout) == found


def _name(entry: object) -> str:
    return f"{entry.family}: {entry.name}"  # type: ignore[attr-defined]


def _evidence(found: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield from found["words"]["evidence"]
    for file in found["attachments"]:
        yield from file["evidence"]
