"""Evidence to classification (DESIGN section 4): the strictest wins; what may lower, and what may only raise."""

from dataclasses import replace

import pytest

from gateway.model.facts import Declared, FileFacts, MessageFacts, SenderFacts
from gateway.model.finding import Evidence, EvidenceKind, Place, Readable
from gateway.policy.classify import Given, Ladder
from tests.strategies_facts import SEARCHED, TENANT, ladders

LADDER = ladders(1)  # public, controlled, restricted; an unmarked file is controlled
PUBLIC_LABEL = Evidence(EvidenceKind.LABEL, "label-public", tenant=TENANT)
PUBLIC_FOOTER = Evidence(EvidenceKind.MARKING, "public", place=Place.PAGE_FOOTER)
PUBLIC_FIRST_LINE = Evidence(EvidenceKind.MARKING, "public", place=Place.FIRST_LINE)
RESTRICTED_HEADER = Evidence(EvidenceKind.MARKING, "restricted", place=Place.PAGE_HEADER)


def file(*evidence, readable=Readable.YES, at="1", inside=None, kind="text/plain"):
    return FileFacts(at, inside, f"{at}.txt", kind, 10, 20, readable, evidence)


def message(*files, words=(), declared=(), looked_for=LADDER.looks_for):
    return MessageFacts(100, SenderFacts("a@x", "x", True), files, words, declared=declared, looked_for=looked_for)


def level(*files, **more):
    return LADDER.name(LADDER.files(message(*files, **more)).top)


@pytest.mark.parametrize(
    ("evidence", "classification"),
    [
        ((), "controlled"),
        ((PUBLIC_LABEL,), "public"),
        ((PUBLIC_FOOTER,), "public"),
        ((PUBLIC_FIRST_LINE,), "controlled"),  # only a header or footer may lower
        ((PUBLIC_FOOTER, RESTRICTED_HEADER), "restricted"),
        ((PUBLIC_LABEL, Evidence(EvidenceKind.DETECTOR, "nhs-number", 1)), "controlled"),
        ((PUBLIC_LABEL, Evidence(EvidenceKind.DETECTOR, "nhs-number", 9)), "controlled"),
        ((PUBLIC_LABEL, Evidence(EvidenceKind.DETECTOR, "nhs-number", 10)), "restricted"),
        ((PUBLIC_LABEL, Evidence(EvidenceKind.DETECTOR, "card", 2)), "public"),  # below its threshold
        ((Evidence(EvidenceKind.LABEL, "label-restricted", tenant="another-tenant"),), "controlled"),  # not ours: information only
        ((Evidence(EvidenceKind.MARKING, "no-longer-in-the-pack", place=Place.PAGE_HEADER),), "controlled"),
    ],
)
def test_a_file_has_the_strictest_classification_that_anything_gives(evidence, classification):
    assert level(file(*evidence)) == classification


def test_a_label_that_nobody_has_told_us_about_could_be_anything():
    levels = LADDER.files(message(file(Evidence(EvidenceKind.LABEL, "label-new", tenant=TENANT))))

    assert levels.unknown == ("label:label-new",)
    assert max(levels.certain) == -1


def test_an_unreadable_file_has_the_classification_of_its_kind_and_nothing_is_unknown():
    levels = LADDER.files(message(file(readable=Readable.ENCRYPTED), looked_for=frozenset({"card"})))

    assert LADDER.name(levels.top) == "restricted"
    assert not levels.unknown


def test_a_kind_of_unreadable_that_the_pack_does_not_name_is_unknown():
    levels = ladders(1, every_kind=False).files(message(file(readable=Readable.DAMAGED), looked_for=SEARCHED))

    assert "unreadable:damaged" in levels.unknown


def test_what_nobody_looked_for_is_unknown():
    levels = LADDER.files(message(file(), looked_for=SEARCHED - {"card"}))

    assert levels.unknown == ("not looked for:card",)


def test_words_that_could_not_all_be_read_are_still_not_measured_for_what_nobody_looked_for():
    facts = replace(message(looked_for=SEARCHED - {"card"}), words_readable=Readable.DAMAGED)

    assert LADDER.words(facts).unknown == ("not looked for:card",)


def test_an_archive_is_what_is_in_it_but_an_empty_one_is_unmarked():
    archive = file(at="1", kind="application/zip")

    assert level(archive, file(PUBLIC_LABEL, at="1/1", inside="1")) == "public"
    assert level(archive, file(RESTRICTED_HEADER, at="1/1", inside="1")) == "restricted"
    assert level(archive) == "controlled"


def test_a_message_in_a_message_is_unmarked_for_itself():
    assert level(file(at="1", kind="message/rfc822"), file(PUBLIC_LABEL, at="1/1", inside="1")) == "controlled"


def test_the_sender_may_speak_for_what_is_only_unmarked():
    said = (Declared("classification", "public", "sender", "1"),)

    assert level(file(), declared=said) == "public"
    assert level(file(RESTRICTED_HEADER), declared=said) == "restricted"
    assert level(file(Evidence(EvidenceKind.DETECTOR, "nhs-number", 1)), declared=said) == "controlled"


def test_a_person_of_the_pack_may_correct_anything_and_a_stranger_nothing():
    assert level(file(RESTRICTED_HEADER), declared=(Declared("classification", "public", "officer", "1"),)) == "public"
    assert level(file(RESTRICTED_HEADER), declared=(Declared("classification", "public", "nobody", "1"),)) == "restricted"


def test_what_is_said_of_a_file_is_said_of_the_files_in_it():
    said = (Declared("classification", "public", "sender", "1"),)
    archive = file(at="1", kind="application/zip")

    assert level(archive, file(at="1/1", inside="1"), file(at="1/1/1", inside="1/1"), declared=said) == "public"


def test_words_have_a_classification_of_their_own():
    found = LADDER.words(message(words=(Evidence(EvidenceKind.MARKING, "controlled", place=Place.SUBJECT_START),)))

    assert LADDER.name(found.top) == "controlled"
    assert found.categories == {"health"}
    assert LADDER.name(LADDER.words(message()).top) == "public"


def test_a_detector_never_lowers():
    ladder = Ladder(("public", "controlled"), 1, 0, detectors={"card": (Given(0),)}, looks_for=frozenset({"card"}))
    found = ladder.files(message(file(Evidence(EvidenceKind.DETECTOR, "card", 1)), looked_for=ladder.looks_for))

    assert found.top == 1


def test_a_marking_in_quoted_earlier_text_counts_only_where_the_pack_says():
    quoted = Evidence(EvidenceKind.MARKING, "restricted", place=Place.QUOTED)
    asked = replace(LADDER, markings={**LADDER.markings, "restricted": replace(LADDER.markings["restricted"], quoted=True)})

    assert level(file(quoted)) == "controlled"
    assert asked.name(asked.files(message(file(quoted))).top) == "restricted"
