"""Events: only what is on the list, and an error without its words."""

import io
import json

import pytest

from gateway.log import EVENTS, Log


def lines(stream):
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_a_field_that_is_not_on_the_list_is_dropped():
    stream = io.StringIO()
    Log(stream).event("message.received", id="a1", octets=5, subject="the secret", recipients=None)
    (line,) = lines(stream)
    assert {key: line[key] for key in line if key != "at"} == {"event": "message.received", "id": "a1", "octets": 5}


def test_an_event_nobody_knows_is_a_bug_of_ours():
    with pytest.raises(KeyError):
        Log(io.StringIO()).event("message.opened")


def test_no_event_may_hold_an_address_a_subject_or_text():
    fields = frozenset[str]().union(*EVENTS.values())
    assert not fields & {"sender", "recipient", "subject", "text", "name", "body", "sample"}


def test_an_error_is_told_by_place_and_kind_not_by_its_words():
    stream = io.StringIO()
    try:
        raise ValueError("the secret")  # noqa: TRY301
    except ValueError as error:
        Log(stream).bug("message.failed", error, id="a1")
    (line,) = lines(stream)
    assert line["error"] == "ValueError"
    assert "test_log.py" in line["frames"][-1]
    assert "secret" not in stream.getvalue()


def test_a_log_that_is_gone_stops_no_mail():
    stream = io.StringIO()
    stream.close()
    Log(stream).event("message.received", id="a1")
