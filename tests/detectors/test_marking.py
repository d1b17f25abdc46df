"""Markings: where they count, and what stands beside them."""

import time

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


WORDS = st.lists(st.sampled_from(["Council", "v1.2", "OFFICIAL", "PUBLIC", "SENSITIVE", "Page 3", "Project Oak", "", "\u2013"]), max_size=5)
DIVIDERS = st.sampled_from(["\t", " | ", "   ", " - ", ": ", " \u00b7 ", ", ", " / "])


@given(st.sampled_from(["OFFICIAL", "PUBLIC"]), WORDS, WORDS, DIVIDERS, st.sampled_from(list(Place)))
def test_what_may_lower_is_believed_out_of_no_cell(text: str, before: list[str], after: list[str], divider: str, place: Place) -> None:
    """Whatever else a line says, a marking of page edges alone is a whole line there or nothing."""
    line = divider.join([*before, text, *after])
    lowers = Pattern("m", text, frozenset({Place.PAGE_HEADER, Place.PAGE_FOOTER}), whole_line=True)
    raises = Pattern("n", "OFFICIAL-SENSITIVE", frozenset(Place), whole_line=True)

    evidence = scan([(place, "here", line)], Patterns((lowers, raises)))

    others = [word for word in (*before, *after) if any(map(str.isalnum, word)) and word not in (text, "Page 3")]
    assert not others or all(item.id != "m" for item in evidence)


@given(st.sampled_from(["RESTRICTED", "TOP SECRET"]), WORDS, WORDS, DIVIDERS, st.sampled_from([Place.PAGE_HEADER, Place.PAGE_FOOTER]))
def test_what_stands_in_a_part_of_a_page_edge_does_not_lower(
    text: str, before: list[str], after: list[str], divider: str, place: Place
) -> None:
    """A system's files may count as more than this marking says: only a whole line brings them down."""
    others = [word for word in (*before, *after) if any(map(str.isalnum, word)) and word != "Page 3"]
    evidence = found(place, divider.join([*before, text, *after]), text, EDGES)

    assert not others or {item.place for item in evidence} <= {Place.TEXT}


@pytest.mark.parametrize("place", [Place.PAGE_HEADER, Place.PAGE_FOOTER])
@pytest.mark.parametrize(
    ("line", "marking", "expected"),
    [
        ("OFFICIAL-SENSITIVE | Project Oak | v1.2", "OFFICIAL-SENSITIVE", True),
        ("Project Oak - Official-Sensitive - v1.2", "OFFICIAL-SENSITIVE", True),
        ("Derby City Council     OFFICIAL - SENSITIVE     v1.2", "OFFICIAL-SENSITIVE", True),
        ("Project Oak \u2022 OFFICIAL-SENSITIVE", "OFFICIAL-SENSITIVE", True),
        ("RESTRICTED | Project Oak", "RESTRICTED", True),
        ("RESTRICTED - Children's Services", "RESTRICTED", True),
        ("Project Oak | RESTRICTED | 3 of 7", "RESTRICTED", True),
        ("Funds: unrestricted | Restricted", "RESTRICTED", False),
        ("Mill Lane - RESTRICTED BYWAY", "RESTRICTED", False),
        ("Mill Lane - Restricted", "RESTRICTED", False),
        ("How we use OFFICIAL-SENSITIVE | v1.2", "OFFICIAL-SENSITIVE", False),
        ("OFFICIAL | Sensitive plants | v1.2", "OFFICIAL-SENSITIVE", False),
    ],
)
def test_a_part_of_a_page_edge(place: Place, line: str, marking: str, expected: bool) -> None:
    """Found: a footer that names the project beside the marking was no line of its own."""
    assert bool(found(place, line, marking)) == expected


