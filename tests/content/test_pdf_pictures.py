"""Pictures on pages of a PDF that have words besides: which are read, which are believed to have been read, and what it costs."""

import random
import time
from math import sqrt
from typing import Any

import pikepdf
import pypdfium2
import pytest
from PIL import Image

from gateway.content import Budget, ocr
from gateway.content.ocr import WORTH
from gateway.content.pdf_pictures import Look, Pictures, Piece, Shapes, look_at, pictures_of_words
from gateway.content.pdf_words import Box
from gateway.content.pictures import inset_segments
from gateway.content.reading import Spent
from gateway.model.finding import FileFinding, FileOddity, Pattern, Patterns, Place, Readable
from tests.build import prose
from tests.build.pdfs import shown
from tests.build.scans import outlined, pages_of, picture, placed
from tests.content.reading import EVERYWHERE, look, seen
from tests.corpus.entries import Technique
from tests.corpus.families.pdf_pictures import WHOLE, changed, innocents, lines, photo, scan, techniques

assert ocr.load(), "tesseract-ocr is not installed: deploy/packages lists it, and nothing here is proved without it"

FOUND = ("restricted", "page_header")
INSET = ("restricted", "first_line")  # in a picture that is a part of its page
PARTS = {  # techniques whose pictures are no whole page
    "a third of a page beside a paragraph",
    "letters drawn as shapes beside a note",
    "upon a background",
    "in strips upon a background",
    "beside a coloured column",
    "below the banner of a letterhead",
}
PUBLIC = Patterns((Pattern("public", "PUBLIC", EVERYWHERE, whole_line=True),))
INVISIBLE = b"3 Tr"
NOTE = lines(prose(30, "note"), up=100)


def read(octets: bytes, seconds: float = 60) -> FileFinding:
    return look(octets, "a.pdf", budget=Budget(picture_seconds=seconds))[0]


def page(words: bytes, picture: Image.Image | None = None, place: tuple[float, float, float, float] = WHOLE) -> bytes:
    return pages_of((placed(place) + words, [picture or scan()]))


@pytest.fixture
def pictures(monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, int]]:
    """How wide and high those are that tesseract is given."""
    given: list[tuple[int, int]] = []
    real = ocr.page_of_pixels

    def reading(pixels: Any, width: int, height: int, *rest: Any) -> ocr.Page:
        given.append((width, height))
        return real(pixels, width, height, *rest)

    monkeypatch.setattr(ocr, "page_of_pixels", reading)
    return given


def is_found(technique: Technique) -> bool:
    findings = look(technique.octets, "a.eml", "message/rfc822", budget=Budget(picture_seconds=60))
    found = {pair for finding in findings for pair in seen(finding)}
    return (INSET if technique.name in PARTS else FOUND) in found


@pytest.mark.slow
def test_a_scanned_page_is_read_whatever_stands_beside_it() -> None:
    assert [technique.name for technique in techniques() if not is_found(technique)] == []


def test_a_searchable_scan_is_believed(pictures: list[tuple[int, int]]) -> None:
    finding = read(page(lines(prose(150, "layer"), mode=INVISIBLE)))

    assert (finding.oddities, finding.readable, pictures) == ((), Readable.YES, [])


