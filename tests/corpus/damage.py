"""One sample of every format, and what becomes of it in transit: cut short, or with a bit turned over."""

import random
from collections.abc import Iterator, Mapping
from functools import cache

from tests.build import docx, pdf, png, pptx, xlsx, zip_of
from tests.build.libreoffice import converted
from tests.build.packers import packed
from tests.build.signing import opaque_signed
from tests.build.tnef import tnef
from tests.content.compound import workbook
from tests.corpus.entries import PERSON, SECRET, mail
from tests.corpus.families.containers import _msg, _rar4, _rar5
from tests.corpus.families.opened import odt

FILES = {"list.txt": SECRET.encode() * 20, "notes.txt": b"Nothing to see.\n" * 40}
_PACKED = {
    "a.7z": "7z", "a.cab": "cab-mszip", "a.iso": "iso", "a.cpio": "cpio", "a.ar": "ar", "a.tar": "tar", "a.tar.gz": "tar-gz",
    "a.tar.xz": "tar-xz", "a.txt.bz2": "bz2", "a.txt.zst": "zst",
}  # fmt: skip


@cache
def samples() -> Mapping[str, bytes]:
    """By a name that tells the format."""
    made = {name: packed(how, FILES) for name, how in _PACKED.items()}
    made |= {"a.zip": zip_of(FILES), "a.docx": docx([PERSON] * 9, header="A."), "a.xlsx": xlsx([[PERSON]] * 9), "a.pptx": pptx([PERSON])}
    made |= {"a.pdf": pdf([PERSON, "A report."]), "a.odt": odt(f"<text:p>{PERSON}</text:p>"), "a.xls": workbook([[PERSON, 1.5]])}
    made |= {
        "a.rtf": b"{\\rtf1{\\header A.}" + PERSON.encode() + b"\\par}",
        "a.html": f"<p>{PERSON}</p>".encode() * 9,
        "a.png": png(40, 30, "x"),
    }
    made |= {"a.rar": _rar4("list.txt", SECRET.encode()), "b.rar": _rar5("list.txt", SECRET.encode()), "a.msg": _msg(SECRET.encode())}
    made |= {"winmail.dat": tnef(FILES), "smime.p7m": opaque_signed(b"Content-Type: text/plain\r\n\r\n" + SECRET.encode())}
    made |= {"a.eml": mail(text=SECRET, files=[("a.zip", zip_of(FILES), "application/zip")]), "a.txt": SECRET.encode("utf-16")}
    made |= {"a.ics": f"BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nSUMMARY:{PERSON}\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n".encode()}
    return made | converted({"a.docx": made["a.docx"]}, "doc")


def damaged(cuts: int, flips: int) -> Iterator[tuple[str, str, bytes]]:
    """Name, what was done, and the octets."""
    dice = random.Random(7)
    for name, octets in samples().items():
        for at in sorted(dice.sample(range(1, len(octets)), cuts)):
            yield name, f"cut after {at} octets", octets[:at]
        for at in sorted(dice.sample(range(8 * len(octets)), flips)):
            turned = bytearray(octets)
            turned[at // 8] ^= 1 << at % 8
            yield name, f"bit {at} turned over", bytes(turned)