TABLE = "Name,Class,Desk\nAlex,{},4\nKim,none,5\nJo,none,6\n"
TEXTS = frozenset({Place.TEXT})


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Staff list\tOFFICIAL-SENSITIVE", True),
        ("Derby City Council        OFFICIAL-SENSITIVE", True),
        ("a | Official Sensitive | b", True),
        ("a\tOFFICIAL-SENSITIVE - v2\tb", False),
        ("a\tOFFICIAL\tb\nc\tSENSITIVE\td", False),
        (TABLE.format("OFFICIAL-SENSITIVE"), True),
        (TABLE.format('"OFFICIAL-SENSITIVE"'), True),
        (TABLE.replace(",", ";").format("OFFICIAL-SENSITIVE"), True),
        (TABLE.format('"OFFICIAL, OFFICIAL-SENSITIVE, SECRET"'), False),
        (TABLE.format("marked OFFICIAL-SENSITIVE"), False),
        ("Papers are OFFICIAL, OFFICIAL-SENSITIVE, SECRET\nor TOP SECRET.\n", False),
        ("OFFICIAL\nSENSITIVE", True),
        ("Official -\nSensitive", True),
        ("> OFFICIAL -\n> SENSITIVE", True),
        ("Official\nSensitive", False),
        ("- Official\n- Sensitive\n- Secret", False),
        ("OFFICIAL\n\nSENSITIVE", False),
        ("All is OFFICIAL\nSENSITIVE", False),
    ],
)
def test_a_cell_and_two_lines_of_running_text(text: str, expected: bool) -> None:
    """Found: a column, a banner, a line with a tab. One line that says it in prose is none."""
    where = TEXTS | {Place.QUOTED}
    assert bool(found(Place.FIRST_LINE, f"{text}\nbye", "OFFICIAL-SENSITIVE", where)) == expected


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("RESTRICTED\t\t\tJanuary 2026", True),
        ("\t\tRESTRICTED\tJanuary 2026", True),
        ("January 2026\t\tRESTRICTED", True),
        ("RESTRICTED,,,January 2026", True),
        ("Restricted,,Unrestricted,", False),
        ("Restricted, and so on", False),
        ("Restricted\tUnrestricted\tTotal", False),
        ("RESTRICTED\tUNRESTRICTED\tTOTAL", False),
        ("Morphine\tCONTROLLED\t12", False),
        ("Fund\t\tRestricted\t\tUnrestricted", False),
        ("Name\tRESTRICTED BYWAY\tMap", False),
        ("RESTRICTED | Mill Lane", True),
        ("Derby City Council          RESTRICTED", True),
        ("RESTRICTED\t\tJanuary 2026\t\tRESTRICTED", True),
        ("Byway 12   RESTRICTED   Parish of Ash", False),
        ("CONTROLLED   Morphine 10mg   Qty 5", False),
        ("Permit type   CONTROLLED   Zone C", False),
        ("Fund type   RESTRICTED   Balance 2024", False),
        ("Area,,RESTRICTED,,x", False),
        ("CONTROLLED   Issue 3   March 2024", False),
        ("ROOM   RESTRICTED   keycard only", False),
        ("RESTRICTED   garden supper club menu", False),
        ("RESTRICTED   Garden   12 March", False),
        ("Access\t\tRESTRICTED\nParking\t\tCONTROLLED", False),
        ("Access       RESTRICTED\n\nParking      by permit", False),
        ("CONTROLLED\tMorphine\nFREE\tParacetamol", False),
        ("Access,,RESTRICTED\nParking,,by permit", False),
    ],
)
def test_a_single_word_in_the_first_row_of_a_table(line: str, expected: bool) -> None:
    evidence = [*found(Place.FIRST_LINE, f"{line}\n1\t2\t3"), *found(Place.FIRST_LINE, line, "CONTROLLED")]
    assert bool(evidence) == expected


def test_a_single_word_in_a_cell_of_running_text_is_a_word() -> None:
    assert not found(Place.TEXT, "Stock\tStatus\nMorphine\tRESTRICTED\n", where=TEXTS)


