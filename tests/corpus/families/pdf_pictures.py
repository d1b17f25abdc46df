"""A scanned page, or a picture of one, in a PDF whose page has words besides: a page with a text layer was not looked at as a picture."""

import io
from collections.abc import Callable, Iterator
from functools import cache
from itertools import accumulate, pairwise

import pikepdf
from PIL import Image, ImageDraw, ImageFont, ImageOps

from tests.build import prose
from tests.build.pdfs import shown
from tests.build.scans import outlined, pages_of, placed
from tests.corpus.entries import LINE, Technique, carrying

WHOLE = (595, 842, 0, 0)  # a picture that is the page
_NOTE = "Please see the page below, which the records office has sent to us on Monday for the meeting of the committee. It is the only copy that we have."
_LETTERS = (LINE, "", "Minutes of the panel", "The panel met in private and", "heard the report of its chair.")
_HIDDEN = ("marking", "restricted")


def techniques() -> Iterator[Technique]:
    for name, octets in {**_beside(), **_made_otherwise(), **_touching()}.items():
        yield Technique("pictures in PDF pages", name, *_HIDDEN, carrying("page.pdf", octets, "application/pdf"))


@cache
def scan() -> Image.Image:
    """A marked page of A4 at 150 dots an inch, upright."""
    image = Image.new("L", (1240, 1754), 255)
    pen = ImageDraw.Draw(image)
    for up, size, line in ((50, 44, LINE), (300, 30, "Minutes of the panel"), (400, 30, "The panel met in private and heard the report.")):
        pen.text((120, up), line, 0, ImageFont.load_default(size=size))
    return image


def lines(text: str, up: int = 780, size: int = 10, mode: bytes = b"0 Tr 0 g") -> bytes:
    """Lines of twelve words from here down."""
    words = text.split()
    rows = [" ".join(words[at : at + 12]) for at in range(0, len(words), 12)]
    return b"%s " % mode + b"".join(shown(row, 50, up - 2 * size * number) for number, row in enumerate(rows))


def _beside() -> dict[str, bytes]:
    """A whole page, and the words that lie upon it or beside it."""
    fax = "From: 01629 580000 County Hall To: 01629 580001 Date: 05/01/2026 09:00 Page 1 of 1 Transmission OK Speed 14400 Resolution fine"
    bates = "DCC-2026-PLANNING-0000123456 Produced by the County Council in the matter of the planning appeal, copy of the office, volume 3"
    number = "Page 1 of 1, scanned at the front desk of the County Hall by the machine on the second floor, 5 January 2026 at 09:00"
    return {
        "a page number": _page(lines(number, 20)),
        "a Bates stamp": _page(lines(bates, 20)),
        "the header of a fax": _page(lines(fax, 830)),
        "a note above it": _page(lines(_NOTE, 700)),
        "white words that are no layer of it": _page(lines(prose(20, "layer"), mode=b"0 Tr 1 g")),
        "invisible words that are no layer of it": _page(lines(prose(20, "layer"), mode=b"3 Tr")),
        "words beside the paper": _page(lines(prose(400, "beside"), up=20_000)),
    }  # fmt: skip


def _page(words: bytes, image: Image.Image | None = None, content: bytes = b"", **keys: object) -> bytes:
    return pages_of(((content or placed(WHOLE)) + words, [image or scan()]), **keys)


