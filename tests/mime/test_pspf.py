"""Protective markings in the header section, of all years and in every spelling that programs write."""

import pytest

from gateway.mime.pspf import place_in_pack, protective_markings
from gateway.parse import parse_buffer


def found(*lines: str) -> list[tuple[str, str]]:
    message = parse_buffer("\r\n".join((*lines, "", "x")).encode())
    return [(item.id, item.where) for item in protective_markings(message.fields, message.subjects)]


FIELD, SUBJECT = "header field X-Protective-Marking", "subject"


@pytest.mark.parametrize(
    ("field", "expected"),
    [
        ("VER=2025.1, NS=gov.au, SEC=PROTECTED, ORIGIN=a@b.gov.au", ["SEC=PROTECTED"]),
        (
            "VER=2018.4, NS=gov.au, SEC=OFFICIAL:Sensitive, ACCESS=Personal-Privacy, ACCESS=Legal-Privilege, ORIGIN=a@b.gov.au",
            ["SEC=OFFICIAL:SENSITIVE", "ACCESS=PERSONAL-PRIVACY", "ACCESS=LEGAL-PRIVILEGE"],
        ),
        ("SEC=SECRET, CAVEAT=SH:CABINET, CAVEAT=RI:REL AUS/NZL", ["SEC=SECRET", "CAVEAT=SH:CABINET", "CAVEAT=RI:REL AUS/NZL"]),
        ("VER=2012.3,NS=gov.au,SEC=UNCLASSIFIED,DLM=For-Official-Use-Only,ORIGIN=x", ["SEC=UNCLASSIFIED", "DLM=FOR-OFFICIAL-USE-ONLY"]),
        ("sec = official: sensitive", ["SEC=OFFICIAL:SENSITIVE"]),
        ("NOTE=a\\, SEC=SECRET, SEC=OFFICIAL", ["SEC=OFFICIAL"]),  # an escaped comma parts nothing
        ("SEC=PROTECTED,\r\n EXPIRES=2030-01-01, DOWNTO=OFFICIAL", ["SEC=PROTECTED"]),
        ("nothing of the kind", []),
        ("", []),
    ],
)
def test_a_field(field: str, expected: list[str]) -> None:
    assert [name for name, _ in found(f"X-Protective-Marking: {field}")] == expected
    assert [name for name, _ in found(f"x-protective-marking: {field}")] == expected


@pytest.mark.parametrize(
    ("subject", "expected"),
    [
        ("Budget [SEC=PROTECTED]", ["SEC=PROTECTED"]),
        (
            "Budget [SEC=PROTECTED, CAVEAT=SH:CABINET, ACCESS=Legal-Privilege]",
            ["SEC=PROTECTED", "CAVEAT=SH:CABINET", "ACCESS=LEGAL-PRIVILEGE"],
        ),
        ("Re: Budget [ sec=official:Sensitive ] again", ["SEC=OFFICIAL:SENSITIVE"]),
        ("=?utf-8?q?Budget_=5BSEC=3DSECRET=5D?=", ["SEC=SECRET"]),
        ("=?utf-8?b?QnVkZ2V0IO+8u1NFQz1TRUNSRVTvvL0=?=", ["SEC=SECRET"]),  # full-width brackets
        ("Sector [SECTION=4]", []),
        ("SEC=PROTECTED", []),
    ],
)
def test_a_subject(subject: str, expected: list[str]) -> None:
    assert [name for name, _ in found(f"Subject: {subject}")] == expected


def test_field_and_subject_that_agree() -> None:
    assert found("Subject: a [SEC=PROTECTED]", "X-Protective-Marking: SEC=PROTECTED") == [
        ("SEC=PROTECTED", FIELD),
        ("SEC=PROTECTED", SUBJECT),
    ]


@pytest.mark.parametrize(
    "lines",
    [
        ("Subject: a [SEC=OFFICIAL]", "X-Protective-Marking: SEC=PROTECTED"),
        ("X-Protective-Marking: SEC=OFFICIAL", "X-Protective-Marking: SEC=PROTECTED"),
        ("Subject: a [SEC=OFFICIAL] Re: b [SEC=PROTECTED]",),
    ],
)
def test_all_are_kept_and_the_dissent_is_shown(lines: tuple[str, ...]) -> None:
    assert {name for name, _ in found(*lines)} == {"SEC=OFFICIAL", "SEC=PROTECTED", "DISAGREE"}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("PROTECTED", ("gov.au", "SEC=PROTECTED")),
        ("OFFICIAL: Sensitive", ("gov.au", "SEC=OFFICIAL:SENSITIVE")),
        ("caveat=SH:CABINET", ("gov.au/caveat", "CAVEAT=SH:CABINET")),
        ("disagree", ("gov.au/disagree", "DISAGREE")),
    ],
)
def test_as_a_pack_says_it(text: str, expected: tuple[str, str]) -> None:
    assert place_in_pack(text) == expected
