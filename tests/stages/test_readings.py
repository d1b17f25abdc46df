"""Whatever the recipient's program makes of a message, what it shows was examined; and each oddity has a name that rules can ask about."""

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from gateway.examine import examine
from gateway.gather import Context, gather
from gateway.model.envelope import Address, Recipient
from gateway.model.facts import MessageFacts
from gateway.model.finding import Evidence, Findings, Patterns, Readable
from gateway.model.message import DefectName, Message
from gateway.parse import parse_buffer
from gateway.policy.snapshot import Snapshot
from tests.mime.wire import names
from tests.stages.reading import ChildHere, Spooled
from tests.stages.techniques import B64, BODY, FILE, MIXED, SECRET, TECHNIQUES, TEXT, UU, Technique, csv, message, mixed

PATTERNS = Patterns((), frozenset({"nhs-number"}))


def look(octets: bytes) -> tuple[Message, Findings]:
    message = parse_buffer(octets)
    return message, asyncio.run(examine(message, Spooled(octets), ChildHere(), PATTERNS))


def gathered(message: Message, findings: Findings) -> MessageFacts:
    nobody = Address("", "", "")
    someone = (Recipient(Address("b@b.example", "b", "b.example")),)
    return gather(message, findings, Context("in", nobody, ours=True), someone, Snapshot(), datetime(2026, 1, 5, tzinfo=UTC))[0].message


def defects(message: Message, findings: Findings) -> frozenset[str]:
    return gathered(message, findings).defects


def evidence(findings: Findings) -> Iterator[Evidence]:
    yield from findings.words
    yield from (item for file in findings.files for item in file.evidence)


@pytest.mark.parametrize("technique", TECHNIQUES, ids=[technique.name for technique in TECHNIQUES])
def test_what_some_program_shows_is_examined(technique: Technique) -> None:
    message, findings = look(technique.octets)

    assert "nhs-number" in {item.id for item in evidence(findings)}
    assert {name.value for name in technique.defects} <= defects(message, findings)


# --- how many readings there are, and what they add -------------------------------------------------------------------


def test_readers_who_see_the_same_do_not_disagree() -> None:
    inner = f"Content-Type: multipart/mixed; boundary=bb\n\n{mixed([FILE], 'bb')}"  # to some `--bb` is a delimiter of `b` as well
    parsed = parse_buffer(message(MIXED, mixed([TEXT, inner])))

    assert (parsed.otherwise, parsed.defects) == ((), ())


def test_more_than_sixteen_readings_are_too_many() -> None:
    header = "Content-Type: multipart/mixed; boundary=a; boundary=c\nno field\nContent-Type: multipart/mixed; boundary=b"
    parsed = parse_buffer(message(header, mixed([TEXT, "x\n--a \ny\n--ax\nz"], "a") + mixed([FILE], "c") + BODY + BODY))

    assert DefectName.TOO_MANY_READINGS in names(parsed)
    assert DefectName.READINGS_DISAGREE in names(parsed)


def test_a_message_with_too_many_readings_is_not_clean() -> None:
    header = "Content-Type: multipart/mixed; boundary=a; boundary=c\nno field\nContent-Type: multipart/mixed; boundary=b"
    _, findings = look(message(header, mixed([TEXT, "x\n--a \ny\n--ax\nz"], "a") + mixed([FILE], "c") + BODY + BODY))

    assert findings.words_readable is Readable.OVER_BUDGET


def test_a_file_in_two_encodings_is_one_file_to_its_size() -> None:
    octets = message(MIXED, csv("base64;"))
    parsed, findings = look(octets)
    facts = gathered(parsed, findings)

    assert [(file.id, file.inside) for file in findings.files] == [("2", None), ("2~1", "2")]
    assert facts.attachments_octets == len(SECRET)
    assert [file.octets for file in facts.files] == [len(SECRET), len(B64.replace("\n", "\r\n"))]


def test_a_file_outside_of_the_parts_counts_as_an_attachment() -> None:
    parsed, findings = look(message(MIXED, mixed([TEXT]) + FILE))
    facts = gathered(parsed, findings)

    assert [(file.id, file.inside, file.names) for file in findings.files] == [("epilogue.1~1", None, ("list.csv",))]
    assert facts.attachments_octets == len(SECRET)
    assert facts.files[0].wire_octets > len(B64)


def test_a_file_in_the_words_counts_as_an_attachment() -> None:
    parsed, findings = look(message("X-A: b", f"see below\n{UU}"))
    (file,) = gathered(parsed, findings).files

    assert (file.id, file.inside, file.name, file.octets) == ("1/1", None, "list.csv", len(SECRET))


def test_words_that_two_readers_see_count_once() -> None:
    words = "Patient 943 476 5919\n" + "x" * 300_000  # too long to be read in one scan with the others
    _, findings = look(message("Content-Type: text/plain\nno field\nContent-Type: text/html", words))

    assert [(item.id, item.count) for item in findings.words] == [("nhs-number", 1)]


