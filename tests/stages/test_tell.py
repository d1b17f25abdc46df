"""Rules that tell: `advise` tells the sender, `notify` a person, of mail that has gone; once each, and never at the cost of the mail."""

import email
import email.policy
from collections import Counter
from functools import partial
from textwrap import dedent

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gateway.model.decision import Reason
from gateway.policy.news import advised, to_told
from gateway.policy.rules import Act, Ask, Rule
from gateway.policy.snapshot import KnownList, Snapshot
from gateway.policy.wording import Told
from tests.deliveries import DOMAINS, play, policy, stories
from tests.doubles import recipient, run
from tests.stages.test_act import ANN, Delivery
from tests.stages.test_keeper import Later
from tests.stages.test_letters import TEXTS, TOO_LARGE, about, text, whole

GENTLY = text("gently", "secure email is coming", "From March, email to {recipients} needs a secure route.{case}\n\n{clause}")
FILES = {
    "guidance/gently.en.md": b"---\ntitle: secure email is coming\n---\n\nFrom March this needs a secure route.\n",
    "guidance/look.en.md": b"---\ntitle: an email you wanted to know of\n---\n\nPlease look at {files}\n",
}
OFFICER, DUTY = "officer@own.example", "duty@own.example"
EVERYWHERE = frozenset(DOMAINS)


def advise(*domains, guidance="gently"):
    when = (Ask("audience", "any", frozenset(domains or EVERYWHERE)),)
    return Rule("soon", when, acts=(Act("hold", held_for="officer", guidance=guidance),), mode="advise")


def notify(who, *domains, guidance="look"):
    return Rule(
        f"tell-{who}", (Ask("audience", "any", frozenset(domains or EVERYWHERE)),), acts=(Act("notify", held_for=who, guidance=guidance),)
    )


def pack(*rules, **more):
    return policy(rules=(*policy().rules, *rules), guidance_files=FILES, **more)


def letters(stage):
    """Every plain notice without a case: its row, and the mail."""
    rows = [row for row in stage.outbox.ever if row.kind == "notice" and row.case is None]
    mails = [(row, email.message_from_bytes(stage.vault.objects[row.object_id], policy=email.policy.SMTP)) for row in rows]
    return [(row, mail) for row, mail in mails if mail.get_content_type() != "multipart/report"]


def words(mail):
    return mail.get_body().get_content().replace("\r\n", "\n")


# --- words ----------------------------------------------------------------------------------------------------------------


def test_advice_whole():
    reason = Reason("soon", "notify", "section 9", guidance="gently")
    told = Told(("a@x.example", "b@y.example"), ((reason, ("b@y.example",)),), frozenset({"b@y.example"}))

    assert whole(advised(about(TOO_LARGE.decision, case=""), told, {"gently": GENTLY})) == dedent("""\
        Subject: Sent: secure email is coming

        Your email of 14:06 has gone to a@x.example and is on its way to b@y.example.

        To b@y.example:
        From March, email to b@y.example needs a secure route.

        section 9

        Help: ICT Service Desk, 01629 000000.
        """)


def test_a_person_who_is_told_whole():
    told = Told(("b@y.example",), ((Reason("tell", "notify", text="mail to Y is looked at"), ("b@y.example",)),))

    assert whole(to_told(about(TOO_LARGE.decision, case=""), told, "ann@derbyshire.gov.uk", TEXTS)) == dedent("""\
        Subject: Sent: a rule speaks of this email

        An email from ann@derbyshire.gov.uk to b@y.example has gone.

        mail to Y is looked at

        Help: ICT Service Desk, 01629 000000.
        """)


# --- who is told ----------------------------------------------------------------------------------------------------------


def test_a_rule_in_advise_delivers_and_tells_the_sender_once_for_all():
    story = Delivery("b@free.example", "c@free.example", "d@stamped.example", pack=pack(advise("free")))

    assert run(story.attempt()) == ["250 2.0.0"]
    assert len(story.taken()) == 3
    ((row, mail),) = letters(story.stage)
    assert (row.recipients[0].address.wire, row.reverse_path, row.case) == (ANN, "", None)
    assert (mail["Subject"], mail["Auto-Submitted"]) == ("Sent: secure email is coming", "auto-replied")
    assert "has gone to b@free.example and c@free.example.\n\nFrom March this needs a secure route.\n" in words(mail)
    assert story.stage.journal.finishes[-1] is True