@pytest.mark.parametrize(
    ("subject", "expected"),
    [
        ("Minutes - OFFICIAL-SENSITIVE", True),
        ("Minutes \u2013 Official Sensitive \u2013 for Tuesday", True),
        ("Minutes: OFFICIAL-SENSITIVE", True),
        ("Minutes [OFFICIAL-SENSITIVE]", True),
        ("Minutes | OFFICIAL-SENSITIVE", True),
        ("What OFFICIAL-SENSITIVE means", False),
        ("Marking OFFICIAL, OFFICIAL-SENSITIVE and SECRET papers", False),
    ],
)
def test_a_part_of_a_subject(subject: str, expected: bool) -> None:
    assert bool(found(Place.SUBJECT_START, subject, "OFFICIAL-SENSITIVE", frozenset({Place.SUBJECT}))) == expected
    assert not found(Place.SUBJECT_START, subject.replace("OFFICIAL", "RESTRICTED"), where=frozenset({Place.SUBJECT}))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('{"classification": "OFFICIAL-SENSITIVE", "x": 1}', True),
        ("<doc><a>x</a><security-classification>OFFICIAL-SENSITIVE</security-classification><b>x</b></doc>", True),
        ('<Marking lang="en">\n  OFFICIAL-SENSITIVE\n</Marking>', True),
        ("protective_marking=OFFICIAL-SENSITIVE", True),
        ('<doc classification="OFFICIAL-SENSITIVE" x="1">', True),
        ("sensitivity label: OFFICIAL-SENSITIVE", True),
        ("{classification: 'OFFICIAL-SENSITIVE', x: 1}", True),
        ("classification=OFFICIAL-SENSITIVE; x=1", True),
        ('x = {"security_label": "OFFICIAL-SENSITIVE"}', True),
        ('{"note": "OFFICIAL-SENSITIVE", "x": 1}', False),
        ('The classification: "OFFICIAL-SENSITIVE", and', False),
        ('The classification: "OFFICIAL-SENSITIVE" is for', False),
        ("The sensitivity label: OFFICIAL-SENSITIVE, is for", False),
        ("protective marking -> OFFICIAL-SENSITIVE; only", False),
        ("Do you know the classification of this? > OFFICIAL-SENSITIVE", False),
        ('{"label":"OFFICIAL-SENSITIVE","value":2}', False),
        ("sensitive_label: OFFICIAL-SENSITIVE", False),
        ("<p>Papers that are <b>OFFICIAL-SENSITIVE</b> are locked away.</p>", False),
        ("The classification: OFFICIAL-SENSITIVE papers are locked away.", False),
        ("A marking such as OFFICIAL-SENSITIVE is typed by hand.", False),
    ],
)
def test_a_field_that_is_named_for_it(text: str, expected: bool) -> None:
    """Found: a record in JSON or XML that is all on one line says its marking between other fields."""
    assert bool(found(Place.TEXT, text, "OFFICIAL-SENSITIVE", TEXTS)) == expected


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("Keywords: minutes; OFFICIAL-SENSITIVE; Oak", True),
        ("minutes, Official Sensitive", True),
        ("Title: Minutes - OFFICIAL-SENSITIVE", True),
        ("Title: What OFFICIAL-SENSITIVE means", False),
        ("Title: Official, sensitive plants", False),
    ],
)
def test_one_of_the_keywords_of_a_document(line: str, expected: bool) -> None:
    """Found: what programs for marking write among the keywords was no line of its own. A single word may be any keyword."""
    where = frozenset({Place.PROPERTIES})
    assert bool(found(Place.PROPERTIES, line, "OFFICIAL-SENSITIVE", where)) == expected
    assert not found(Place.PROPERTIES, "Keywords: parking; RESTRICTED; byways", where=where)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("TOP SECRET - plan.docx", True),
        ("plan - TOP SECRET.docx", True),
        ("a/b/plan - TOP SECRET - v2.docx", True),
        ("Top secret - recipes.docx", False),
        ("TOP SECRET recipes.docx", False),
    ],
)
def test_a_part_of_a_file_name(name: str, expected: bool) -> None:
    assert bool(found(Place.FILE_NAME, name, "TOP SECRET", frozenset({Place.FILE_NAME}))) == expected


