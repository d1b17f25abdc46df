"""What people say of a kept message: noted once, decided by, and told to whom the pack names."""

import email
import email.policy
from dataclasses import replace

import pytest

from gateway.model.decision import Verdict
from gateway.model.facts import Declared
from gateway.model.kept import Because
from gateway.model.outcome import Ending
from gateway.policy.places import Places
from gateway.policy.rules import Act, Ask, Override, Rule
from gateway.policy.snapshot import Snapshot
from tests.deliveries import MESSAGE, policy
from tests.doubles import recipient, run
from tests.stages.test_act import ANN
from tests.stages.test_keeper import CASE, Later
from tests.strategies import ladders

OFFICER = "officer@own.example"
PURPOSE = Rule(
    "say-why", (Ask("audience", "any", frozenset({"free"})),), unless=(Ask("purpose", "any", frozenset({"justice", "other"})),),
    acts=(Act("confirm", held_for="sender", declares="purpose"),),
)  # fmt: skip
WORD = Rule(
    "say-checked", (Ask("audience", "any", frozenset({"stamped"})),), unless=(Ask("declared", "any", frozenset({"checked"})),),
    acts=(Act("confirm", held_for="sender", declares="checked"),), says="it must be checked",
)  # fmt: skip
URGENT = Override(
    "urgent", frozenset({"night-staff"}), frozenset({"keep-it"}), ("reason", "who-could-be-harmed"), "officer", "principle 10"
)


def pack(*rules, members=(ANN,), known=True, **more):
    group = Places.of([(one, True) for one in members]) if known else None
    snapshot = Snapshot(groups={"night-staff": group}, looked_for=ladders(0).looks_for)
    settings = {"purposes": {"justice": frozenset()}, "overrides": (URGENT,), "snapshot": snapshot}
    return policy(rules=(*policy().rules, PURPOSE, WORD, *rules), **(settings | more))


def kept(*to, **more):
    return run(Later(*to, pack=pack(**more)).deliver())


def declare(later, *declared, answers=()):
    return run(later.wish("declare", declared=declared, answers=answers))


ANSWERS = (("reason", "a child is at risk"), ("who-could-be-harmed", "the child"))


@pytest.mark.parametrize(
    ("to", "said", "result"),
    [
        ("b@free.example", Declared("purpose", "justice"), "b@free.example: goes by plain"),
        ("b@free.example", Declared("purpose", "other"), "b@free.example: goes by plain"),
        ("b@stamped.example", Declared("word", "checked"), "b@stamped.example: goes by plain"),
        ("b@stamped.example", Declared("purpose", "justice"), "b@stamped.example: stays kept (it must be checked)"),
    ],
)
def test_what_is_declared_is_decided_by(to, said, result):
    later = kept(to)

    assert declare(later, said) == ("done", result)
    assert later.stage.holds.said[-1] == Because("officer", "it is fine", (said,))
    run(later.turn())
    assert [one.recipient for hop in later.stage.hops.values() for one in hop.taken if one.recipient == to] == [to] * ("goes" in result)


def test_what_is_decided_again_is_on_record_with_what_was_said():
    later = kept("b@free.example")
    before = len(later.stage.remembered.entries)

    declare(later, Declared("purpose", "justice"))
    (entry,) = later.stage.remembered.entries[before:]
    assert entry["facts"][0].message.declared == (Declared("purpose", "justice"),)
    assert entry["decisions"][0].verdict is Verdict.RELEASE
    assert [(one.recipient.address.wire, one.ending, one.case) for one in entry["outcomes"]] == [("b@free.example", Ending.QUEUED, CASE)]


def test_what_was_declared_stays_declared_when_the_case_is_decided_again():
    later = kept("b@free.example", "c@stamped.example")
    cases = {held.envelope.recipients[0].address.wire: case for case, held in later.stage.holds.cases.items()}
    held = cases["c@stamped.example"]

    assert run(later.wish("declare", held, declared=(Declared("purpose", "justice"),)))[0] == "done"
    assert later.held(held).declared == (Declared("purpose", "justice"),)
    assert run(later.wish("redecide", held)) == ("done", "c@stamped.example: stays kept (it must be checked)")
    assert run(later.wish("declare", held, declared=(Declared("purpose", "other"), Declared("word", "checked"))))[0] == "done"
    assert later.held(cases["b@free.example"]).declared == ()  # each case has its own


@pytest.mark.parametrize(
    ("said", "answers", "result"),
    [
        ((), (), "nothing was declared"),
        ((Declared("purpose", "fun"),), (), "unknown purpose `fun`; there are: justice, other"),
        ((Declared("word", "check"),), (), "unknown word (no confirm declares it) `check`; did you mean `checked`?"),
        ((Declared("classification", "cosmic", "officer", "words"),), (), "unknown classification `cosmic`; there are: "),
        ((Declared("word", "checked", "bob"),), (), "unknown person `bob`; there are: "),
        ((Declared("override", "urgnt"),), (), "unknown override `urgnt`; did you mean `urgent`?"),
        ((Declared("override", "urgent"),), (), "the override `urgent` asks: reason, who-could-be-harmed; answer each"),
        ((Declared("override", "urgent"),), (("reason", "x"), ("who-could-be-harmed", "  ")), "the override `urgent` asks: who-could"),
        ((Declared("override", "urgent"),), (*ANSWERS, ("who", "x")), "unknown question `who`; there are: reason, who-could-be-harmed"),
        ((Declared("classification", "public", "officer", "b.txt"),), (), "the message has no file `b.txt`; it has: geheimnis-name.txt"),
    ],
)  # fmt: skip
def test_what_means_nothing_changes_nothing(said, answers, result):
    later = kept("b@kept.example")
    state, told = declare(later, *said, answers=answers)

    assert state == "failed"
    assert told.startswith(result)
    assert (later.held().state, later.held().declared, later.stage.holds.said) == ("open", (), [])


