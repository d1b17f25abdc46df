"""MIME structure: boundaries, headers and nesting that one reader understands and another does not (RFC 2045, RFC 2046).

What is hidden is nearly always the same text file; the detector or the marking in it must be seen, whatever reads the structure.
"""

import base64
from collections.abc import Iterator

from tests.build import docx
from tests.corpus.entries import MARKING, PERSON, SECRET, WORD, Technique, carrying, raw

_B64 = base64.encodebytes(SECRET.encode()).decode()
_FILE = f'Content-Type: text/plain; name="list.txt"\nContent-Transfer-Encoding: base64\nContent-Disposition: attachment; filename="list.txt"\n\n{_B64}'
_NOTE = "Content-Type: text/plain\n\nPlease see below.\n"
_VERSION = "MIME-Version: 1.0\n"


def techniques() -> Iterator[Technique]:
    for name, text in {**_boundaries(), **_delimiters(), **_headers(), **_outside(), **_nesting()}.items():
        yield Technique("mime structure", name, "detector", "nhs-number", raw(text))
    yield Technique(
        "mime structure",
        "a message attached as a file of its own",
        "detector",
        "note.eml",
        carrying("note.eml", _letter(), "message/rfc822"),
    )
    yield Technique("mime structure", "a message attached as octets", "detector", "note.eml", carrying("note.eml", _letter()))
    yield Technique(
        "mime structure",
        "a file in an attached message",
        "marking",
        "plan.docx | page header",
        carrying("a.eml", _with_plan(), "message/rfc822"),
    )


def _letter() -> bytes:
    return raw(f"{_VERSION}Content-Type: text/plain\n\n{SECRET}")


def _with_plan() -> bytes:
    return carrying("plan.docx", docx(["A."], header=MARKING), WORD)


def _mixed(content_type: str, *parts: str, boundary: str = "b", extra: str = "") -> str:
    """A multipart with this Content-Type and these delimiters."""
    return f"{_VERSION}{content_type}\n{extra}\n" + "".join(f"--{boundary}\n{part}\n" for part in parts) + f"--{boundary}--\n"