def test_a_message_that_others_see_more_in_is_not_already_protected() -> None:
    octets = message("Content-Type: application/pkcs7-mime; smime-type=enveloped-data", "\x30\x80")
    both = message("Content-Type: application/pkcs7-mime\nContent-Type: multipart/mixed; boundary=b", BODY)

    assert not parse_buffer(octets).otherwise
    assert parse_buffer(both).otherwise
    assert parse_buffer(both).sent_as is None


def test_what_is_inside_a_reading_that_makes_no_sense_has_a_place() -> None:
    fields = "Content-Transfer-Encoding: base64\nContent-Transfer-Encoding: quoted-printable\nContent-Type: application/zip; name=a.zip"
    _, findings = look(message(fields, "--b\n--b\nYSBmaWxlIG9mIG9uZSBsaW5l\n"))
    ids = {file.id for file in findings.files}

    assert len(ids) == len(findings.files)
    assert {file.inside for file in findings.files} <= {None, *ids}


# --- what is only a little unusual, and common ------------------------------------------------------------------------

PDF = "Content-Type: application/pdf; name=a.pdf\nContent-Transfer-Encoding: base64\nContent-Disposition: attachment; filename=a.pdf"
COMMON = {
    "a preamble": message(MIXED, f"This is a multi-part message in MIME format.\n\n{BODY}"),
    "the footer of a list": message(MIXED, f"{BODY}\n_______________\nTo unsubscribe, ask us.\n"),
    "an empty line at the end": message(MIXED, f"{BODY}\n\n\n"),
    "no closing delimiter": message(MIXED, BODY.removesuffix("--b--\n")),
    "an inner multipart that is not closed": message(
        MIXED, mixed([f"Content-Type: multipart/alternative; boundary=c\n\n--c\n{TEXT}\n--c\n{TEXT}", FILE])
    ),
    "a boundary of Oracle": message('Content-Type: multipart/mixed; boundary="Boundary_(ID_x)"', mixed([TEXT, FILE], "Boundary_(ID_x)")),
    "a boundary of Java": message(
        'Content-Type: multipart/mixed; \n\tboundary="----=_Part_1_2.3"', mixed([TEXT, FILE], "----=_Part_1_2.3")
    ),
    "a boundary without quotes": message("Content-Type: multipart/mixed; boundary=----=_Next_1", mixed([TEXT, FILE], "----=_Next_1")),
    "a parameter behind the boundary": message("Content-Type: multipart/mixed; boundary=b; type=x;", BODY),
    "boundaries of Outlook": message(
        'Content-Type: multipart/mixed;\n\tboundary="_004_AB_"',
        mixed([f'Content-Type: multipart/alternative;\n\tboundary="_000_AB_"\n\n{mixed([TEXT, TEXT], "_000_AB_")}', FILE], "_004_AB_"),
    ),
    "an encoding on the multipart": message(f"{MIXED}\nContent-Transfer-Encoding: quoted-printable", BODY),
    "7bit on the multipart": message(f"{MIXED}\nContent-Transfer-Encoding: 7bit", BODY),
    "the same charset twice": message("Content-Type: text/plain; charset=utf-8; charset=UTF-8", "hello\n"),
    "a blank before the colon of another field": message(f"X-Printer : 1\n{MIXED}", BODY),
    "a subject with a colon": message(f"X-A: Re : x\n{MIXED}", BODY),
    "a member without header section": message(MIXED, mixed(["\nhello\n", FILE])),
    "a member without header section that speaks of types": message(MIXED, mixed(["\nContent type: see below\n", FILE])),
    "a name without quotes": message(MIXED, mixed([TEXT, FILE.replace("attachment", "attachment; filename=my list.csv")])),
    "lines of hyphens": message(MIXED, mixed([f"{TEXT}--\nAnn\n\n-----Original Message-----\n---\n-- \nAnn", FILE])),
    "a text about beginnings": message("Content-Type: text/plain", "We begin 644 yards on.\nbegin 100 yards on\nand so on\n"),
    "a report with a message cut short": message(
        "Content-Type: multipart/report; boundary=b",
        mixed([TEXT, "Content-Type: message/rfc822\n\nSubject: x\nContent-Type: multipart/mixed; boundary=c\n"]),
    ),
    "a scanner's mail": message(f"{MIXED}\nX-Mailer: Scanner", mixed([TEXT, f"{PDF}\n\n{B64}"])),
}


@pytest.mark.parametrize("octets", COMMON.values(), ids=COMMON.keys())
def test_common_mail_is_read_once(octets: bytes) -> None:
    parsed = parse_buffer(octets)

    assert parsed.otherwise == ()
    assert DefectName.READINGS_DISAGREE not in names(parsed)
