"""A mailbox in one file (RFC 4155, mbox) to its messages. A line that begins with `From ` begins a message only where a header follows."""

from __future__ import annotations

import re
from collections.abc import Iterator

from gateway.content.reading import Item, Member, Source, Spent

MEDIA_TYPE = "application/mbox"
BEGIN = re.compile(rb"(?:\A|(?<=\n))From [^\n]{0,998}\r?\n(?=[>!-9;-~]{1,80}:|From )")


def read_mbox(source: Source, spent: Spent) -> Iterator[Item]:
    """Each message is a file."""
    starts = [(found.start(), found.end()) for found in BEGIN.finditer(source.data)]
    ends = [start for start, _ in starts[1:]] + [len(source.data)]
    for number, ((_, start), end) in enumerate(zip(starts, ends, strict=True), 1):
        spent.entries()
        yield Member(f"message {number}.eml", source.data[start:end], "message/rfc822")
