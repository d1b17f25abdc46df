"""PDF: the words of a page, however they were drawn."""

import pytest

from gateway.model.finding import Readable
from tests.build import pdf
from tests.build.pdfs import pdf_of, shown, stream
from tests.content.reading import look, seen

LAYER = b"/Properties << /L << /Type /OCG /Name (l) >> >>"

SENSITIVE = {
    "a hyphen at the end of a line": b"BT /F1 10 Tf 12 TL 50 500 Td (aaa OFFICIAL-SEN-) Tj T* (SITIVE bbb) Tj ET",
    "pieces of a word, one after the other": shown("OFFICIAL-SENS") + shown("ITIVE", 126),
    "pieces of a word, the last one first": shown("ITIVE", 126) + shown("OFFICIAL-SENS"),
    "pieces of a word with other lines between": shown("ITIVE", 126) + shown("other", y=300) + shown("OFFICIAL-SENS"),
    "words of a line with other lines between": shown("SENSITIVE", 103) + shown("other", y=300) + shown("OFFICIAL"),
    "invisible": b"BT 3 Tr /F1 10 Tf 50 500 Td (OFFICIAL-SENSITIVE) Tj ET",
    "white": b"1 g " + shown("OFFICIAL-SENSITIVE"),
    "beside the paper": shown("OFFICIAL-SENSITIVE", -900),
    "below the paper": shown("OFFICIAL-SENSITIVE", 50, -200),
    "clipped": b"0 0 1 1 re W n " + shown("OFFICIAL-SENSITIVE"),
    "on a layer": b"/OC /L BDC " + shown("OFFICIAL-SENSITIVE") + b"EMC",
    "upwards": b"BT /F1 10 Tf 0 1 -1 0 50 500 Tm (OFFICIAL-SENSITIVE) Tj ET",
    "letter by letter": b"BT /F1 10 Tf 50 500 Td " + b"".join(b"(%c) Tj " % letter for letter in b"OFFICIAL-SENSITIVE") + b"ET",
    "an array of pieces": b"BT /F1 10 Tf 50 500 Td [(OFF) -20 (ICIAL-SEN) 30 (SITIVE)] TJ ET",
    "in place of what is drawn": b"/Span << /ActualText (OFFICIAL-SENSITIVE) >> BDC " + shown("x") + b"EMC",
}


@pytest.mark.parametrize("name", SENSITIVE)
def test_words_however_they_were_drawn(name: str) -> None:
    (finding,) = look(pdf_of(SENSITIVE[name], page=LAYER), "a.pdf")

    assert ("sensitive", "text") in seen(finding)
    assert finding.readable is Readable.YES


def test_the_pieces_of_a_header_count_as_lines_of_their_own() -> None:
    content = shown("County Council", 50, 820) + shown("RESTRICTED", 250, 820) + shown("Page 1 of 2", 500, 820)

    assert seen(look(pdf_of(content))[0]) == {("restricted", "page_header")}


def test_a_gap_within_one_operator_parts_too() -> None:
    content = b"BT /F1 10 Tf 50 820 Td [(Council) -9000 (RESTRICTED) -9000 (3)] TJ ET"

    assert seen(look(pdf_of(content))[0]) == {("restricted", "page_header")}


def test_a_word_among_others_is_no_header() -> None:
    content = shown("Restricted byways of the county", 50, 820) + shown("Restricted", 50, 20) + shown("stock of 2026", 103, 20)

    assert not seen(look(pdf_of(content))[0])


def test_a_stamp_is_read_as_it_is_drawn() -> None:
    stamp = b"<< /Type /Annot /Subtype /Stamp /Rect [50 800 300 830] /AP << /N 8 0 R >> >>"
    looks = b"/Type /XObject /Subtype /Form /BBox [0 0 250 30] /Resources << /Font << /F1 3 0 R >> >>"
    data = pdf_of(shown("x"), page=b"/Annots [7 0 R]", more=[stamp, stream(b"BT /F1 12 Tf 5 5 Td (RESTRICTED) Tj ET", looks)])

    assert seen(look(data)[0]) == {("restricted", "page_header")}


def test_a_page_that_is_missing_hides_no_other() -> None:
    data = pdf(["x", "y"], header="RESTRICTED").replace(b"/Kids [", b"/Kids [99 0 R ").replace(b"/Count 2", b"/Count 3")

    assert ("restricted", "page_header") in seen(look(data, "a.pdf")[0])


@pytest.mark.parametrize("cut", [b"startxref", b"xref\n"])
def test_a_lost_table_is_found_again(cut: bytes) -> None:
    data = pdf(["x"], header="RESTRICTED")

    assert ("restricted", "page_header") in seen(look(data[: data.rindex(cut)], "a.pdf")[0])
