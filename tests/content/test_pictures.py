"""Words in pictures: every format, scanned pages, pictures in documents; what they may cost; what is no picture of words."""

import io
import os
import signal
import struct
import subprocess
import sys
import threading
import zlib

import pytest
from PIL import Image

from gateway.content import Budget, ocr
from gateway.content.picture_headers import claimed_size
from gateway.model.finding import Pattern, Patterns, Readable
from tests.build import docx, png
from tests.build.scans import picture, saved, scanned
from tests.content.reading import EDGES, EVERYWHERE, look, seen
from tests.content.test_documents import rebuilt

assert ocr.load(), "tesseract-ocr is not installed: deploy/packages lists it, and nothing here is proved without it"

LINES = ("Discharge summary", "NHS number: 485 777 3457", "OFFICIAL-SENSITIVE")
PATTERNS = Patterns(
    (Pattern("sensitive", "OFFICIAL-SENSITIVE", EVERYWHERE), Pattern("restricted", "RESTRICTED", EDGES, whole_line=True)),
    frozenset({"nhs-number"}),
)
FOUND = {("sensitive", "text"), ("nhs-number", "text")}
TIME = Budget(picture_seconds=20)


def read(data: bytes, name: str, budget: Budget = TIME, **more):
    return look(data, name, patterns=PATTERNS, budget=budget, **more)[0]


SHADE = picture(*LINES)
CLEAR = Image.merge("RGBA", (*[Image.new("L", SHADE.size, 0)] * 3, SHADE.point(lambda value: 255 - value)))
PICTURES = {
    "PNG": saved(SHADE, "PNG"),
    "JPEG": saved(SHADE, "JPEG", quality=70),
    "GIF": saved(SHADE, "GIF"),
    "TIFF": saved(SHADE.convert("1"), "TIFF", compression="group4"),
    "TIFF in strips": saved(SHADE, "TIFF", compression="tiff_lzw"),
    "BMP": saved(SHADE, "BMP"),
    "WebP": saved(SHADE, "WEBP"),
    "colours": saved(SHADE.convert("RGB"), "PNG"),
    "a palette": saved(SHADE.convert("P"), "PNG"),
    "black on nothing": saved(CLEAR, "PNG"),
    "larger than paper": saved(SHADE.resize((SHADE.width * 4, SHADE.height * 4)), "JPEG"),
}


@pytest.mark.parametrize("kind", PICTURES)
def test_words_in_a_picture(kind: str) -> None:
    finding = read(PICTURES[kind], "scan")

    assert seen(finding) >= FOUND
    assert finding.oddities == ("pictures-read",)


def test_a_tiff_has_pages_and_each_has_edges() -> None:
    pages = [picture("RESTRICTED", *["words"] * 8), picture(*LINES), picture("RESTRICTED", *["words"] * 8)]
    finding = read(saved(pages[0], "TIFF", save_all=True, append_images=pages[1:]), "fax.tif")

    assert seen(finding) == {*FOUND, ("restricted", "first_line"), ("restricted", "page_header")}
    assert {item.count for item in finding.evidence if item.id == "restricted" and item.place == "page_header"} == {2}


@pytest.mark.parametrize(
    "data",
    [
        png(64, 64, "logo"),
        png(300, 100),
        saved(Image.radial_gradient("L").resize((900, 700)), "PNG"),
        b"\x89PNG\r\n\x1a\n",
    ],
)
def test_a_picture_without_words_is_unmarked_and_not_unreadable(data: bytes) -> None:
    finding = read(data, "a.png")

    assert (finding.readable, finding.evidence) == (Readable.YES, ())


def test_a_picture_that_claims_to_be_vast_is_not_unpacked() -> None:
    data = bytearray(PICTURES["PNG"])
    data[16:24] = (60_000).to_bytes(4, "big") * 2

    assert read(bytes(data), "a.png").readable is Readable.PICTURES_UNREAD


def test_a_picture_that_is_broken_is_unread() -> None:
    """Some program shows the half that is there."""
    assert read(PICTURES["PNG"][:5000], "a.png").readable is Readable.PICTURES_UNREAD


