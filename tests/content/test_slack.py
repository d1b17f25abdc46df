"""Words that stand outside of everything a format knows: one look per format; the corpus has more."""

import pytest

from gateway.model.finding import Readable
from tests.build import docx, pdf, zip_of
from tests.build.packers import packed
from tests.content.reading import look, seen

WORDS = b"\nNHS number: 485 777 3457\nOFFICIAL-SENSITIVE\n"
NOTES = {"notes.txt": b"Nothing."}


MADE = {  # made in the test: what a packer makes holds the time of day
    "docx": lambda: docx(["A plan."]),
    "zip": lambda: zip_of(NOTES),
    "pdf": lambda: pdf(["A report."]),
    "7z": lambda: packed("7z", NOTES),
    "cab": lambda: packed("cab", NOTES),
}


@pytest.mark.parametrize("kind", MADE)
def test_words_behind_the_end_are_read(kind: str) -> None:
    octets = MADE[kind]()
    file, *_ = look(octets + WORDS)

    assert file.readable is Readable.YES
    assert {"sensitive", "nhs-number"} <= {name for name, _ in seen(file)}


@pytest.mark.parametrize("octets", [docx(["A plan."]), zip_of(NOTES), pdf(["A report."])])
def test_words_before_the_beginning_are_read(octets: bytes) -> None:
    assert ("sensitive", "text") in seen(look(WORDS + octets)[0])


@pytest.mark.parametrize("octets", [docx(["A plan."]), zip_of(NOTES), pdf(["A report."]), packed("tar", NOTES), packed("iso", NOTES)])
@pytest.mark.parametrize("behind", [b"", bytes(5120)])
def test_where_nothing_stands_nothing_is_found(octets: bytes, behind: bytes) -> None:
    file, *members = look(octets + behind)

    assert seen(file) == set()
    assert all(member.names for member in members)


def test_a_file_behind_an_archive_is_a_file() -> None:
    members = look(packed("7z", NOTES) + b"xx" + packed("cab", {"list.txt": WORDS}) + b"x" * 40)[1:]

    assert "list.txt" in {name for member in members for name in member.names}
