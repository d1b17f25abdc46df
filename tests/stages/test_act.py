"""Single deliveries whose ends are easily got wrong, each with what everybody is told."""

import email
import io
from datetime import timedelta

import pytest

from gateway.log import Log
from gateway.mime.identity import digest_without_trace, identity, message_id_of
from gateway.model.outcome import Ending
from gateway.pipeline import Pipeline, Terms
from gateway.policy.rules import Act, Rule
from gateway.policy.snapshot import KnownList, Snapshot
from tests.deliveries import HOUSE, MESSAGE, failed_in, policy
from tests.doubles import Luck, ScriptedHop, Stage, arrival, recipient, run

ANN = "ann@own.example"
IDENTITY = identity("in", "", ANN, None, message_id_of(MESSAGE), digest_without_trace(MESSAGE))


class Delivery:
    """One message, tried as often as the test says."""

    def __init__(
        self, *to, sender=ANN, script=None, luck=(), each=False, patience_hours=4.0, pack=None, octets=MESSAGE, signer=None, place=()
    ):
        script = script or {}
        hops = [
            ScriptedHop(
                name, {key: list(left) for (hop, key), left in script.items() if hop == name}, "X-Encrypt: yes" * (name == "sealed")
            )
            for name in ("plain", "sealed")
        ]
        self.stage = Stage(*hops, luck=Luck(luck), signer=signer, place=place)
        self.to = tuple(one if not isinstance(one, str) else recipient(one) for one in to)
        self.sender, self.octets, self.log = sender, octets, io.StringIO()
        rules = pack or policy()
        terms = Terms(each, 7 * 86400.0, patience_hours * 3600.0)
        self.pipeline = Pipeline(self.stage.world, lambda: rules, HOUSE, lambda listener: terms, frozenset({"x-encrypt"}), Log(self.log))

    async def attempt(self, *, heard=True, deadline_seconds=60.0):
        message = arrival(self.octets, self.sender, self.to, self.stage.clock, deadline_seconds=deadline_seconds)
        answer = await self.pipeline.deliver(message)
        answer.confirm(heard)
        return [str(reply)[:9] for reply in answer.replies]

    def taken(self):
        return sorted(taken.recipient for hop in self.stage.hops.values() for taken in hop.taken)

    def mail(self):
        """To whom, and the subject, of every mail that we wrote."""
        found = []
        for row in self.stage.outbox.ever:
            if row.kind == "notice":
                subject = email.message_from_bytes(self.stage.vault.objects[row.object_id])["Subject"].replace("\r\n", "")
                found.append((row.recipients[0].address.wire, subject))
        return found

    def cases(self):
        return {
            one.address.wire: (held.decision.verdict.word, held.state, held.held_for)
            for held in self.stage.holds.cases.values()
            for one in held.envelope.recipients
        }


def test_the_simplest_mail_writes_nothing_durable():
    story = Delivery("b@free.example")

    assert run(story.attempt()) == ["250 2.0.0"]
    assert story.taken() == ["b@free.example"]
    assert story.stage.journal.finishes == [False]
    assert not story.stage.vault.objects


def test_nothing_is_done_when_the_deadline_has_passed_before_the_first_hand_over():
    story = Delivery("b@free.example", "c@kept.example")

    assert run(story.attempt(deadline_seconds=-1.0)) == ["451 4.4.7"]
    assert not story.taken()
    assert not story.stage.holds.cases


def test_a_before_queue_proxy_has_no_patience_even_when_the_clock_has_not_moved():
    """Found: patience was counted from the arrival, which is before the attempt begins, so that 0 was never over."""
    story = Delivery("b@free.example", "c@free.example", script={("plain", "c@free.example"): ["later"]}, patience_hours=0.0)
    story.stage.journal.begin = _begun_later(story)

    assert run(story.attempt()) == ["250 2.0.0"]
    assert [(row.kind, row.recipients[0].address.wire) for row in story.stage.outbox.ever] == [("rest", "c@free.example")]