def test_without_time_for_pictures_none_is_read() -> None:
    finding = read(PICTURES["PNG"], "a.png", Budget())

    assert (finding.evidence, finding.oddities) == ((), ())


def test_a_scanned_page() -> None:
    finding = read(scanned(*LINES), "scan.pdf")

    assert seen(finding) >= FOUND
    assert "page 1, a picture, line 2" in {item.where for item in finding.evidence}


def test_a_scanned_page_with_a_stamped_number() -> None:
    assert seen(read(scanned(*LINES, words=b"BT /F1 8 Tf 50 20 Td (Page 1 of 9) Tj ET"), "scan.pdf")) >= FOUND


def test_a_scanned_page_beside_a_text() -> None:
    """A page with a text layer was not looked at, and nothing said so."""
    assert seen(read(scanned(*LINES, words=b"BT /F1 8 Tf 50 20 Td (%s) Tj ET" % (b"words " * 30)), "scan.pdf")) >= FOUND


def test_a_picture_in_a_document() -> None:
    finding = read(rebuilt(docx(["x"]), {"word/media/image1.png": PICTURES["PNG"]}), "a.docx")

    assert seen(finding) == FOUND
    assert all(item.where.startswith("picture image1.png") for item in finding.evidence)


def test_a_picture_among_words_is_words() -> None:
    finding = look(PICTURES["PNG"], "", "image/png", is_words=True, patterns=PATTERNS, budget=TIME)[0]

    assert seen(finding) == FOUND


