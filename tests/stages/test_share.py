"""Single mails whose files go by link, and what becomes of the links when something goes wrong."""

import asyncio
import email
import email.policy
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from gateway.model.share import Standing
from gateway.policy.rules import Act, Ask, Rule, System
from tests.deliveries import MESSAGE, policy
from tests.doubles import Luck, recipient, run
from tests.sharing import link_of
from tests.stages.test_act import ANN, Delivery
from tests.stages.test_keeper import Later

PAT, SAM, KIM = "pat@shared.example", "sam@shared.example", "kim@free.example"
IN_SHARED = Ask("audience", "any", frozenset({"shared"}))
HELD = (*policy().rules, Rule("look", (IN_SHARED,), acts=(Act("hold", held_for="officer"),), says="it is looked at"))


NOTHING_GOES = "nothing has changed: it was revoked\nTo end it: outgate hold refuse 7KQ-402 --by NAME --why TEXT"  # where the place says so


def shares(story):
    """Of each share, the states of its people."""
    found = story.stage.shares.shares.values()
    return [{grant.key: grant.state.value for grant in share.grants if grant.role == "recipient"} for share in found]


def links(story):
    return {grant.key: link_of(share, grant) for share in story.stage.shares.shares.values() for grant in share.grants}


def copy_for(story, key):
    (octets,) = [taken.octets for hop in story.stage.hops.values() for taken in hop.taken if taken.recipient == key]
    return octets.decode()


def letter(story, subject):
    """The text of the one letter with this in its subject, sent or not."""
    sent = [taken.octets for hop in story.stage.hops.values() for taken in hop.taken]
    found = [email.message_from_bytes(octets, policy=email.policy.default) for octets in (*story.stage.letters(), *sent)]
    (text,) = [one.get_body(("plain",)).get_content().replace("\r\n", "\n") for one in found if subject in one["Subject"]]
    return text


def test_the_receipt_whole():
    story = Delivery(PAT, KIM)
    assert run(story.attempt()) == ["250 2.0.0"]

    page = links(story)[ANN]
    key = f"key-{page.rpartition('.')[2]}"
    assert story.mail() == [(ANN, "Sent, with a link instead of a file (case 7KQ-402)")]
    assert letter(story, "Sent, with a link") == (
        'Your email "geheimnis-subject" of 14:06 has gone to pat@shared.example, with a link instead of a file.\n\n'
        "These files travel by link, for the people who may have them. Each has a link of their own, which opens with a code sent to their "
        "mailbox:\n\n"
        "- geheimnis-name.txt: 4 bytes\n\n"
        "They can be fetched until 19 November 2026, 14:06 UTC.\n\n"
        f"See who has fetched what, or take the links back:\n{page}\nAccess key, if the page asks for it: {key}\n\n"
        "You need do nothing. A link that is passed on does not open: whoever needs the files as well, send them to that person yourself."
        "\n\nHelp: Help desk, 01629 000000. Say case 7KQ-402.\n"
    )


def test_everybody_has_a_link_of_their_own_and_nobody_learns_of_another():
    story = Delivery(PAT, SAM)
    run(story.attempt())

    for mine, other in ((PAT, SAM), (SAM, PAT)):
        copy = copy_for(story, mine)
        assert links(story)[mine] in copy
        assert links(story)[other] not in copy
        assert other not in copy
    assert "pat@shared.example and sam@shared.example" in letter(story, "Sent, with a link")


def test_a_rule_that_advises_says_so_in_the_receipt_and_not_in_a_letter_of_its_own():
    text = b"---\ntitle: think of the next time\n---\nNext time, ask first.\n"
    advice = Rule("advise", (IN_SHARED,), acts=(Act("confirm", held_for="sender", guidance="advice"),), mode="advise")
    pack = policy(rules=(*policy().rules, advice), guidance_files={"guidance/advice.en.md": text})
    story = Delivery(PAT, pack=pack)
    run(story.attempt())

    assert len(story.mail()) == 1
    assert "Next time, ask first." in letter(story, "with a link instead of a file")


@pytest.mark.parametrize(("sender", "notify"), [("", None), ("eve@foreign.example", None), (ANN, ("NEVER",))])
def test_nobody_who_may_not_be_told_has_a_receipt_or_a_page(sender, notify):
    story = Delivery(recipient(PAT, notify), sender=sender)
    run(story.attempt())

    assert story.taken() == [PAT]
    assert story.mail() == []
    (share,) = story.stage.shares.shares.values()
    assert [grant.role for grant in share.grants] == ["recipient"]


