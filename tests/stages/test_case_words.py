"""A case as people read it: its state, and its history."""

from dataclasses import replace
from datetime import timedelta

from gateway.app.case_words import Case, as_rows, as_text
from gateway.edges.audit import Event
from gateway.model.kept import Intent
from gateway.model.share import Standing
from tests.deliveries import HOUSE
from tests.doubles import START
from tests.edges.durable import held, mail
from tests.edges.sharing import share


def event(minutes, name, **details):
    return Event("w", minutes, START + timedelta(minutes=minutes), name, {"case": "7KQ-402", **details}, "")


COPY = {"next_hop": "encrypted", "code": 250, "status": "2.0.0"}
ENDED = {"state": "released", "ended_at": START + timedelta(minutes=2), "ended_by": "A. Smith", "ended_why": "agreed"}
CASE = Case(
    replace(held("7KQ-402", state="released"), **ENDED),
    (mail("r1", kind="release", attempts=2, why="451 4.4.1 nobody there"),),
    (
        Intent("i1", "release", "7KQ-402", "B. Jones", "please", (), START + timedelta(minutes=1), "failed", "nothing has changed"),
        Intent("i2", "release", "7KQ-402", "A. Smith", "agreed", (), START + timedelta(minutes=2), "done", "b@x: goes by encrypted"),
    ),
    (
        event(0, "hold.kept", state="open", held_for="officer"),
        event(2, "hold.released", by="A. Smith", why="agreed"),
        event(3, "hold.handed_over", **COPY),
        event(3, "hold.handed_over", **COPY),
        event(4, "hold.not_taken", **{**COPY, "code": 550, "status": "5.1.1"}),
    ),
)


def test_the_history_tells_each_thing_once_and_for_how_many():
    """Found: two recipients of one copy were two equal lines; and what somebody did stood there twice, as asked for and as done."""
    lines = as_text(CASE, HOUSE).partition("History\n")[2].splitlines()

    assert [line[len("  2026-11-05 14:06 UTC  ") :] if line.startswith("  2") else line.strip() for line in lines] == [
        "kept, for officer",
        'B. Jones asked for release: "please"',
        "not done: nothing has changed",
        'A. Smith let it go: "agreed"',
        "b@x: goes by encrypted",
        "handed over to next hop encrypted (250 2.0.0), for 2 recipients",
        "not taken, for good, by next hop encrypted (550 5.1.1)",
    ]


def test_what_waits_says_so_in_full_and_in_a_column():
    (_, row) = as_rows([CASE], HOUSE)

    assert "Case      7KQ-402: released, waiting for next hop mailboxes (attempt 2: 451 4.4.1 nobody there)\n" in as_text(CASE, HOUSE)
    assert row[1] == "released, waiting (attempt 2)"


def test_who_refused_is_said():
    """Found: a refusal by a person was `ended`, one by the rules `refused`; UNTIL meant to answer by, or to be deleted."""
    states = {state: as_rows([Case(held("7KQ-402", state=state))], HOUSE)[1] for state in ("open", "refused", "ended", "expired")}

    assert [row[1] for row in states.values()] == ["open", "refused by the rules", "refused by a person", "ended without an answer"]
    assert [row[4] == "-" for row in states.values()] == [False, False, True, True]  # DELETED


def test_a_case_names_what_the_same_message_left_behind_as_links():
    text = as_text(replace(CASE, shares=(share("9XY-111"), share("9XY-112", state=Standing.REVOKED))), HOUSE)

    assert "Share     9XY-111, open until 2027-01-19 12:00 UTC: outgate share show 9XY-111\n" in text
    assert "Share     9XY-112, revoked, its files are being deleted: outgate share show 9XY-112\n" in text
