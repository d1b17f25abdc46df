"""What an operator types, against a running gateway."""

import itertools
import json
import re
import signal
import socket
import subprocess
import urllib.request
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.build import docx, message, zip_of
from tests.journey.client import Client
from tests.journey.gateway import OUTGATE, REPOSITORY, pack_in
from tests.journey.site import OWN, Site, below_received, note, restricted, site
from tests.peers import folder, free_port, wait_until
from tests.peers.hop import Do

pytestmark = pytest.mark.peer

RULE = "restricted-only-to-partners"
MILDER = {"unless: {audience: partners, agreement: [current]}": "unless: {audience: outsiders}"}  # of that rule
_numbers = itertools.count(1)


@pytest.fixture(scope="module")
def running() -> Iterator[Site]:
    """The starter pack in a folder of its own, so that it can change. Postfix's settings are this test's, not the machine's."""
    with folder("pack") as directory:
        (directory / "main.cf").write_text("compatibility_level = 3.6\nmessage_size_limit = 157286400\n")
        pack = pack_in(directory, {})
        metrics = f"127.0.0.1:{free_port()}"
        with site(pack=pack, processes={"metrics": metrics}, environment={"MAIL_CONFIG": str(directory)}) as running:
            yield running


def keep(running: Site, sender: str, outsider: str) -> tuple[str, bytes]:
    """A message that waits for a person: its case, its octets."""
    octets = restricted(sender, [outsider])
    (answer,) = running.send(sender, [outsider], octets)
    (case,) = running.gateway.cases(sender)
    assert case in answer
    return case, octets


DECIDES = ("--by", "A. Smith", "--why", "agreed with the owner")


# --- hold ---------------------------------------------------------------------------------------------------------------


def test_a_case_is_listed_and_shown(running: Site, sender: str, outsider: str) -> None:
    case, _ = keep(running, sender, outsider)

    (row,) = [line for line in running.gateway.run("hold", "list").splitlines() if line.startswith(case)]
    assert sender in row
    assert outsider in row
    (held,) = [held for held in running.gateway.holds() if held["case"] == case]
    assert (held["state"], held["verdict"], held["held_for"], held["recipients"]) == ("open", "hold", "data-protection", [outsider])
    shown = running.gateway.run("hold", "show", case)
    assert all(word in shown for word in (case, sender, outsider, RULE, "data-protection"))
    assert "The plan" not in shown  # the subject is nobody's business here
    assert "\nFile 1: plan.docx, " in shown  # what the notice tells the decider, the command tells too
    assert "    marking " in shown
    assert running.gateway.run("hold", "show", case.lower().replace("-", "")) == shown  # as people write it


def test_released_mail_arrives_by_the_route_that_its_rules_require_and_once(running: Site, sender: str, outsider: str) -> None:
    case, octets = keep(running, sender, outsider)
    with running.hop("internet") as plain, running.hop("encrypted") as encrypted:
        said = running.gateway.run("hold", "release", case, *DECIDES)
        assert "goes by encrypted" in said
        (taken,) = encrypted.wait_from(sender)
        status, _, errors = running.gateway.command("hold", "release", case, *DECIDES)
        assert (status, errors) == (1, f"case {case} is released, not open\n")

        assert encrypted.taken_from(sender) == [taken]
        assert taken.recipients == (outsider,)
        assert below_received(taken.octets) == octets
        assert plain.taken_from(sender) == []
    (held,) = [held for held in running.gateway.holds(everything=True) if held["case"] == case]
    assert (held["state"], held["ended_by"], held["ended_why"], held["waiting"]) == ("released", *DECIDES[1::2], [])


