"""What of a file's pictures there is no time for: said, whatever stands before them; and what is spared, so that time seldom runs out.

How long a picture takes is measured here: too little for three and enough for one is then so on a slow machine, or a busy one.
"""

import signal
import time
import zlib
from collections.abc import Callable

import pytest
from PIL import Image

from gateway.content import Budget, ocr
from gateway.content.animations import Frame, frames_of
from gateway.content.reading import Spent, Unreadable
from gateway.model.finding import FileFinding, Pattern, Patterns, Readable
from tests.build import docx, png, xlsx, zip_of
from tests.build.messages import message
from tests.build.scans import gif_of, picture, saved, scanned
from tests.content.reading import EVERYWHERE, look, seen
from tests.content.test_documents import rebuilt
from tests.corpus.families.opened import odt

assert ocr.load(), "tesseract-ocr is not installed: deploy/packages lists it, and nothing here is proved without it"

PATTERNS = Patterns((Pattern("sensitive", "OFFICIAL-SENSITIVE", EVERYWHERE),))
PAGE = picture("OFFICIAL-SENSITIVE")
PAGE_PNG = saved(PAGE, "PNG")
NOISE = [saved(Image.effect_noise((900, 900), 90 + number), "PNG") for number in range(3)]
FOUND = {("sensitive", "text")}


def read(data: bytes, name: str, budget: Budget, **more: object) -> list[FileFinding]:
    return list(look(data, name, patterns=PATTERNS, budget=budget, **more))


@pytest.fixture(scope="module")
def seconds() -> float:
    """Of processor time, for the three noises; a page takes a twentieth of it. Measured when the engine is warm."""

    def taken(*pictures: bytes) -> float:
        return seconds_of(lambda: [page for octets in pictures for page in ocr.pages_of_picture(octets, lambda: 60)])

    taken(PAGE_PNG)
    return taken(*NOISE)


def seconds_of(work: Callable[[], object]) -> float:
    began = time.process_time()
    work()
    return time.process_time() - began


def in_frames(kind: str, *images: Image.Image, **how: object) -> bytes:
    first, *rest = (image.copy() for image in images)  # an image remembers how it was saved before
    return saved(first, kind, save_all=True, append_images=rest, **how)


def frames(octets: bytes, budget: Budget | None = None) -> list[Frame]:
    return list(frames_of(octets, Spent(budget or Budget())))


def noise(number: int) -> Image.Image:
    return Image.effect_noise(PAGE.size, 90 + number)


def attached() -> bytes:
    files = [*((f"{number}.png", octets, "image/png") for number, octets in enumerate(NOISE)), ("page.png", PAGE_PNG, "image/png")]
    return message("a@x.example", "b@x.example", "x", "x", attachments=files)


DECOYS = [*((f"{number}.png", octets) for number, octets in enumerate(NOISE)), ("page.png", PAGE_PNG + bytes(900_000))]
FILES = {
    "a document": ("a.docx", rebuilt(docx(["x"]), {f"word/media/{name}": octets for name, octets in DECOYS})),
    "a workbook": ("a.xlsx", rebuilt(xlsx([["x"]]), {f"xl/media/{name}": octets for name, octets in DECOYS})),
    "an open document": ("a.odt", rebuilt(odt("<text:p>x</text:p>"), {f"Pictures/{name}": octets for name, octets in DECOYS})),
    "an archive": ("a.zip", zip_of(dict(DECOYS))),
    "a mail": ("a.eml", attached()),
    "pages of a fax": ("a.tif", in_frames("TIFF", noise(0), noise(1), noise(2), PAGE)),
    "an animation": ("a.gif", gif_of(noise(0), noise(1), noise(2), PAGE)),
    "a rich text": ("a.rtf", b"{\\rtf1 x%s}" % b"".join(b"{\\pict\\pngblip %s}" % octets.hex().encode() for _, octets in DECOYS)),
}