def test_who_answers_for_a_system_has_its_receipt_and_its_page():
    system = System("letters", "owner", frozenset({ANN}), networks=("192.0.2.0/24",), notices_to="it@own.example")
    story = Delivery(PAT, pack=policy(systems=(system,)))
    run(story.attempt())

    assert [to for to, _ in story.mail()] == ["it@own.example"]
    assert "it@own.example" in links(story)


def test_the_words_are_in_the_language_of_the_message():
    spanish = "Estimada señora: adjunto el informe para la reunión de los lunes.\r\n".encode("iso-8859-1")
    head = b"Content-Type: text/plain; charset=iso-8859-1\r\nContent-Transfer-Encoding: 8bit\r\n\r\n"
    octets = MESSAGE.replace(b"--b\r\n\r\ngeheimnis-body\r\n.\r\n", b"--b\r\n" + head + spanish)
    name = "guidance/share-own.es.md"
    story = Delivery(PAT, octets=octets, pack=policy(guidance_files={name: (Path("rules/starter") / name).read_bytes()}))
    run(story.attempt())

    (taken,) = story.stage.hops["plain"].taken
    body = email.message_from_bytes(taken.octets, policy=email.policy.default).get_body(("plain",)).get_content()
    assert "Estos archivos no están en este mensaje." in body
    assert "Hasta el 19 de noviembre de 2026, 14:06 UTC." in body
    assert body.rstrip().endswith("adjunto el informe para la reunión de los lunes.")
    (share,) = story.stage.shares.shares.values()
    assert share.language == "es"
    assert "has gone to pat@shared.example" in letter(story, "Sent, with a link")  # the house speaks English


# --- places and hops that fail ----------------------------------------------------------------------------------------


def test_a_dead_place_is_the_next_route():
    story = Delivery(PAT, place=("unusable",))
    assert run(story.attempt()) == ["250 2.0.0"]

    (taken,) = story.stage.hops["sealed"].taken
    assert b"geheimnis-name.txt" in taken.octets
    assert shares(story) == []


def test_a_place_that_cannot_serve_one_of_them_serves_the_other():
    story = Delivery(PAT, SAM, place=("unusable-for-first",))
    run(story.attempt())

    assert [(hop, len(one.taken)) for hop, one in story.stage.hops.items()] == [("plain", 1), ("sealed", 1)]
    assert shares(story) == [{SAM: "open"}]


@pytest.mark.parametrize(("place", "refused"), [(("revoked",), [PAT, SAM]), (("revoked-for-first",), [PAT])])
def test_what_was_taken_back_goes_no_other_way_and_its_sender_hears_so(place, refused):
    """Found: the retry of a mail whose links its sender had ended brought the files by the next route."""
    story = Delivery(PAT, SAM, KIM, place=place, each=True)
    assert run(story.attempt()) == ["250 2.1.5"] * 3

    assert story.taken() == sorted({PAT, SAM, KIM} - set(refused))
    assert not story.stage.hops["sealed"].taken
    assert {key: verdict for key, (verdict, state, _) in story.cases().items() if state == "refused"} == dict.fromkeys(refused, "refuse")
    said = letter(story, "Not sent to")
    assert all(key in said for key in refused)
    assert "The links to its files were taken back before it reached them" in said


@pytest.mark.parametrize("whole", [True, False])
@pytest.mark.parametrize("place", ["dead", "not configured any more"])
def test_what_was_taken_back_goes_no_other_way_where_its_place_could_not_serve_it_either(place, whole):
    """Found: a place that was asked first said that it cannot serve them, and the next route brought the files."""
    later = {("plain", PAT): ["later"], ("plain", SAM): ["later"]}
    story = Delivery(PAT, SAM, script=later, place=("", "unusable", "unusable"), each=True)

    async def attempts():
        first = await story.attempt()
        (share,) = story.stage.shares.shares.values()
        story.stage.shares.revoke(share.id, {PAT, SAM} if whole else {PAT})
        if place != "dead":
            story.stage.world.places.clear()
        return first, await story.attempt()

    assert run(attempts()) == (["450 4.2.0"] * 2, ["250 2.1.5"] * 2)
    assert story.taken() == ([] if whole else [SAM])  # for whom it is the next route, as it should be
    assert {key for key, (_, state, _) in story.cases().items() if state == "refused"} == ({PAT, SAM} if whole else {PAT})
    assert story.stage.place.puts == (1 if whole or place != "dead" else 2)