# --- overrides ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("more", "to", "result"),
    [
        (
            {"members": ("kim@own.example",)},
            "b@kept.example",
            "the override `urgent` is for night-staff, and ann@own.example is none of them",
        ),
        (
            {"known": False},
            "b@kept.example",
            "the override `urgent` is for night-staff, and it is not known whether ann@own.example is one",
        ),
        ({}, "b@asked.example", "the override `urgent` lifts nothing here: no rule that it names keeps this message"),
    ],
)
def test_an_override_that_is_not_accepted_is_not_noted(more, to, result):
    later = kept(to, **more)
    state, told = declare(later, Declared("override", "urgent"), answers=ANSWERS)

    assert (state, told[: len(result)]) == ("failed", result)
    assert later.held().declared == ()
    assert not [subject for subject in later.got(OFFICER) if "Override" in subject]


def letter(later, subject):
    found = [email.message_from_bytes(one.octets, policy=email.policy.SMTP) for hop in later.stage.hops.values() for one in hop.taken]
    (one,) = [mail for mail in found if mail["Subject"] == subject]
    return one["To"], one.get_body().get_content().replace("\r\n", "\n")


def test_an_override_lets_go_and_tells_whom_the_pack_names_what_was_answered():
    later = kept("b@kept.example")

    assert declare(later, Declared("override", "urgent"), answers=ANSWERS) == ("done", "b@kept.example: goes by plain")
    run(later.turn())
    assert later.got("b@kept.example") == ["geheimnis-subject"]
    assert later.got(ANN)[-1] == f"On its way: your email that was kept (case {CASE})"
    to, words = letter(later, f"Override used: urgent (case {CASE})")
    assert OFFICER in to
    assert words == (
        f"An email from {ANN} is on its way to b@kept.example: the override urgent was used.\n\n"
        "officer noted it: it is fine\n\n"
        "What was answered:\n- Reason: a child is at risk\n- Who could be harmed: the child\n\n"
        "It was kept because:\n- kept mail is looked at\n\n"
        "What these rules require was not lifted: it travels as protected as before.\n\n"
        "The file:\n- geheimnis-name.txt: 4 bytes\n\n"
        "The rule: A Policy v1, principle 10.\n\n"
        f"Help: Help desk, 01629 000000. Say case {CASE}.\n"
    )
    assert later.stage.holds.said[-1].answers == ANSWERS


@pytest.mark.parametrize(("never", "told"), [(None, [f"Override used: urgent (case {CASE})"]), (("NEVER",), [])])
def test_a_sender_is_told_of_an_override_only_where_they_may_be_told(never, told):
    rules = pack(overrides=(replace(URGENT, told="sender"),))
    later = run(Later(recipient("b@kept.example", never), pack=rules).deliver())

    assert declare(later, Declared("override", "urgent"), answers=ANSWERS)[0] == "done"
    run(later.turn())
    assert [subject for subject in later.got(ANN) if subject.startswith("Override")] == told


def test_an_override_lifts_no_other_rule_and_both_are_told():
    other = Rule("keep-too", (Ask("audience", "any", frozenset({"kept"})),), acts=(Act("hold", held_for="duty"),), says="another reason")
    later = run(Later("b@kept.example", pack=pack(other)).deliver())

    assert declare(later, Declared("override", "urgent"), answers=ANSWERS) == ("done", "b@kept.example: stays kept (another reason)")
    assert later.held().declared == (Declared("override", "urgent"),)
    run(later.turn())
    assert "stays kept for b@kept.example: the override urgent was used." in letter(later, f"Override used: urgent (case {CASE})")[1]


def test_a_declaration_asked_twice_or_carried_out_by_two_keepers_takes_effect_once():
    later = kept("b@kept.example")

    async def twice():
        for _ in range(2):
            await later.stage.intents.put("declare", CASE, Because("jo", "rang", (Declared("override", "urgent"),), ANSWERS))
        await later.turn()
        await later.turn()

    run(twice())
    assert [intent.state for intent in later.stage.intents.rows.values()] == ["done", "failed"]
    assert later.got("b@kept.example") == ["geheimnis-subject"]
    assert [subject for subject in later.got(OFFICER) if subject.startswith("Override")] == [f"Override used: urgent (case {CASE})"]


def test_a_person_of_the_pack_corrects_a_file_by_its_name():
    strict = Rule(
        "secret-stays",
        (Ask("classification", "at_least", ("files", 1, None)),),
        acts=(Act("hold", held_for="officer"),),
        says="it is secret",
    )
    ladder = ladders(1)
    rules = policy(rules=(strict,), ladder=ladder, snapshot=Snapshot(looked_for=ladder.looks_for))
    later = run(Later("b@free.example", pack=rules, octets=MESSAGE).deliver())
    least = ladder.names[0]

    assert later.held().state == "open"
    said = Declared("classification", least, "officer", "geheimnis-name.txt")
    assert declare(later, said) == ("done", "b@free.example: goes by plain")
