"""The messages: S 4 KB of text, M 100 KB with a Word document, L 12 MB and XL 35 MiB with a PDF, ready for the wire.

Each message sent differs from every other in its Message-ID, its text and its file, so that nothing is served from a cache.
The places that differ are 16 letters long, and 16 letters are also valid base64: no message is encoded twice.
"""

import base64
import itertools
import random
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

from tests.build import docx, message, pdf, prose, xlsx

SENDER, RECIPIENT = "clerk@sender.example", "partner@recipient.example"

_MARK = b"qqqqUNIQUEqqqqqq"  # stands where a message differs; never in prose
_LETTERS = bytes.maketrans(b"0123456789abcdef", b"abcdefghijklmnop")
_LARGEST = 35 * 1_048_576 - 16_384  # below the 35 MB cap of the pack: it must be relayed, not kept
_COUNTER = itertools.count(1)


@dataclass(frozen=True, slots=True)
class Workload:
    """A message cut at the places that differ."""

    name: str
    pieces: tuple[bytes, ...]  # dot-stuffed, the last one ends with CRLF.CRLF
    octets: int  # on the wire, without stuffing and terminator
    sessions: tuple[int, ...]

    def parts(self) -> tuple[bytes, memoryview]:
        """A new message: the octets up to the last place that differs, and the long rest, which is shared."""
        unique = new_mark()
        return unique.join((*self.pieces[:-1], b"")), memoryview(self.pieces[-1])


def new_mark() -> bytes:
    """Sixteen letters that were not given out before."""
    return (b"%016x" % next(_COUNTER)).translate(_LETTERS)


@cache
def workload(name: str) -> Workload:
    maker, sessions = _WORKLOADS[name]
    return _cut(name, maker(), sessions)


def names() -> tuple[str, ...]:
    return tuple(_WORKLOADS)


def _small() -> bytes:
    return _message(prose(530, "letter"))


def _medium() -> bytes:
    document = medium_document()
    document = _marked(document, len(document) - 96)  # in the archive's comment
    kind = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
    return _message(prose(300, "cover"), ("report.docx", document, kind))


def medium_document() -> bytes:
    """A Word document of 71 KB: a report and a picture."""
    return docx(
        prose(4000, "report").split("\n\n"), header="Quarterly report", footer="Printed on both sides", pad_octets=58_500, comment=b"#" * 96
    )


def _large(wire_octets: int) -> bytes:
    document = large_document(wire_octets)
    document = _marked(document, document.index(b"\nstream\n", document.index(b"/Subtype /Image")) + 8)  # in the first picture
    return _message(prose(300, "cover"), ("survey.pdf", document, "application/pdf"))


def large_document(wire_octets: int = _LARGEST) -> bytes:
    """A scanned report: for each 640 KiB of pictures one page of text, as much of both as fits."""
    raw = wire_octets * 57 // 78
    pages = raw // 655_360
    return pdf([prose(250, f"page {page}") for page in range(pages)], header="Survey", pad_octets=raw - 4000 - pages * 2200)


def large_workbook(rows: int) -> bytes:
    """A register of persons: numbers, names, dates, and an identifier behind a number format."""
    chance = random.Random(1)
    towns = ("Derby", "Matlock", "Buxton", "Chesterfield", "Glossop")
    heads = ("Id", "Name", "Town", "NHS number", "Born", "Amount", "Telephone", "Visits")
    lines = (
        (
            number,
            f"Person {chance.randrange(50_000)}",
            chance.choice(towns),
            chance.randrange(10**9, 10**10),
            chance.randrange(20_000, 45_000),
            round(chance.random() * 1000, 2),
            chance.randrange(10**9, 10**10),
            chance.randrange(100),
        )
        for number in range(rows)
    )
    return xlsx(itertools.chain((heads,), lines), formats={3: "000 000 0000", 4: "dd/mm/yyyy"})


def _message(text: str, *files: tuple[str, bytes, str]) -> bytes:
    mark = _MARK.decode()
    body = text.replace("\n\n", "\n") + f"\nOur reference: {mark}\n"
    wrapped = "\n".join(line for paragraph in body.split("\n") for line in _wrap(paragraph))
    return message(SENDER, RECIPIENT, "Figures for the meeting", wrapped, attachments=files, message_id=f"{mark}@sender.example")


def _wrap(text: str) -> list[str]:
    lines, line = [], ""
    for word in text.split(" "):
        if line and len(line) + 1 + len(word) > 72:
            lines.append(line)
            line = word
        else:
            line = f"{line} {word}" if line else word
    return [*lines, line]


_WORKLOADS: dict[str, tuple[Callable[[], bytes], tuple[int, ...]]] = {
    "S": (_small, (20,)),
    "M": (_medium, (20,)),
    "L": (lambda: _large(12_000_000), (1, 20)),
    "XL": (lambda: _large(_LARGEST), (1, 20)),
}


def _cut(name: str, octets: bytes, sessions: tuple[int, ...]) -> Workload:
    # RFC 5321 4.5.2: a leading dot is doubled on the wire.
    stuffed = octets.replace(b"\r\n.", b"\r\n..")
    return Workload(name, tuple((stuffed + b".\r\n").split(_MARK)), len(octets), sessions)


def _marked(document: bytes, free: int) -> bytes:
    """Put the mark at the first place from `free` on that begins a line of base64 (57 octets give 76)."""
    at = -(-free // 57) * 57
    raw = base64.b64decode(_MARK)
    return document[:at] + raw + document[at + len(raw) :]