def test_a_case_tells_who_did_what_when_and_why(running: Site, sender: str, outsider: str) -> None:
    """Found: after a decision `hold show` had neither who nor why, nor by which route it went, nor the correction that decided it."""
    case, _ = keep(running, sender, outsider)
    said = ("--classification", "plan.docx=public")
    status, _, errors = running.gateway.command("hold", "declare", case, *said, *DECIDES)
    assert status == 1
    assert "but `plan.docx` is more than that: who may correct it is data-protection, duty-manager, owner (--as)\n" in errors
    with running.hop("internet") as plain:
        done = running.gateway.run("hold", "declare", case, *said, "--as", "data-protection", *DECIDES)
        assert done == f"case {case}: {outsider}: goes by plain\n  handed over to next hop internet (250 2.0.0)\n"
        plain.wait_from(sender)
    shown = running.gateway.run("hold", "show", case)

    assert f"Case      {case}: released\n" in shown
    assert 'Decided   A. Smith: "agreed with the owner", ' in shown
    lines = [line.strip().partition("  ")[2] or line.strip() for line in shown.partition("History\n")[2].splitlines()]
    correction = "classification of plan.docx: public"
    assert [line for line in lines if "more than that" not in line] == [
        "kept, for data-protection",
        'A. Smith asked for declare: "agreed with the owner"',
        f"{correction} (by sender)",
        'A. Smith noted what was said of it: "agreed with the owner"',
        f"{correction} (by data-protection)",
        f"{outsider}: goes by plain",
        "handed over to next hop internet (250 2.0.0)",
        "The message is no longer kept.",
    ]
    history = json.loads(running.gateway.run("hold", "show", case, "--json"))["history"]
    assert [one["by"] for one in history] == ["", "A. Smith", "A. Smith", ""]


def test_what_waits_for_a_next_hop_is_not_said_to_have_gone(running: Site, sender: str, outsider: str) -> None:
    """Found: with the hop down it said `goes by encrypted` and `released`, and nothing showed that the copy was still here."""
    case, _ = keep(running, sender, outsider)
    done = running.gateway.run("hold", "release", case, *DECIDES)

    assert f"{outsider}: goes by encrypted\n  waiting for next hop encrypted (attempt 1: 451 " in done
    assert f"Case      {case}: released, waiting for next hop encrypted (attempt 1: 451 " in running.gateway.run("hold", "show", case)
    (row,) = [line for line in running.gateway.run("hold", "list", "--all").splitlines() if line.startswith(case)]
    assert "released, waiting (attempt 1)  " in row


def test_a_kept_message_is_read_by_who_leaves_a_name(running: Site, sender: str, outsider: str, tmp_path: Path) -> None:
    """Found: there was no way to see what one decides about."""
    case, octets = keep(running, sender, outsider)
    file = tmp_path / "kept.eml"
    status, _, errors = running.gateway.command("hold", "show", case, "--message", str(file))
    assert (status, "--by and --why" in errors, file.exists()) == (2, True, False)
    running.gateway.run("hold", "show", case, "--message", str(file), *DECIDES)

    assert below_received(file.read_bytes()) == octets
    assert file.stat().st_mode & 0o777 == 0o600
    status, _, errors = running.gateway.command("hold", "show", case, "--message", str(file), *DECIDES)
    assert (status, errors) == (1, f"{file}: is there already; name a new file\n")
    events = [json.loads(line) for line in running.gateway.run("audit", "export", "--case", case.lower()).splitlines()]
    assert [event["event"] for event in events] == ["hold.kept", "hold.looked_at"]
    assert (events[1]["by"], events[1]["why"]) == DECIDES[1::2]


def test_the_audit_is_read_and_verified(running: Site, sender: str, outsider: str) -> None:
    keep(running, sender, outsider)
    said = running.gateway.run("audit", "verify")
    (end,) = [line.strip() for line in said.splitlines()[1:]]

    assert "is whole" in running.gateway.run("audit", "verify", "--noted", end)
    writer, number, _ = end.split(":")
    status, said, _ = running.gateway.command("audit", "verify", "--noted", f"{writer}:{number}:00")
    assert (status, said) == (1, f"{writer}: row {number} is not the one that was noted\n")


def test_the_sender_of_a_refused_case_gets_a_final_report(running: Site, sender: str, outsider: str) -> None:
    case, _ = keep(running, sender, outsider)
    running.wait_told(sender)
    running.gateway.run("hold", "refuse", case, *DECIDES)

    report = running.wait_told(sender, 2)[1]
    assert b"\r\nContent-Type: multipart/report; report-type=delivery-status;" in report
    assert f"\r\nFinal-Recipient: rfc822; {outsider}\r\nAction: failed\r\nStatus: 5.7.1\r\n".encode() in report
    assert f"case {case}".encode() in report
    assert b"See there." not in report  # headers only
    status, _, errors = running.gateway.command("hold", "release", case, *DECIDES)
    assert status == 1
    assert re.fullmatch(rf"case {case} is \w+, not open\n", errors)


