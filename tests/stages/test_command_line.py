"""What the command line takes and what it does not, before anything is asked of a gateway."""

import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner

from gateway.app.asking import case_number
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


STARTER = Path(__file__).resolve().parents[2] / "rules" / "starter"
NOTE = "note: no settings (there is no outgate.toml here, and no --config): `own` stands for "


def outgate(*arguments: object) -> tuple[int, str, str]:
    done = CliRunner().invoke(main, [str(argument) for argument in arguments])
    return done.exit_code, done.stdout, done.stderr


@pytest.fixture
def pack(tmp_path, monkeypatch):
    """A copy of the starter pack, in a place without settings."""
    monkeypatch.chdir(tmp_path)
    return Path(shutil.copytree(STARTER, tmp_path / "pack"))


def test_policy_check_says_what_it_could_not_look_at(pack):
    """Found: without outgate.toml it had 0 errors for next hops that nobody has, and did not say that it had not looked."""
    status, said, _ = outgate("policy", "check", pack)

    assert status == 0
    assert said.splitlines()[-2:] == [
        f"{NOTE}example.org; whether its next hops and places are configured was not looked at",
        f"{pack}: 0 errors, 0 warnings",
    ]


def test_policy_check_looks_at_the_tests_of_a_pack(pack):
    """Found: broken files in tests/ were not looked at."""
    (pack / "tests" / "more.yaml").write_text("- name: a row\n  facts: {recipeint: a@b.example}\n  expect: {verdict: releese}\n")
    status, said, _ = outgate("policy", "check", pack)

    assert status == 1
    assert f"{pack}/tests/more.yaml:2:11: unknown key `recipeint`; did you mean `recipient`?" in said
    assert f"{pack}/tests/more.yaml:3:21: `releese` is not possible here; did you mean `release`?" in said


def test_one_error_is_no_errors(pack):
    text = pack / "pack.yaml"
    text.write_text(text.read_text().replace("next_hop: mailboxes, for: colleagues", "next_hop: mailboxes, for: coleagues", 1))

    assert f"{pack}: 1 error, 0 warnings" in outgate("policy", "check", pack)[1]


@pytest.mark.parametrize(
    "command", [("policy", "check"), ("explain", "mail.eml", "--sender", "a@b.example", "--recipient", "c@d.example", "--pack")]
)
def test_settings_that_are_named_and_missing_are_an_error(pack, command):
    """Found: `--config none.toml` was ignored, and `own` quietly became another domain."""
    Path("mail.eml").write_text("Subject: x\n\nx\n")
    status, _, said = outgate(*command, pack, "--config", "none.toml")

    assert (status, said) == (1, "none.toml: cannot be read: No such file or directory; name another file with --config\n")


def test_explain_without_settings_says_what_own_stands_for(pack):
    Path("mail.eml").write_text("Subject: x\n\nx\n")
    status, _, said = outgate("explain", "mail.eml", "--sender", "a@b.example", "--recipient", "c@d.example", "--pack", pack)

    assert (status, said) == (0, f"{NOTE}b.example\n")


@pytest.mark.parametrize("group", ["hold", "policy", "audit"])
def test_the_list_of_commands_is_not_cut_off(group):
    commands = outgate(group, "--help")[1].partition("Commands:")[2]

    assert commands
    assert "..." not in commands


MAIL = "From: a@council.example\nSubject: {subject}\n\nWords.\n"


def explained(tmp_path, pack, subject, corrected, recipient="b@else.example"):
    (tmp_path / "a.eml").write_text(MAIL.format(subject=subject))
    (tmp_path / "what-if.yaml").write_text(f"corrected: [{corrected}]\n")
    what = ("--sender", "a@council.example", "--recipient", recipient, "--pack", pack, "--scenario", "what-if.yaml")
    return outgate("explain", "a.eml", *what)


@pytest.mark.slow
def test_explain_says_which_correction_counts_for_nothing(pack, tmp_path):
    """Found: what a sender said of a marked file was ignored without a word."""
    _, _, of_marked = explained(tmp_path, pack, "CONFIDENTIAL: plan", "{of: words, is: public}")
    _, _, of_unmarked = explained(tmp_path, pack, "plan", "{of: words, is: confidential}")
    _, _, by_another = explained(tmp_path, pack, "CONFIDENTIAL: plan", "{of: words, is: public, by: owner}")

    assert (
        "warning: what-if.yaml:1:13: `words` stays confidential: a sender can say only what nobody has marked; suppose it `by:`"
        in of_marked
    )
    assert "warning" not in of_unmarked + by_another


@pytest.mark.parametrize("recipient", ["", "<>"])
def test_nobody_is_no_recipient(pack, tmp_path, recipient):
    """Found: a verdict, with a route, about the empty path."""
    status, said, wrong = explained(tmp_path, pack, "plan", "", recipient)

    assert (status, said, wrong) == (1, "", f"--recipient: `{recipient}` names nobody; write someone@example.org\n")


def test_a_warning_says_that_it_is_one_beside_mistakes(pack):
    """Found: `policy test` had mistakes and warnings of a pack alike."""
    (pack / "spare.yaml").write_text("entries: []\n")
    (pack / "pack.yaml").write_text((pack / "pack.yaml").read_text().replace("\nrules:", "\nrules:\n  - {id: x}\n#", 1))

    status, _, wrong = outgate("policy", "test", pack)
    tells = wrong.splitlines()

    assert status == 1
    assert [line for line in tells if line.startswith(f"{pack}/pack.yaml:") and "asks for nothing" in line]
    assert all(line.startswith("warning: ") for line in tells if "spare.yaml" in line)
    assert [line for line in tells if "spare.yaml" in line]