def test_kept_mail_whose_links_were_taken_back_stays_kept():
    later = Later(PAT, pack=policy(rules=HELD), place=("revoked",))

    async def story():
        await later.deliver()
        return await later.wish("release")

    assert run(story()) == ("failed", NOTHING_GOES)
    assert later.held().state == "open"


@pytest.mark.parametrize(
    ("act", "asked", "heir"),
    [
        (Act("hold", held_for="officer", within=timedelta(hours=4), then="duty"), "officer", "duty"),
        (Act("confirm", held_for="sender", within=timedelta(hours=4), then="officer"), "officer", "officer"),
        (Act("confirm", held_for="sender", within=timedelta(hours=4)), "postmaster", "postmaster"),
    ],
)
def test_of_kept_mail_only_those_stay_from_whom_the_links_were_taken_back(act, asked, heir):
    """Found: one ended link failed the release of the whole case; then what stayed had no `then`, and nobody was asked of a confirm."""
    rules = (*policy().rules, Rule("look", (IN_SHARED,), acts=(act,), says="it is looked at"))
    later = Later(PAT, SAM, KIM, pack=policy(rules=rules), place=("revoked-for-first", "", "revoked"))
    asks = "For your decision: an email that is kept (case 7KQ-402)"

    async def story():
        await later.deliver()
        first = await later.wish("release")
        await later.turn(seconds=1)
        held, second = later.held(), await later.wish("release")
        await later.turn(hours=4)
        await later.turn(seconds=1)
        return first, held, second

    (state, said), held, again = run(story())
    assert state == "done"
    assert "pat@shared.example: stays kept (The links to its files were taken back" in said
    assert [len(later.got(one)) for one in (PAT, SAM, KIM)] == [0, 1, 1]
    assert "pat@" not in letter(later, "On its way: your email that was kept")
    assert (held.state, held.held_for, [one.address.wire for one in held.envelope.recipients]) == ("open", asked, [PAT])
    assert again == ("failed", NOTHING_GOES)
    assert (later.held().state, later.held().held_for) == ("open", heir)
    assert [later.got(f"{one}@own.example") for one in dict.fromkeys((asked, heir))] == [[asks]] * len({asked, heir})


@pytest.mark.parametrize("word", ["later", "late", "bug"])
def test_a_place_that_fails_for_now_is_tried_again_and_the_others_have_their_mail(word):
    story = Delivery(PAT, KIM, place=(word,), each=True)
    assert run(story.attempt()) == ["451 4.3.0", "250 2.1.5"]
    assert story.taken() == [KIM]
    assert shares(story) == ([{PAT: "undone"}] if word == "late" else [])

    assert run(story.attempt())[0] == "250 2.1.5"
    assert shares(story) == [{PAT: "open"}]


def test_a_link_that_nobody_was_handed_is_undone_and_is_the_same_again():
    story = Delivery(PAT, SAM, script={("plain", PAT): ["later"]}, each=True)
    run(story.attempt(heard=False))
    before = links(story)
    assert shares(story) == [{PAT: "undone", SAM: "open"}]

    run(story.attempt())
    assert shares(story) == [{PAT: "open", SAM: "open"}]
    assert links(story) == before
    assert before[PAT] in copy_for(story, PAT)
    assert [to for to, _ in story.mail()] == [ANN]  # one receipt, which had spoken of both


def test_a_message_that_comes_in_two_pieces_has_one_share_and_the_sender_hears_of_everybody():
    """Postfix sends sixty recipients as fifty and ten."""
    story = Delivery(PAT)
    run(story.attempt())
    story.to = (recipient(SAM),)
    run(story.attempt())

    assert shares(story) == [{PAT: "open", SAM: "open"}]
    texts = [email.message_from_bytes(octets, policy=email.policy.default).get_content() for octets in story.stage.letters()]
    assert [(PAT in text, SAM in text) for text in texts] == [(True, False), (False, True)]


