"""Formats of other machines and other times: files of a Mac, comments of archives."""

import gzip
from collections.abc import Iterator

from tests.build.mac import apple, binhex
from tests.build.rar import rar4, rar5
from tests.corpus.entries import SECRET, Technique, carrying, mail

_FAMILY = "foreign formats"


def techniques() -> Iterator[Technique]:
    coded = binhex("list.txt", SECRET.encode())
    yield Technique(_FAMILY, "a file in BinHex", "detector", "list.txt", carrying("list.hqx", coded, "application/mac-binhex40"))
    yield Technique(_FAMILY, "a file in BinHex in the words", "detector", "list.txt", mail(text=f"See there.\n\n{coded.decode()}\n"))
    for name, single in (("AppleSingle", True), ("AppleDouble", False)):
        wrapped = apple({3: b"list.txt.gz", 1: gzip.compress(SECRET.encode(), mtime=0)}, single=single)
        yield Technique(_FAMILY, f"a file in {name}", "detector", "nhs-number", carrying("list", wrapped))
    for name, pack in (("RAR 4", rar4), ("RAR 5", rar5)):
        archive = pack({"notes.txt": b"Nothing."}, comment=SECRET.encode())
        yield Technique(_FAMILY, f"the comment of a {name}", "detector", "archive comment", carrying("a.rar", archive))


def innocents() -> Iterator[tuple[str, str, bytes]]:
    """What they are called, the name of the file, its octets."""
    yield "a letter in BinHex", "letter.hqx", binhex("letter.txt", b"Dear Kim,\nthank you.\n", b"\0" * 286)
    yield "what a Mac keeps beside a file", "._letter.docx", apple({9: bytes(32), 2: bytes(286)})
    yield "a RAR with a comment", "photos.rar", rar5({"notes.txt": b"Nothing."}, comment=b"Holidays 2025, 120 photos\r\n")
