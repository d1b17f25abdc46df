"""Words on a page of a PDF that its text does not tell: read as they are drawn, or said to be unread; and daily pages left alone."""

import pikepdf
import pytest
from pikepdf import Dictionary

from gateway.content import Budget, ocr
from gateway.content.pdf_fonts import Untold
from gateway.content.pdf_objects import Known, read_objects
from gateway.content.reading import Spent
from gateway.model.finding import FileFinding, Readable
from tests.build import pdf, prose
from tests.build.fonts import composite, drawn_by, in_codes, in_glyphs, type3
from tests.content.reading import look, seen
from tests.corpus.families.pdf_fonts import innocents, made, techniques
from tests.corpus.families.pdf_pictures import changed, lines

assert ocr.load(), "tesseract-ocr is not installed: deploy/packages lists it, and nothing here is proved without it"

UNREAD = {("pictures-unread", "")}
LINE = in_glyphs("OFFICIAL", up=790) + lines(prose(60, "below"), 740)


def read(octets: bytes, seconds: float | None) -> FileFinding:
    return look(octets, "a.pdf", budget=Budget(picture_seconds=seconds))[0]


def known(octets: bytes) -> Known:
    """What the objects tell of the pages."""
    reader = read_objects(octets, Spent(Budget()))
    while True:
        try:
            next(reader)
        except StopIteration as done:
            told: Known = done.value
            return told


@pytest.mark.slow
def test_words_that_a_text_does_not_tell_are_read_as_they_are_drawn() -> None:
    found = {one.name: look(one.octets, "a.eml", "message/rfc822", budget=Budget(picture_seconds=60)) for one in techniques()}

    assert [name for name, findings in found.items() if ("restricted", "page_header") not in set().union(*map(seen, findings))] == []


@pytest.mark.parametrize("seconds", [0.0, None], ids=["no time", "no tesseract"])
def test_words_that_nobody_could_read_are_said_to_be_unread(seconds: float | None) -> None:
    found = {one.name: look(one.octets, "a.eml", "message/rfc822", budget=Budget(picture_seconds=seconds)) for one in techniques()}

    assert [name for name, findings in found.items() if set().union(*map(seen, findings)) != UNREAD] == []


def test_daily_pages_are_no_scans() -> None:
    assert [(name, finding.readable) for name, octets in innocents() if (finding := read(octets, 0.0)).readable is not Readable.YES] == []


def test_one_line_of_eight_letters_without_characters_is_enough() -> None:
    assert read(made(composite, LINE), 0.0).readable is Readable.PICTURES_UNREAD


def test_a_word_of_seven_is_left_as_a_formula_would_be() -> None:
    assert read(made(composite, LINE.replace(in_glyphs("OFFICIAL", up=790), in_glyphs("OFFICIA", up=790))), 0.0).readable is Readable.YES


def test_letters_without_characters_that_stand_apart_count_by_their_part_of_the_page() -> None:
    """One in each word, as nobody sets a bullet."""
    words = b"".join(in_glyphs("RESTRICTED"[at % 10], up=790 - 12 * at) + lines("of the", 790 - 12 * at) for at in range(60))

    assert read(made(composite, words), 0.0).readable is Readable.PICTURES_UNREAD


def test_only_the_pages_that_are_drawn_with_such_words_are_scans() -> None:
    def change(document: pikepdf.Pdf) -> None:
        page = document.pages[1]
        font = drawn_by(document, {"/a": document.make_stream(b"595 0 d0 BT /F1 1 Tf (RESTRICTED) Tj ET")})
        page.Resources = Dictionary(Font=Dictionary(F1=page.Resources.Font.F1, C1=font))

    assert known(changed(pdf(["one", "two", "three"]), change)).untold.pages == {1}


def test_inherited_resources_are_those_of_the_page() -> None:
    def change(document: pikepdf.Pdf) -> None:
        font = drawn_by(document, {"/a": document.make_stream(b"595 0 d0 BT /F1 1 Tf (RESTRICTED) Tj ET")})
        document.Root.Pages.Resources = Dictionary(Font=Dictionary(C1=font))
        del document.pages[0]["/Resources"]

    assert known(changed(pdf(["one"]), change)).untold.pages == {0}


def test_forms_that_draw_one_another_in_a_letter_end() -> None:
    def change(document: pikepdf.Pdf) -> None:
        forms = [document.make_stream(b"/A Do /B Do", Subtype=pikepdf.Name.Form) for _ in range(2)]
        for form in forms:
            form.Resources = Dictionary(XObject=Dictionary(A=forms[0], B=forms[1]))
        font = drawn_by(document, {"/a": document.make_stream(b"/A Do")})
        font.Resources = forms[0].Resources
        document.pages[0].Resources.Font.C1 = font

    assert known(changed(pdf(["one"]), change)).untold.pages == frozenset()


def test_in_a_file_of_standard_fonts_no_letter_is_looked_at() -> None:
    assert known(pdf([prose(50)])).untold == Untold(0, type3=False)


@pytest.mark.parametrize(
    ("names", "lacks"),
    [
        ({"A": "A", ".": "period"}, False),
        ({"A": "a65", "B": "a66", ".": "a46"}, True),  # codes count from 33 here
        ({"A": "A", "1": "G1"}, True),
        ({"A": "B", "B": "A"}, True),
        ({"A": "A", ".": "one"}, True),
    ],
)
def test_a_drawn_font_whose_codes_are_ascii_by_its_names_is_believed(names: dict[str, str], lacks: bool) -> None:
    assert known(made(lambda document: type3(document, names), b"")).untold.type3 is lacks


def test_letters_that_tex_has_numbered_by_their_codes_are_believed() -> None:
    def numbered(document: pikepdf.Pdf) -> pikepdf.Object:
        font = type3(document, {letter: letter for letter in "ABCDEFGHIJ"})
        letters = {f"/a{code}": font.CharProcs[f"/{chr(code)}"] for code in range(65, 75)}
        font.CharProcs = Dictionary(letters)
        font.Encoding.Differences = pikepdf.Array([65, *map(pikepdf.Name, letters)])
        return font

    octets = made(numbered, in_codes("ABCDEFGHIJ\nJIHGFEDCBA", {letter: letter for letter in "ABCDEFGHIJ"}))

    assert (known(octets).untold.type3, read(octets, 0.0).readable) == (False, Readable.YES)