def _boundaries() -> Iterator[tuple[str, str]] | dict[str, str]:
    parts = (_NOTE, _FILE)
    long = "x" * 200
    return {
        "a boundary in quotes": _mixed('Content-Type: multipart/mixed; boundary="b"', *parts),
        "a boundary on a folded line": _mixed('Content-Type: multipart/mixed;\n\tboundary=\n "b"', *parts),
        "a boundary behind a comment": _mixed('Content-Type: multipart/mixed (boundary=x) ; (two) boundary="b" (three)', *parts),
        "a boundary after RFC 2231": _mixed("Content-Type: multipart/mixed; boundary*=us-ascii''%62", *parts),
        "a boundary in pieces after RFC 2231": _mixed("Content-Type: multipart/mixed; boundary*0=b; boundary*1=c", *parts, boundary="bc"),
        "a boundary as an encoded-word": _mixed('Content-Type: multipart/mixed; boundary="=?us-ascii?Q?b=63?="', *parts, boundary="bc"),
        "an encoded-word that is the boundary itself": _mixed(
            'Content-Type: multipart/mixed; boundary="=?us-ascii?Q?b=63?="', *parts, boundary="=?us-ascii?Q?b=63?="
        ),
        "an empty boundary": _mixed('Content-Type: multipart/mixed; boundary=""', *parts, boundary=""),
        "no boundary": _mixed("Content-Type: multipart/mixed", *parts),
        "a boundary with blanks in it": _mixed('Content-Type: multipart/mixed; boundary="b c"', *parts, boundary="b c"),
        "a boundary that ends in a blank": _mixed('Content-Type: multipart/mixed; boundary="b "', *parts, boundary="b "),
        "a boundary that is declared with a blank and used without": _mixed('Content-Type: multipart/mixed; boundary="b "', *parts),
        "a boundary with odd signs and no quotes": _mixed("Content-Type: multipart/mixed; boundary=a=/b:c?d", *parts, boundary="a=/b:c?d"),
        "a boundary with a semicolon in quotes": _mixed('Content-Type: multipart/mixed; boundary="b;c"', *parts, boundary="b;c"),
        "a boundary with a quoted pair": _mixed('Content-Type: multipart/mixed; boundary="b\\c"', *parts, boundary="bc"),
        "a boundary in single quotes": _mixed("Content-Type: multipart/mixed; boundary='b'", *parts),
        "a boundary of single quotes and all": _mixed("Content-Type: multipart/mixed; boundary='b'", *parts, boundary="'b'"),
        "a boundary whose quotes are never closed": _mixed('Content-Type: multipart/mixed; boundary="b', *parts),
        "a boundary of 200 characters": _mixed(f"Content-Type: multipart/mixed; boundary={long}", *parts, boundary=long),
        "two boundaries in one field, the first in use": _mixed("Content-Type: multipart/mixed; boundary=b; boundary=c", *parts),
        "two boundaries in one field, the second in use": _mixed("Content-Type: multipart/mixed; boundary=c; boundary=b", *parts),
        "two Content-Types, the first in use": _mixed("Content-Type: multipart/mixed; boundary=b\nContent-Type: text/plain", *parts),
        "two Content-Types, the second in use": _mixed("Content-Type: text/plain\nContent-Type: multipart/mixed; boundary=b", *parts),
        "two Content-Types with a boundary each": _mixed(
            "Content-Type: multipart/mixed; boundary=c\nContent-Type: multipart/mixed; boundary=b", *parts
        ),
        "a boundary that begins another": (
            f"{_VERSION}Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: multipart/mixed; boundary=bb\n\n--bb\n{_NOTE}\n--bb\n{_FILE}\n--bb--\n--b--\n"
        ),
        "a boundary that another begins": (
            f"{_VERSION}Content-Type: multipart/mixed; boundary=bb\n\n--bb\nContent-Type: multipart/mixed; boundary=b\n\n--b\n{_NOTE}\n--b\n{_FILE}\n--b--\n--bb--\n"
        ),
        "the same boundary inside": (
            f"{_VERSION}Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: multipart/mixed; boundary=b\n\n--b\n{_NOTE}\n--b\n{_FILE}\n--b--\n--b--\n"
        ),
        "the parameter written in capitals": _mixed("CONTENT-TYPE: MULTIPART/MIXED; BOUNDARY=b", *parts),
    }


def _delimiters() -> dict[str, str]:
    head = f"{_VERSION}Content-Type: multipart/mixed; boundary=b\n\n"
    return {
        "delimiters with blanks behind them": f"{head}--b  \t \n{_NOTE}\n--b \n{_FILE}\n--b-- \n",
        "no closing delimiter": f"{head}--b\n{_NOTE}\n--b\n{_FILE}\n",
        "a closing delimiter first": f"{head}--b--\n--b\n{_NOTE}\n--b\n{_FILE}\n--b--\n",
        "a part behind the closing delimiter": f"{head}--b\n{_NOTE}\n--b--\n--b\n{_FILE}\n--b--\n",
        "a closing delimiter with text behind it": f"{head}--b\n{_NOTE}\n--b--x\n--b\n{_FILE}\n--b--\n",
        "a delimiter with text behind it": f"{head}--b\n{_NOTE}\n--bx\n{_FILE}\n--b--\n",
        "a delimiter on the line of the header's end": f"{head}--b\n{_NOTE}--b\n{_FILE}--b--\n",
        "no line between delimiters": f"{head}--b\n--b\n{_FILE}\n--b--\n",
    }


