"""File names in every spelling (RFC 2047, RFC 2183, RFC 2231): the marking stands in the name, or the name says what the file is."""

import base64
from collections.abc import Iterator
from urllib.parse import quote

from tests.build import noise
from tests.corpus.entries import Technique, raw

_NAME = "OFFICIAL-SENSITIVE plan.txt"
_RIGHTS = "plan.docx.pfile"  # rights-protected by its name alone


def techniques() -> Iterator[Technique]:
    for how, fields in _spellings(_NAME).items():
        yield Technique("names", f"a marking in a name {how}", "marking", "file name", raw(_message(fields, b"Nothing.")))
    for how, fields in _spellings(_RIGHTS).items():
        yield Technique("names", f"a protected file named {how}", "unreadable", "rights-protected", raw(_message(fields, noise(400, how))))
    for how, fields in _DECEPTIONS.items():
        yield Technique("names", how, "unreadable", "rights-protected", raw(_message(fields, noise(400, how))))


def _message(fields: str, octets: bytes) -> str:
    encoded = base64.encodebytes(octets).decode()
    note = "--b\nContent-Type: text/plain\n\nPlease see below.\n"
    part = f"--b\n{fields}\nContent-Transfer-Encoding: base64\n\n{encoded}\n--b--\n"
    return f"MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=b\n\n{note}{part}"


def _spellings(name: str) -> dict[str, str]:
    """The field lines of a part with this name."""
    octets, half = "Content-Type: application/octet-stream", len(name) // 2
    word = base64.b64encode(name.encode()).decode()
    first, second = (base64.b64encode(piece.encode()).decode() for piece in (name[:half], name[half:]))
    attached = f"{octets}\nContent-Disposition: attachment"
    return {
        "in quotes": f'{attached}; filename="{name}"',
        "in the Content-Type alone": f'{octets}; name="{name}"',
        "on a folded line": f'{attached};\n filename=\n  "{name}"',
        "with quoted pairs": f'{attached}; filename="{"".join(chr(92) + sign for sign in name)}"',
        "without quotes": f"{attached}; filename={name}",
        "after RFC 2231": f"{attached}; filename*=utf-8'en'{quote(name)}",
        "after RFC 2231, every character": f"{attached}; filename*=utf-8''{''.join(f'%{ord(sign):02x}' for sign in name)}",
        "in pieces after RFC 2231": f'{attached}; filename*0="{name[:half]}"; filename*1="{name[half:]}"',
        "in pieces in the wrong order": f'{attached}; filename*1="{name[half:]}"; filename*0="{name[:half]}"',
        "in encoded pieces after RFC 2231": f"{attached}; filename*0*=utf-8''{quote(name[:half])}; filename*1*={quote(name[half:])}",
        "in pieces of both kinds": f"{attached}; filename*0*=utf-8''{quote(name[:half])}; filename*1=\"{name[half:]}\"",
        "as an encoded-word in quotes": f'{attached}; filename="=?utf-8?B?{word}?="',
        "as an encoded-word without quotes": f"{attached}; filename==?utf-8?B?{word}?=",
        "as two encoded-words": f'{attached}; filename="=?utf-8?B?{first}?=\n =?utf-8?B?{second}?="',
        "as an encoded-word of type Q": f'{attached}; filename="=?iso-8859-1?Q?{name.replace(" ", "_")}?="',
        "as an encoded-word behind RFC 2231": f"{attached}; filename*=utf-8''{quote(f'=?utf-8?B?{word}?=')}",
        "beside another, the first": f'{attached}; filename="{name}"; filename="notes.txt"',
        "beside another, the second": f'{attached}; filename="notes.txt"; filename="{name}"',
        "beside a plain one, after RFC 2231": f"{attached}; filename=\"notes.txt\"; filename*=utf-8''{quote(name)}",
        "in the Content-Type, against the disposition": f'{octets}; name="{name}"\nContent-Disposition: attachment; filename="notes.txt"',
        "in a second disposition": f'{attached}; filename="notes.txt"\nContent-Disposition: attachment; filename="{name}"',
        "behind a path": f'{attached}; filename="C:\\\\Users\\\\kim\\\\{name}"',
    }


_AS = "Content-Type: application/octet-stream\nContent-Disposition: attachment; filename="
_DECEPTIONS = {
    "an ending before trailing dots": f'{_AS}"plan.docx.pfile..."',
    "an ending before trailing blanks": f'{_AS}"plan.docx.pfile   "',
    "an ending before a blank and a dot": f'{_AS}"plan.docx.pfile. . "',
    "an ending in capitals": f'{_AS}"PLAN.DOCX.PFILE"',
    "an ending behind a right-to-left override": f'{_AS}"plan\u202etxt.pfile"',
}  # fmt: skip
