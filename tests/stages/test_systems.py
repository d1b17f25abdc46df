"""Mail that no person sends: its notices go to whom the pack names in `notices_to`, and where that is nobody, a person decides."""

import pytest

from gateway.act.readers import As, Origin, Reader, reader_of
from gateway.policy.rules import Act, Rule, System
from tests.deliveries import HOUSE, policy
from tests.doubles import START, address, recipient, run
from tests.policy.packs import SMALL, problems
from tests.stages.test_act import Delivery
from tests.stages.test_keeper import CASE, Later
from tests.stages.test_tell import FILES, advise, letters, words

SCANNER, CLIENT = "scanner@own.example", "192.0.2.1"  # of every arrival in doubles.py
OWNER = "service-desk@own.example"


def pack(notices_to, *rules, **more):
    system = System("scan-to-email", more.pop("owner", OWNER), frozenset({SCANNER}), networks=("192.0.2.0/28",), notices_to=notices_to)
    return policy(systems=(system,), rules=(*policy().rules, *rules), guidance_files=FILES, **more)


@pytest.mark.parametrize(
    ("notices_to", "owner", "to", "expected"),
    [
        ("owner", OWNER, "b@kept.example", Reader(OWNER, As.SYSTEM)),
        ("owner", "officer", "b@kept.example", Reader("officer@own.example", As.SYSTEM)),
        ("duty", OWNER, "b@kept.example", Reader("duty@own.example", As.SYSTEM)),
        ("help@own.example", OWNER, "b@kept.example", Reader("help@own.example", As.SYSTEM)),
        ("recipient_if_colleague", OWNER, "b@own.example", Reader("b@own.example", As.RECIPIENT)),
        ("recipient_if_colleague", OWNER, "b@kept.example", None),
        (None, OWNER, "b@kept.example", None),
    ],
)
def test_who_reads_the_notices_of_a_system(notices_to, owner, to, expected):
    rules = pack(notices_to, owner=owner)

    assert reader_of(recipient(to), Origin(address(SCANNER), None, CLIENT), rules, HOUSE, START) == expected
    assert reader_of(recipient(to, ("NEVER",)), Origin(address(SCANNER), None, CLIENT), rules, HOUSE, START) is None


@pytest.mark.parametrize("client", ["192.0.2.99", "", "no address"])
def test_the_sender_alone_makes_no_system(client):
    assert reader_of(recipient("b@x.example"), Origin(address(SCANNER), None, client), pack(None), HOUSE, START) == Reader(
        SCANNER, As.SENDER
    )


@pytest.mark.parametrize(
    ("to", "expected", "told"),
    [
        ("b@kept.example", ("hold", "open", "officer"), "Not sent yet: it needs to be checked first"),
        ("b@asked.example", ("confirm", "open", "sender"), "Not sent yet: it needs to be checked first"),
        ("b@refused.example", ("refuse", "refused", "postmaster"), "Not sent: the rules stopped it"),
    ],
)
def test_the_owner_hears_of_what_is_kept_in_words_about_the_system(to, expected, told):
    story = Delivery(to, sender=SCANNER, pack=pack("owner"))

    assert run(story.attempt()) == ["250 2.0.0"]
    assert story.cases() == {to: expected}
    assert [mail for mail in story.mail() if mail[0] == OWNER] == [(OWNER, f"{told} (case 7KQ-402)")]
    assert SCANNER not in [whom for whom, _ in story.mail()]
    letter = next(octets for row, octets in notices(story) if row.recipients[0].address.wire == OWNER)
    assert f"The email of 14:06 from {SCANNER} has not gone to {to}" in letter
    assert "Your email" not in letter.replace("Your email is kept", "")


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ((), ""),
        (("c@free.example",), " It is on its way to its other recipient."),
        (("c@free.example", "d@free.example"), " It is on its way to its other 2 recipients."),
        (("c@free.example", "d@asked.example"), " It is on its way to 1 of its other recipients."),
    ],
)
def test_the_owner_hears_how_many_others_there_are_and_not_who(more, said):
    story = Delivery("b@kept.example", *more, sender=SCANNER, pack=pack("owner"))

    run(story.attempt())
    letter = next(octets for row, octets in notices(story) if row.recipients[0].address.wire == OWNER and "to b@kept.example" in octets)
    assert f"The email of 14:06 from {SCANNER} has not gone to b@kept.example yet.{said}  " in letter
    assert not any(other in letter for other in more)