def test_a_notify_tells_a_person_file_names_and_no_content():
    story = Delivery("b@free.example", pack=pack(notify("officer")))

    assert run(story.attempt()) == ["250 2.0.0"]
    ((row, mail),) = letters(story.stage)
    assert (row.recipients[0].address.wire, mail["Auto-Submitted"]) == (OFFICER, "auto-generated")
    assert f"An email from {ANN} to b@free.example has gone." in words(mail)
    assert "geheimnis-name.txt" in words(mail)
    assert not any(secret in mail.as_string() for secret in ("geheimnis-body", "geheimnis-subject"))


def test_a_notify_of_the_sender_and_advice_are_one_letter():
    story = Delivery("b@free.example", pack=pack(advise(), notify("sender")))

    run(story.attempt())
    ((row, mail),) = letters(story.stage)
    assert row.recipients[0].address.wire == ANN
    assert "secure route" in words(mail)
    assert "Please look" in words(mail)


def test_watch_and_advice_without_a_text_tell_nobody():
    watched = Rule("quiet", acts=(Act("hold", held_for="officer", guidance="gently"),), mode="watch")
    story = Delivery("b@free.example", pack=pack(watched, advise(guidance=None)))

    assert run(story.attempt()) == ["250 2.0.0"]
    assert not story.mail()
    assert story.stage.journal.finishes == [False]


@pytest.mark.parametrize(("sender", "never"), [("", None), ("eve@foreign.example", None), (ANN, ("NEVER",))])
def test_a_sender_who_may_not_be_told_is_not_advised_but_the_person_is(sender, never):
    story = Delivery(recipient("b@free.example", never), sender=sender, pack=pack(advise(), notify("sender"), notify("officer")))

    assert run(story.attempt()) == ["250 2.0.0"]
    assert [row.recipients[0].address.wire for row, _ in letters(story.stage)] == [OFFICER]


def test_the_owner_of_one_list_does_not_learn_of_another():
    lists = {f"{name}@free.example": KnownList(f"{name}@free.example", f"{name}-owner@own.example", 3, 0, ()) for name in ("x", "y")}
    story = Delivery("x@free.example", "y@free.example", pack=pack(notify("list-owner"), snapshot=Snapshot(lists=lists)))

    run(story.attempt())
    said = {row.recipients[0].address.wire: words(mail) for row, mail in letters(story.stage)}
    assert set(said) == {"x-owner@own.example", "y-owner@own.example"}
    assert "y@free.example" not in said["x-owner@own.example"]
    assert "x@free.example" not in said["y-owner@own.example"]


def test_what_waits_in_our_outbox_is_on_its_way_and_what_waits_upstream_is_not_told_of():
    late = {("plain", "c@free.example"): ["later"]}
    queued = Delivery("b@free.example", "c@free.example", script=dict(late), patience_hours=0.0, pack=pack(advise()))
    waiting = Delivery("b@free.example", "c@free.example", script=dict(late), pack=pack(advise()))

    assert (run(queued.attempt()), run(waiting.attempt())) == (["250 2.0.0"], ["450 4.2.0"])
    ((_, mail),) = letters(queued.stage)
    assert "has gone to b@free.example and is on its way to c@free.example." in words(mail)
    ((_, mail),) = letters(waiting.stage)
    assert "c@free.example" not in words(mail)


def test_a_method_that_gave_way_to_the_next_is_told_of_too():
    story = Delivery("b@free.example", script={("plain", "b@free.example"): ["unusable"]}, pack=pack(advise()))

    assert run(story.attempt()) == ["250 2.0.0"]
    assert len(letters(story.stage)) == 1


def test_mail_that_did_not_go_is_not_told_of():
    story = Delivery("b@free.example", script={("plain", "b@free.example"): ["no"]}, pack=pack(advise(), notify("officer")))

    assert run(story.attempt()) == ["550 5.1.1"]
    assert not story.mail()


