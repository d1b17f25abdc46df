"""Time for words in pictures: of all files of one message together, in real children; and that a want of it is not remembered."""

import asyncio
from contextlib import closing

import pytest
from PIL import Image

from gateway.config import Examine
from gateway.content import ocr
from gateway.edges.sandbox import Sandbox
from gateway.model.finding import Pattern, Patterns, Place, Readable
from tests.build.scans import picture, saved
from tests.edges.sandboxed import Bench

assert ocr.load(), "tesseract-ocr is not installed: deploy/packages lists it, and nothing here is proved without it"

PATTERNS = Patterns((Pattern("sensitive", "OFFICIAL-SENSITIVE", frozenset(Place)),))
PAGE = saved(picture("OFFICIAL-SENSITIVE"), "PNG")
OTHERS = [saved(Image.effect_noise((900, 700), 60 + number), "JPEG") for number in range(24)]


class Real(Bench):
    def make(self, examine):
        return Sandbox(examine, on_killed=self.learn)


@pytest.mark.slow
def test_many_pictures_beside_one_another_do_not_keep_a_message_for_minutes():
    """Each had the time of a file for itself: sixty scans were never read within the wall clock, and their mail waited for ever."""
    with asyncio.Runner() as runner, closing(Real(runner, memory=Examine().memory, seconds=20, wall=120, ocr_seconds=0.4)) as at:
        together = at.read(*OTHERS, PAGE, patterns=PATTERNS, declared_type="image/*")
        alone = at.read(PAGE, patterns=PATTERNS, declared_type="image/*")

        assert not at.killed
    assert together[-1].readable is Readable.PICTURES_UNREAD
    assert together[0].readable is Readable.YES
    assert alone[0].readable is Readable.YES
    assert "sensitive" in {item.id for item in alone[0].evidence}
