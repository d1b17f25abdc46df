"""What deploy/quickstart shows: its samples can be made, and its table is told in words and fits a terminal."""

import json

import pytest

from deploy.demo import SETTINGS, Place, _print_table, _told
from deploy.samples import OWN, SAMPLES
from gateway.config import load


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
