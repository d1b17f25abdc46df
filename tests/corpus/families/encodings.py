"""Content-Transfer-Encoding: tokens written oddly, and data that decoders read differently (RFC 2045 section 6)."""

import base64
import binascii
from collections.abc import Iterator

from tests.build import docx
from tests.corpus.entries import MARKING, SECRET, WORD, Technique, carrying, raw

_HEAD = "MIME-Version: 1.0\nContent-Type: text/plain; charset=utf-8\n"
_B64 = base64.encodebytes(SECRET.encode()).decode()
_ONE = base64.b64encode(SECRET.encode()).decode()


def techniques() -> Iterator[Technique]:
    for name, token in _TOKENS.items():
        yield _hides(f"base64 said as {name}", f"{_HEAD}{token}\n\n{_B64}")
    for name, data in _base64().items():
        yield _hides(f"base64 {name}", f"{_HEAD}Content-Transfer-Encoding: base64\n\n{data}")
    for name, data in _QUOTED.items():
        yield _hides(f"quoted-printable {name}", f"{_HEAD}Content-Transfer-Encoding: quoted-printable\n\n{data}")
    for name, text in _FLOWED.items():
        fields = "MIME-Version: 1.0\nContent-Type: text/plain; charset=utf-8; format=flowed; delsp=yes\n\n"
        yield _hides(f"flowed text {name}", fields + text)
    flowed = f"Subject: x\nMIME-Version: 1.0\nContent-Type: text/plain; format=flowed; delsp=yes\n\n{_FLOWED['broken inside the number']}"
    yield Technique(
        "transfer encodings", "flowed text in a saved message", "detector", "a.eml", carrying("a.eml", flowed.encode(), "message/rfc822")
    )
    for name, text in _others().items():
        yield _hides(name, text)
    plan = base64.b64encode(docx(["A."], header=MARKING)).decode()
    file = f'MIME-Version: 1.0\nContent-Type: {WORD}; name="plan.docx"\nContent-Disposition: attachment; filename="plan.docx"\n'
    odd = {"a blank behind base64": "base64 ", "base64 in quotes": '"base64"', "an unknown encoding": "x-unheard-of"}
    for name, token in odd.items():
        octets = raw(f"{file}Content-Transfer-Encoding: {token}\n\n{plan}\n")
        yield Technique("transfer encodings", f"a document under {name}", "marking", "page header", octets)


def _hides(name: str, text: str) -> Technique:
    return Technique("transfer encodings", name, "detector", "nhs-number", raw(text))


_TOKENS = {
    "BASE64": "Content-Transfer-Encoding: BASE64",
    "a blank behind it": "Content-Transfer-Encoding: base64 \t",
    "a semicolon behind it": "Content-Transfer-Encoding: base64;",
    "a parameter behind it": "Content-Transfer-Encoding: base64; x=y",
    "a comment behind it": "Content-Transfer-Encoding: base64 (it is)",
    "a comment before it": "Content-Transfer-Encoding: (it is) base64",
    "a comment in a comment": "Content-Transfer-Encoding: (it (really) is) base64",
    "in quotes": 'Content-Transfer-Encoding: "base64"',
    "a folded line": "Content-Transfer-Encoding:\n base64",
    "a field twice": "Content-Transfer-Encoding: base64\nContent-Transfer-Encoding: base64",
    "the first of two fields": "Content-Transfer-Encoding: base64\nContent-Transfer-Encoding: 7bit",
    "the second of two fields": "Content-Transfer-Encoding: 7bit\nContent-Transfer-Encoding: base64",
    "the second of two encodings": "Content-Transfer-Encoding: quoted-printable\nContent-Transfer-Encoding: base64",
    "a word that begins with it": "Content-Transfer-Encoding: base64-x",
    "a word with it inside": "Content-Transfer-Encoding: x-base64",
    "base-64": "Content-Transfer-Encoding: base-64",
    "something unknown": "Content-Transfer-Encoding: unheard-of",
    "an encoded-word": "Content-Transfer-Encoding: =?us-ascii?Q?base64?=",
    "a name with a blank before the colon": "Content-Transfer-Encoding : base64",
}