def notices(story):
    rows = [row for row in story.stage.outbox.ever if row.kind == "notice"]
    return [(row, story.stage.vault.objects[row.object_id].decode().replace("=\r\n", "").replace("\r\n", " ")) for row in rows]


@pytest.mark.parametrize(
    ("to", "answer", "cases"),
    [
        ("b@asked.example", "250 2.0.0", {"b@asked.example": ("hold", "open", "officer")}),  # who comes `then`
        ("b@refused.example", "550 5.7.1", {}),
    ],
)
def test_what_nobody_reads_is_for_a_person_or_answered_at_once(to, answer, cases):
    story = Delivery(to, sender=SCANNER, pack=pack(None))

    assert run(story.attempt()) == [answer]
    assert story.cases() == cases
    assert SCANNER not in [whom for whom, _ in story.mail()]


def test_a_refusal_that_nobody_reads_is_for_the_postmaster_when_others_have_the_mail():
    story = Delivery("b@free.example", "c@refused.example", sender=SCANNER, pack=pack(None))

    assert run(story.attempt()) == ["250 2.0.0"]
    assert story.cases() == {"c@refused.example": ("hold", "open", "postmaster")}


def test_colleagues_hear_only_of_themselves_and_nothing_of_the_files():
    house = pack("recipient_if_colleague", Rule("ask-all", acts=(Act("confirm", held_for="sender", then="officer"),)))
    story = Delivery("b@own.example", "c@own.example", "d@free.example", sender=SCANNER, pack=house)

    assert run(story.attempt()) == ["250 2.0.0"]
    assert story.cases() == {
        "b@own.example": ("confirm", "open", "sender"),
        "c@own.example": ("confirm", "open", "sender"),
        "d@free.example": ("hold", "open", "officer"),
    }
    for row, letter in notices(story):
        whom = row.recipients[0].address.wire
        if whom in ("b@own.example", "c@own.example"):
            assert not any(other in letter for other in {"b@own.example", "c@own.example", "d@free.example"} - {whom})
            assert not any(word in letter for word in ("geheimnis", "of 3 people", "other"))


def test_the_owner_hears_of_a_release_and_of_the_end():
    for wish, subject in (
        ("release", f"On its way: an email that was kept (case {CASE})"),
        ("refuse", f"Not sent: it was refused (case {CASE})"),
    ):
        later = Later("b@kept.example", sender=SCANNER, pack=pack("owner"))

        async def story(later=later, wish=wish):
            await later.deliver()
            return await later.wish(wish)

        assert run(story())[0] == "done"
        run(later.turn())
        assert later.got(OWNER)[-1] == subject
        assert later.got(SCANNER) == []


def test_a_rule_in_advise_tells_the_owner():
    story = Delivery("b@free.example", sender=SCANNER, pack=pack("owner", advise("free")))

    run(story.attempt())
    ((row, mail),) = letters(story.stage)
    assert row.recipients[0].address.wire == OWNER
    assert words(mail).startswith(f"The email of 14:06 from {SCANNER} has gone to b@free.example.\n")


def test_a_failed_delivery_is_reported_to_the_reverse_path_all_the_same():
    story = Delivery("b@free.example", "c@free.example", sender=SCANNER, script={("plain", "c@free.example"): ["no"]}, pack=pack("owner"))

    assert run(story.attempt()) == ["250 2.0.0"]
    assert [whom for whom, _ in story.mail()] == [SCANNER]


SYSTEM = "systems: {{scans: {{networks: [10.0.0.0/8], senders: [scan@own], owner: officer, notices_to: {}}}}}\n"


@pytest.mark.parametrize("reader", ["owner", "recipient_if_colleague", "officer", "help@example.org", "help@own"])
def test_a_pack_names_a_reader(reader):
    assert problems(SYSTEM.format(reader) + SMALL) == ()


def test_a_reader_who_is_nobody_is_a_mistake_with_a_place():
    (problem,) = problems(SYSTEM.format("recipient") + SMALL)

    assert str(problem) == "pack.yaml:1:92: unknown person `recipient`; there are: officer, owner, recipient_if_colleague"