@pytest.mark.slow
@pytest.mark.parametrize("kind", FILES)
def test_behind_many_pictures_a_page_goes_unread_and_that_is_said(kind: str, seconds: float) -> None:
    """Decoys used up the time, and the file counted as read."""
    name, octets = FILES[kind]
    findings = read(octets, name, Budget(picture_seconds=seconds / 9))

    assert not any(("sensitive", "text") in seen(finding) for finding in findings), "there was time: the decoys are too few"
    assert Readable.PICTURES_UNREAD in {finding.readable for finding in findings}


@pytest.mark.slow
@pytest.mark.parametrize("kind", FILES)
def test_with_time_enough_it_is_read(kind: str) -> None:
    name, octets = FILES[kind]
    findings = read(octets, name, Budget(picture_seconds=60))

    assert {("sensitive", "text")} <= {pair for finding in findings for pair in seen(finding)}
    assert {finding.readable for finding in findings} == {Readable.YES}


def test_every_file_whose_picture_was_passed_over_says_so() -> None:
    """Once the time was gone, the pictures behind the first that had none said nothing."""
    findings = read(FILES["an archive"][1], "a.zip", Budget(picture_seconds=0.0))

    assert [finding.readable for finding in findings] == [Readable.YES, *[Readable.PICTURES_UNREAD] * 4]


def test_a_scanned_page_without_time() -> None:
    assert read(scanned("OFFICIAL-SENSITIVE", "x", "y"), "a.pdf", Budget(picture_seconds=0.0))[0].readable is Readable.PICTURES_UNREAD


def test_what_has_no_words_needs_no_time() -> None:
    logos = rebuilt(docx(["x"]), {f"word/media/image{number}.png": png(120, 60, str(number)) for number in range(40)})
    for octets, name in ((logos, "a.docx"), (png(300, 100), "a.png")):
        assert read(octets, name, Budget(picture_seconds=0.0))[0].readable is Readable.YES


def test_all_else_is_read_when_the_time_for_pictures_is_gone() -> None:
    document = rebuilt(docx(["OFFICIAL-SENSITIVE"]), {f"word/media/{name}": octets for name, octets in DECOYS})
    (finding,) = read(document, "a.docx", Budget(picture_seconds=0.001))

    assert ("sensitive", "first_line") in seen(finding)
    assert finding.readable is Readable.PICTURES_UNREAD


def test_any_other_reason_is_said_before_this_one() -> None:
    broken = bytearray(rebuilt(docx(["x"]), {"word/media/a.png": NOISE[0]}))
    found = read(bytes(broken), "a.docx", Budget(picture_seconds=0.0))

    assert found[0].readable is Readable.PICTURES_UNREAD
    at = broken.find(b"word/document.xml") + len("word/document.xml") + 9
    broken[at : at + 9] = b"\xff" * 9
    assert read(bytes(broken), "a.docx", Budget(picture_seconds=0.0))[0].readable is Readable.DAMAGED


def test_the_same_picture_again_costs_nothing() -> None:
    def took(times: int) -> list[float]:
        used: list[float] = []
        archive = zip_of({f"{number}.png": NOISE[0] for number in range(times)})
        findings = read(archive, "a.zip", Budget(picture_seconds=60, on_pictured=used.append))
        assert {finding.readable for finding in findings} == {Readable.YES}
        return used

    assert len(took(12)) == len(took(1)) > 0


def test_what_pictures_took_is_told_and_not_what_all_else_took() -> None:
    """The whole time of a file with a picture in it was taken from that of a message's pictures."""
    used: list[float] = []
    document = rebuilt(docx([f"{number} words" for number in range(20_000)]), {"word/media/a.png": PAGE_PNG})
    took = seconds_of(lambda: read(document, "a.docx", Budget(picture_seconds=60, on_pictured=used.append)))

    assert 0 < sum(used) < took / 2


def test_each_file_with_the_same_picture_has_what_was_read_in_it() -> None:
    findings = read(zip_of({"a.png": PAGE_PNG, "b.png": PAGE_PNG}), "a.zip", Budget(picture_seconds=60))

    assert [seen(finding) >= FOUND for finding in findings[1:]] == [True, True]


