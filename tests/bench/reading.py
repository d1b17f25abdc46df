"""`python -m tests.bench.reading [NAME ...]`: how fast files are read, beside the bare library that each reader stands on.

A measurement is a named pair of functions over the same file: ours, and what the library itself needs at least. They take turns, and of
each the quickest run counts, in processor time; trust the ratios, not the milliseconds. Ratios are printed, never asserted. How fast text
is looked through has no library to stand beside: those rows (patterns.py) have a goal in MB/s.
"""

import hashlib
import io
import sys
import time
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pypdfium2
import python_calamine
from lxml import etree

from gateway.content import preload, read
from gateway.content.ooxml import read_ooxml
from gateway.content.pdf import read_pdf
from gateway.content.reading import Budget, Source, Spent
from gateway.model.finding import Patterns
from tests.bench import patterns
from tests.bench.workloads import large_document, large_workbook, medium_document
from tests.build import pdf, prose

_SECONDS = 4.0  # for each measurement, at least three rounds


@dataclass(frozen=True)
class Measurement:
    """What is measured, and how slow it may be."""

    name: str
    ours: Callable[[], object]
    bare: Callable[[], object]
    goal: str


def measurements() -> Iterator[tuple[str, Callable[[], Measurement]]]:
    """Name and maker of each: a file is made only when it is asked for."""
    yield "pdf-large", lambda: _pdf("a PDF of 26 MB, pages and pictures", large_document(), "<= 1.3x: all but the digest in 45 ms")
    yield (
        "pdf-pages",
        lambda: _pdf("a PDF of 2,000 pages", pdf([prose(400, f"{page}") for page in range(2000)], "Survey", "Page"), "<= 1.2x"),
    )
    yield "pdf-small", lambda: _pdf("a PDF of 3 pages", pdf([prose(400, f"{page}") for page in range(3)], "Survey", "Page"), "")
    yield "docx", _docx
    yield "xlsx", lambda: _xlsx(200_000)


def _pdf(title: str, data: bytes, goal: str) -> Measurement:
    def ours() -> None:
        for _ in read_pdf(Source(data, ("a.pdf",), "application/pdf"), Spent(Budget(seconds=600))):
            pass

    return Measurement(title, ours, lambda: _bare_pdf(data), goal)


def _docx() -> Measurement:
    data = medium_document()

    def ours() -> None:
        read(
            data, id="1", names=("a.docx",), declared_type="", charset=None, is_words=False, patterns=Patterns(), budget=Budget(seconds=600)
        )

    return Measurement("a Word document of 71 KB", ours, lambda: _bare_docx(data), "<= 0.7 ms")


def _bare_docx(data: bytes) -> None:
    """What an office program has to do at least: unpack the document and parse its XML; and the digest that names the file."""
    hashlib.sha256(data).digest()
    etree.fromstring(zipfile.ZipFile(io.BytesIO(data)).read("word/document.xml"))


def _xlsx(rows: int) -> Measurement:
    data = large_workbook(rows)

    def ours() -> None:
        for _ in read_ooxml(Source(data, ("a.xlsx",), ""), Spent(Budget(seconds=600))):
            pass

    def bare() -> None:
        book = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(data))
        book.get_sheet_by_index(0).to_python()

    return Measurement(f"a workbook of {rows:,} rows and 8 columns", ours, bare, "<= 1.3x")


def _bare_pdf(data: bytes) -> None:
    document = pypdfium2.PdfDocument(data)
    for number in range(len(document)):
        page = document[number]
        words = page.get_textpage()
        words.get_text_range()
        words.close()
        page.close()
    document.close()


def measure(one: Measurement) -> tuple[float, float]:
    """Processor time in seconds of one run: ours, the library's."""
    until, found = time.monotonic() + _SECONDS, []
    while len(found) < 3 or time.monotonic() < until:
        found.append((_timed(one.ours), _timed(one.bare)))
    return min(ours for ours, _ in found), min(bare for _, bare in found)


def _timed(function: Callable[[], object]) -> float:
    start = time.process_time()
    function()
    return time.process_time() - start


def main(names: list[str]) -> None:
    preload()
    print(f"{'':40} {'ours ms':>10} {'bare ms':>10} {'ratio':>7}  goal")
    for name, make in measurements():
        if not names or name in names:
            one = make()
            ours, bare = measure(one)
            print(f"{one.name:40} {ours * 1000:10.2f} {bare * 1000:10.2f} {ours / bare:7.2f}  {one.goal}", flush=True)
    for name, row in patterns.ROWS.items():
        if not names or name in names:
            print(f"{name:40} {row()}", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
