"""Text and markup, and the files that stand in them: by uuencode or yEnc, as data: URIs, in base64, as messages of OpenPGP.

Files that are no text, and are said to be, are found as well.
"""

from __future__ import annotations

from collections.abc import Iterator

from gateway.content import base64_in_text, data_uris, markup, pgp, records, text
from gateway.content.files_in_text import read_files_in_text
from gateway.content.reading import Item, Member, Reader, Source, Spent, Unreadable
from gateway.mime.cloaked import cloaked_at
from gateway.mime.encoded import may_hold_encoded
from gateway.mime.uuencode import has_file_in_text
from gateway.model.finding import Readable

MARKUP = ("text/html", "text/enriched", "text/richtext", "text/x-amp-html", "text/watch-html")
_SIGNATURES = ("application/pkcs7-signature", "application/x-pkcs7-signature")
_BEGINNING = 256  # octets
_PGP = b"-----BEGIN PGP MESSAGE-----"


def read_words(source: Source, spent: Spent) -> Iterator[Item]:
    """A body, as its media type says that it is to be read."""
    at = cloaked_at(source.data)
    if at is not None:
        yield Member("", source.data[at:], is_in_text=True)
    yield from with_files(markup.read_html if source.declared in MARKUP else text.read_text, source, spent)


def is_cloak(declared: str) -> bool:
    """Whether words of this type are shown or checked, but are no text: something else may stand under their name."""
    return declared.startswith("image/") or declared in _SIGNATURES


def with_files(reader: Reader, source: Source, spent: Spent) -> Iterator[Item]:
    """What the reader of this text finds, then what is in it."""
    readers = [reader]
    if has_file_in_text(source.data):
        readers.append(read_files_in_text)
    if data_uris.has_data_uris(source.data):
        readers.append(data_uris.read_data_uris)
    if _PGP in source.data:
        readers.append(pgp.read_pgp)
    if may_hold_encoded(source.data) and not records.is_record(source.data[:_BEGINNING].decode("latin-1")):
        readers.append(base64_in_text.read_base64)
    return all_of(*readers)(source, spent)


def all_of(*readers: Reader) -> Reader:
    """One reader after the other; what is wrong is what was wrong first, but that not all was looked at is worse."""

    def read_all(source: Source, spent: Spent) -> Iterator[Item]:
        broken: Unreadable | None = None
        for reader in readers:
            try:
                yield from reader(source, spent)
            except Unreadable as unreadable:
                broken = unreadable if broken is None or unreadable.readable is Readable.OVER_BUDGET else broken
        if broken is not None:
            raise broken

    return read_all
