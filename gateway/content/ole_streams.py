"""What a compound file ([MS-CFB]) holds, stream by stream, as far as it can be read."""

from __future__ import annotations

import io
from contextlib import suppress

import olefile

from gateway.content.reading import BROKEN, Spent


def streams_of(data: bytes, spent: Spent) -> dict[tuple[str, ...], bytes]:
    """Every stream by its path; none of what is no such file."""
    found: dict[tuple[str, ...], bytes] = {}
    if data.startswith(olefile.MAGIC):
        with suppress(*BROKEN, IndexError, TypeError), olefile.OleFileIO(io.BytesIO(data)) as file:
            for entry in file.listdir(streams=True, storages=False):
                spent.parts(1)
                found[tuple(entry)] = bytes(file.openstream(entry).read())
                spent.unpacked(len(found[tuple(entry)]), 0, 1)
    return found