def test_the_receipt_waits_in_the_outbox_from_the_first_delivery_on_and_the_whole_one_takes_its_place():
    """Found: an attempt that died between the first copy with a link and the last left its sender without a receipt."""
    story = Delivery(PAT, SAM, script={("plain", SAM): ["hang"]}, each=True)
    stage = story.stage

    async def attempt():
        going = asyncio.ensure_future(story.attempt())
        await asyncio.sleep(1)  # of a loop that leaps: until nothing is left to do but to wait for the hop
        rows, said = dict(stage.outbox.rows), letter(story, "On its way, with a link instead of a file")
        stage.hops["plain"].go_on.set()
        await going
        return rows, said

    rows, said = run(attempt())
    (early,) = rows.values()
    assert early.next_at - stage.clock.now() > timedelta(seconds=540 + 600)  # no attempt lasts longer
    assert "is on its way to pat@shared.example and sam@shared.example, with a link" in said
    assert links(story)[ANN] in said

    assert story.mail() == [(ANN, "Sent, with a link instead of a file (case 7KQ-402)")]
    assert list(stage.outbox.rows) != list(rows)
    assert early.object_id not in stage.vault.objects


def test_an_early_receipt_that_is_being_sent_keeps_its_object():
    """Found: the row stayed, as it should, and the object went; the keeper raised an alarm about a lost object for five days."""
    story = Delivery(PAT, SAM, script={("plain", SAM): ["hang"]}, each=True)
    stage = story.stage

    async def attempt():
        going = asyncio.ensure_future(story.attempt())
        await asyncio.sleep(1)
        (early,) = await stage.outbox.claim(stage.clock.now() + timedelta(hours=1), 60)
        stage.hops["plain"].go_on.set()
        await going
        return early

    early = run(attempt())
    assert len(stage.outbox.rows) == 2
    assert {row.object_id for row in stage.outbox.rows.values()} <= set(stage.vault.objects)
    assert early.id in stage.outbox.rows


class SecondFinishFails(Luck):
    """The database is down when the end of the first attempt is to be committed."""

    def draw(self, what: str) -> str:
        self.failed += [what] * (what == "journal.finish")
        return "fails" * (what == "journal.finish" and len(self.failed) == 2)


def test_a_receipt_of_an_attempt_that_died_is_not_sent_again_by_the_next():
    """The first attempt cannot commit its end: what it had committed half-way is what the sender hears."""
    story = Delivery(PAT, SAM, script={("plain", SAM): ["later"]}, each=True)
    story.stage.journal.luck = SecondFinishFails()
    run(story.attempt())
    (early,) = story.stage.outbox.rows
    story.to = (recipient(SAM),)
    run(story.attempt())

    assert story.taken() == [PAT, SAM]
    assert list(story.stage.outbox.rows) == [early]
    assert "is on its way to pat@shared.example and sam@shared.example" in letter(story, "On its way, with a link")


def test_who_could_not_be_served_for_a_while_is_in_a_receipt_of_their_own():
    """Found: by the second way another method was tried, whose obstacle was temporary too; the retry went by link, and nobody was told."""
    script = {("plain", SAM): ["unusable-now"], ("sealed", SAM): ["unusable-now"]}
    story = Delivery(PAT, SAM, script=script, each=True)
    assert run(story.attempt()) == ["250 2.1.5", "451 4.7.5"]
    story.to = (recipient(SAM),)
    assert run(story.attempt()) == ["250 2.1.5"]

    assert story.taken() == [PAT, SAM]
    texts = [email.message_from_bytes(octets, policy=email.policy.default).get_content() for octets in story.stage.letters()]
    assert [(PAT in text, SAM in text) for text in texts] == [(True, False), (False, True)]


def test_a_place_that_names_nobody_of_them_serves_none_of_them():
    story = Delivery(PAT, place=("unusable-for-a-stranger",))
    run(story.attempt())

    assert [len(hop.taken) for hop in story.stage.hops.values()] == [0, 1]


def test_a_link_that_somebody_may_have_is_left_alone():
    story = Delivery(PAT, script={("plain", PAT): ["uncertain-taken", "later"]})
    run(story.attempt(heard=False))
    assert shares(story) == [{PAT: "open"}]

    run(story.attempt(heard=False))
    assert shares(story) == [{PAT: "open"}]


def test_a_refusal_by_the_hop_leaves_no_link():
    story = Delivery(PAT, script={("plain", PAT): ["no"]})
    assert run(story.attempt()) == ["550 5.1.1"]
    assert shares(story) == [{PAT: "undone"}]
    assert story.mail() == []


