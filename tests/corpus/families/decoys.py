"""A page behind so many pictures that the time for words in pictures is used up; and pictures made so that the one that counts is passed over.

What nobody has looked at is `pictures-unread`, and the pack says what that makes of a file.
"""

import io
from collections.abc import Iterator
from functools import cache

import pikepdf
from PIL import Image

from tests.build import docx, pptx, prose, xlsx, zip_of
from tests.build.scans import gif_of, page, picture, saved
from tests.content.test_documents import rebuilt
from tests.corpus.entries import MARKING, Technique, carrying, mail
from tests.corpus.families.opened import odt

_UNREAD = ("unreadable", "pictures-unread")
_READ = ("marking", "official-sensitive")


def techniques() -> Iterator[Technique]:
    for name, (file, octets) in _behind().items():
        yield Technique("decoys", f"a page behind others in {name}", *_UNREAD, carrying(file, octets))
    for name, (kind, where, file, octets) in _passed_over().items():
        yield Technique("decoys", name, kind, where, carrying(file, octets))
    yield Technique("decoys", "a page behind many pictures beside one another", *_UNREAD, mail(files=_beside()))
    inline = [(f"{number}@x", name, octets, "image/png") for number, (name, octets) in enumerate(_pages())]
    html = "".join(f"<img src='cid:{number}@x'>" for number in range(len(inline)))
    yield Technique("decoys", "a page behind others in the mail itself", *_UNREAD, mail(html=html, inline=inline))


@cache
def _decoys() -> tuple[Image.Image, ...]:
    """Seconds of close print, of which each page is another."""
    return tuple(page(prose(900, f"decoy {number}")) for number in range(4))


def _page() -> Image.Image:
    return picture(MARKING, "Not for the public")


@cache
def _pages() -> tuple[tuple[str, bytes], ...]:
    """By their names and by their sizes the page comes last."""
    decoys = [(f"{number}.png", saved(decoy, "PNG")) for number, decoy in enumerate(_decoys())]
    return (*decoys, ("page.png", saved(_page(), "PNG", compress_level=0)))


def _behind() -> dict[str, tuple[str, bytes]]:
    pages = dict(_pages())
    images = (*_decoys(), _page())
    return {
        "a document": ("plan.docx", rebuilt(docx(["A plan."]), {f"word/media/{name}": octets for name, octets in pages.items()})),
        "a workbook": ("plan.xlsx", rebuilt(xlsx([["A plan."]]), {f"xl/media/{name}": octets for name, octets in pages.items()})),
        "a talk": ("plan.pptx", rebuilt(pptx(["A plan."]), {f"ppt/media/{name}": octets for name, octets in pages.items()})),
        "an open document": ("plan.odt", rebuilt(odt("<text:p>A plan.</text:p>"), {f"Pictures/{name}": octets for name, octets in pages.items()})),
        "an archive": ("plans.zip", zip_of(pages)),
        "an archive in an archive": ("plans.zip", zip_of({"more.zip": zip_of(pages)})),
        "an attached mail": ("plans.eml", mail(files=[(name, octets, "image/png") for name, octets in pages.items()])),
        "a scan": ("scan.pdf", _scan(images)),
        "a fax": ("fax.tif", _tiff(images)),
        "an animation": ("film.gif", gif_of(*images)),
        "a rich text": ("plan.rtf", b"{\\rtf1 A plan.%s}" % b"".join(b"{\\pict\\pngblip %s}" % octets.hex().encode() for octets in pages.values())),
    }  # fmt: skip


def _passed_over() -> dict[str, tuple[str, str, str, bytes]]:
    blank = Image.new("L", (6000, 6000), 255)
    huge = Image.new("1", (10_000, 7_000), 1)
    huge.paste(_page().resize((8800, 2080)).convert("1"), (100, 100))
    white, found = Image.new("L", _page().size, 255), _page()
    half = found.copy()
    half.paste(255, (0, 0, found.width // 2, found.height))
    return {
        "a page behind huge blank ones": (*_READ, "plan.docx", rebuilt(docx(["A plan."]), {
            **{f"word/media/{number}.png": saved(blank.rotate(90 * number), "PNG", compress_level=number + 1) for number in range(3)},
            "word/media/page.png": saved(found, "PNG")})),
        "a page that is larger than is unpacked": (*_UNREAD, "page.png", saved(huge, "PNG")),
        "half of a page, the rest is broken off": (*_UNREAD, "page.png", saved(found, "PNG", compress_level=0)[:-9000]),
        "the last picture of an animation": (*_READ, "film.gif", gif_of(white, Image.new("L", found.size, 0), found)),
        "a page that an animation puts together": (*_UNREAD, "film.gif", _animation(white, half, found)),
        "a page behind a stamp of a fax": (*_READ, "fax.tif", _tiff((Image.new("L", (40, 30), 255), found))),
        "a picture in a rich text": (*_READ, "plan.rtf", b"{\\rtf1 A plan.{\\pict\\pngblip %s}}" % saved(found, "PNG").hex().encode()),
    }  # fmt: skip


def _beside() -> list[tuple[str, bytes, str]]:
    """Each is read to its end, and all of them are more than one mail may take."""
    tops = [decoy.crop((0, 300 * part, 827, 300 * part + 300)) for decoy in _decoys() for part in range(3)]
    more = [decoy.crop((0, 300 * part + 150, 827, 300 * part + 450)) for decoy in _decoys() for part in range(2)]
    pictures = [(f"{number:02}.png", saved(image, "PNG"), "image/png") for number, image in enumerate((*tops, *more))]
    return [*pictures, ("page.png", saved(_page(), "PNG"), "image/png")]


def _tiff(images: tuple[Image.Image, ...]) -> bytes:
    first, *rest = (image.copy() for image in images)  # an image remembers how it was saved before
    return saved(first, "TIFF", save_all=True, append_images=rest, compression="tiff_lzw")


def _animation(*images: Image.Image) -> bytes:
    first, *rest = (image.copy() for image in images)
    return saved(first, "GIF", save_all=True, append_images=rest)


def _scan(images: tuple[Image.Image, ...]) -> bytes:
    """A PDF of pages that are pictures."""
    first, *rest = (image.copy() for image in images)
    made = io.BytesIO()
    with pikepdf.open(io.BytesIO(saved(first, "PDF", save_all=True, append_images=rest))) as document:
        document.save(made, compress_streams=True)
    return made.getvalue()