def _base64() -> dict[str, str]:
    first, second = SECRET.encode()[:20], SECRET.encode()[20:]
    short, rest = base64.b64encode(first).decode(), base64.b64encode(second).decode()
    return {
        "with junk among it": "".join(f"{sign}!" if at % 7 == 0 else sign for at, sign in enumerate(_ONE)),
        "with blanks among it": " ".join(_ONE[at : at + 5] for at in range(0, len(_ONE), 5)),
        "with a hyphen on each line": "\n".join(_ONE[at : at + 5] + "-" for at in range(0, len(_ONE), 5)),
        "of one character a line": "\n".join(_ONE),
        "of one long line": _ONE,
        "without padding": _ONE.rstrip("="),
        "with too much padding": _ONE.rstrip("=") + "=====",
        "with padding early, and more behind it": f"QUI=\n{_B64}",
        "in two padded runs on lines of their own": f"{short}\n{rest}\n",
        "in two padded runs on one line": f"{short}{rest}",
        "in a padded run for every word": "".join(base64.b64encode(word.encode() + b" ").decode() for word in SECRET.split(" ")),
        "before words": f"{_B64}\n\nKind regards, Alex!\n",
        "with an odd number of characters": _ONE.rstrip("=") + "A",
        "with 8-bit characters among it": "é".join(_ONE[at : at + 6] for at in range(0, len(_ONE), 6)),
        "with empty lines": _B64.replace("\n", "\n\n\n"),
    }


_QUOTED = {
    "of every character": "".join(f"={ord(sign):02X}" for sign in SECRET.replace("\n", " ")),
    "in small letters": "".join(f"={ord(sign):02x}" for sign in SECRET.replace("\n", " ")),
    "broken inside the number": "NHS number: 485 7=\n77 34=\n57\n",
    "broken inside the number, with blanks behind": "NHS number: 485 7= \t\n77 34=  \n57\n",
    "broken inside an escape": "NHS number: 485 =3=\n777 3457\nNHS number: 485 777 3457\n",
    "with wrong escapes": "=ZZ= NHS number: 485 77=37 3457 =G\n",
    "with an equals sign at the end": "NHS number: 485 777 3457=",
    "with lines that are too long": "x" * 3000 + " NHS number: 485 77=37 3457\n",
    "with blanks as escapes": "NHS=20number:=20485=20777=203457\n",
    "with non-breaking blanks": "NHS=C2=A0number:=C2=A0485=C2=A0777=C2=A03457\n",
}


_FLOWED = {
    "broken inside the number": "NHS number: 485 77 \n7 34 \n57\n",
    "broken inside the word": "N \nH \nS num \nber: 4857773 \n457\n",
    "broken in a quotation": "> NHS number: 48577 \n> 734 \n>57\n",
}


def _others() -> dict[str, str]:
    octets = SECRET.encode()
    lines = "".join(binascii.b2a_uu(octets[at : at + 45]).decode() for at in range(0, len(octets), 45))
    uu = f"begin 644 a.txt\n{lines}`\nend\n"
    return {
        "x-uuencode": f"{_HEAD}Content-Transfer-Encoding: x-uuencode\n\n{uu}",
        "x-uuencode with backquotes": f"{_HEAD}Content-Transfer-Encoding: x-uuencode\n\n{uu.replace(' ', '`').replace('begin`644`', 'begin 644 ')}",
        "x-uue without a begin": f"{_HEAD}Content-Transfer-Encoding: x-uue\n\n{SECRET}",
        "8bit": f"{_HEAD}Content-Transfer-Encoding: 8bit\n\né {SECRET}",
        "binary": f"{_HEAD}Content-Transfer-Encoding: binary\n\n{SECRET}",
        "7bit that is not": f"{_HEAD}Content-Transfer-Encoding: 7bit\n\né {SECRET}",
        "quoted-printable said as quoted printable": f"{_HEAD}Content-Transfer-Encoding: quoted printable\n\nNHS number: 485 77=37 3457\n",
        "an empty Content-Transfer-Encoding": f"{_HEAD}Content-Transfer-Encoding:\n\n{SECRET}",
    }
