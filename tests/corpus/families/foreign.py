"""Formats of other machines and other times: files of a Mac, comments of archives, and what is written as text with its words encoded."""

import base64
import gzip
from collections.abc import Iterator

from tests.build import prose
from tests.build.mac import apple, binhex
from tests.build.rar import rar4, rar5
from tests.build.texts import dif, dxf, fdf, sylk
from tests.corpus.entries import NHS, PERSON, SECRET, Technique, carrying, mail

_FAMILY = "foreign formats"


def techniques() -> Iterator[Technique]:
    coded = binhex("list.txt", SECRET.encode())
    script = b'$f = "' + base64.b64encode(SECRET.encode()) + b'"\n'
    yield Technique(_FAMILY, "a script called like a page", "detector", "nhs-number", carrying("notes.ps", script))
    yield Technique(_FAMILY, "a file in BinHex", "detector", "list.txt", carrying("list.hqx", coded, "application/mac-binhex40"))
    yield Technique(_FAMILY, "a file in BinHex in the words", "detector", "list.txt", mail(text=f"See there.\n\n{coded.decode()}\n"))
    torn = binhex("list.txt", SECRET.encode(), version=1)[:-40]
    yield Technique(_FAMILY, "a file in BinHex with another version, and torn", "unreadable", "damaged", carrying("list.hqx", torn))
    for name, single in (("AppleSingle", True), ("AppleDouble", False)):
        wrapped = apple({3: b"list.txt.gz", 1: gzip.compress(SECRET.encode(), mtime=0)}, single=single)
        yield Technique(_FAMILY, f"a file in {name}", "detector", "nhs-number", carrying("list", wrapped))
    for name, pack in (("RAR 4", rar4), ("RAR 5", rar5)):
        archive = pack({"notes.txt": b"Nothing."}, comment=SECRET.encode())
        yield Technique(_FAMILY, f"the comment of a {name}", "detector", "archive comment", carrying("a.rar", archive))
    for name, (file, octets) in _encoded().items():
        yield Technique(_FAMILY, name, "detector", "nhs-number", carrying(file, octets))
    for name, file, octets in _PAGES:
        yield Technique(_FAMILY, name, "unreadable", "unsupported", carrying(file, octets))


def _encoded() -> dict[str, tuple[str, bytes]]:
    rows = [["Name", "NHS number"], ["Alex", NHS.replace(" ", "")]]
    wide = f"<FEFF{PERSON.encode('utf-16-be').hex()}>"
    return {
        "a sheet in SYLK": ("a.slk", sylk([*rows[:1], ["Alex", int(rows[1][1])]])),
        "a sheet in DIF": ("a.dif", dif([*rows[:1], ["Alex", int(rows[1][1])]])),
        "a drawing in DXF": ("plan.dxf", dxf([(3, "{\\fArial|b0;NHS number: 4\\U+0038"), (1, "%%053 777} 3457")])),
        "the data of a form": ("a.fdf", fdf(wide)),
        "a directory with a folded line": ("a.ldif", f"dn: cn=Alex,dc=x\n{PERSON[:-4]}\n {PERSON[-4:]}\n".encode()),
        "a directory with a value in base64": ("a.ldif", b"dn: cn=Alex,dc=x\ndescription:: " + base64.b64encode(PERSON.encode()) + b"\n"),
        "a paper in LaTeX": (
            "a.tex",
            b"\\documentclass{article}\\begin{document}\nNHS number: 4{}85\\,777\\,\\textbf{34}57\n\\end{document}\n",
        ),
        "the strings of PostScript": ("a.ps", b"%!PS-Adobe-3.0\n50 700 moveto (NHS num) show (ber: 485 7) show (77 3457) show showpage\n"),
    }


_PAGES = (
    ("PostScript in letters of its own", "a.eps", b"%!PS-Adobe-3.0 EPSF-3.0\n/f {1 add} def 50 700 moveto (MGR) f show showpage\n"),
    ("PostScript that does not begin as it should", "a.ps", b"/f {1 add} def 50 700 moveto (MGR) f show showpage\n"),
    (
        "PostScript with a comment before its picture",
        "a.ps",
        b"612 792 scale 8 8 1 [8 0 0 8 0 0] {<00ff00ff00ff00ff>} %x\nimage copypage\n",
    ),
    ("the language of printers called PostScript", "a.ps", b"\x1b&l0O\x1b(s0p10h12v" + PERSON.encode() + b"\r\n"),
    ("BinHex without its first line", "list.hqx", binhex("list.txt", SECRET.encode()).partition(b"\r\n")[2]),
)


def innocents() -> Iterator[tuple[str, str, bytes]]:
    """What they are called, the name of the file, its octets."""
    yield "a letter in BinHex", "letter.hqx", binhex("letter.txt", b"Dear Kim,\nthank you.\n", b"\0" * 286)
    yield "a text called like a file in BinHex", "x.hqx", b"hello"
    about = b"It says (This file must be converted with BinHex 4.0)\n: "
    yield "a text about BinHex", "help.txt", about + prose(600).encode()
    yield "a script called like a page", "notes.ps", b"Get-Process\n"
    yield (
        "a note called like a page",
        "note.ps",
        b"PS: run the filter (see [1]) and print the image at 1:50 scale; 3 of 5 are done (60%).\nShow it to Kim.\n",
    )
    yield "what a Mac keeps beside a file", "._letter.docx", apple({9: bytes(32), 2: bytes(286)})
    yield "a sheet in SYLK", "visits.slk", sylk([["Year", "Visits"], *([2000 + at, at * 1250] for at in range(20))])
    yield "a table whose first heading is ID", "visits.csv", b"ID;Year;Visits\n1;2024;25000\n2;2025;26500\n"
    yield (
        "a paper in LaTeX",
        "paper.tex",
        b"\\documentclass{article}\n\\begin{document}\nThe \\emph{restricted} stock, 50\\% of it.\n\\end{document}\n",
    )
    yield (
        "an entry of a directory",
        "a.ldif",
        b"dn: cn=library,dc=sender,dc=example\ndescription:: " + base64.b64encode("Bücherei".encode()) + b"\n",
    )
    yield "a plan in DXF", "plan.dxf", dxf([(1, "{\\fArial|b0;Ground floor}\\PScale 1:100"), (8, "WALLS")])
    yield "the data of a form without secrets", "form.fdf", fdf("(Monday)", name="day of the visit")
    yield "a RAR with a comment", "photos.rar", rar5({"notes.txt": b"Nothing."}, comment=b"Holidays 2025, 120 photos\r\n")