def _begun_later(story):
    begin = story.stage.journal.begin

    async def begun(*args):
        story.stage.clock.turn(milliseconds=3)
        return await begin(*args)

    return begun


def test_patience_counts_from_the_first_attempt_that_finished_something():
    story = Delivery("b@free.example", "c@free.example", script={("plain", "c@free.example"): ["later"] * 9})

    async def attempts():
        said = []
        for hours in (2, 2, 0):
            said += await story.attempt()
            story.stage.clock.turn(hours=hours)
        return said

    assert run(attempts()) == ["450 4.2.0", "450 4.2.0", "250 2.0.0"]
    assert story.taken() == ["b@free.example"]


def test_what_waits_for_a_protected_route_is_queued_with_all_that_makes_it_protected():
    """Found: the rest was queued without the header field that makes its hop encrypt it."""
    script = {("sealed", "c@sealed.example"): ["later"]}
    story = Delivery(
        "b@free.example",
        "c@sealed.example",
        script=script,
        patience_hours=0.0,
        octets=MESSAGE.replace(b"MIME", b"X-Encrypt: no\r\nMIME", 1),
    )

    run(story.attempt())
    (row,) = story.stage.outbox.ever

    assert (row.kind, row.next_hop) == ("rest", "sealed")
    whole = story.stage.vault.objects[row.object_id]
    assert b"\r\nX-Encrypt: yes\r\nFrom: " in whole
    assert b"X-Encrypt: no" not in whole


def test_what_could_not_be_kept_is_never_queued_for_sending():
    luck = ["", "", "", "fails"]  # begin, check, the case number, then the vault
    story = Delivery("c@kept.example", "b@free.example", luck=luck, patience_hours=0.0)

    assert run(story.attempt()) == ["451 4.3.0"]
    assert not story.taken()
    assert not story.stage.outbox.ever


def test_of_two_cases_the_first_is_durable_and_known_when_the_second_fails():
    """Found: the error of the second hid the first from the answer."""
    luck = ["", "", "", "", "", "", "", "fails"]  # begin, check, case, vault, two letters, commit; the second case number
    story = Delivery("c@kept.example", "d@asked.example", luck=luck, each=True)

    async def attempts():
        return await story.attempt(), await story.attempt()

    first, second = run(attempts())

    assert first == ["250 2.1.5", "451 4.3.0"]
    assert second[1] == "250 2.1.5"


def test_a_second_way_that_fails_does_not_hide_what_the_first_delivered():
    """Found: the vault's error left act after a hand-over, and the retry did it again."""
    everywhere = {("plain", "c@free.example"): ["unusable"], ("sealed", "c@free.example"): ["unusable"]}
    luck = ["", "", "", "fails"]  # begin; the journal notes b; the case number; the vault is down
    story = Delivery("b@free.example", "c@free.example", script=everywhere, luck=luck)

    async def attempts():
        return await story.attempt(), await story.attempt()

    assert run(attempts()) == (["451 4.3.0"], ["250 2.0.0"])
    assert story.taken() == ["b@free.example"]
    assert story.cases() == {"c@free.example": ("hold", "open", "officer")}


def test_a_method_that_cannot_serve_gives_way_to_the_next():
    story = Delivery("b@free.example", script={("plain", "b@free.example"): ["unusable"]})

    assert run(story.attempt()) == ["250 2.0.0"]
    assert [taken.hop for hop in story.stage.hops.values() for taken in hop.taken] == ["sealed"]


@pytest.mark.parametrize("order", [("unusable-now", "unusable"), ("unusable", "unusable-now")])
def test_where_one_obstacle_is_temporary_the_mail_waits_upstream(order):
    """Found: a permanent obstacle after a temporary one made it a case without a route."""
    script = {("plain", "b@free.example"): [order[0]] * 3, ("sealed", "b@free.example"): [order[1]] * 3}
    story = Delivery("b@free.example", script=script)

    assert run(story.attempt()) == ["451 4.7.5"]
    assert not story.stage.holds.cases


