"""Documents as office programs write them, old and new, each with a word in every place: all are found, and each where it stands."""

import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from gateway.content.filetype import identify
from gateway.content.reader import _reader
from gateway.content.reading import Budget, Member, Source, Spent
from gateway.detectors import Segment
from gateway.model.finding import Evidence, Readable
from tests.build.office_sources import LABEL, TENANT
from tests.content.reading import look

pytestmark = pytest.mark.slow

_LETTER = {
    "first_line": (
        "First line of the letter",
        "MARK-SPLIT in runs\tafter a tab",
        "MARK-INSERTED",
        "MARK-CELL",
        "Kept and MARK-INSERTED words.",
    ),
    "text": ("MARK-DELETED", "MARK-HIDDEN", "MARK-COMMENT", "MARK-LINK"),
    "page_header": ("MARK-HEADER",),
    "page_footer": ("MARK-FOOTER",),
    "properties": ("MARK-TITLE", "MARK-SUBJECT", "MARK-KEYWORD", "MARK-PROPERTY"),
}
_NOTES = ("MARK-FOOTNOTE", "MARK-ENDNOTE")
_ALTERNATIVES = ("MARK-ALT-TITLE", "MARK-ALT-TEXT")
_SHEETS = {
    "first_line": ("MARK-CELL",),
    "text": ("MARK-NOTE", "MARK-HIDDEN-SHEET"),
    "page_header": ("MARK-HEADER",),
    "page_footer": ("MARK-FOOTER",),
    "properties": ("MARK-TITLE", "MARK-PROPERTY"),
}
_SLIDES = {
    "first_line": ("First words", "MARK-SPLIT"),
    "text": ("MARK-HIDDEN-SLIDE", "MARK-NOTES", "MARK-MASTER"),
    "properties": ("MARK-TITLE",),
}


def items(data: bytes, name: str) -> Iterator[Segment | Evidence | Member]:
    """Everything that the reader of a file yields, below identification."""
    source, spent = Source(data, (name,), ""), Spent(Budget())
    for item in _reader(identify(source, spent).media_type, source)(source, spent):
        assert isinstance(item, tuple | Evidence | Member)
        yield item


def texts(data: bytes, name: str) -> dict[str, str]:
    """All text by place, segments parted by a line."""
    found: dict[str, str] = {}
    for item in items(data, name):
        if isinstance(item, tuple):
            found[item[0].value] = f"{found.get(item[0].value, '')}\n{item[2]}"
    return found


@pytest.mark.parametrize("ending", ["docx", "doc", "odt", "fodt"])
def test_a_letter(office: Mapping[str, bytes], ending: str) -> None:
    found = texts(office[ending], f"a.{ending}")

    for place, words in _LETTER.items():
        for word in words:
            assert word in found[place], (place, word)
    everything = "\n".join(found.values())
    for word in (*_NOTES, "MARK-BOX", *(_ALTERNATIVES if ending in ("odt", "fodt") else ())):
        assert word in everything, word
    # Who opens it sees neither of these.
    assert "MARK-DELETED" not in found["first_line"]
    assert "MARK-HIDDEN" not in found["first_line"]


@pytest.mark.parametrize("ending", ["xlsx", "xls", "ods", "fods"])
def test_a_workbook(office: Mapping[str, bytes], ending: str) -> None:
    found = texts(office[ending], f"a.{ending}")

    for place, words in _SHEETS.items():
        for word in words:
            assert word in found[place], (place, word)
    assert "MARK-CELL\t012345678\t\t9434765919" in found["first_line"]
    assert any(isinstance(item, tuple) and item[1] == "sheet Away (hidden)" for item in items(office[ending], ""))
    (number,) = [item for item in look(office[ending], f"a.{ending}")[0].evidence if item.id == "nhs-number"]
    assert number.where == "sheet Staff, D13"


@pytest.mark.parametrize("ending", ["pptx", "ppt", "odp", "fodp"])
def test_a_presentation(office: Mapping[str, bytes], ending: str) -> None:
    everything = "\n".join(texts(office[ending], f"a.{ending}").values())

    for words in _SLIDES.values():
        for word in words:
            assert word in everything, word


@pytest.mark.parametrize("ending", ["docx", "doc", "odt", "fodt", "xlsx", "xls", "ods", "fods", "pptx", "ppt", "odp", "fodp"])
def test_its_label_is_found_and_its_attributes_are_no_words(office: Mapping[str, bytes], ending: str) -> None:
    labels = [(item.id, item.tenant, item.sample) for item in items(office[ending], "") if isinstance(item, Evidence)]

    assert labels == [(LABEL, TENANT, "Restricted")]
    assert "MSIP_Label" not in "\n".join(texts(office[ending], "").values())


@pytest.mark.parametrize("ending", ["doc", "xls", "ppt", "odt", "ods", "docx", "xlsx", "pptx", "fodt"])
def test_what_is_cut_off_or_changed_breaks_nothing(office: Mapping[str, bytes], ending: str) -> None:
    data = office[ending]
    for at in range(700, len(data), max(len(data) // 40, 1)):
        assert look(data[:at], f"a.{ending}")
        changed = look(data[:at] + bytes((data[at] ^ 0xFF, data[at - 1] ^ 0x10)) + data[at + 2 :], f"a.{ending}")
        assert changed[0].readable in Readable


_LOCKED = """
import resource, sys
from pathlib import Path
from gateway.content import preload
from tests.content.reading import look
files = {path.name: path.read_bytes() for path in Path(sys.argv[1]).iterdir() if path.suffix}
preload()
resource.setrlimit(resource.RLIMIT_NOFILE, (0, 0))
print(*(f"{name}={found.readable.value}" for name, data in files.items() for found in look(data, name)))
"""


def test_a_child_that_can_open_nothing_reads_them_all(office: Mapping[str, bytes], tmp_path: Path) -> None:
    for ending, octets in office.items():
        (tmp_path / f"a.{ending}").write_bytes(octets)

    command = [sys.executable, "-c", _LOCKED, str(tmp_path)]
    locked = subprocess.run(command, cwd=Path(__file__).parents[2], capture_output=True, text=True, check=True, timeout=120)

    assert {line.partition("=")[2] for line in locked.stdout.split()} == {"yes"}
    assert len(locked.stdout.split()) >= len(office)