def test_in_a_document_small_pictures_are_read_before_large_ones(seconds: float) -> None:
    """Three photographs before a page in the order of their names, and time for the page."""
    parts = {f"word/media/{number}.png": octets for number, octets in enumerate(NOISE)}
    document = rebuilt(docx(["x"]), {**parts, "word/media/page.png": PAGE_PNG})
    (finding,) = read(document, "a.docx", Budget(picture_seconds=seconds / 3))

    assert seen(finding) >= FOUND
    assert finding.readable is Readable.PICTURES_UNREAD


def test_a_large_page_behind_a_stamp_of_a_tiff_is_read() -> None:
    """The size of the first page was taken for that of all."""
    octets = in_frames("TIFF", Image.new("L", (40, 30), 255), PAGE)

    assert seen(read(octets, "a.tif", Budget(picture_seconds=60))[0]) >= FOUND


# --- what moves -------------------------------------------------------------------------------------------------------


BLANK = [Image.new("L", PAGE.size, shade) for shade in (255, 0)]
WHOLE = {
    "GIF": gif_of(*BLANK, PAGE),
    "PNG": in_frames("PNG", *BLANK, PAGE),
    "WebP": in_frames("WEBP", *BLANK, PAGE, lossless=True, kmin=0, kmax=1),
}


@pytest.mark.parametrize("kind", WHOLE)
def test_the_last_picture_of_an_animation_is_read(kind: str) -> None:
    (finding,) = read(WHOLE[kind], "a", Budget(picture_seconds=60))

    assert len(frames(WHOLE[kind])) == 3
    assert (seen(finding), finding.readable) == (FOUND, Readable.YES)