def test_redecide_lifts_nothing_and_takes_the_policy_as_it_is_now(running: Site, sender: str, outsider: str) -> None:
    case, octets = keep(running, sender, outsider)
    said = running.gateway.run("hold", "redecide", case, "--by", "A. Smith")
    assert "stays kept" in said
    assert list(running.gateway.cases(sender)) == [case]

    with _changed_pack(running, MILDER), running.hop("encrypted") as encrypted:
        assert "goes by encrypted" in running.gateway.run("hold", "redecide", case, "--by", "A. Smith")
        (taken,) = encrypted.wait_from(sender)
        assert below_received(taken.octets) == octets
    assert running.gateway.cases(sender) == {}


@pytest.mark.parametrize("arguments", [("show", "ZZZ-999"), ("release", "ZZZ-999", *DECIDES), ("refuse", "ZZZ-999", *DECIDES)])
def test_a_case_that_is_not_there_is_said_so(running: Site, arguments: tuple[str, ...]) -> None:
    status, said, errors = running.gateway.command("hold", *arguments)

    assert (status, said) == (1, "")
    assert errors.startswith("there is no case ZZZ-999")


def test_a_decision_needs_a_name_and_a_reason(running: Site) -> None:
    status, _, errors = running.gateway.command("hold", "release", "ZZZ-999")
    assert status == 2
    assert "--by" in errors


RULE_OF_FILES = "confirm: {guidance: mark-your-files}"
ASKS = {f"{RULE_OF_FILES}\n    mode: watch": "unless: {declared: checked}\n    confirm: {declares: checked, guidance: no-method}"}


def test_what_somebody_says_of_a_case_is_noted_and_decided_by(running: Site, sender: str, outsider: str) -> None:
    octets = message(sender, [outsider], "Look", "See there.", attachments=[("a.docx", docx(["A."]), "application/msword")])
    with _changed_pack(running, ASKS), running.hop("internet") as plain:
        running.send(sender, [outsider], octets)
        (case,) = running.gateway.cases(sender)
        assert f"outgate hold declare {case} --word checked --by NAME --why TEXT" in running.gateway.run("hold", "show", case)
        status, _, errors = running.gateway.command("hold", "declare", case, "--word", "cheked", *DECIDES)
        assert (status, errors) == (1, "unknown word (no confirm declares it) `cheked`; did you mean `checked`?\n")
        assert "goes by plain" in running.gateway.run("hold", "declare", case, "--word", "checked", *DECIDES)
        (taken,) = plain.wait_from(sender)
        assert below_received(taken.octets) == octets


# --- explain --------------------------------------------------------------------------------------------------------------

SCHEMA = json.loads((REPOSITORY / "rules" / "explain.schema.json").read_text())
PEOPLE = [f"bea@{OWN}", "sam@partner.example", "sam@legal.trusted.example", "kim@elsewhere.example", f"everyone@{OWN}"]
MESSAGES = {
    "a note": lambda sender: note(sender, PEOPLE),
    "a restricted file": lambda sender: restricted(sender, PEOPLE),
    "an archive nobody can open": lambda sender: message(
        sender, PEOPLE, "Look", "See there.", attachments=[("papers.zip", zip_of({"a.txt": b"x"}, encrypted=True), "application/zip")]
    ),
    "a file in an archive": lambda sender: message(
        sender,
        PEOPLE,
        "Look",
        "485 777 3456",
        attachments=[("a.zip", zip_of({"a.docx": docx(["A."], footer="CONFIDENTIAL")}), "application/zip")],
    ),
    "not much of a message": lambda sender: b"",
}


@pytest.mark.parametrize("name", MESSAGES)
def test_explain_prints_what_its_schema_says_and_what_the_gateway_then_does(running: Site, sender: str, tmp_path: Path, name: str) -> None:
    octets = MESSAGES[name](sender)
    (tmp_path / "m.eml").write_bytes(octets)
    to = [word for one in PEOPLE for word in ("--recipient", one)]
    said = json.loads(running.gateway.run("explain", str(tmp_path / "m.eml"), "--sender", sender, *to, "--json"))
    _must_fit(said, SCHEMA, "explain")
    assert [one["recipient"] for one in said["recipients"]] == PEOPLE

    with running.hop("mailboxes"), running.hop("internet"), running.hop("encrypted"):
        (answer,) = running.send(sender, PEOPLE, octets)
    decided = running.gateway.wait_event("message.decided", id=answer.split()[2])
    assert [one["verdict"] for one in said["recipients"]] == decided["verdicts"]
    assert [one["route"] for one in said["recipients"]] == decided["routes"]