def _headers() -> dict[str, str]:
    parts = (_NOTE, _FILE)
    plain = f"Content-Type: text/plain\n\n{SECRET}"
    return {
        "no MIME-Version": _mixed("Content-Type: multipart/mixed; boundary=b", *parts).removeprefix(_VERSION),
        "another MIME-Version": _mixed("Content-Type: multipart/mixed; boundary=b", *parts).replace("1.0", "2.0 (x)"),
        "a blank before the colon": _mixed("Content-Type : multipart/mixed; boundary=b", *parts),
        "a line that is no field": _mixed("this is no field\nContent-Type: multipart/mixed; boundary=b", *parts),
        "a header that begins with a folded line": f" folded\n{_VERSION}{plain}",
        "a header that ends in a line of blanks": f"{_VERSION}Content-Type: multipart/mixed; boundary=b\n \t \n--b\n{_NOTE}\n--b\n{_FILE}\n--b--\n",
        "a field folded over a line of blanks": _mixed("Content-Type: multipart/mixed;\n \n boundary=b", *parts),
        "no semicolon before the boundary": _mixed("Content-Type: multipart/mixed boundary=b", *parts),
        "two semicolons before the boundary": _mixed("Content-Type: multipart/mixed;; ; boundary=b", *parts),
        "a multipart without subtype": _mixed("Content-Type: multipart; boundary=b", *parts),
        "an unknown multipart": _mixed("Content-Type: multipart/x-unheard-of; boundary=b", *parts),
        "a media type with blanks": _mixed("Content-Type: multipart / mixed; boundary=b", *parts),
        "a Content-Type folded in the middle": _mixed("Content-Type:\n multipart/mixed\n ;\n boundary=b", *parts),
        "a Content-Type before anything else, with another later": (
            f"Content-Type: multipart/mixed; boundary=b\nX-One: 1\n{_VERSION}Content-Type: application/octet-stream\n\n--b\n{_NOTE}\n--b\n{_FILE}\n--b--\n"
        ),
        "a part without a header": f"{_VERSION}Content-Type: multipart/mixed; boundary=b\n\n--b\n\n{SECRET}\n--b--\n",
        "a part whose header is not ended": f"{_VERSION}Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: text/plain\n{SECRET}\n--b--\n",
        "a part said to be a picture": f"{_VERSION}Content-Type: multipart/mixed; boundary=b\n\n--b\n{_NOTE}\n--b\nContent-Type: image/png\n\n{SECRET}\n--b--\n",
        "a text of an unknown subtype": f"{_VERSION}Content-Type: text/x-unheard-of\n\n{SECRET}",
        "a text with an impossible media type": f"{_VERSION}Content-Type: text\n\n{SECRET}",
        "an empty Content-Type": f"{_VERSION}Content-Type:\n\n{SECRET}",
        "a body said to be an application": f"{_VERSION}Content-Type: application/octet-stream\n\n{SECRET}",
        "a header of 300 fields before it": "".join(f"X-Field-{number}: {number}\n" for number in range(300)) + f"{_VERSION}{plain}",
    }


def _outside() -> dict[str, str]:
    head = f"{_VERSION}Content-Type: multipart/mixed; boundary=b\n\n"
    return {
        "words before the first delimiter": f"{head}{SECRET}\n--b\n{_NOTE}\n--b--\n",
        "words behind the last delimiter": f"{head}--b\n{_NOTE}\n--b--\n{SECRET}",
        "a file before the first delimiter": f"{head}{_FILE}\n--b\n{_NOTE}\n--b--\n",
        "a file behind the last delimiter": f"{head}--b\n{_NOTE}\n--b--\n{_FILE}\n",
        "uuencode before the first delimiter": f"{head}{_uu()}\n--b\n{_NOTE}\n--b--\n",
        "uuencode in a text": f"{_VERSION}Content-Type: text/plain\n\nPlease see below.\n\n{_uu()}",
        "uuencode in a text, twice": f"{_VERSION}Content-Type: text/plain\n\n{_uu('Nothing.')}\nand\n{_uu()}",
        "uuencode without an end": f"{_VERSION}Content-Type: text/plain\n\n{_uu().removesuffix('end' + chr(10))}",
        "uuencode in a message without MIME": f"\n{_uu()}",
        "uuencode with begin-base64": f"{_VERSION}Content-Type: text/plain\n\nbegin-base64 644 list.txt\n{_B64}====\n",
    }


def _uu(text: str = SECRET) -> str:
    import binascii

    octets = text.encode()
    lines = [binascii.b2a_uu(octets[at : at + 45]).decode() for at in range(0, len(octets), 45)]
    return "begin 644 list.txt\n" + "".join(lines) + "`\nend\n"


