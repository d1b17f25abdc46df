"""A message as a file (RFC 5322, MIME): its words to segments, its files to members."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from gateway.content.entity import begin_of
from gateway.content.reading import Item, Member, Oddity, Source, Spent, Unreadable
from gateway.content.words import read_words
from gateway.mime import told
from gateway.mime.charsets import body_to_text
from gateway.mime.doubtful import all_octets
from gateway.mime.flowed import flowed, flows
from gateway.mime.labels import header_labels
from gateway.mime.outside import is_indexed_whole, outside_text
from gateway.mime.pspf import protective_markings
from gateway.mime.sizes import enclosing_files
from gateway.model.finding import Place, Readable
from gateway.model.message import DefectName, Part, Role
from gateway.parse import parse_buffer


def read_mail(source: Source, spent: Spent) -> Iterator[Item]:
    """The nested message's own label, subject and bodies speak for it; its files are members."""
    data = source.data[max(begin_of(source.data), 0) :].replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
    message = parse_buffer(data)
    yield from header_labels(message.fields)
    yield from protective_markings(message.fields, message.subjects)
    yield from ((Place.SUBJECT_START, "subject", subject) for subject in message.subjects)
    yield from told.shown(message.fields)
    yield from told.marked(message.fields)
    yield Place.FIRST_LINE, "outside of the parts", outside_text(data, message, len(data)) or ""
    yield from (Oddity(defect.name.value) for defect in message.defects)
    inside = enclosing_files(message)
    defects: set[DefectName] = set()
    for part in (*message.parts, *message.otherwise):
        # What is inside a message inside this one is read with it.
        if part.role is not Role.CONTAINER and inside.get(part.id) is None:
            spent.entries()
            for octets in all_octets(data, part, defects):
                yield from _part(octets, part, spent)
                yield from _flowed(data, octets, part)
    yield from (Oddity(defect.value) for defect in sorted(defects))
    if not is_indexed_whole(message):
        raise Unreadable(Readable.OVER_BUDGET)


def _flowed(data: bytes, octets: bytes, part: Part) -> Iterator[Item]:
    """Words whose lines go on without a blank."""
    text = body_to_text(octets, part.charset).replace("\r\n", "\n") if part.media_type == "text/plain" and b" \r\n" in octets else ""
    if flows(data, part, text):
        yield Place.FIRST_LINE, "body, as it flows", flowed(text)


def read_multipart(source: Source, spent: Spent) -> Iterator[Item]:
    """The members of a multipart that stood under an encoding: its header section is not here, so its delimiters say what they are."""
    return read_mail(replace(source, data=b"Content-Type: multipart/mixed\r\nMIME-Version: 1.0\r\n\r\n" + source.data), spent)


def _part(octets: bytes, part: Part, spent: Spent) -> Iterator[Item]:
    words = Source(octets, (), part.media_type, part.charset, is_words=True, where="body")
    if part.role in (Role.FILE, Role.INLINE) or not part.media_type.startswith(("text/", "message/")):
        yield Member(part.names[0] if part.names else "", octets, part.media_type, also=part.names[1:])
    else:
        yield from read_words(words, spent)
