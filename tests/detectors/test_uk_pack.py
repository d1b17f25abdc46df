"""The markings of the United Kingdom as people write them, against the pack's own words for them; and what only looks like one."""

import pytest

from gateway.detectors import scan
from gateway.model.finding import EvidenceKind, Place
from gateway.policy.parse_pack import load_pack
from tests.policy.packs import OWN, files_of

POLICY = load_pack(files_of("uk-government"), OWN)


def level(place: Place, text: str) -> str:
    """The strictest classification that the pack gives to a text at this place."""
    given = [
        POLICY.ladder.markings[item.id].level
        for item in scan([(place, "here", text)], POLICY.patterns)
        if item.kind is EvidenceKind.MARKING and (item.place is not Place.QUOTED or POLICY.ladder.markings[item.id].quoted)
    ]
    return POLICY.ladder.names[max(given)] if given else ""


@pytest.mark.parametrize(
    ("subject", "expected"),
    [
        ("OFFICIAL-SENSITIVE: Smith", "official-sensitive"),
        ("OFFICIAL SENSITIVE - Smith", "official-sensitive"),
        ("Official-Sensitive", "official-sensitive"),
        ("[OFFICIAL-SENSITIVE] Smith", "official-sensitive"),
        ("OFFICIAL-SENSITIVE - PERSONAL: Smith", "official-sensitive"),
        ("OFFICIAL-SENSITIVE [RECIPIENTS ONLY] - rota", "official-sensitive"),
        ("UK OFFICIAL-SENSITIVE COMMERCIAL - tender", "official-sensitive"),
        ("UK government is official", ""),
        ("Re: FW: OFFICIAL-SENSITIVE: Smith", "official-sensitive"),
        ("Smith [OFFICIAL-SENSITIVE]", "official-sensitive"),
        ("Smith (OFFICIAL-SENSITIVE PERSONAL)", "official-sensitive"),
        ("O F F I C I A L - S E N S I T I V E: Smith", "official-sensitive"),
        ("OFFICIAL (SENSITIVE): Minutes", "official-sensitive"),
        ("OFFICIAL \\ SENSITIVE: Minutes", "official-sensitive"),
        ("Classification: OFFICIAL-SENSITIVE", "official-sensitive"),
        ("TOP SECRET: Smith", "secret"),
        ("SECRET - UK EYES ONLY: Smith", "secret"),
        ("Controlled: rota", "official-sensitive"),
        ("Results for Mrs Smith [secure]", "official-sensitive"),
        ("[SECURE] results", "official-sensitive"),
        ("Secure parking at the office", ""),
        ("Is this official sensitive information?", ""),
        ("Secret Santa", ""),
        ("Restricted stock units", ""),
        ("Controlled Parking Zone: Matlock", ""),
        ("Controlled drugs audit", ""),
        ("Restricted Byway 12 and public footpath 4", ""),
        ("Official opening", ""),
    ],
)
def test_a_subject(subject: str, expected: str) -> None:
    assert level(Place.SUBJECT_START, subject) == expected


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("OFFICIAL-SENSITIVE", "official-sensitive"),
        ("UK OFFICIAL-SENSITIVE", "official-sensitive"),
        ("OFFICIAL-SENSITIVE \u2013 PERSONAL          Page 3 of 10", "official-sensitive"),
        ("OFFICIAL SENSITIVE (LEGAL PROFESSIONAL PRIVILEGE)", "official-sensitive"),
        ("TOP SECRET STRAP UK EYES ONLY", "secret"),
        ("OFFICIAL", "official"),
        ("OFFICIAL - FOR PUBLIC RELEASE", "public"),
        ("RESTRICTED", "official-sensitive"),
        ("PUBLIC", "public"),
        ("This email may contain RESTRICTED information", ""),
        ("Emails marked OFFICIAL-SENSITIVE must be protected", ""),
        ("If you are not the intended recipient, this may be SECRET", ""),
        ("Public footpath 4", ""),
        ("CONTROLLED PARKING ZONE", ""),
        ("OFFICIAL RECEIVER", ""),
    ],
)
@pytest.mark.parametrize("place", [Place.PAGE_HEADER, Place.PAGE_FOOTER])
def test_a_page_header_or_footer(place: Place, line: str, expected: str) -> None:
    assert level(place, line) == expected


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("OFFICIAL-SENSITIVE\n\nDear all", "official-sensitive"),
        ("Dear all\n\nOFFICIAL-SENSITIVE - PERSONAL\n\nbye", "official-sensitive"),
        ("Please see below.\n\n-----Original Message-----\nFrom: A\nSent: Monday\n\nRESTRICTED\nthe plan", "official-sensitive"),
        ("> OFFICIAL-SENSITIVE\n> the plan\n\nThanks", "official-sensitive"),
        (
            "Dear all\n\nThe RESTRICTED road is open again.\n\nThis e-mail may contain RESTRICTED or OFFICIAL-SENSITIVE\ninformation.",
            "",
        ),
        ("Hello\n-- \nJo Smith\nControlled Drugs Liaison Officer", ""),
        ("PUBLIC\nDear all", ""),
    ],
)
def test_a_body(body: str, expected: str) -> None:
    assert level(Place.FIRST_LINE, body) == expected


@pytest.mark.parametrize("divider", [" | ", "\t", ","])
@pytest.mark.parametrize(
    ("levels", "expected"),
    [
        (("OFFICIAL", "OFFICIAL-SENSITIVE", "SECRET"), ""),
        (("PUBLIC", "OFFICIAL", "OFFICIAL-SENSITIVE"), ""),
        (("none", "OFFICIAL-SENSITIVE", "SECRET"), "official-sensitive"),
        (("OFFICIAL", "OFFICIAL-SENSITIVE", "OFFICIAL"), "official-sensitive"),
        (("OFFICIAL", "none", "none", "OFFICIAL-SENSITIVE", "none", "none", "SECRET"), "official-sensitive"),
    ],
)
def test_a_table_that_explains_the_tiers(divider: str, levels: tuple[str, ...], expected: str) -> None:
    """Found: guidance about markings was itself marked. A register names what it lists in the same column, again and again."""
    rows = "\n".join(divider.join((f"line{number}", each, "yes")) for number, each in enumerate(levels))
    assert level(Place.FIRST_LINE, divider.join(("What", "Level", "Outside")) + "\n" + rows) == expected


def test_a_list_of_the_tiers_on_one_line() -> None:
    line = "\u2022 OFFICIAL \u2022 OFFICIAL-SENSITIVE \u2022 SECRET"
    assert (level(Place.FIRST_LINE, line), level(Place.FIRST_LINE, f"Dear Kim\n{line}")) == ("", "")


@pytest.mark.parametrize("place", [Place.PAGE_HEADER, Place.PAGE_FOOTER, Place.FIRST_LINE])
@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("Classification: OFFICIAL-SENSITIVE", "official-sensitive"),
        ("Security classification: Official-Sensitive - Personal", "official-sensitive"),
        ("Protective marking: RESTRICTED", "official-sensitive"),
        ("CLASSIFICATION: SECRET", "secret"),
        ("Security classification: OFFICIAL | SENSITIVE, page 3 of 7", "official-sensitive"),
        ("Classification of restricted byways", ""),
        ("Classification: see the official list", ""),
        ("Security classification policy", ""),
    ],
)
def test_a_marking_behind_the_word_for_it(place: Place, line: str, expected: str) -> None:
    """Found: a form's own `Classification: OFFICIAL-SENSITIVE` was no line of its own."""
    assert level(place, line) == expected