def _made_otherwise() -> dict[str, bytes]:
    note, third = lines(_NOTE, 120), scan().crop((0, 0, 1240, 760))
    inverted = b"q 595 0 0 842 0 0 cm /Im1 Do Q "
    return {
        "turned by its page": _page(note, scan().transpose(Image.Transpose.ROTATE_90), Rotate=90),
        "turned over by its page": _page(note, scan().rotate(180), Rotate=180),
        "turned by its matrix": _page(note, scan().transpose(Image.Transpose.ROTATE_90), b"q 0 -842 595 0 0 842 cm /Im1 Do Q "),
        "white on black": _page(note, ImageOps.invert(scan()), inverted),
        "strips": _strips(scan(), 40, note),
        "strips without words": _strips(scan(), 40, b""),
        "tiles": _tiles(scan(), 6, note),
        "a form": _form(1),
        "forms in one another": _form(4),
        "behind six hundred rules": _page(note, content=b"0 0 1 1 re f\n" * 600 + placed(WHOLE)),
        "a mask that is painted": _mask(note),
        "a third of a page beside a paragraph": pages_of((placed((500, 306, 50, 100)) + lines(prose(180, "paragraph")), [third])),
        "a page behind ten photographs": pages_of(*((placed((300, 220, 50, 100)) + lines(prose(100, f"{number}")), [photo(number)]) for number in range(10)), (placed(WHOLE) + note, [scan()])),
        "letters drawn as shapes": pages_of((outlined(*_LETTERS), [])),
        "letters drawn as one shape": pages_of((outlined(*_LETTERS, end=b""), [])),
        "letters drawn as shapes beside a note": pages_of((outlined(*_LETTERS) + note, [])),
    }  # fmt: skip


