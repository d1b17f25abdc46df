"""Where no tesseract is installed, or not its English, no picture is looked at, and no file is unread or odd for it (rules/README.md)."""

import asyncio
import json
import os
import subprocess
import sys
from contextlib import closing

import pytest

from gateway.config import Examine
from gateway.edges.sandbox import Sandbox
from gateway.model.finding import Readable
from tests.build import docx
from tests.build.scans import picture_of, scanned
from tests.content.test_documents import rebuilt
from tests.edges.sandboxed import Bench

SCAN = scanned("OFFICIAL-SENSITIVE", "x", "y")
PICTURE = picture_of("OFFICIAL-SENSITIVE")
HEIC = b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + bytes(4000)
FILES = (SCAN, PICTURE, HEIC, rebuilt(docx(["x"]), {"word/media/a.png": PICTURE, "word/media/b.png": PICTURE[:900]}))

# Reads files from standard input, in hexadecimal, with the reader that children call.
_READ = """
import json, sys
from gateway.model.finding import Patterns
from gateway.model.message import Encoding
from gateway.ports.examiner import Wanted
from gateway.worker.reader import load
reader = load("gateway.content:read", 20.0, 5.0)
for number, line in enumerate(sys.stdin):
    data = bytes.fromhex(line)
    (file,) = reader(data, Wanted(str(number), 0, len(data), Encoding.IDENTITY, (), "", None, is_words=False), Patterns())
    print(json.dumps([file.readable, file.oddities]))
"""


@pytest.fixture
def nothing(tmp_path):
    """A folder in which the loader finds no library that is one, and tesseract no model."""
    for name in ("libtesseract.so.5", "libtesseract.so.4", "libtesseract.so"):
        (tmp_path / name).touch()
    return str(tmp_path)


@pytest.mark.parametrize("where", ["LD_LIBRARY_PATH", "TESSDATA_PREFIX"], ids=["no library", "no English"])
def test_without_tesseract_every_scan_went_unread(where, nothing):
    """The time for pictures was given whatever was installed, and spent on nothing."""
    done = subprocess.run(
        [sys.executable, "-c", _READ],
        input="\n".join(file.hex() for file in FILES),
        env=os.environ | {where: nothing},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )

    assert [json.loads(line) for line in done.stdout.splitlines()] == [[Readable.YES, []]] * len(FILES)


@pytest.mark.slow
def test_without_tesseract_scans_go_through_a_real_child(nothing, monkeypatch):
    monkeypatch.setenv("LD_LIBRARY_PATH", nothing)
    with asyncio.Runner() as runner, closing(_Real(runner, memory=Examine().memory, seconds=20)) as at:
        found = at.read(SCAN, PICTURE, HEIC, declared_type="application/octet-stream")

    assert [(file.readable, file.oddities) for file in found] == [(Readable.YES, ())] * 3


class _Real(Bench):
    def make(self, examine):
        return Sandbox(examine, on_killed=self.learn)