def test_when_patience_is_over_the_copy_with_the_link_waits_in_our_outbox():
    story = Delivery(PAT, KIM, script={("plain", PAT): ["later"] * 9}, patience_hours=0)
    run(story.attempt())

    (row,) = [row for row in story.stage.outbox.ever if row.kind == "rest"]
    octets = story.stage.vault.objects[row.object_id].decode()
    assert links(story)[PAT] in octets
    assert "geheimnis-name.txt" not in octets
    assert shares(story) == [{PAT: "open"}]
    assert "is on its way to pat@shared.example" in letter(story, "On its way, with a link")


def outbox_over(later, *answers):
    """The covering mail waits in our outbox, and the hop does this with it."""
    later.script("plain", pat_at_shared_example=list(answers))

    async def story():
        await later.deliver()
        for _ in answers:
            await later.turn(hours=2)

    run(story())
    assert [row for row in later.stage.outbox.rows.values() if row.kind == "rest"] == []


@pytest.mark.parametrize(
    ("answers", "left"),
    [
        (("later", "later", "no"), "undone"),
        (("later", "uncertain-lost", "no"), "open"),  # they may have it
        (("uncertain-taken", "no"), "open"),
        (("later", "ok"), "open"),
    ],
)
def test_the_link_of_a_covering_mail_that_is_never_delivered_is_undone(answers, left):
    """Found: it stayed open until it expired."""
    later = Later(PAT, KIM, patience_hours=0)
    outbox_over(later, *answers)

    assert shares(later) == [{PAT: left}]


@pytest.mark.parametrize("word", ["breaks", "bugs"])
def test_a_link_that_somebody_may_have_stays_where_the_keeper_could_not_write_that_down(word):
    """Found: with the store down, or a bug of ours, after an uncertain hand-over, the next refusal ended the link in the mail."""
    later = Later(PAT, KIM, patience_hours=0)
    getattr(later.stage.luck, word).append("outbox.retry")
    outbox_over(later, "later", "uncertain-lost", "no")

    assert later.stage.luck.failed == ["outbox.retry"]
    assert shares(later) == [{PAT: "open"}]


@pytest.mark.parametrize("answers", [["later"] * 2, ["later", "uncertain-lost"]])
def test_a_copy_in_our_outbox_whose_link_was_taken_back_is_not_sent_and_its_sender_hears_so(answers):
    """Found: it was handed over hours later, with a link that opened nothing."""
    later = Later(PAT, KIM, patience_hours=0)
    later.script("plain", pat_at_shared_example=answers)

    async def story():
        await later.deliver()
        (share,) = later.stage.shares.shares.values()
        later.stage.shares.revoke(share.id, {PAT})
        await later.turn(hours=2)
        await later.turn()

    run(story())
    assert later.got(PAT) == []
    assert later.failures() == [PAT]
    assert "has not gone" not in letter(later, "Not sent to pat@shared.example: the links to its files were taken back")
    assert later.stage.outbox.rows == {}


@pytest.mark.parametrize(
    "over",
    [
        lambda shares, share: shares.end(share.id, {PAT}, Standing.EXPIRED),
        lambda shares, share: shares.end(share.id, {PAT}, Standing.PURGED),
        lambda shares, share: shares.take_back(share.id, {PAT}),  # the commit of its row was not heard of
        lambda shares, share: shares.shares.update({share.id: replace(share, expires_at=share.made_at + timedelta(hours=1))}),
        lambda shares, share: shares.shares.update({share.id: replace(share, idle=timedelta(hours=1))}),  # no row says so yet
        lambda shares, share: shares.shares.pop(share.id),
    ],
    ids=["expired", "purged", "undone", "time is over", "nobody has fetched anything", "forgotten"],
)
def test_a_copy_in_our_outbox_whose_link_has_ended_is_not_sent_and_its_sender_hears_so(over):
    """Found: after two days of a hop that was down, links of one day were handed over all the same."""
    later = Later(PAT, KIM, patience_hours=0)
    later.script("plain", pat_at_shared_example=["later"] * 2)

    async def story():
        await later.deliver()
        (share,) = later.stage.shares.shares.values()
        over(later.stage.shares, share)
        await later.turn(hours=2)
        await later.turn()

    run(story())
    assert PAT not in [taken.recipient for taken in later.stage.hops["plain"].taken]
    said = letter(later, "Not sent to pat@shared.example: the links to its files had ended")
    assert "is not sent to pat@shared.example." in said
    assert "The links to its files had ended before it could be sent, " in said
    assert "If they should still have the files, send the email again as a new one." in said
    assert later.stage.outbox.rows == {}