def _touching() -> dict[str, bytes]:
    """A scan as a part of the page: other pictures touch it, or lie below it, and the words of the page stand beside it."""
    background, words = Image.new("L", (620, 877), 250), lines(prose(60, "note"), up=120)
    left = prose(120, "left").split()
    column = b"0 g " + b"".join(shown(" ".join(left[at : at + 4]), 30, 740 - 12 * at // 4) for at in range(0, 120, 4))
    strip = scan().height // 40 + 1
    strips = [scan().crop((0, top, 1240, min(top + strip, 1754))) for top in range(0, 1754, strip)]
    high = 566 / len(strips)
    boxes = [(400.0, high, 90.0, 766 - high * number) for number in range(1, len(strips) + 1)]
    return {
        "upon a background": pages_of((placed(WHOLE, (400, 566, 90, 200)) + words, [background, scan()])),
        "in strips upon a background": pages_of((placed(WHOLE, *boxes) + words, [background, *strips])),
        "beside a coloured column": pages_of((placed((90, 842, 505, 0), (400, 566, 104, 276)) + words, [background, scan()])),
        "below the banner of a letterhead": pages_of((placed((595, 60, 0, 782), (297, 420, 298, 361)) + column, [background, scan()])),
    }


def _strips(image: Image.Image, number: int, words: bytes) -> bytes:
    ends = [0, *accumulate([-(-image.height // number)] * number)]
    tops = [(top, min(end, image.height)) for top, end in pairwise(ends)]
    dot = 842 / image.height
    boxes = [(595.0, (end - top) * dot, 0.0, 842 - end * dot) for top, end in tops]
    return pages_of((placed(*boxes) + words, [image.crop((0, top, image.width, end)) for top, end in tops]))


def _tiles(image: Image.Image, number: int, words: bytes) -> bytes:
    across, down = image.width // number, image.height // number
    places = [(column, row) for row in range(number) for column in range(number)]
    boxes = [(595 / number, 842 / number, 595 * column / number, 842 - 842 * (row + 1) / number) for column, row in places]
    crops = [image.crop((across * column, down * row, across * (column + 1), down * (row + 1))) for column, row in places]
    return pages_of((placed(*boxes) + words, crops))


def _form(deep: int) -> bytes:
    """The scan at half its size in a form that is drawn at twice its own, or in several of them."""

    def change(document: pikepdf.Pdf) -> None:
        resources = document.pages[0].Resources
        inner, drawn = pikepdf.Dictionary(XObject=resources.XObject), b"q 297.5 0 0 421 0 0 cm /Im1 Do Q"
        for _ in range(deep):
            form = document.make_stream(drawn)
            form.Type, form.Subtype, form.BBox, form.Resources = (
                pikepdf.Name.XObject,
                pikepdf.Name.Form,
                pikepdf.Array([0, 0, 595, 842]),
                inner,
            )
            inner, drawn = pikepdf.Dictionary(XObject=pikepdf.Dictionary(Fm1=form)), b"/Fm1 Do"
        resources.XObject = inner.XObject
        document.pages[0].Contents = document.make_stream(b"q 2 0 0 2 0 0 cm /Fm1 Do Q " + lines(_NOTE, 120))

    return changed(_page(b""), change)


def _mask(words: bytes) -> bytes:
    """Ink through a stencil of one bit a dot (ISO 32000-2 8.9.6.2)."""

    def change(document: pikepdf.Pdf) -> None:
        bits = scan().convert("1")
        stencil = document.make_stream(bits.tobytes())
        stencil.Type, stencil.Subtype, stencil.ImageMask = pikepdf.Name.XObject, pikepdf.Name.Image, True
        stencil.Width, stencil.Height, stencil.BitsPerComponent = bits.width, bits.height, 1
        document.pages[0].Resources.XObject = pikepdf.Dictionary(Im1=stencil)

    return changed(_page(words, content=b"0 g " + placed(WHOLE)), change)


def changed(octets: bytes, change: Callable[[pikepdf.Pdf], None]) -> bytes:
    """A PDF after this was done to it."""
    made = io.BytesIO()
    with pikepdf.open(io.BytesIO(octets)) as document:
        change(document)
        document.save(made)
    return made.getvalue()


@cache
def photo(number: int) -> Image.Image:
    """Light, shade and grain, and no words."""
    light = Image.linear_gradient("L").rotate(11 * number).resize((900, 660))
    clouds = Image.effect_noise((9, 7), 120).resize((900, 660), Image.Resampling.BICUBIC)
    return Image.blend(Image.blend(light, clouds, 0.5), Image.effect_noise((900, 660), 60), 0.1)


def innocents() -> Iterator[tuple[str, bytes]]:
    """What offices send daily: pictures beside words, and scans that somebody has read already."""
    place, small = (250, 180, 50, 100), Image.new("L", (310, 438), 245)
    yield (
        "a brochure of thirty pages with photographs",
        pages_of(*((placed(place) + lines(prose(90, f"{number}")), [_shade(number)]) for number in range(30))),
    )
    yield "a report with charts", pages_of(*((_chart(number) + lines(prose(120, f"{number}")), []) for number in range(20)))
    yield (
        "a report with charts as pictures",
        pages_of(*((placed(place) + lines(prose(120, f"{number}")), [_bars(number)]) for number in range(6))),
    )
    yield (
        "a talk with the same picture behind each page",
        pages_of(*((placed(WHOLE) + lines(prose(22, f"{number}"), size=20), [_shade(1)]) for number in range(20))),
    )
    yield (
        "a letterhead with a banner on each page",
        pages_of(*((placed((500, 60, 50, 770)) + lines(prose(200, f"{number}"), 740), [_shade(2)]) for number in range(40))),
    )
    yield (
        "a searchable scan of a hundred pages",
        pages_of(*((placed(WHOLE) + lines(prose(150, f"{number}"), mode=b"3 Tr"), [small.resize((620, 877))]) for number in range(100))),
    )


def _shade(number: int) -> Image.Image:
    return Image.linear_gradient("L").rotate(11 * number).resize((640, 460)).convert("RGB")


def _bars(number: int) -> Image.Image:
    """A chart without words, as a spreadsheet copies it."""
    image = Image.new("RGB", (640, 460), "white")
    pen = ImageDraw.Draw(image)
    for bar in range(12):
        pen.rectangle((40 + 48 * bar, 430 - 30 * ((bar * 7 + number) % 13), 75 + 48 * bar, 430), fill="steelblue", outline="black")
    return image


def _chart(number: int) -> bytes:
    """Bars, a line with round marks, and the names of its axis: shapes and words."""
    bars = b"".join(b"%d 100 25 %d re f\n" % (50 + 40 * bar, 10 + 20 * ((bar * 7 + number) % 13)) for bar in range(12))
    marks = b"".join(b"%d %d m %d %d %d %d %d %d c h f\n" % (x, 300, x, 306, x + 6, 306, x + 6, 300) for x in range(50, 530, 12))
    return b"0.3 0.5 0.7 rg " + bars + marks + b"".join(shown(f"Q{bar}", 50 + 40 * bar, 85) for bar in range(12))