def test_of_kept_mail_the_person_is_told_with_its_case_and_who_decides_only_once():
    story = Delivery("b@kept.example", pack=pack(notify("officer"), notify("duty")))

    assert run(story.attempt()) == ["250 2.0.0"]
    (case,) = story.stage.holds.cases
    assert sorted(to for to, _ in story.mail()) == [ANN, DUTY, OFFICER]
    assert (DUTY, f"Not sent: an email you wanted to know of (case {case})") in story.mail()


def released(story, *rules):
    """What everybody has got once a kept message was let go: (to, subject, words)."""
    later = Later(*story, pack=pack(*rules))

    async def play():
        await later.deliver()
        before = len(later.stage.hops["plain"].taken)
        await later.wish("release")
        return later.stage.hops["plain"].taken[before:]

    taken = [one for one in run(play()) if one.recipient not in story]
    mails = [email.message_from_bytes(one.octets, policy=email.policy.SMTP) for one in taken]
    return [(one.recipient, mail["Subject"], words(mail)) for one, mail in zip(taken, mails, strict=True)]


def test_kept_mail_that_is_let_go_tells_the_sender_in_one_letter_and_the_person_who_was_told_that_it_was_kept():
    """Found: a release told nobody."""
    ((to, subject, said), (person, theirs, looked)) = released(["b@kept.example"], advise(), notify("duty"))

    assert (to, subject) == (ANN, "On its way: your email that was kept (case 7KQ-402)")
    assert "You need do nothing." in said
    assert "From March this needs a secure route." in said
    assert (person, theirs) == (DUTY, "On its way: an email you wanted to know of (case 7KQ-402)")
    assert looked.startswith(f"An email from {ANN} to b@kept.example is on its way.\n\nPlease look at ")
    assert "geheimnis-name.txt" in looked


def test_rules_about_other_mail_say_nothing_of_a_release():
    said = released(["b@kept.example", "c@kept.example"], advise("free"), notify("duty", "free"))

    assert [(to, subject) for to, subject, _ in said] == [(ANN, "On its way: your email that was kept (case 7KQ-402)")]
    assert "secure route" not in said[0][2]


# --- at no cost -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("fails", ["vault.put", "journal.finish"])
def test_a_letter_that_cannot_be_made_does_not_undo_the_delivery(fails):
    story = Delivery("b@free.example", pack=pack(advise(), notify("officer")))
    story.stage.luck.breaks.append(fails)

    assert run(story.attempt()) == ["250 2.0.0"]
    assert story.taken() == ["b@free.example"]


def test_a_retry_of_what_is_finished_tells_nobody_again():
    story = Delivery("b@free.example", pack=pack(advise(), notify("officer")))

    async def attempts():
        return await story.attempt(heard=False), await story.attempt()

    assert run(attempts()) == (["250 2.0.0"], ["250 2.0.0"])
    assert [to for to, _ in story.mail()] == [ANN, OFFICER]


TELLING = pack(advise(), notify("duty"))
law = partial(settings, max_examples=60, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])


def told_of(stage, recipients):
    """How often each mailbox was told of each recipient."""
    found = Counter()
    for row, mail in letters(stage):
        found.update((row.recipients[0].address.wire, one.address.wire) for one in recipients if one.address.wire in words(mail))
    return found


@law()
@given(st.one_of(stories(), stories(domains=("free", "stamped", "sealed"), unlucky=False)))
def test_nobody_is_told_twice_of_one_recipient_however_often_the_upstream_tries(story):
    ledger = run(play(story, TELLING))
    for (_, wire), times in told_of(ledger.stage, story.recipients).items():
        assert times == 1 or wire in ledger.end.unknown or ledger.end.journal_failed


@law()
@given(stories(domains=("free", "stamped", "sealed", "kept"), unlucky=False, answers=("ok", "later", "no", "unusable", "unusable-now")))
def test_in_a_world_that_is_well_whoever_has_the_mail_is_told_of(story):
    ledger = run(play(story, TELLING))
    found = told_of(ledger.stage, story.recipients)
    end = ledger.end
    for one in story.recipients:
        went = bool(end.taken[one.address.key] or end.queued[one.address.key])
        assert found[(DUTY, one.address.wire)] == went
        assert found[(ANN, one.address.wire)] == (went and story.sender == ANN and one.notify != frozenset({"NEVER"}))
