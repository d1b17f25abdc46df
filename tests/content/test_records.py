"""Calendars and address cards: folded lines, escapes, quoted-printable, files inside."""

import base64

import pytest

from gateway.model.finding import Pattern, Patterns, Place
from tests.content.reading import look, seen

B64 = base64.b64encode(b"RESTRICTED\nand more words, so that the line is folded somewhere in the middle\n").decode()
FOLDED = "\r\n ".join(B64[at : at + 40] for at in range(0, len(B64), 40))

CALENDAR = "BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\n{}\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
CARD = "BEGIN:VCARD\r\nVERSION:2.1\r\n{}\r\nEND:VCARD\r\n"

SENSITIVE = {
    "a folded line": CALENDAR.format("DESCRIPTION:x OFFICIAL-SENS\r\n ITIVE"),
    "a line folded by a tab": CALENDAR.format("DESCRIPTION:x OFFICIAL-SENS\n\tITIVE"),
    "an escape": CALENDAR.format("DESCRIPTION:first\\nOFFICIAL\\, SENSITIVE"),
    "HTML": CALENDAR.format("X-ALT-DESC;FMTTYPE=text/html:<html><p>OFFICIAL-<b>SENS</b>ITIVE</p></html>"),
    "a parameter": CALENDAR.format('ATTENDEE;CN="OFFICIAL-SENSITIVE":mailto:a@b.example'),
    "a property of its own": CALENDAR.format("X-MARK;X=1:OFFICIAL-SENSITIVE"),
    "a line that is none": CALENDAR.format("OFFICIAL-SENSITIVE"),
    "a task": "BEGIN:VCALENDAR\nBEGIN:VTODO\nCOMMENT:OFFICIAL-SENSITIVE\nEND:VTODO\nEND:VCALENDAR",
    "quoted-printable": CARD.format("NOTE;ENCODING=QUOTED-PRINTABLE:=4F=46FICIAL-SENS=\r\nITIVE"),
    "quoted-printable in a charset": CARD.format("NOTE;CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE:OFFICIAL=E2=80=93SENSITIVE"),
    "a note of a card": CARD.format("item1.NOTE:OFFICIAL-SENSITIVE"),
}


@pytest.mark.parametrize("is_words", [True, False])
@pytest.mark.parametrize("name", SENSITIVE)
def test_words_in_records(name: str, is_words: bool) -> None:
    (finding,) = look(SENSITIVE[name].encode(), "" if is_words else "a", "text/calendar", is_words=is_words)

    assert "sensitive" in {found for found, _ in seen(finding)}


def test_a_title_is_a_first_line() -> None:
    assert ("restricted", "first_line") in seen(
        look(CALENDAR.format("DTSTART:20260101\r\nSUMMARY:RESTRICTED\r\nLOCATION:x").encode(), "a.ics")[0]
    )


@pytest.mark.parametrize(
    ("text", "places"),
    [
        (CALENDAR.format("SUMMARY:RESTRICTED: funds"), {"subject_start"}),
        (CALENDAR.format("SUMMARY:Restricted: funds"), set()),
        (CARD.format("FN:RESTRICTED: Alex"), set()),
        (CARD.format("TITLE:RESTRICTED"), {"first_line"}),
    ],
)
def test_a_title_of_an_invitation_alone_is_a_subject(text: str, places: set[str]) -> None:
    """Found: what a person or a job is called, and a meeting in small letters, was read like the subject of a mail."""
    assert {place for found, place in seen(look(text.encode(), "a.ics")[0]) if found == "restricted"} == places


NAMES = Patterns(
    tuple(Pattern(text, text, frozenset(Place), whole_line=True) for text in ("OFFICIAL-SENSITIVE", "SECRET", "SECURE", "CONTROLLED"))
)


@pytest.mark.parametrize(
    ("line", "marking"),
    [
        ("FN:OFFICIAL-SENSITIVE: Kim", "OFFICIAL-SENSITIVE"),
        ("FN:Kim - Official Sensitive", "OFFICIAL-SENSITIVE"),
        ("TITLE:[SECRET] agent", "SECRET"),
        ("TITLE:Agent (SECRET)", "SECRET"),
        ("FN:Kim [Secure]", "SECURE"),
        ("FN;ENCODING=QUOTED-PRINTABLE:Kim =5BSECURE=5D", "SECURE"),
        ("TITLE:Controlled: Drugs Office", ""),
        ("TITLE:[SECRET-AGENT LTD]", ""),
        ("TITLE:Nurse [controlled drugs]", ""),
        ("FN:Secret - Agent Ltd", ""),
        ("FN:SECRET - AGENT LTD", ""),
        ("FN:SECRET-AGENT LTD", ""),
        ("FN:Official, Sensitive Plants Ltd", ""),
    ],
)
def test_names_carry_markings_of_several_words_and_bracketed_ones(line: str, marking: str) -> None:
    """Found: when names were read as subjects no more, what nobody is called was lost with what people are called."""
    found = {some.id for some in look(CARD.format(line).encode(), "a.vcf", patterns=NAMES)[0].evidence}

    assert found == ({marking} if marking else set())


@pytest.mark.parametrize(
    ("text", "name"),
    [
        (CALENDAR.format(f"ATTACH;FMTTYPE=text/plain;ENCODING=BASE64;VALUE=BINARY;X-FILENAME=a.txt:{FOLDED}"), ("a.txt",)),
        (CALENDAR.format(f"ATTACH:data:text/plain;base64,{FOLDED}"), ()),
        (CARD.format(f"PHOTO;ENCODING=b;TYPE=JPEG:{FOLDED}"), ()),
        (CARD.format(f"KEY;MEDIATYPE=text/plain:data:text/plain;base64,{FOLDED}"), ()),
    ],
)
def test_a_file_inside_is_a_member(text: str, name: tuple[str, ...]) -> None:
    (_, member) = look(text.encode(), "a.ics", "text/calendar")

    assert (member.names, ("restricted", "first_line") in seen(member)) == (name, True)


def test_a_portrait_is_no_file() -> None:
    portrait = base64.b64encode(b"\xff\xd8\xff\xe0" + bytes(60)).decode()

    assert len(look(CARD.format(f"PHOTO;ENCODING=b;TYPE=JPEG:{portrait}").encode(), "a.vcf", "text/vcard")) == 1
