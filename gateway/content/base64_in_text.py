"""Base64 in the middle of text that nothing announces (mime/encoded.py): a file is a member, a picture is shown, words are read.

A script can make a download of such a file (HTML smuggling), a FHIR resource or an HL7 message carries one, a notebook its pictures.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from gateway.content.legible import legible
from gateway.content.picture_headers import is_of_a_format_drawn
from gateway.content.pictures import read_shown
from gateway.content.reading import Item, Member, Source, Spent
from gateway.content.text import read_text
from gateway.mime.encoded import encoded_in
from gateway.model.message import DefectName


def read_base64(source: Source, spent: Spent) -> Iterator[Item]:
    """Everything that stands in the octets as they are, pictures last and the small ones first."""
    number = 0
    pictures: list[tuple[str, bytes]] = []
    for found in encoded_in(source.data):
        spent.time()
        if found is None:
            continue
        spent.parts(1)
        spent.unpacked(len(found.octets), len(found.octets), len(found.octets))
        number += 1
        called = f"base64 {number}"
        if not found.is_file:
            where = f"{source.where}, {called}"
            yield from read_text(replace(source, data=found.octets, declared="text/plain", charset=None, where=where, opened={}), spent)
        elif is_of_a_format_drawn(found.octets):
            pictures.append((called, found.octets))
        else:
            if found.is_piece:  # which its reader may not open
                yield from legible(found.octets, f"{source.where}, {called}", spent)
            yield Member("", found.octets, is_in_text=True, is_piece=found.is_piece, oddity=DefectName.FILE_IN_TEXT.value)
    for called, octets in sorted(pictures, key=lambda picture: len(picture[1])):
        yield from read_shown(octets, called, f"{source.where}, {called}", spent)