@pytest.mark.parametrize(("words", "is_read"), [(20, True), (38, True), (42, False), (400, False)])
def test_so_many_words_are_the_layer_of_a_page(words: int, is_read: bool) -> None:
    spread = lines(prose(words, "layer"), size=4800 // words, mode=INVISIBLE)

    assert (FOUND in seen(read(page(spread)))) == is_read


@pytest.mark.parametrize(
    "words",
    [
        lines(prose(45, "disclaimer"), up=50, size=6),
        shown("a " * 60, 10, 10),
        b"".join(shown("word", 50, 20 + 13 * row) for row in range(60)),
    ],
    ids=["a disclaimer at the foot", "letters on one line", "a list at the side"],
)
def test_words_in_one_place_are_no_layer_of_a_page(words: bytes) -> None:
    assert FOUND in seen(read(page(words)))


PAPER = Box(0, 0, 600, 800)


def judged(*pieces: Piece) -> Pictures:
    return pictures_of_words(Look(PAPER, list(pieces), Shapes(), []), lambda _: 0)


def test_tiles_are_one_picture_and_not_one_with_what_they_lie_upon() -> None:
    tiles = [Piece(Box(100 + 20 * x, 100 + 20 * y, 120 + 20 * x, 120 + 20 * y), WORTH // 100) for y in range(20) for x in range(20)]
    random.Random(1).shuffle(tiles)

    assert judged(Piece(PAPER, WORTH), *tiles) == ([Box(100, 100, 500, 500), PAPER], True)


def test_each_picture_is_judged_by_its_own_place() -> None:
    upper, lower = Box(0, 400, 600, 800), Box(0, 0, 600, 400)

    assert judged(Piece(upper, WORTH), Piece(lower, WORTH)).boxes == [upper, lower, PAPER]


def test_letters_that_are_a_picture_each_are_looked_at_together() -> None:
    letters = [Piece(Box(10 + 12 * x, 300 + 14 * y, 16 + 12 * x, 310 + 14 * y), 1000) for x in range(40) for y in range(20)]

    assert judged(*letters).boxes == [Box(10, 300, 484, 576)]


@pytest.mark.parametrize(
    "pieces",
    [
        [Piece(Box(at, 0, 600, 800), WORTH) for at in range(150)],
        [Piece(Box(3 * at, 0, 3 * at + 0.5, 800), 10) for at in range(201)],
        [Piece(Box(1, 1, 2, 2), 10)] * 10_001,
    ],
    ids=["large ones", "narrow ones", "small ones"],
)
def test_too_many_pictures_to_tell_are_said(pieces: list[Piece]) -> None:
    assert judged(*pieces) == ([], False)


def test_a_page_of_too_many_pictures_is_unread() -> None:
    large = [(595 - at, 842 - at, 0, 0) for at in range(120)]
    octets = pages_of((placed(*large) + NOTE, [photo(0)] * 120))

    assert read(octets).readable is Readable.PICTURES_UNREAD


def test_words_beside_a_picture_are_no_layer_of_it() -> None:
    upper = scan().crop((0, 0, 1240, 760))

    found = seen(read(page(lines(prose(200, "text"), up=400), upper, (500, 306, 50, 500))))
    assert INSET in found
    assert FOUND not in found


@pytest.mark.parametrize("number", [0, 1])
def test_a_line_at_the_edge_of_a_picture_beside_words_never_lowers(number: int) -> None:
    """A chart with PUBLIC on its first line made an unmarked file public: only the header and the footer of a page lower."""
    chart = picture("PUBLIC", "", "", "", "", "", "Bin collections by ward", "PUBLIC")
    pages = [(lines(prose(150, "before")), [])] * number
    octets = pages_of(*pages, (placed((200, 130, 150, 300)) + lines(prose(150, "report")), [chart]))
    (finding,) = look(octets, "a.pdf", patterns=PUBLIC, budget=Budget(picture_seconds=60))

    assert finding.oddities == (FileOddity.PICTURES_READ,)
    assert {place for _, place in seen(finding)} == {"first_line", "text"}


def test_what_there_is_no_time_for_is_said() -> None:
    assert read(page(NOTE), 0).readable is Readable.PICTURES_UNREAD
    assert read(page(NOTE), 0.02).readable is Readable.PICTURES_UNREAD


@pytest.mark.slow
def test_pages_without_words_are_read_before_pictures_beside_words() -> None:
    """Ten photographs on pages with words stand before a page that is a scan, and there is not time for all."""
    photographs = ((placed(WHOLE) + lines(prose(30, f"{number}")), [photo(number)]) for number in range(10))
    octets, used = pages_of(*photographs, (placed(WHOLE), [scan()])), list[float]()
    look(octets, "a.pdf", budget=Budget(picture_seconds=60, on_pictured=used.append))
    first, enough = used[0], sqrt(used[0] * sum(used))  # for the first, on a slow machine as on a fast one, and not for all
    finding = read(octets, enough)

    assert len(used) == 11
    assert sum(used) > 4 * first, "the photographs take too little time to tell"
    assert FOUND in seen(finding)
    assert finding.readable is Readable.PICTURES_UNREAD


def test_links_of_pages_with_pictures_count_once() -> None:
    """A page is loaded once more for its pictures: 27 pages of a thousand links each were over budget."""

    def change(document: pikepdf.Pdf) -> None:
        link = pikepdf.Dictionary(Type=pikepdf.Name.Annot, Subtype=pikepdf.Name.Link, Rect=pikepdf.Array([0, 0, 10, 10]))
        links = document.make_indirect(pikepdf.Array([document.make_indirect(link)] * 100))
        for page in document.pages:
            page.Annots = links

    octets = changed(pages_of(*[(placed(WHOLE) + NOTE, [photo(0)])] * 10), change)
    readable = {parts: look(octets, "a.pdf", budget=Budget(picture_seconds=60, parts=parts))[0].readable for parts in (900, 1500)}

    assert readable == {900: Readable.OVER_BUDGET, 1500: Readable.YES}


@pytest.mark.slow
def test_a_page_that_takes_too_long_to_draw_is_left_and_that_is_said() -> None:
    chance = random.Random(1)
    curves = (b"%d %d m %d %d %d %d %d %d c S\n" % tuple(chance.randrange(600) for _ in range(8)) for _ in range(40_000))
    octets = page(b"".join(curves) + NOTE)
    began = time.process_time()

    assert read(octets, 0.05).readable is Readable.PICTURES_UNREAD
    assert time.process_time() - began < 2


@pytest.mark.parametrize("place", [(120, 60, 400, 40), (100, 100, 50, 700), (595, 20, 0, 800)])
def test_small_pictures_beside_words_are_logos(place: tuple[float, float, float, float], pictures: list[tuple[int, int]]) -> None:
    assert (read(page(NOTE, place=place), 0).readable, pictures) == (Readable.YES, [])


def test_a_picture_of_few_pixels_is_no_page() -> None:
    assert read(page(NOTE, scan().resize((300, 420))), 0).readable is Readable.YES


def test_the_words_of_the_page_are_not_read_once_more(pictures: list[tuple[int, int]]) -> None:
    """The same background of each page is one picture, whatever is written upon it."""
    same = [(placed(WHOLE) + lines(prose(25, f"{number}")), [scan()]) for number in range(4)]

    assert read(pages_of(*same)).oddities == (FileOddity.PICTURES_READ,)
    assert len(pictures) == 1


@pytest.mark.parametrize("end", [b"f\n", b""])
def test_a_few_shapes_are_no_letters(end: bytes) -> None:
    logo = outlined("Council", end=end)

    assert read(pages_of((logo + NOTE, [])), 0).readable is Readable.YES


def test_letters_drawn_as_shapes_are_found_whatever_is_drawn_far_above() -> None:
    """One box around a logo and the letters had all the words between them for its layer."""
    logo, below = (
        outlined("Council"),
        b"q 1 0 0 1 0 -500 cm " + outlined("RESTRICTED", "", "Minutes of the panel", "The panel met in private and") + b" Q ",
    )
    finding = read(pages_of((logo + lines(prose(60, "between"), up=700, size=12) + below, [])))

    assert INSET in seen(finding)


def test_the_first_and_the_last_line_of_a_small_picture_are_its_edges() -> None:
    items = inset_segments([ocr.Line(text, middle) for text, middle in (("above", 0.2), ("between", 0.5), ("below", 0.8))], "picture")

    assert [item[::2] for item in items if isinstance(item, tuple)] == [
        (Place.TEXT, "above\nbetween\nbelow"),
        (Place.FIRST_LINE, "above"),
        (Place.FIRST_LINE, "below"),
    ]


def test_of_many_lines_none_is_kept() -> None:
    """A map has hundreds of thousands, and each was kept."""
    octets = pages_of((b"".join(b"%d 0 m %d 800 l S\n" % (x % 590, x % 580) for x in range(5000)) + NOTE, []))
    with pypdfium2.PdfDocument(octets) as document:
        shapes = look_at(document[0], Spent(Budget())).shapes

    assert (shapes.number, shapes.letters) == (5000, [])


@pytest.mark.slow
def test_what_offices_send_daily_is_read_in_time() -> None:
    assert [name for name, octets in innocents() if read(octets, 5).readable is not Readable.YES] == []
