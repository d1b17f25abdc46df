"""Files in the middle of text, by uuencode, xxencode, yEnc or BinHex: members of what the text stands in.

They are looked for in the octets, and in every text that a reader makes of them: in HTML the lines begin where a browser begins them.
The same file is often found in several of these; who takes the members takes it once.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from gateway.content.binhex import read_binhex
from gateway.content.reading import Item, Member, Oddity, Source, Spent
from gateway.mime.charsets import to_text
from gateway.mime.uuencode import Found, files_in_text, files_shown
from gateway.model.message import DefectName


def read_files_in_text(source: Source, spent: Spent) -> Iterator[Item]:
    """Each file that a mail program would show beside the text."""
    yield from _members(files_in_text(source.data), spent)
    yield from read_binhex(source.data, spent)


def read_files_shown(text: str, spent: Spent) -> Iterator[Item]:
    """Each file in a text as a reader has made it; quick when there is none."""
    yield from _members(files_shown(text), spent)
    if "BinHex" in text:
        yield from read_binhex(text.encode("latin-1", "replace"), spent)


def _members(files: Iterable[Found], spent: Spent) -> Iterator[Item]:
    for number, found in enumerate(files):
        if not number:
            yield Oddity(DefectName.FILE_IN_TEXT.value)
        spent.time()
        yield Member(to_text(found.name), found.octets, is_in_text=True)
