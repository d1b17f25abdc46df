"""What deploy/quickstart shows: its samples can be made, and its table is told in words and fits a terminal."""

import json
from dataclasses import replace

import pytest
from sqlalchemy import create_engine

from deploy.demo import SETTINGS, Place, _print_table, _recorded, _told
from deploy.samples import OWN, SAMPLES
from gateway.config import load
from gateway.edges.holds import to_row
from gateway.edges.nouns import to_json
from gateway.edges.tables import decision, hold, metadata
from gateway.model.decision import Decision, Reason, Tried, Verdict
from tests.edges.durable import held


def test_no_sample_has_two_recipients_in_one_domain_and_each_is_a_message():
    for sample in SAMPLES:
        assert len({recipient.rpartition("@")[2] for recipient in sample.recipients}) == len(sample.recipients)
        assert f"Message-ID: <7@{OWN}>\r\n".encode() in sample.octets(f"7@{OWN}")


@pytest.mark.parametrize(
    ("decision", "ending", "said"),
    [
        ({}, "delivered", ("sent, plain", "No rule asks for anything.")),
        ({"watched": [{"rule": "unmarked"}]}, "delivered", ("sent, plain", "No rule asks for anything. Only watched: unmarked.")),
        ({"reasons": [{"rule": "few", "text": "Only few may."}]}, "refused", ("not sent, sender told, case 7KQ-402", "Only few may.")),
        (
            {"reasons": [{"rule": "no_route", "text": "too large"}], "held_for": "sender", "would_pass_if": ["less", "nothing"]},
            "kept",
            ("kept for sender, case 7KQ-402", "Too large. Would pass: less; or: nothing"),
        ),
    ],
)
def test_a_record_is_told_in_words(decision, ending, said):
    assert _told(json.dumps(decision), ending, "plain", "7KQ-402") == said


@pytest.mark.parametrize(("columns", "widest"), [("80", 80), ("300", 140)])
def test_the_table_fits_the_terminal(columns, widest, monkeypatch, capsys):
    monkeypatch.setenv("COLUMNS", columns)
    _print_table([(sample.what, sample.recipients[0], "kept for data protection, case 7KQ-402", "Because. " * 20) for sample in SAMPLES])
    table = capsys.readouterr().out.partition("\n\n")[0].splitlines()

    assert max(map(len, table)) <= widest


def test_the_settings_that_it_writes_are_understood_and_a_changed_address_is_used(tmp_path):
    (tmp_path / "outgate.toml").write_text(SETTINGS.replace("127.0.0.1:10025", "[::1]:2525"))
    place = Place.of(load(tmp_path / "outgate.toml"))

    assert (place.host, place.port, place.database) == ("::1", 2525, tmp_path / "outgate.db")


def test_settings_of_another_kind_get_no_samples(tmp_path):
    (tmp_path / "outgate.toml").write_text(SETTINGS.replace(':10025"', ':10025"\nprotocol = "lmtp"'))

    assert Place.of(load(tmp_path / "outgate.toml")).database is None


def test_the_table_says_what_went_by_link_and_why():
    """Found: a file that was too large was "sent, own-link", because "No rule asks for anything."."""
    tried = Tried("plain", "30.1 MB as mail; we assume 20 MB")
    linked = Decision("b@x.example", (), Verdict.RELEASE, "own-link", routes_tried=(tried,), carried_by="plain", shared_files=("2",))

    what, why = _told(to_json(linked), "delivered", "own-link", None)
    assert what == "sent, files by link (own-link), the rest plain"
    assert why == "Plain: 30.1 MB as mail; we assume 20 MB"


def test_the_table_says_what_would_pass_as_the_notice_does(tmp_path):
    """Found: "nothing that we know of", while the notice said "files of up to 14.6 MB": records leave out what may name files."""
    database, no_route = tmp_path / "outgate.db", Reason("no_route", "confirm", text="too large")
    kept = Decision("b@x.example", (), Verdict.CONFIRM, None, reasons=(no_route,), would_pass_if=("files of up to 14.6 MB together",))
    row = {"at": 0, "message_id": "m1", "listener": "in", "pack": "p", "pack_version": "v", "sender": "", "recipient": "", "facts_key": b""}
    recorded = {**row, "id": b"1", "recipient_domain": "x.example", "decision": to_json(replace(kept, would_pass_if=()))}
    engine = create_engine(f"sqlite:///{database}")
    metadata.create_all(engine)
    with engine.begin() as connection:
        connection.execute(decision.insert(), {**recorded, "ending": "kept", "route": None, "case_number": "7KQ-402"})
        connection.execute(hold.insert(), to_row(replace(held("7KQ-402"), decision=kept)))
    engine.dispose()

    _, why = _recorded(Place("127.0.0.1", 1, database), "m1", 1)["x.example"]
    assert why == "Too large. Would pass: files of up to 14.6 MB together"