HALF = PAGE.copy()
HALF.paste(0, (0, 0, PAGE.width // 2, PAGE.height))
PIECES = {
    "GIF": in_frames("GIF", HALF, PAGE),
    "GIF that lets the one before through": in_frames("GIF", noise(1), PAGE),
    "PNG": in_frames("PNG", HALF, PAGE),
    "WebP": in_frames("WEBP", HALF, PAGE, lossless=True),
}


@pytest.mark.parametrize("kind", PIECES)
def test_pieces_that_are_laid_over_one_another_are_unread(kind: str) -> None:
    """A page that comes line by line is never there as a whole."""
    assert any(frame.piece_of for frame in frames(PIECES[kind]))
    assert read(PIECES[kind], "a", Budget(picture_seconds=60))[0].readable is Readable.PICTURES_UNREAD


def test_small_things_that_move_are_no_pages() -> None:
    small = [Image.effect_noise((200, 150), 40 + number) for number in range(4)]

    assert read(in_frames("GIF", *small), "a.gif", Budget(picture_seconds=60))[0].readable is Readable.YES


def test_what_does_not_move_stays_the_file_that_it_is() -> None:
    for octets in (saved(PAGE, "GIF"), PAGE_PNG, saved(PAGE, "WEBP"), b"GIF89a", b"", b"RIFF\0\0\0\0WEBPANMF", b"\x89PNG\r\n\x1a\nacTL"):
        assert [frame.octets for frame in frames(octets)] == [octets]


@pytest.mark.parametrize("kind", ["GIF", "PNG", "WEBP"])
def test_broken_animations_break_nothing(kind: str) -> None:
    whole = in_frames(kind, noise(0), PAGE)
    for at in range(0, len(whole), max(1, len(whole) // 40)):
        flipped = bytearray(whole)
        flipped[at] ^= 0x41
        for octets in (bytes(flipped), whole[:at]):
            assert sum(len(frame.octets) for frame in frames(octets)) < 3 * len(whole) + 4096


# Where the pixels of the last picture begin: behind a marker, and so many octets of what is said of them.
LAST = {"GIF": (b"\x2c\0\0\0\0", 0), "PNG": (b"fdAT", 8), "WebP": (b"ANMF", 24)}


@pytest.mark.slow
@pytest.mark.parametrize("kind", WHOLE)
def test_the_last_picture_of_an_animation_that_breaks_off_was_never_looked_at(kind: str) -> None:
    """Of three PNGs without the mark of their end, two were taken for all."""
    whole, (marker, more) = WHOLE[kind], LAST[kind]
    begins = whole.rfind(marker) + more
    cuts = range(begins + 1, len(whole), (len(whole) - begins) // 60)

    assert [len(frames(whole[:at])) for at in cuts] == [3] * len(cuts)
    for at in (*cuts[:: len(cuts) // 4], *range(len(whole) - 20, len(whole))):
        (finding,) = read(whole[:at], "a", Budget(picture_seconds=60))
        assert finding.readable is Readable.PICTURES_UNREAD or seen(finding) == FOUND, at


def test_before_its_pixels_a_png_says_that_it_moves() -> None:
    """What looks so among the pixels had them copied once for each piece, in as many seconds as there are megabytes, and more."""
    head, rest = PAGE_PNG[:33], PAGE_PNG[33:]
    control = chunk(b"acTL", bytes(8)) + chunk(b"fcTL", bytes(26))
    again = chunk(b"fcTL", bytes(4) + PAGE_PNG[16:24] + bytes(14)) + chunk(b"fdAT", bytes(4) + b"x")

    assert len(frames(head + rest[:-12] + control + again + rest[-12:])) == 1
    assert len(frames(head + control + rest[:-12] + again + rest[-12:])) == 2


def chunk(kind: bytes, body: bytes) -> bytes:
    return len(body).to_bytes(4, "big") + kind + body + zlib.crc32(kind + body).to_bytes(4, "big")


def test_the_pixels_of_a_large_png_were_copied_again_for_each_piece_of_them() -> None:
    """20 MB in pieces as they are usual took 2.6 s."""

    def taken(pieces: int) -> float:
        octets = PAGE_PNG[:33] + chunk(b"acTL", bytes(8)) + chunk(b"IDAT", bytes(24_000_000 // pieces)) * pieces + PAGE_PNG[-12:]
        return min(seconds_of(lambda: frames(octets)) for _ in range(2))

    assert taken(3000) < 8 * taken(10)


TINY = {
    "GIF": b"GIF89a\1\0\1\0\0\0\0" + b"\x2c\0\0\0\0\1\0\1\0\0\2\1\0\0" * 60_000 + b"\x3b",
    "GIF of remarks": b"GIF89a\1\0\1\0\0\0\0" + b"\x21\xfe\0" * 60_000 + b"\x3b",
    "PNG": PAGE_PNG[:33] + chunk(b"acTL", bytes(8)) + (chunk(b"fcTL", bytes(26)) + chunk(b"fdAT", bytes(5))) * 30_000,
    "WebP": b"RIFF\0\0\0\0WEBP" + (b"ANMF" + (18).to_bytes(4, "little") + bytes(18)) * 60_000,
}


@pytest.mark.slow
@pytest.mark.parametrize("kind", TINY)
def test_a_hundred_thousand_pictures_of_one_pixel_cost_what_nobody_counted(kind: str) -> None:
    assert read(TINY[kind], "a", Budget(picture_seconds=60))[0].readable is Readable.OVER_BUDGET
    with pytest.raises(Unreadable):
        frames(TINY[kind])
    with pytest.raises(Unreadable):
        frames(TINY[kind][:2000], Budget(seconds=0.0))


@pytest.mark.slow
def test_the_timer_that_ends_who_never_comes_back_waits_for_pictures() -> None:
    """What a picture took was taken from the time for all else, so that a long scan ended as over-budget or its reader was killed."""
    document = rebuilt(docx(["x"]), {f"word/media/{number}.png": octets for number, octets in enumerate(NOISE)})
    used: list[float] = []
    read(document, "a.docx", Budget(picture_seconds=60, on_pictured=used.append))
    enough = sum(used) / 3  # for all else, which takes a hundredth of it, and far too little for the pictures
    before = signal.signal(signal.SIGPROF, signal.SIG_IGN)
    signal.setitimer(signal.ITIMER_PROF, 30)
    try:
        used.clear()
        began = time.process_time()
        (finding,) = read(document, "a.docx", Budget(seconds=enough, picture_seconds=60, on_pictured=used.append))
        took, (left, _) = time.process_time() - began, signal.getitimer(signal.ITIMER_PROF)
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)

    assert sum(used) > enough, "the pictures took too little to tell"
    assert finding.readable is Readable.YES
    assert left > 30 - took / 2
