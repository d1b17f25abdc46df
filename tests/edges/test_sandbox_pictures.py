"""Time for words in pictures: of all files of one message together, in real children; and that a want of it is not remembered.

How long a picture takes is measured here: enough for a page is then the same multiple of it on a slow machine, or a busy one.
"""

import asyncio
import math
import time
from contextlib import closing

import pytest
from PIL import Image

from gateway.config import Examine
from gateway.content import ocr
from gateway.edges.sandbox import Sandbox
from gateway.model.finding import Pattern, Patterns, Place, Readable
from tests.build.scans import picture, saved
from tests.edges.sandboxed import Bench, bench

assert ocr.load(), "tesseract-ocr is not installed: deploy/packages lists it, and nothing here is proved without it"

PATTERNS = Patterns((Pattern("sensitive", "OFFICIAL-SENSITIVE", frozenset(Place)),))
PAGE, ANOTHER = (saved(picture("OFFICIAL-SENSITIVE", *more), "PNG") for more in ((), ("x",)))
NOISE = saved(Image.effect_noise((900, 700), 60), "JPEG")
MANY = 32


class Real(Bench):
    def make(self, examine):
        return Sandbox(examine, on_killed=self.learn)


def seconds_of(octets):
    """Of processor time; once to warm up."""
    for _ in range(2):
        began = time.process_time()
        assert list(ocr.pages_of_picture(octets, lambda: 60))
    return time.process_time() - began


@pytest.mark.slow
def test_many_pictures_beside_one_another_do_not_keep_a_message_for_minutes():
    """Each had the time of a file for itself: sixty scans were never read within the wall clock, and their mail waited for ever."""
    page, others = seconds_of(PAGE), MANY * seconds_of(NOISE) / 4  # a message has four times the seconds of a file
    enough = math.sqrt(page * others)  # for a page, by as much as all others are too many
    assert enough > 2 * page
    with asyncio.Runner() as runner, closing(Real(runner, memory=Examine().memory, seconds=20, wall=300, ocr_seconds=enough)) as at:
        # What comes for the third time is remembered; but not that there was no time for it.
        first, *_, again, once_more, last = at.read(ANOTHER, *[NOISE] * MANY, PAGE, PAGE, PAGE, patterns=PATTERNS, declared_type="image/*")
        (alone,) = at.read(PAGE, patterns=PATTERNS, declared_type="image/*")

        assert not at.killed
    assert first.readable is Readable.YES
    assert {file.readable for file in (again, once_more, last)} == {Readable.PICTURES_UNREAD}
    assert alone.readable is Readable.YES
    assert "sensitive" in {item.id for item in alone.evidence}


def test_what_files_with_a_picture_took_for_all_else_was_taken_from_the_time_of_pictures():
    """Four long documents with a logo each used it up, and the scan behind them went unread."""
    with bench(seconds=20, ocr_seconds=2.0) as at:
        found = at.read(*[b"drawn 1.5"] * 7)

    assert [float(file.detected_type) for file in found] == [2.0, 2.0, 2.0, 2.0, 2.0, 0.5, 0.0]