_AT_MOST = (Readable.YES, Readable.UNSUPPORTED, Readable.PICTURES_UNREAD)


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["PNG", "JPEG", "GIF", "TIFF", "WebP"])
def test_broken_pictures_break_nothing(kind: str) -> None:
    whole = PICTURES[kind]
    for at in range(0, len(whole), max(1, len(whole) // 8)):
        flipped = bytearray(whole)
        flipped[at] ^= 0x41

        assert read(bytes(flipped), "a", Budget(picture_seconds=0.2)).readable in _AT_MOST
        assert read(whole[:at], "a", Budget(picture_seconds=0.2)).readable in _AT_MOST


_HEX_JPEG = PICTURES["JPEG"].hex(" ", 64).encode()


@pytest.mark.parametrize(
    "written",
    [
        b"{\\pict\\pngblip\\picw1100 %s}" % PICTURES["PNG"].hex().encode(),
        b"{\\*\\shppict{\\pict{\\*\\picprop{\\sp{\\sn face}{\\sv abcd}}}\\jpegblip{\\*\\blipuid 0a0b}\n%s}}" % _HEX_JPEG,
        b"{\\pict\\pngblip\\bin%d %s}" % (len(PICTURES["PNG"]), PICTURES["PNG"]),
    ],
)  # fmt: skip
def test_a_picture_in_rtf(written: bytes) -> None:
    finding = read(b"{\\rtf1 before %s after OFFICIAL-SENSITIVE}" % written, "a.rtf")

    assert seen(finding) == {*FOUND, ("sensitive", "first_line")}


def test_a_picture_inside_the_properties_of_a_picture_in_rtf_took_the_rest_of_it() -> None:
    """Programs pass over the inner group and show the whole."""
    digits = PICTURES["PNG"].hex().encode()
    finding = read(b"{\\rtf1 x{\\pict\\pngblip %s{\\*\\foo{\\pict }}%s}}" % (digits[:100], digits[100:]), "a.rtf")

    assert (seen(finding), finding.readable, finding.oddities) == (FOUND, Readable.YES, ("pictures-read",))


def test_a_format_that_is_not_drawn_is_said_to_be_none_and_no_more() -> None:
    heic = b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + bytes(4000)
    for octets, name in ((heic, "a.heic"), (b"{\\rtf1 x{\\pict\\wmetafile8 %s}}" % (b"01000900" * 40), "a.rtf")):
        finding = read(octets, name)

        assert (finding.readable, finding.oddities) == (Readable.YES, ("pictures-unsupported",))


def of_os2(image: Image.Image) -> bytes:
    """A bitmap with the short header that OS/2 wrote and everything still opens, leptonica excepted."""
    whole = saved(image.convert("RGB"), "BMP")
    bits = struct.pack("<IHHHH", 12, *image.size, 1, 24) + whole[54:]
    return b"BM" + struct.pack("<IHHI", 14 + len(bits), 0, 0, 26) + bits


def of_apple(octets: bytes) -> bytes:
    """A PNG as Apple's tools make it for telephones: a chunk of their own comes first."""
    body = b"CgBI\x50\0\x20\6"
    return octets[:8] + struct.pack(">I", 4) + body + struct.pack(">I", zlib.crc32(body)) + octets[8:]


def test_pictures_of_a_known_format_that_could_not_be_drawn_were_taken_for_one_of_another() -> None:
    """They count as broken, not as a format which says nothing of what somebody hides; unless they are too small for words."""
    small = Image.effect_noise((90, 60), 40)
    with Image.open(io.BytesIO(of_os2(SHADE))) as shown:
        assert shown.size == SHADE.size
    for broken in (
        of_os2(SHADE),
        of_apple(PICTURES["PNG"]),
        PICTURES["GIF"][:-400],
        PICTURES["WebP"][:25] + bytes(200),
        PICTURES["JPEG"][:150],
    ):
        assert (read(broken, "a").readable, read(broken, "a").oddities) == (Readable.PICTURES_UNREAD, ())
    for logo in (of_os2(small), of_apple(saved(small, "PNG")), saved(small, "GIF")[:-40]):
        assert (read(logo, "a").readable, read(logo, "a").oddities) == (Readable.YES, ())


def test_a_broken_gif_on_a_tiny_screen_was_taken_for_a_logo() -> None:
    """Programs show the picture at its own size, whatever its screen; and a word before IHDR is not the size of a PNG."""
    tiny = PICTURES["GIF"][:6] + struct.pack("<HH", 10, 10) + PICTURES["GIF"][10:]
    with Image.open(io.BytesIO(tiny)) as shown:
        assert shown.size == SHADE.size
    remark = b"\x21\xfe\x04IHDR\0"
    body = b"IHDR" + struct.pack(">II", 10, 10)
    chunk = struct.pack(">I", len(body)) + b"CgBI" + body + struct.pack(">I", zlib.crc32(b"CgBI" + body))
    at = 13 + 3 * 2 ** ((tiny[10] & 7) + 1) if tiny[10] & 0x80 else 13
    for broken in (tiny[:-400], tiny[:at] + remark + tiny[at:-400], tiny[:at]):
        assert read(broken, "a").readable is Readable.PICTURES_UNREAD
    assert claimed_size(PICTURES["PNG"][:8] + chunk + PICTURES["PNG"][8:]) == SHADE.size


# Reads a picture from standard input twice: as long as it likes, and then with three times the processor time that it took.
_TWICE = """
import sys, time
from gateway.content import ocr
ocr.load()
octets = sys.stdin.buffer.read()
begun = time.process_time()
list(ocr.pages_of_picture(octets, lambda: 60))
seconds = 3 * (time.process_time() - begun)
print("measured", flush=True)
(page,) = ocr.pages_of_picture(octets, lambda: seconds)
print([line.text for line in page.lines])
"""


@pytest.mark.slow
def test_on_a_busy_machine_words_in_pictures_went_unread() -> None:
    """The time of a picture was one of the clock: while others have the processor it passes all the same."""
    program = subprocess.Popen([sys.executable, "-c", _TWICE], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=False)
    assert program.stdin is not None
    assert program.stdout is not None
    with program:
        program.stdin.write(PICTURES["PNG"])
        program.stdin.close()
        assert program.stdout.readline() == b"measured\n"
        pause = threading.Event()
        while program.poll() is None:  # it has the processor for a tenth of the time
            for name, seconds in (("SIGSTOP", 0.045), ("SIGCONT", 0.005)):
                os.kill(program.pid, signal.Signals[name])
                pause.wait(seconds)
        said = program.stdout.read().decode()

    assert all(line in said for line in LINES), said