def test_a_hops_refusal_is_passed_on_when_it_answers_for_all():
    story = Delivery("b@free.example", script={("plain", "b@free.example"): ["no"]})

    assert run(story.attempt()) == ["550 5.1.1"]
    assert not story.stage.outbox.ever


def test_a_hops_refusal_beside_a_delivery_becomes_a_dsn_that_tells_the_truth_about_the_others():
    """Found: the DSN counted everybody else as reached, also those who still waited."""
    script = {("plain", "c@free.example"): ["no"], ("plain", "d@free.example"): ["later"]}
    story = Delivery("b@free.example", "c@free.example", "d@free.example", script=script, patience_hours=0.0)

    assert run(story.attempt()) == ["250 2.0.0"]
    assert story.mail() == [(ANN, "Not sent to c@free.example: their mail system refused it")]
    (dsn,) = story.stage.letters()
    assert failed_in(dsn) == ("c@free.example",)
    assert b"It has gone to your other recipient." in dsn


SUCCESS = ("SUCCESS", "FAILURE")


def test_success_that_was_asked_for_is_told_by_us_where_the_hop_cannot():
    """RFC 3461 section 5.2.2: a relay to a server without DSN is reported as `relayed`."""
    asked, not_asked, told_by_hop = recipient("b@free.example", SUCCESS), recipient("c@free.example"), recipient("d@free.example", SUCCESS)
    script = {("plain", "b@free.example"): ["ok-without-dsn"], ("plain", "c@free.example"): ["ok-without-dsn"]}
    story = Delivery(asked, not_asked, told_by_hop, script=script)

    assert run(story.attempt()) == ["250 2.0.0"]
    (row,) = story.stage.outbox.ever
    assert (row.recipients[0].address.wire, row.reverse_path) == (ANN, "")
    _, fields, _ = email.message_from_bytes(story.stage.vault.objects[row.object_id]).get_payload()
    assert [(one["Final-Recipient"], one["Action"], one["Status"]) for one in fields.get_payload()[1:]] == [
        ("rfc822; b@free.example", "relayed", "2.0.0")
    ]
    assert story.stage.journal.finishes == [True]


@pytest.mark.parametrize("fails", ["vault.put", "journal.finish"])
def test_a_word_of_success_that_cannot_be_kept_does_not_undo_the_delivery(fails):
    story = Delivery(recipient("b@free.example", SUCCESS), script={("plain", "b@free.example"): ["ok-without-dsn"]})
    story.stage.luck.breaks.append(fails)

    assert run(story.attempt()) == ["250 2.0.0"]
    assert story.taken() == ["b@free.example"]


def test_who_is_not_ours_gets_no_word_of_success():
    story = Delivery(
        recipient("b@free.example", SUCCESS), sender="eve@foreign.example", script={("plain", "b@free.example"): ["ok-without-dsn"]}
    )

    assert run(story.attempt()) == ["250 2.0.0"]
    assert not story.mail()


@pytest.mark.parametrize(("sender", "notify"), [("", None), ("eve@foreign.example", None), (ANN, ("NEVER",))])
def test_a_hops_refusal_of_which_nobody_may_be_told_is_looked_at_by_a_person(sender, notify):
    """Found for NOTIFY=NEVER: it counted as bounced, and nobody heard of it."""
    story = Delivery("b@free.example", recipient("c@free.example", notify), sender=sender, script={("plain", "c@free.example"): ["no"]})

    assert run(story.attempt()) == ["250 2.0.0"]
    assert story.cases() == {"c@free.example": ("hold", "open", "postmaster")}
    assert story.mail() == [("postmaster@own.example", "For your decision: an email that is kept (case 7KQ-402)")]


