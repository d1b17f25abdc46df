"""Files in the middle of plain text, by uuencode or yEnc: members of the text."""

from __future__ import annotations

from collections.abc import Iterator

from gateway.content.reading import Item, Member, Oddity, Source, Spent
from gateway.mime.charsets import to_text
from gateway.mime.uuencode import files_in_text
from gateway.model.message import DefectName


def read_files_in_text(source: Source, spent: Spent) -> Iterator[Item]:
    """Each file that a mail program would show beside the text."""
    for number, found in enumerate(files_in_text(source.data)):
        if not number:
            yield Oddity(DefectName.FILE_IN_TEXT.value)
        spent.entries()
        yield Member(to_text(found.name), found.octets)