@pytest.mark.parametrize(
    ("place", "text", "expected"),
    [
        (Place.FIRST_LINE, "Desks\tOFFICIAL-SENSITIVE\nx", {"first_line": 1}),
        (Place.FIRST_LINE, "  OFFICIAL-SENSITIVE  \nx", {"first_line": 1}),
        (Place.FIRST_LINE, "\u20ac\tOFFICIAL-SENSITIVE\nx\nOFFICIAL-SENSITIVE", {"first_line": 1, "text": 1}),
        (Place.FIRST_LINE, "> OFFICIAL-SENSITIVE\nOFFICIAL-SENSITIVE\nx", {"first_line": 1, "quoted": 1}),
        (Place.FIRST_LINE, "OFFICIAL-\nSENSITIVE\n", {"text": 1}),
        (Place.SUBJECT_START, "OFFICIAL-SENSITIVE: minutes", {"subject_start": 1}),
        (Place.SUBJECT_START, "Re: OFFICIAL-SENSITIVE - \u20ac - OFFICIAL-SENSITIVE", {"subject_start": 1, "subject": 1}),
        (Place.SUBJECT_START, "Minutes - OFFICIAL-SENSITIVE", {"subject": 1}),
    ],
)
def test_what_stands_in_one_place_is_counted_once(place: Place, text: str, expected: dict[str, int]) -> None:
    """Found: a cell of a first line counted in the text too, and what opens a subject as a part of it."""
    places = frozenset({Place.SUBJECT_START, Place.SUBJECT, Place.FIRST_LINE, Place.TEXT, Place.QUOTED})
    assert {item.place: item.count for item in found(place, text, "OFFICIAL-SENSITIVE", places)} == expected


def test_a_first_line_that_does_not_count_as_one_counts_as_text() -> None:
    """And what is looked for anywhere in a text is also looked for in its first line."""
    marks = Pattern("a", "SECRET", frozenset({Place.FIRST_LINE}), True), Pattern("b", "SECRET", frozenset({Place.TEXT}), True)
    both = Pattern("c", "SECRET", frozenset({Place.FIRST_LINE, Place.TEXT}))
    seen = {(item.id, item.place) for item in scan([(Place.FIRST_LINE, "here", "SECRET\nx")], Patterns((*marks, both)))}
    assert seen == {("a", "first_line"), ("b", "text"), ("c", "first_line"), ("c", "text")}


def test_a_subject_that_is_opened_again_and_again_takes_no_longer_than_it_should() -> None:
    began, where = time.process_time(), frozenset({Place.SUBJECT_START, Place.SUBJECT})
    (opened, _) = found(Place.SUBJECT_START, "[OFFICIAL-SENSITIVE] " * 20_000, "OFFICIAL-SENSITIVE", where)
    assert (opened.count, time.process_time() - began < 2) == (1, True)


TIERS = ("OFFICIAL", "OFFICIAL-SENSITIVE", "SECRET")
PACK = Patterns(tuple(Pattern(tier, tier, frozenset(Place), whole_line=True, may_add=("PERSONAL",)) for tier in TIERS))


@pytest.mark.parametrize(("rows", "expected"), [(60, False), (300, True)])
def test_a_table_that_tells_about_the_tiers_very_often_is_marked(rows: int, expected: bool) -> None:
    """Found: to look what each of its cells is about took two seconds a megabyte."""
    table = "Task\tA\tB\tC\n" + "".join(f"Task {row}\t" + "\t".join(TIERS) + "\n" for row in range(rows))
    assert ("OFFICIAL-SENSITIVE" in {item.id for item in scan([(Place.FIRST_LINE, "here", table)], PACK)}) == expected