def _nesting() -> dict[str, str]:
    inner = _mixed("Content-Type: multipart/mixed; boundary=b", _NOTE, _FILE)
    letter = f"Subject: inside\n{_VERSION}Content-Type: text/plain\n\n{SECRET}"
    deep = _FILE
    for number in range(20):
        deep = f"Content-Type: multipart/mixed; boundary=b{number}\n\n--b{number}\n{deep}\n--b{number}--\n"
    forwarded = letter
    for _ in range(3):
        forwarded = f"Subject: forwarded\n{_VERSION}Content-Type: message/rfc822\n\n{forwarded}"
    encoded = {
        name: base64.encodebytes(text.encode()).decode() for name, text in {"letter": letter, "parts": inner.partition("\n\n")[2]}.items()
    }
    return {
        "a file 20 multiparts deep": _VERSION + deep,
        "words three forwarded messages deep": forwarded,
        "a forwarded message": f"{_VERSION}Content-Type: message/rfc822\n\n{letter}",
        "a forwarded message under base64": f"{_VERSION}Content-Type: message/rfc822\nContent-Transfer-Encoding: base64\n\n{encoded['letter']}",
        "a forwarded message under quoted-printable": (
            f"{_VERSION}Content-Type: message/rfc822\nContent-Transfer-Encoding: quoted-printable\n\n{letter.replace('NHS', '=4EHS').replace('485', '=34=38=35')}"
        ),
        "a multipart under base64": (
            f"{_VERSION}Content-Type: multipart/mixed; boundary=b\nContent-Transfer-Encoding: base64\n\n{encoded['parts']}"
        ),
        "a multipart under base64 inside another": (
            f"{_VERSION}Content-Type: multipart/mixed; boundary=o\n\n--o\nContent-Type: multipart/mixed; boundary=b\n"
            f"Content-Transfer-Encoding: base64\n\n{encoded['parts']}\n--o--\n"
        ),
        "a message/global": f"{_VERSION}Content-Type: message/global\n\n{letter}",
        "a digest": f"{_VERSION}Content-Type: multipart/digest; boundary=b\n\n--b\n\n{letter}\n--b--\n",
        "the second plain text of an alternative": _mixed("Content-Type: multipart/alternative; boundary=b", _NOTE, f"Content-Type: text/plain\n\n{SECRET}"),
        "an unknown alternative": _mixed("Content-Type: multipart/alternative; boundary=b", _NOTE, f"Content-Type: text/x-watch\n\n{SECRET}"),
        "a part that the root of a related does not name": _mixed(
            "Content-Type: multipart/related; boundary=b", "Content-Type: text/html\n\n<p>Please see below.", _FILE
        ),
        "words in a report's third part": _mixed(
            "Content-Type: multipart/report; report-type=delivery-status; boundary=b",
            _NOTE, "Content-Type: message/delivery-status\n\nReporting-MTA: dns; x.example\n", f"Content-Type: text/rfc822-headers\n\nSubject: {PERSON}\n",
        ),
        "words in a delivery status": _mixed(
            "Content-Type: multipart/report; report-type=delivery-status; boundary=b",
            _NOTE, f"Content-Type: message/delivery-status\n\nReporting-MTA: dns; x.example\n\nDiagnostic-Code: x; {PERSON}\n",
        ),
        "a Mac file in two parts": _mixed("Content-Type: multipart/appledouble; boundary=b", "Content-Type: application/applefile\n\n\x00\x05\x16\x07", _FILE),
        "a piece of a message": f'{_VERSION}Content-Type: message/partial; id="x"; number=1; total=2\n\n{letter}',
        "a body that is elsewhere": f'{_VERSION}Content-Type: message/external-body; access-type="anon-ftp"; name="x"\n\nContent-Type: text/plain\n\n{SECRET}',
        "a form's data": _mixed("Content-Type: multipart/form-data; boundary=b", f'Content-Disposition: form-data; name="x"\n\n{SECRET}'),
        "a file below an inline disposition": _mixed(
            "Content-Type: multipart/mixed; boundary=b", _NOTE, _FILE.replace("attachment;", "inline;")
        ),
        "a real file that carries a Content-ID": _mixed(
            "Content-Type: multipart/related; boundary=b", "Content-Type: text/html\n\n<img src='cid:x'>", f"Content-ID: <x>\n{_FILE}"
        ),
    }  # fmt: skip