def test_refused_for_some_of_whom_nobody_may_be_told_loses_nobody():
    """Found: one of two refusals was answered with a 5xx that a 250 covered."""
    story = Delivery("b@refused.example", recipient("c@refused.example", ("NEVER",)))

    assert run(story.attempt()) == ["250 2.0.0"]
    assert story.cases() == {"b@refused.example": ("refuse", "refused", "postmaster"), "c@refused.example": ("hold", "open", "postmaster")}
    (dsn, _) = story.stage.letters()
    assert failed_in(dsn) == ("b@refused.example",)
    assert b"c@refused.example" not in dsn


def test_refused_for_all_of_whom_nobody_may_be_told_is_a_5xx_and_nothing_is_kept():
    story = Delivery("b@refused.example", "c@refused.example", sender="")

    assert run(story.attempt()) == ["550 5.7.1"]
    assert not story.stage.holds.cases


def test_a_5xx_for_all_speaks_of_nobody_in_particular():
    story = Delivery("b@refused.example", "c@refused.example", pack=policy(refuse_by="smtp"))

    async def said():
        answer = await story.pipeline.deliver(arrival(MESSAGE, ANN, story.to, story.stage.clock))
        answer.confirm(True)
        return str(answer.replies[0])

    assert run(said()) == "550 5.7.1 Not sent: nobody may write there"


def test_in_mixed_smtp_the_refused_get_a_notice_whatever_the_pack_prefers():
    story = Delivery("b@refused.example", "c@free.example", pack=policy(refuse_by="smtp"))

    assert run(story.attempt()) == ["250 2.0.0"]
    assert story.cases()["b@refused.example"][1] == "refused"
    assert story.mail() == [(ANN, "Not sent to 1 of 2 people: the rules stopped it (case 7KQ-402)")]


def test_a_confirm_that_nobody_can_answer_is_a_hold_for_who_comes_then():
    story = Delivery("b@asked.example", sender="eve@foreign.example")

    assert run(story.attempt()) == ["250 2.0.0"]
    assert story.cases() == {"b@asked.example": ("hold", "open", "officer")}
    assert [to for to, _ in story.mail()] == ["officer@own.example"]


def test_each_notice_says_what_became_of_everybody_who_was_written_to():
    """Found: who was kept in another case, or reached before, was counted among the others; two notices of one mail, each about one of
    two recipients, let it seem that the other copy had gone.
    """
    story = Delivery("b@free.example", "c@kept.example", "d@asked.example", recipient("e@refused.example", ("NEVER",)))

    run(story.attempt())
    notices = [letter.decode().replace("=\r\n", "").replace("\r\n", " ") for letter in story.stage.letters()]

    opening = 'Your email "geheimnis-subject" of 14:06 has not gone to'
    for one, other in (("c@kept.example", "d@asked.example"), ("d@asked.example", "c@kept.example")):
        said = f"{opening} {one} yet. It is on its way to b@free.example. It has not gone to {other} either: another notice tells you why."
        assert any(said in notice for notice in notices)
    assert not any("e@refused.example" in one for one in notices if opening in one)  # nobody wants to hear of that one
    (asked,) = (one for one in notices if "It waits for your decision" in one and "c@kept.example" in one)
    assert not any(other in asked for other in ("b@free.example", "d@asked.example", "geheimnis-subject"))


def test_a_mailbox_named_twice_gets_one_copy_and_two_answers():
    story = Delivery("b@free.example", "B@FREE.example", each=True)

    assert run(story.attempt()) == ["250 2.1.5", "250 2.1.5"]
    assert story.taken() == ["b@free.example"]


def test_recipients_go_out_in_the_order_they_came_in():
    story = Delivery("c@free.example", "a@free.example", "b@free.example")

    run(story.attempt())

    assert [one.address.local_part for one in story.stage.hops["plain"].copies[0].recipients] == ["c", "a", "b"]


