"""PDF: pages, edges of pages, what cannot be opened."""

import pytest

from gateway.content import Budget
from gateway.model.finding import Readable
from tests.build import pdf
from tests.content.reading import look, seen


def test_header_and_footer_are_found_by_where_they_stand() -> None:
    data = pdf(["Dear all\nOFFICIAL-\nSENSITIVE", "943 476 5919"], header="RESTRICTED", footer="Page 1 of 2")

    (finding,) = look(data, "a.pdf", "application/pdf")

    assert finding.detected_type == "application/pdf"
    assert seen(finding) == {("restricted", "page_header"), ("sensitive", "text"), ("nhs-number", "text")}
    assert [item.count for item in finding.evidence if item.id == "restricted"] == [2]


def test_a_footer() -> None:
    assert seen(look(pdf(["x"], footer="Restricted"))[0]) == {("restricted", "page_footer")}


def test_words_in_the_middle_are_no_header() -> None:
    assert not seen(look(pdf(["x\n" * 12 + "RESTRICTED"]))[0])


@pytest.mark.parametrize(("degrees", "place"), [(0, "page_header"), (180, "page_footer")])
def test_a_turned_page_is_read_as_it_is_shown(degrees: int, place: str) -> None:
    data = pdf(["x"], header="RESTRICTED").replace(b"/Type /Page /Parent", b"/Rotate %d /Type /Page /Parent" % degrees)

    assert seen(look(data)[0]) == {("restricted", place)}


def test_octets_before_the_header_do_not_hide_a_pdf() -> None:
    (finding,) = look(b"x" * 500 + pdf(["x"], header="RESTRICTED"), "a.txt", "text/plain")

    assert finding.detected_type == "application/pdf"
    assert "type-disagrees" in finding.oddities
    assert ("restricted", "page_header") in seen(finding)


def test_damaged() -> None:
    assert look(b"%PDF-1.7 nothing", "a.pdf")[0].readable is Readable.DAMAGED


def test_a_user_password_is_encryption() -> None:
    keys = b"/Encrypt << /Filter /Standard /V 1 /R 2 /O (%s) /U (%s) /P -4 >> /ID [(a) (a)]" % (b"o" * 32, b"u" * 32)
    data = pdf(["x"]).replace(b"/Root 1 0 R", b"/Root 1 0 R " + keys)

    assert look(data, "a.pdf")[0].readable is Readable.ENCRYPTED


def test_rights_protection() -> None:
    data = pdf(["x"]).replace(b"/Root 1 0 R", b"/Root 1 0 R /Encrypt << /Filter /MicrosoftIRMServices /V 4 >>")

    assert look(data, "a.pdf")[0].readable is Readable.RIGHTS_PROTECTED


def test_too_many_pages_are_over_budget_and_what_was_read_still_counts() -> None:
    (finding,) = look(pdf(["x"] * 5, header="RESTRICTED"), budget=Budget(pages=3))

    assert finding.readable is Readable.OVER_BUDGET
    assert [item.count for item in finding.evidence if item.id == "restricted"] == [3]


def test_a_form_field_is_read() -> None:
    note = b"/Annots [<< /Type /Annot /Subtype /Text /Rect [0 0 9 9] /Contents (OFFICIAL-SENSITIVE) >>] /Type /Page /Parent"

    assert ("sensitive", "text") in seen(look(pdf(["x"]).replace(b"/Type /Page /Parent", note))[0])