def test_explain_in_words_names_the_rule_and_its_clause(running: Site, sender: str, outsider: str, tmp_path: Path) -> None:
    (tmp_path / "m.eml").write_bytes(restricted(sender, [outsider]))
    said = running.gateway.run("explain", str(tmp_path / "m.eml"), "--sender", sender, "--recipient", outsider)

    assert all(word in said for word in (outsider, "hold", RULE, "Starter 3", "plan.docx"))


def test_explain_what_if(running: Site, sender: str, outsider: str, tmp_path: Path) -> None:
    (tmp_path / "m.eml").write_bytes(restricted(sender, [outsider]))
    explain = ("explain", str(tmp_path / "m.eml"), "--sender", sender, "--recipient", outsider, "--scenario", str(tmp_path / "if.yaml"))
    partner = "{entries: [{domain: elsewhere.example, agreement: A-1, highest: restricted, review_by: 2099-01-01}]}"
    (tmp_path / "if.yaml").write_text(f"files:\n  partners.yaml: {partner}\n")

    said = json.loads(running.gateway.run(*explain, "--json"))
    _must_fit(said, SCHEMA, "explain")
    assert list(said["supposed"]) == ["files"]
    assert (said["recipients"][0]["verdict"], said["recipients"][0]["route"]) == ("release", "encrypted")
    (tmp_path / "if.yaml").write_text("lifted: [restricted]\n")
    status, _, errors = running.gateway.command(*explain)
    assert (status, errors) == (1, f"{tmp_path}/if.yaml:1:10: unknown rule `restricted`; did you mean `restricted-to-list`?\n")


# --- doctor, policy, metrics ------------------------------------------------------------------------------------------------


def test_doctor_finds_a_healthy_gateway_well_and_a_dead_hop_not(running: Site) -> None:
    with running.hop("mailboxes"), running.hop("encrypted"):
        with running.hop("internet"):
            status, said, _ = running.gateway.command("doctor")
            assert (status, [line for line in said.splitlines() if not line.startswith("ok ")]) == (0, [])
            assert all(f"ok    next hop {name}: " in said for name in running.hops)
        status, said, _ = running.gateway.command("doctor")

    assert status == 1
    (look,) = [line for line in said.splitlines() if not line.startswith("ok ")]
    assert look.startswith("LOOK  next hop internet: ")


@pytest.mark.parametrize("pack", ["starter", "derbyshire-council", "connecticut-state", "uk-government"])
def test_our_packs_pass_check_and_their_own_tests(pack: str) -> None:
    for command in ("check", "test"):
        done = _outgate("policy", command, str(REPOSITORY / "rules" / pack))
        assert done.returncode == 0, done.stdout + done.stderr
    assert re.search(r"\b([1-9]\d*) of \1 tests passed", done.stdout)


def test_check_tells_where_a_mistake_is_and_test_which_example_fails(tmp_path: Path) -> None:
    pack = pack_in(tmp_path, {}, replace={f"- id: {RULE}": f"- id: {RULE}\n    clauze: x"})
    done = _outgate("policy", "check", str(pack))
    line = next(n for n, text in enumerate((pack / "pack.yaml").read_text().splitlines(), 1) if "clauze" in text)
    assert done.returncode == 1
    assert re.search(rf"pack\.yaml:{line}:5: unknown key `clauze`; did you mean `clause`", done.stdout + done.stderr)

    text = (pack / "pack.yaml").read_text()
    (pack / "pack.yaml").write_text(
        text.replace("\n    clauze: x", "").replace("hold: {for: data-protection, guidance: restr", "confirm: {guidance: restr")
    )
    done = _outgate("policy", "test", str(pack))
    assert done.returncode == 1
    assert re.search(r"\d+ of \d+ tests passed", done.stdout)


