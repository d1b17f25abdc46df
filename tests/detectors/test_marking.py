"""Markings: where they count, and what stands beside them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.detectors import scan
from gateway.model.finding import Evidence, Pattern, Patterns, Place

EDGES = frozenset({Place.SUBJECT_START, Place.PAGE_HEADER, Place.PAGE_FOOTER, Place.FIRST_LINE})


def found(
    place: Place, text: str, marking: str = "RESTRICTED", where: frozenset[Place] = EDGES, *, whole: bool = True
) -> tuple[Evidence, ...]:
    return scan([(place, "here", text)], Patterns((Pattern("m", marking, where, whole),)))


@pytest.mark.parametrize(
    "line",
    [
        "RESTRICTED",
        "Restricted",
        "[RESTRICTED]",
        "*** RESTRICTED ***",
        "RESTRICTED - Page 3 of 10",
        "3 | Restricted",
        "Page 1 RESTRICTED",
        "RESTRICTED          RESTRICTED",
        "R E S T R I C T E D",
        "\u00a0RESTRICTED\u200b",
        "first\nRESTRICTED",
        "\uff32\uff25\uff33\uff34\uff32\uff29\uff23\uff34\uff25\uff24",
    ],
)
def test_a_whole_line_in_a_page_header(line: str) -> None:
    assert [item.place for item in found(Place.PAGE_HEADER, line)] == [Place.PAGE_HEADER]


SIGNS = st.sampled_from([" ", "-", " - ", ":", "\n", "\n\n", " -\n", "\n- ", "\n \n", "\n-\n", "/\n"])


@given(st.sampled_from(["OFFICIAL SENSITIVE", "FOR OFFICIAL USE ONLY"]), st.data())
def test_a_marking_that_is_broken_over_lines_of_a_page_edge_is_never_less_than_it_says(text: str, data: st.DataObject) -> None:
    """Found: OFFICIAL at the end of one line lowered what OFFICIAL-SENSITIVE on two lines raises."""
    words = text.split()
    written = words[0] + "".join(data.draw(SIGNS) + word for word in words[1:])
    lines = [
        data.draw(st.sampled_from(["", "Derby City Council\n"])),
        written,
        data.draw(st.sampled_from(["", "\nPage 1 of 3", " Page 2"])),
    ]

    for whole in (True, False):
        for place in (Place.PAGE_HEADER, Place.PAGE_FOOTER):
            assert found(place, "".join(lines), text, whole=whole), lines


@pytest.mark.parametrize(
    "lines", ["OFFICIAL\nand SENSITIVE", "Official visits\nSensitive issues", "SENSITIVE\nOFFICIAL", "OFFICIAL\nx\nSENSITIVE"]
)
def test_words_of_other_lines_of_a_page_edge_are_no_marking(lines: str) -> None:
    assert not found(Place.PAGE_HEADER, lines, "OFFICIAL-SENSITIVE")


@pytest.mark.parametrize("line", ["Restricted mobility", "UNRESTRICTED", "Restricted Byway 12", "not restricted", "", "RESTRICTEDLY", "12"])
def test_more_than_the_marking_is_no_whole_line(line: str) -> None:
    assert not found(Place.PAGE_HEADER, line)


@pytest.mark.parametrize(
    "subject",
    [
        "RESTRICTED",
        "RESTRICTED: Smith",
        "Restricted - Smith",
        "[RESTRICTED] Smith",
        "Re: RESTRICTED: Smith",
        "RE: Fwd: [External] RESTRICTED: Smith",
        "AW: WG: Restricted",
        "Re[2]: restricted: Smith",
        "RESTRICTED \u2013 Smith",
    ],
)
def test_a_subject_that_starts_with_it(subject: str) -> None:
    assert [item.place for item in found(Place.SUBJECT_START, subject)] == [Place.SUBJECT_START]


@pytest.mark.parametrize(
    "subject", ["Restricted mobility", "Restricted", "Smith: RESTRICTED", "Restricted access, please", "Re: unrestricted"]
)
def test_a_subject_that_only_mentions_it(subject: str) -> None:
    expected = subject == "Restricted"
    assert bool(found(Place.SUBJECT_START, subject)) == expected


@pytest.mark.parametrize(
    "text",
    [
        "OFFICIAL-SENSITIVE",
        "Official Sensitive",
        "OFFICIAL : SENSITIVE",
        "official\u2013sensitive",
        "OFFICIAL \\ SENSITIVE",
        "OFFICIAL | SENSITIVE",
        "OFFICIAL > SENSITIVE",
        "OFFICIAL \u00b7 SENSITIVE",
        "OFFICIAL (SENSITIVE)",
        "OFFICIAL\u00adSENSITIVE",
        "x OFFICIAL\nSENSITIVE y",
    ],
)
def test_the_signs_between_words_do_not_matter(text: str) -> None:
    assert found(Place.TEXT, text, "OFFICIAL-SENSITIVE", frozenset({Place.TEXT}), whole=False)


@pytest.mark.parametrize(
    "text", ["UNOFFICIAL SENSITIVE", "official and sensitive", "OFFICIAL SENSITIVELY", "OFFICIAL", "\u00e9OFFICIAL-SENSITIVE"]
)
def test_other_words_are_no_marking(text: str) -> None:
    assert not found(Place.TEXT, text, "OFFICIAL-SENSITIVE", frozenset({Place.TEXT}), whole=False)


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("RESTRICTED\nDear all", True),
        ("\r\n  \r\nRestricted.\r\nDear all", True),
        ("Dear all\nRESTRICTED", False),
        ("> RESTRICTED\nDear all", False),
        ("> Dear all\n\nRESTRICTED\n", True),
        ("-----Original Message-----\nRESTRICTED", False),
        ("From: A\nSent: Monday\nTo: B\n\nRESTRICTED", False),
        ("On Monday A wrote:\r\n> RESTRICTED", False),
        ("", False),
    ],
)
def test_the_first_line_of_a_body(body: str, expected: bool) -> None:
    assert bool(found(Place.FIRST_LINE, body)) == expected


def test_quoted_earlier_text_is_reported_apart() -> None:
    where = frozenset({Place.TEXT})
    body = "top secret\n> top secret\nbye\n\nFrom: A\nSent: Monday\n\ntop secret\n"

    evidence = found(Place.FIRST_LINE, body, "TOP SECRET", where, whole=False)

    assert [(item.where, item.count) for item in evidence] == [("here", 1), ("here, line 2, quoted earlier text", 2)]


def test_a_whole_line_in_running_text() -> None:
    where = frozenset({Place.TEXT})

    assert found(Place.TEXT, "Dear all\nRESTRICTED\nbye", where=where)
    assert not found(Place.TEXT, "Dear all\nthis is RESTRICTED\nbye", where=where)


@pytest.mark.parametrize(
    ("name", "whole", "expected"), [("a/RESTRICTED.docx", True, 1), ("x_RESTRICTED_2.docx", False, 1), ("x_RESTRICTED.docx", True, 0)]
)
def test_a_file_name(name: str, whole: bool, expected: int) -> None:
    assert len(found(Place.FILE_NAME, name, where=frozenset({Place.FILE_NAME}), whole=whole)) == expected


@pytest.mark.parametrize("place", [Place.PROPERTIES, Place.HEADER_FIELD])
def test_properties_and_header_fields(place: Place) -> None:
    assert found(place, "Restricted", where=frozenset({place}))
    assert not found(place, "Restricted", where=EDGES)


def test_a_marking_counts_only_where_the_pack_says() -> None:
    assert not found(Place.PAGE_FOOTER, "RESTRICTED", where=frozenset({Place.PAGE_HEADER}))
    assert not found(Place.SUBJECT_START, "Smith RESTRICTED", whole=False)
    assert found(Place.SUBJECT_START, "Smith RESTRICTED", where=frozenset({Place.SUBJECT}), whole=False)


@given(st.sampled_from(list(Place)), st.text(max_size=300), st.text(max_size=20), st.booleans())
def test_no_text_and_no_marking_breaks_the_scan(place: Place, text: str, marking: str, whole: bool) -> None:
    found(place, text, marking, frozenset(Place), whole=whole)


@given(st.text(max_size=100).filter(lambda text: not any(sign.isalnum() for sign in text)))
def test_a_marking_without_a_word_matches_nothing(marking: str) -> None:
    assert not found(Place.PAGE_HEADER, "anything\n\n--", marking, frozenset(Place), whole=True)
    assert not found(Place.TEXT, "anything\n\n--", marking, frozenset(Place), whole=False)


def test_a_line_longer_than_any_marking_is_prose_wherever_on_it_the_word_stands() -> None:
    where = frozenset({Place.TEXT, Place.QUOTED})

    for before, after in (("x" * 5000, ""), ("", "x" * 5000), ("x " * 900, " x" * 900)):
        assert not found(Place.TEXT, f"{before} RESTRICTED {after}", where=where)
    assert found(Place.FIRST_LINE, "x" * 5000 + "\n> RESTRICTED\n" + "x" * 5000, where=where)