@pytest.mark.slow
@pytest.mark.parametrize(
    ("place", "text"),
    [
        (Place.FIRST_LINE, "OFFICIAL|OFFICIAL-SENSITIVE|SECRET|"),
        (Place.FIRST_LINE, "a OFFICIAL-SENSITIVE\n"),
        (Place.FIRST_LINE, '"OFFICIAL-SENSITIVE,a'),
        (Place.FIRST_LINE, "1 OFFICIAL-SENSITIVE 2 x " * 15 + "\n"),
        (Place.FIRST_LINE, "x PERSONAL OFFICIAL-SENSITIVE PERSONAL x "),
        (Place.FIRST_LINE, "> x OFFICIAL-SENSITIVE SECRET\n"),
        (Place.SUBJECT_START, "[OFFICIAL-SENSITIVE x "),
    ],
)
def test_a_megabyte_of_markings_that_are_none(place: Place, text: str) -> None:
    """Found: each was judged with its whole line, and many stand on one: some took four seconds."""
    began = time.process_time()
    scan([(place, "here", text * (1_000_000 // len(text)))], PACK)
    assert time.process_time() - began < 2


def test_many_markings_in_a_long_subject_take_no_longer_than_they_should() -> None:
    """Found: 128 KB of them took 80 seconds, because what stood behind each was looked through to its end."""
    assert not found(Place.SUBJECT_START, "OFFICIAL-SENSITIVE x " * 5000, "OFFICIAL-SENSITIVE", frozenset({Place.SUBJECT}))


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
    ("title", "marking", "expected"),
    [
        ("RESTRICTED: funds", "RESTRICTED", True),
        ("Fwd: [RESTRICTED] funds", "RESTRICTED", True),
        ("OFFICIAL-SENSITIVE: case conference", "OFFICIAL-SENSITIVE", True),
        ("Official-Sensitive - case conference", "OFFICIAL-SENSITIVE", True),
        ("Restricted: funds review", "RESTRICTED", False),
        ("Secret - Santa", "SECRET", False),
        ("Re: Secret - SANTA", "SECRET", False),
        ("SECRET SANTA", "SECRET", False),
        ("Official: Sensitive planting", "OFFICIAL-SENSITIVE", False),
    ],
)
def test_the_title_of_an_invitation_that_starts_with_it(title: str, marking: str, expected: bool) -> None:
    """Found: it was read like the subject of a mail, and a meeting may be called `Secret - Santa`."""
    assert bool(found(Place.SUBJECT, title, marking)) == expected


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


def test_properties() -> None:
    assert found(Place.PROPERTIES, "Restricted", where=frozenset({Place.PROPERTIES}))
    assert not found(Place.PROPERTIES, "Restricted", where=EDGES)


@pytest.mark.parametrize(
    ("field", "text", "whole", "expected"),
    [
        ("X-Class: Restricted", "restricted", True, 1),
        ("X-Class: Restricted", "X-Class: restricted", True, 1),
        ("X-Class:  =RESTRICTED=", "x-class: Restricted", True, 1),
        ("X-Class: it is Restricted here", "restricted", False, 1),
        ("X-Class: Restricted; by=kim", "X-Class: restricted", False, 1),
        ("X-Class: a: Restricted", "a: restricted", True, 1),
        ("X-Restricted: no", "restricted", False, 0),  # a name is no marking
        ("X-Class: Restricted", "X-Other: restricted", False, 0),
        ("X-Class: unrestricted", "X-Class: restricted", False, 0),
        ("X-Class: not Restricted", "X-Class: restricted", False, 0),
        ("X-Class: Restricted mobility", "X-Class: restricted", True, 0),
    ],
)
def test_a_header_field_is_read_by_its_value_and_by_its_name_where_the_marking_has_one(field: str, text: str, whole: bool, expected: int):
    seen = found(Place.HEADER_FIELD, field, text, frozenset({Place.HEADER_FIELD}), whole=whole)

    assert [evidence.count for evidence in seen] == [1] * expected
    assert not found(Place.HEADER_FIELD, field, text, EDGES, whole=whole)


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