def test_metrics_count_what_happens(running: Site, sender: str, outsider: str) -> None:
    before = _metrics(running)
    with running.hop("internet"):
        running.send(sender, [outsider], note(sender, [outsider]))
    keep(running, sender, outsider)

    def more(name: str) -> float:
        return _metrics(running).get(name, 0) - before.get(name, 0)

    wait_until(lambda: more('outgate_messages_total{listener="smtp"}') == 2, "both messages are counted")
    assert more('outgate_outcome_total{ending="delivered",listener="smtp"}') == 1
    wait_until(lambda: more('outgate_outcome_total{ending="kept",listener="smtp"}') == 1, "and what became of the second")
    assert more('outgate_kept_total{verdict="hold"}') == 1
    assert more('outgate_hand_over_seconds_count{next_hop="internet"}') == 1
    wait_until(lambda: more('outgate_outbox_total{kind="notice",result="sent"}') == 2, "the notices of the case are counted")
    assert not any("@" in name for name in _metrics(running))


# --- stop and reload ----------------------------------------------------------------------------------------------------------


def test_messages_in_flight_are_finished_before_the_gateway_stops(sender: str, outsider: str) -> None:
    octets = note(sender, [outsider])
    with site(processes={"smtp": 2}) as running, running.hop(script={"dot": Do.WAIT}) as peer:
        ports = running.gateway.ports
        with Client(ports["smtp"]) as one, Client(ports["lmtp"], lmtp=True) as other, Client(ports["smtp"]) as idle:
            idle.hello()
            for client in (one, other):
                client.hello()
                client.envelope(sender, [outsider])
                client.content(octets)
            peer.wait_for("dot", 2)
            assert running.gateway.process is not None
            running.gateway.process.send_signal(signal.SIGTERM)
            assert idle.reply().startswith("421 4.3.2 ")
            wait_until(lambda: not any(map(_is_open, ports.values())), "nobody new comes in")
            peer.go()

            for client in (one, other):
                assert [answer[:3] for answer in client.answers()] == ["250"]
                assert client.reply().startswith("421 4.3.2 ")
        assert running.gateway.process.wait(60) == 0
        assert len(peer.messages) == 2
        running.gateway.start()
        # The answers were heard: nothing of them suppresses the next.
        assert [answer[:3] for answer in running.send(sender, [outsider], octets)] == ["250"]
        assert len(peer.messages) == 3


def test_a_changed_policy_is_taken_by_a_running_gateway(running: Site, sender: str, outsider: str) -> None:
    octets = restricted(sender, [outsider])
    with running.hop("encrypted") as encrypted:
        with _changed_pack(running, MILDER):
            running.send(sender, [outsider], octets)
            assert len(encrypted.messages) == 1
        running.send(sender, [outsider], octets)
        assert len(encrypted.messages) == 1
    assert list(running.gateway.cases(sender).values()) == [[outsider]]


def test_a_second_gateway_on_the_same_port_says_so_and_ends(running: Site) -> None:
    other = running.gateway.directory / "other.toml"  # with a state of its own: else that is what stands in the way
    other.write_text(running.gateway.config.read_text().replace('state = "var"', 'state = "var-2"'))
    done = _outgate("serve", "--config", str(other))

    assert done.returncode == 1
    said = r"listen\.\w+\.address: 127\.0\.0\.1:\d+ cannot be used: Address already in use; does another gateway"
    assert re.search(said, done.stderr)


# --- small things -------------------------------------------------------------------------------------------------------


class _changed_pack:  # noqa: N801 - used as a function
    """Other words in the pack for a while, each time with a reload."""

    def __init__(self, running: Site, words: Mapping[str, str]) -> None:
        self._running = running
        self._words = words
        source = re.search(r'source = "([^"]+)"', running.gateway.config.read_text())
        assert source is not None
        self._file = Path(source[1]) / "pack.yaml"
        self._before = self._file.read_text()

    def __enter__(self) -> None:
        text = self._before
        for old, new in self._words.items():
            assert old in text
            text = text.replace(old, new)
        self._put(text)

    def __exit__(self, *_: object) -> None:
        self._put(self._before)

    def _put(self, text: str) -> None:
        self._file.write_text(text)
        assert {event["event"] for event in self._running.gateway.reload()} == {"policy.loaded"}


