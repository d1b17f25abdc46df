"""`python -m tests.bench.reading [NAME ...]`: how fast files are read, beside the bare library that each reader stands on.

A measurement is a named pair of functions over the same file: ours, and what the library itself needs at least. They take turns, and of
each the quickest run counts, in processor time; trust the ratios, not the milliseconds. Ratios are printed, never asserted. How fast text
is looked through has no library to stand beside: those rows (patterns.py) have a goal in MB/s.
"""

import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pypdfium2

from gateway.content import preload
from gateway.content.pdf import read_pdf
from gateway.content.reading import Budget, Source, Spent
from tests.bench import patterns
from tests.bench.workloads import large_document
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


def _pdf(title: str, data: bytes, goal: str) -> Measurement:
    def ours() -> None:
        for _ in read_pdf(Source(data, ("a.pdf",), "application/pdf"), Spent(Budget(seconds=600))):
            pass

    return Measurement(title, ours, lambda: _bare_pdf(data), goal)


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
