"""The texts of the packs of the house keep the rules of the house: plain, short, without blame, and every letter made of them whole."""

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from gateway.model.decision import Decision, Verdict
from gateway.model.finding import Evidence, EvidenceKind, FileFinding, Findings, Readable
from gateway.policy.guidance import MAX_REPLY, SHARES, House, parse_guidance, smtp_reply
from gateway.policy.letters import About, to_sender, values_of
from tests.policy.packs import PACKS, files_of

MAX_TITLE = 70
MAX_BODY = 1200
MAX_WORDS_OF_A_SENTENCE = 45
NEVER = re.compile(r"quarantin|\bdlp\b|violat|\bblocked\b|\brejected\b|[45]\.\d\.\d|\bsorry\b|\bfailed to\b", re.IGNORECASE)
URL = re.compile(r"https?:|www\.|\]\(", re.IGNORECASE)
TICK_BOX = re.compile(r"encrypt contents|check box|tick|properties", re.IGNORECASE)  # it encrypts on the sender's own disk only
STATUS = {
    "old-secure-address": "5.1.2",
    "too-large": "5.2.3",
    "who-gets-open-data": "5.2.3",
    "list-not-for-you": "5.7.2",
    "list-members-not-cleared": "5.7.2",
    "outsiders-on-the-list": "5.7.2",
    "two-readings": "5.6.0",
    "piece-of-a-message": "5.6.0",
}
TEXTS = [
    pytest.param(parse_guidance(name, data), id=f"{pack}/{name.removeprefix('guidance/')}")
    for pack in PACKS
    for name, data in files_of(pack).items()
    if name.startswith("guidance/") and not name.startswith(f"guidance/{SHARES}")  # those are about files: test_share_words.py
]
AT = datetime(2026, 11, 5, 14, 6, tzinfo=UTC)
HOUSE = House("Example", frozenset({"example.org"}), "postmaster@example.org", "gate.example.org", help="Service desk, 01234 567890.")
NUMBERS = Evidence(EvidenceKind.DETECTOR, "nhs-number", count=12, where="sheet 1")
FILE = FileFinding("2", None, ("people.xlsx",), "", "", 3 * 1024, "00", Readable.YES, (NUMBERS,))


def about(text, verdict=Verdict.HOLD, findings=None):
    decision = Decision("b@partner.example", (), verdict, None, guidance=(text.id,))
    return About(HOUSE, decision, ("b@partner.example",), "7KQ-402", AT, AT + timedelta(days=7), findings=findings)


@pytest.mark.parametrize("text", TEXTS)
def test_a_title_is_short_and_goes_on_after_not_sent(text):
    assert len(text.title) <= MAX_TITLE
    assert text.title[0].islower()
    assert not text.title.endswith(".")
    assert not NEVER.search(text.title)


@pytest.mark.parametrize("text", TEXTS)
def test_a_text_is_short_and_plain(text):
    assert len(text.body) <= MAX_BODY
    assert not NEVER.search(text.body)
    assert not URL.search(text.body)
    assert not TICK_BOX.search(text.body)
    assert max(len(sentence.split()) for sentence in re.split(r"(?<=[.?!:])\s", text.body)) <= MAX_WORDS_OF_A_SENTENCE


@pytest.mark.parametrize("text", TEXTS)
def test_a_text_says_why_what_to_do_and_quotes_the_source_once_at_most(text):
    assert len(text.body.split("\n\n")) >= 2
    assert text.body.count("The policy says") <= 1


@pytest.mark.parametrize("text", TEXTS)
def test_a_refusal_has_the_fitting_code_and_short_form(text):
    assert text.status == STATUS.get(text.id, "5.7.1")
    assert text.reply != text.title
    assert text.reply.isascii()
    assert text.reply[0].islower()
    assert not text.reply.endswith(".")
    assert not NEVER.search(text.reply)


@pytest.mark.parametrize("text", TEXTS)
def test_the_line_that_machines_carry_is_whole(text):
    found = about(text, Verdict.REFUSE, Findings((FILE,), ()))
    reply = str(smtp_reply(found.decision, {text.id: text}, to="b@partner.example", case=found.case, values=values_of(found)))

    assert reply.startswith(f"550 {text.status} Not sent to b@partner.example: ")
    assert reply.endswith(". Your email is kept (case 7KQ-402)")
    assert len(reply) <= MAX_REPLY + len("550 5.7.1 ")
    assert "{" not in reply


@pytest.mark.parametrize("text", TEXTS)
@pytest.mark.parametrize("findings", [None, Findings((FILE,), ())], ids=["nothing known", "a file"])
def test_a_letter_has_no_holes_and_says_the_help_line_once(text, findings):
    letter = to_sender(about(text, findings=findings), {text.id: text})

    assert letter.subject == f"Not sent yet: {text.title} (case 7KQ-402)"
    assert not re.search(r"\{|\}|\n\n\n| \n|\.\.| {2}", letter.text)
    assert letter.text.endswith("Help: Service desk, 01234 567890. Say case 7KQ-402.\n")
    assert letter.text.count("\n\n") >= 4


def test_what_was_found_is_told_in_words_and_not_without_end():
    text = next(param.values[0] for param in TEXTS if param.id == "starter/restricted-to-outsider.en.md")
    many = tuple(replace(FILE, id=str(number), names=(f"{number}.xlsx",)) for number in range(14))

    assert "people.xlsx has 12 NHS numbers (sheet 1)." in to_sender(about(text, findings=Findings((FILE,), ())), {text.id: text}).text
    told = to_sender(about(text, findings=Findings(many, ())), {text.id: text}).text
    assert "9.xlsx has 12 NHS numbers (sheet 1). 4 more findings are not listed." in told