def test_a_copy_in_our_outbox_whose_link_is_open_is_sent_whoever_elses_has_ended():
    later = Later(PAT, SAM, KIM, patience_hours=0)
    later.script("plain", pat_at_shared_example=["later"] * 2, sam_at_shared_example=["later"] * 2)

    async def story():
        await later.deliver()
        (share,) = later.stage.shares.shares.values()
        later.stage.shares.end(share.id, {PAT}, Standing.EXPIRED)
        await later.turn(hours=2)
        await later.turn()

    run(story())
    assert ([len(later.got(one)) for one in (PAT, SAM)], later.failures()) == ([0, 1], [PAT])


def test_a_released_copy_whose_link_was_taken_back_is_not_sent_and_its_sender_hears_so():
    later = Later(PAT, pack=policy(rules=HELD))
    later.script("plain", pat_at_shared_example=["later"])

    async def story():
        await later.deliver()
        await later.wish("release")
        (share,) = later.stage.shares.shares.values()
        later.stage.shares.revoke(share.id, {PAT})
        await later.turn(hours=2)
        await later.turn()

    run(story())
    assert (later.got(PAT), later.failures()) == ([], [PAT])


def test_a_link_that_nobody_has_fetched_by_the_end_of_the_outbox_is_undone():
    later = Later(PAT, KIM, patience_hours=0)
    later.script("plain", pat_at_shared_example=["later"] * 1000)

    async def story():
        await later.deliver()
        await later.turn(days=6)

    run(story())
    assert shares(later) == [{PAT: "undone"}]


def test_a_file_that_is_not_what_was_examined_goes_nowhere():
    class Elsewhere:
        """An examiner that has seen another file."""

        def __init__(self, examiner):
            self._examiner = examiner

        async def read(self, content, wanted, patterns):
            return tuple([replace(one, sha256="0" * 64) for one in await self._examiner.read(content, wanted, patterns)])

        async def close(self):
            return

    story = Delivery(PAT)
    object.__setattr__(story.stage.world, "examiner", Elsewhere(story.stage.world.examiner))
    assert run(story.attempt()) == ["451 4.3.0"]
    assert (story.taken(), shares(story)) == ([], [])


# --- kept mail that is let go -------------------------------------------------------------------------------------------


def test_kept_mail_that_is_let_go_takes_the_same_way():
    later = Later(PAT, pack=policy(rules=HELD))

    async def story():
        await later.deliver()
        said = await later.wish("release")
        await later.turn(seconds=1)
        return said

    assert run(story()) == ("done", "pat@shared.example: goes by links")
    assert links(later)[PAT] in copy_for(later, PAT)
    assert "geheimnis-name.txt" not in copy_for(later, PAT)
    assert shares(later) == [{PAT: "open"}]
    said = letter(later, "On its way: your email that was kept")
    assert links(later)[ANN] in said
    assert "- geheimnis-name.txt: 4 bytes" in said


def test_the_link_of_released_mail_that_is_never_delivered_is_undone():
    later = Later(PAT, pack=policy(rules=HELD))
    later.script("plain", pat_at_shared_example=["no"])

    async def story():
        await later.deliver()
        await later.wish("release")
        await later.turn(seconds=1)

    run(story())
    assert shares(later) == [{PAT: "undone"}]


def test_a_release_that_comes_to_nothing_leaves_no_link():
    later = Later(PAT, pack=policy(rules=HELD))

    async def story():
        await later.deliver()
        later.stage.luck.breaks.append("holds.end")
        await later.wish("release")
        return shares(later)

    assert run(story()) == [{PAT: "undone"}]
    assert later.held().state == "open"


def test_a_dead_place_is_the_next_route_for_kept_mail_too():
    later = Later(PAT, pack=policy(rules=HELD), place=("unusable",))

    async def story():
        await later.deliver()
        return await later.wish("release")

    assert run(story()) == ("done", "pat@shared.example: goes by sealed")
    assert shares(later) == []
