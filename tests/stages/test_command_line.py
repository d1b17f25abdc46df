"""What the command line takes and what it does not, before anything is asked of a gateway."""

import pytest
from click.testing import CliRunner

from gateway.app.cases import case_number
from gateway.cli import main

VERBS = ("release", "refuse", "declare", "redecide")


@pytest.mark.parametrize(
    ("verb", "by", "why"),
    [*((verb, "", "x") for verb in VERBS), *((verb, "A. Smith", " ") for verb in VERBS if verb != "redecide")],  # which lifts nothing
)
def test_who_and_why_are_not_blank(verb, by, why):
    """Found: `hold release CASE --by "" --why ""` let the mail go, and the audit had nobody."""
    done = CliRunner().invoke(main, ["hold", verb, "7KQ-402", "--by", by, "--why", why])

    assert (done.exit_code, "must not be empty: it is recorded" in done.output) == (2, True)


def test_who_refuses_is_told_that_the_reason_is_told():
    """Found: what stood after --why was quoted to the sender, and nothing had said so."""
    said = CliRunner().invoke(main, ["hold", "refuse", "--help"]).output

    assert "told to the sender word for word" in " ".join(said.split())
    assert "word for word" not in CliRunner().invoke(main, ["hold", "release", "--help"]).output


@pytest.mark.parametrize("text", ["7KQ-402", "7kq-402", "7KQ402", "7kq 402", " 7KQ-402 "])
def test_a_case_number_is_taken_as_people_write_it(text):
    assert case_number(text) == "7KQ-402"


def test_what_is_no_case_number_stays_as_it_is():
    assert case_number("what?") == "what?"
