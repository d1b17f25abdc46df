"""A mailbox in one file (RFC 4155, mbox) to its messages. A line that begins with `From ` begins a message only where a header follows."""

from __future__ import annotations

import re
from collections.abc import Iterator

from gateway.content.reading import Item, Member, Source, Spent

MEDIA_TYPE = "application/mbox"
BEGIN = re.compile(rb"(?:\A|(?<=\n))From [^\n]{0,998}\r?\n(?=[>!-9;-~]{1,80}:|From )")


def read_mbox(source: Source, spent: Spent) -> Iterator[Item]:
    """Each message is a file."""
    number, begins = 0, BEGIN.finditer(source.data)
    found = next(begins, None)
    while found is not None:
        following = next(begins, None)
        number += 1
        spent.entries()
        end = following.start() if following is not None else len(source.data)
        yield Member(f"message {number}.eml", source.data[found.end() : end], "message/rfc822")
        found = following