def test_a_delivery_is_answered_250_though_the_journal_has_just_died():
    story = Delivery("b@free.example", "c@stamped.example", luck=["", "", "", "fails", "fails", "fails"], each=True)

    assert run(story.attempt()) == ["250 2.1.5", "250 2.1.5"]


def test_a_bug_with_one_hop_is_told_to_the_operator_and_costs_the_others_nothing():
    """Found: it left the other hand-overs under way and unjournalled."""
    story = Delivery("b@free.example", "c@sealed.example", script={("sealed", "c@sealed.example"): ["bug"]}, each=True)

    assert run(story.attempt()) == ["250 2.1.5", "451 4.3.0"]
    assert '"event":"message.failed"' in story.log.getvalue()
    assert "hand_over" in story.log.getvalue()


def test_what_goes_on_after_the_deadline_is_closed_when_the_client_has_heard():
    """Found: an entry closed while its attempt went on was written again, and stood for six days in the way of the same mail."""
    story = Delivery("b@free.example", "c@sealed.example", script={("sealed", "c@sealed.example"): ["hang"]}, each=True)

    async def attempt():
        said = await story.attempt()
        before = set(story.stage.journal.steps[IDENTITY])
        story.stage.hops["sealed"].go_on.set()
        await story.pipeline.drain()
        return said, before

    said, before = run(attempt())

    assert said == ["250 2.1.5", "451 4.4.7"]
    assert before == {"b@free.example"}
    assert set(story.stage.journal.steps[IDENTITY]) == {"c@sealed.example"}


def test_a_bug_after_the_deadline_does_not_go_unheard():
    story = Delivery("b@sealed.example", script={("sealed", "b@sealed.example"): ["hang"]}, luck=["", "", "bug"])

    async def attempt():
        said = await story.attempt(heard=False)
        story.stage.hops["sealed"].go_on.set()
        await story.pipeline.drain()
        return said

    assert run(attempt()) == ["451 4.4.7"]
    assert '"event":"message.failed"' in story.log.getvalue()
    assert not story.stage.journal.locked


def test_a_case_remembers_what_its_octets_do_not_show():
    story = Delivery("b@kept.example", pack=policy(keep=timedelta(days=3)))

    run(story.attempt())
    (held,) = story.stage.holds.cases.values()

    assert (held.client, held.certificate, held.defects) == ("192.0.2.1", None, ())
    assert held.keep_until == held.kept_at + timedelta(days=3)
    assert held.answer_by == held.kept_at + timedelta(hours=4)
    assert {entry["outcomes"][0].ending for entry in story.stage.remembered.entries} == {Ending.KEPT}


def test_the_owner_of_one_list_neither_decides_about_another_nor_learns_of_it():
    """Found: two lists in one mail were one case, decided by the owner of the first; the other may have been a Bcc."""
    lists = {f"{name}@kept.example": KnownList(f"{name}@kept.example", f"{name}.owner@own.example", 3, 0, ()) for name in ("one", "two")}
    rule = Rule("keep-it", acts=(Act("hold", held_for="list-owner", within=timedelta(hours=4), then="officer"),))
    pack = policy(rules=(rule,), snapshot=Snapshot(lists=lists))
    story = Delivery("one@kept.example", "two+x@kept.example", "b@kept.example", pack=pack)

    assert run(story.attempt()) == ["250 2.0.0"]
    asked = {row.recipients[0].address.wire: story.stage.vault.objects[row.object_id] for row in story.stage.outbox.ever}
    assert len(story.stage.holds.cases) == 3
    assert b"one@kept.example" in asked["one.owner@own.example"]
    assert b"two+x@kept.example" not in asked["one.owner@own.example"]
    assert b"two+x@kept.example" in asked["two.owner@own.example"]
    assert b"one@kept.example" not in asked["two.owner@own.example"]