def _outgate(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run((*OUTGATE, *arguments), capture_output=True, text=True, timeout=90, check=False)


def test_metrics_say_what_stands_waiting(running: Site, sender: str, outsider: str) -> None:
    """Found: cases and notices were only counted as they came, and nothing said how many were open or stuck."""
    keep(running, sender, outsider)
    names = [f"outgate_{name}" for name in ("cases_open", "cases_overdue", "outbox_waiting")]

    def shown() -> list[float]:
        return [_metrics(running).get(name, -1) for name in names]

    def there() -> list[float]:
        tables = ("hold WHERE state = 'open'", "hold WHERE state = 'open' AND answer_by < strftime('%s') * 1000000", "outbox")
        return [running.gateway.rows(f"SELECT count(*) FROM {table}")[0][0] for table in tables]  # noqa: S608

    assert there()[0] >= 1
    wait_until(lambda: shown() == there(), "the gauges say what the database holds", 60)
    vault = running.gateway.directory / "var" / "vault"

    def kept() -> int:
        return sum(file.stat().st_size for file in vault.rglob("*") if file.is_file())

    wait_until(lambda: _metrics(running).get("outgate_vault_octets") == kept() > 0, "the gauge says what the vault holds", 60)
    assert _metrics(running)["outgate_vault_quota_octets"] == 0


def test_the_log_names_a_message_as_its_neighbours_do(running: Site, sender: str, outsider: str) -> None:
    """Found: nobody could follow a message from the upstream's log through ours into the next hop's."""
    ident = f"4Fv{next(_numbers)}K2d"
    with running.hop("internet", {"dot": "250 2.0.0 Ok: queued as 9aBcD1z7"}), Client(running.gateway.port) as client:
        client.hello()
        client.ask(f"XFORWARD ADDR=192.0.2.7 IDENT={ident}")
        client.envelope(sender, [outsider])
        client.content(note(sender, [outsider]))
        (answer,) = client.answers()
        assert answer.startswith("250 ")

    def told(event: str, key: str, value: object) -> list[dict[str, Any]]:
        return [one for one in running.gateway.events(event) if one.get(key) == value]

    wait_until(lambda: bool(told("message.received", "upstream", ident)), "it is logged")
    (received,) = told("message.received", "upstream", ident)
    wait_until(lambda: bool(told("message.answered", "id", received["id"])), "so is the answer")
    (answered,) = told("message.answered", "id", received["id"])
    assert answered["queued"] == ["9aBcD1z7"]


def _metrics(running: Site) -> dict[str, float]:
    address = re.search(r'metrics = "([^"]+)"', running.gateway.config.read_text())
    assert address is not None
    with urllib.request.urlopen(f"http://{address[1]}/metrics", timeout=60) as answer:
        lines = answer.read().decode().splitlines()
    return {name: float(value) for name, _, value in (line.rpartition(" ") for line in lines if not line.startswith("#"))}


def _is_open(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), 5):
            return True
    except OSError:
        return False


_TYPES: dict[str, type | tuple[type, ...]] = {
    "object": dict, "array": list, "string": str, "integer": int, "number": (int, float), "boolean": bool, "null": type(None)
}  # fmt: skip
_KNOWN = {"$schema", "title", "type", "properties", "required", "items", "enum", "const", "minimum"}


def _must_fit(value: Any, schema: Mapping[str, Any], where: str) -> None:
    """JSON Schema, as far as ours uses it; a keyword that is not known here is an error, and so is a property that it does not name."""
    assert schema.keys() <= _KNOWN, schema.keys() - _KNOWN
    if "type" in schema:
        types = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
        assert any(isinstance(value, _TYPES[name]) and (name == "boolean" or not isinstance(value, bool)) for name in types), (where, value)
    assert value in schema.get("enum", [value]), (where, value)
    assert value == schema.get("const", value), (where, value)
    if "minimum" in schema and value is not None:
        assert value >= schema["minimum"], (where, value)
    if isinstance(value, dict) and "properties" in schema:  # else anything is in it
        assert set(schema.get("required", ())) <= value.keys() <= schema["properties"].keys(), (where, sorted(value))
        for name, inner in value.items():
            _must_fit(inner, schema["properties"][name], f"{where}.{name}")
    if isinstance(value, list):
        for number, inner in enumerate(value):
            _must_fit(inner, schema["items"], f"{where}[{number}]")
