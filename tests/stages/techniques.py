"""Ways to hide a file from whoever reads MIME otherwise than the recipient's program: one message for each, and what it is called.

Families: header sections, media types, boundaries, delimiter lines, structure, encodings, composites, text. From RFC 2046 and 2231, from
"Inbox Invasion: Exploiting MIME Ambiguities to Evade Email Attachment Detectors" (CCS 2024), and from what mail programs are known to do.
The file holds an NHS number and stands there in base64, so that it shows only where it is decoded.
"""

import base64
import binascii
from typing import NamedTuple

from gateway.model.message import DefectName

SECRET = b"Patient: 943 476 5919, seen on Monday by the team\r\n"
B64 = base64.encodebytes(SECRET).decode()
FILE = f'Content-Type: text/csv; name="list.csv"\nContent-Transfer-Encoding: base64\nContent-Disposition: attachment\n\n{B64}'
TEXT = "Content-Type: text/plain\n\nhello\n"
D = DefectName


class Technique(NamedTuple):
    name: str
    octets: bytes
    defects: frozenset[DefectName]  # those among others


def _wire(text: str) -> bytes:
    return text.replace("\n", "\r\n").encode()


def message(header: str, body: str) -> bytes:
    return _wire(f"From: a@a.example\nTo: b@b.example\nSubject: x\nMIME-Version: 1.0\n{header}\n\n{body}")


def mixed(parts: list[str], boundary: str = "b") -> str:
    return "".join(f"--{boundary}\n{part}\n" for part in parts) + f"--{boundary}--\n"


def one(name: str, header: str, body: str, *defects: DefectName) -> Technique:
    return Technique(name, message(header, body), frozenset(defects))


MIXED = 'Content-Type: multipart/mixed; boundary="b"'
BODY = mixed([TEXT, FILE])


def file_with(fields: str, body: str = B64) -> str:
    return mixed([TEXT, f"{fields}\n\n{body}"])


def csv(encoding: str, body: str = B64, field: str = "") -> str:
    more = f"\nContent-Transfer-Encoding: {field}" if field else ""
    return file_with(f"Content-Type: text/csv\nContent-Transfer-Encoding: {encoding}{more}", body)


def words(body: str) -> str:
    return file_with("Content-Type: text/plain\nContent-Transfer-Encoding: quoted-printable", body)


def eml(encoding: str, body: str) -> str:
    return file_with(f"Content-Type: message/rfc822\nContent-Transfer-Encoding: {encoding}", body)


UU = "begin 644 list.csv\n" + "".join(binascii.b2a_uu(SECRET[at : at + 45]).decode() for at in range(0, len(SECRET), 45)) + "`\nend\n"
YENC_LINE = bytes((octet + 42) % 256 for octet in SECRET).replace(b"=", b"=}").replace(b"\r", b"=M").replace(b"\n", b"=J")
NESTED = f"Content-Type: multipart/mixed; boundary=inner\n\n{mixed([FILE], 'inner')}"
EML = f"Subject: inner\nMIME-Version: 1.0\n{MIXED}\n\n{BODY}"


def b64(text: str | bytes) -> str:
    return base64.encodebytes(text if isinstance(text, bytes) else _wire(text)).decode()


ENCODED_INNER = f"Content-Type: multipart/mixed; boundary=c\nContent-Transfer-Encoding: base64\n\n{b64(mixed([FILE], 'c'))}"


def qp_all(text: str) -> str:
    """Quoted-printable in which every character is escaped."""
    escaped = "".join(f"={octet:02X}" for octet in _wire(text))
    return "".join(escaped[at : at + 72] + "=\n" for at in range(0, len(escaped), 72))


TECHNIQUES = [
    # --- header sections
    one("two Content-Type fields, the second counts", f"Content-Type: text/plain\n{MIXED}", BODY, D.DUPLICATE_HEADER, D.CONFLICTING_HEADER),
    one("two Content-Type fields, the first counts", f"{MIXED}\nContent-Type: text/plain", BODY, D.DUPLICATE_HEADER),
    one("two multiparts, the second boundary counts", f'Content-Type: multipart/mixed; boundary="a"\n{MIXED}', mixed([TEXT, BODY], "a")),
    one("a blank before the colon", 'Content-Type : multipart/mixed; boundary="b"', BODY, D.ODD_FIELD_NAME),
    one("a tab before the colon", 'Content-Type\t: multipart/mixed; boundary="b"', BODY, D.ODD_FIELD_NAME),
    one("a control character in the name", 'Content-\x01Type: multipart/mixed; boundary="b"', BODY, D.ODD_HEADER, D.ODD_FIELD_NAME),
    one("a letter beyond ASCII before the name", "\u200bContent-Type: multipart/mixed; boundary=b", BODY, D.ODD_HEADER, D.ODD_FIELD_NAME),
    one("a line that is no field before the field", f"no field\n{MIXED}", BODY, D.ODD_HEADER),
    one("a line that is no field behind the field", f"{MIXED}\nno field\nContent-Type: text/plain", BODY, D.ODD_HEADER),
    one("the first delimiter in the header section", f"{MIXED}\n--b\n{FILE}--b--\nX: y", "hello\n", D.ODD_HEADER),
    one("a line of blanks ends the header section", f"{MIXED}\n \nContent-Type: text/plain", BODY, D.ODD_HEADER_END),
    one("a line of blanks that ends it not", f"X-A: y\n \t\n{MIXED}", BODY, D.ODD_HEADER_END),
    one("a folded field with nothing on its first line", 'Content-Type:\n multipart/mixed;\n\tboundary="b"', BODY),
    one("letters in upper case", 'CONTENT-TYPE: MULTIPART/MIXED; BOUNDARY="b"', BODY),
    Technique("no MIME-Version", _wire(f"Subject: x\n{MIXED}\n\n{BODY}"), frozenset({D.MIME_VERSION_MISSING})),
    Technique("a line of a mailbox first", _wire(f"From a@a.example Mon Jan 5 2026\n{MIXED}\n\n{BODY}"), frozenset()),
    Technique("no field at all first", _wire(f"no field\n{MIXED}\n\n{BODY}"), frozenset({D.NO_HEADER})),
    Technique("a stray continuation first", _wire(f" Content-Type: multipart/mixed; boundary=b\n\n{BODY}"), frozenset({D.ODD_HEADER})),
    Technique("an empty line first", _wire(f"\nSubject: x\n{MIXED}\n\n{BODY}"), frozenset({D.ODD_HEADER_END})),
    one("an empty line first in a member", MIXED, mixed([TEXT, f"\n{FILE}"]), D.ODD_HEADER_END),
    one("a member without its empty line", MIXED, mixed([TEXT, FILE.replace("\n\n", "\n", 1)])),
    # --- media types
    one("blanks in the type", "Content-Type: multipart / mixed; boundary=b", BODY, D.ODD_MEDIA_TYPE),
    one("no subtype", "Content-Type: multipart; boundary=b", BODY, D.ODD_MEDIA_TYPE),
    one("an empty subtype", "Content-Type: multipart/; boundary=b", BODY, D.ODD_MEDIA_TYPE),
    one("too many subtypes", "Content-Type: multipart/mixed/x; boundary=b", BODY, D.ODD_MEDIA_TYPE),
    one("an encoded type", "Content-Type: =?utf-8?q?multipart/mixed?=; boundary=b", BODY, D.ODD_MEDIA_TYPE),
    one("a comment in the type", "Content-Type: multipart/(text/plain)mixed; boundary=b", BODY, D.ODD_MEDIA_TYPE),
    one("quotes around the type", 'Content-Type: "multipart/mixed"; boundary=b', BODY),
    one("a type nobody knows", "Content-Type: multipart/x-odd; boundary=b", BODY),
    # --- boundaries
    one("two boundaries, the second splits", "Content-Type: multipart/mixed; boundary=a; boundary=b", BODY, D.ODD_BOUNDARY),
    one("two that both split", "Content-Type: multipart/mixed; boundary=a; boundary=b", mixed([TEXT, BODY], "a"), D.ODD_BOUNDARY),
    one("no semicolon before the boundary", "Content-Type: multipart/mixed boundary=b", BODY, D.ODD_BOUNDARY),
    one("two semicolons", "Content-Type: multipart/mixed;; boundary=b", BODY),
    one("blanks around the equals sign", 'Content-Type: multipart/mixed; boundary = "b"', BODY),
    one("a quote that never closes", 'Content-Type: multipart/mixed; boundary="b', BODY),
    one("something behind the quotes", 'Content-Type: multipart/mixed; boundary="b"c', mixed([TEXT, FILE], "bc"), D.ODD_BOUNDARY),
    one("single quotes", "Content-Type: multipart/mixed; boundary='b'", BODY, D.ODD_BOUNDARY),
    one("a backslash in quotes", 'Content-Type: multipart/mixed; boundary="\\b"', BODY, D.ODD_BOUNDARY),
    one("a backslash that stays", 'Content-Type: multipart/mixed; boundary="\\b"', mixed([TEXT, FILE], "\\b"), D.ODD_BOUNDARY),
    one("a comment before it", "Content-Type: multipart/mixed; boundary=(a)b", BODY, D.ODD_BOUNDARY),
    one("a comment that belongs to it", "Content-Type: multipart/mixed; boundary=(a)b", mixed([TEXT, FILE], "(a)b"), D.ODD_BOUNDARY),
    one("folded inside", 'Content-Type: multipart/mixed; boundary="b\n c"', mixed([TEXT, FILE], "bc"), D.ODD_BOUNDARY),
    one("folded inside, the blank stays", 'Content-Type: multipart/mixed; boundary="b\n  c"', mixed([TEXT, FILE], "b  c"), D.ODD_BOUNDARY),
    one("RFC 2231, one piece", "Content-Type: multipart/mixed; boundary*=utf-8''%62", BODY, D.ODD_BOUNDARY),
    one("RFC 2231, pieces", "Content-Type: multipart/mixed; boundary*0=b; boundary*1=c", mixed([TEXT, FILE], "bc"), D.ODD_BOUNDARY),
    one("RFC 2231, not joined", "Content-Type: multipart/mixed; boundary*0=b; boundary*1=c", BODY, D.ODD_BOUNDARY),
    one("RFC 2231 beside a plain one", "Content-Type: multipart/mixed; boundary*=''a; boundary=b", BODY, D.ODD_BOUNDARY),
    one("RFC 2047", "Content-Type: multipart/mixed; boundary==?utf-8?b?Yg==?=", BODY, D.ODD_BOUNDARY),
    one("RFC 2047, not decoded", 'Content-Type: multipart/mixed; boundary="=?x?q?b?="', mixed([TEXT, FILE], "=?x?q?b?="), D.ODD_BOUNDARY),
    one("an empty one", 'Content-Type: multipart/mixed; boundary=""', mixed([TEXT, FILE], ""), D.ODD_BOUNDARY),
    one("none", "Content-Type: multipart/mixed", BODY, D.BOUNDARY_MISSING, D.READINGS_DISAGREE),
    one("one that does not split", "Content-Type: multipart/mixed; boundary=other", BODY, D.BOUNDARY_MISSING, D.READINGS_DISAGREE),
    one("longer than 70 characters", f"Content-Type: multipart/mixed; boundary={'b' * 80}", mixed([TEXT, FILE], "b" * 70), D.ODD_BOUNDARY),
    one("a blank at its end", 'Content-Type: multipart/mixed; boundary="b "', mixed([TEXT, FILE], "b ")),
    # --- delimiter lines
    one("blanks behind", MIXED, BODY.replace("--b\n", "--b \t\n"), D.ODD_DELIMITER),
    one("something behind", MIXED, mixed([TEXT]).replace("--b--\n", "") + f"--bx\n{FILE}--b--\n", D.ODD_DELIMITER, D.READINGS_DISAGREE),
    one("no closing delimiter", MIXED, BODY.removesuffix("--b--\n"), D.BOUNDARY_UNCLOSED),
    one("behind the closing delimiter", MIXED, mixed([TEXT]) + BODY, D.PART_OUTSIDE, D.READINGS_DISAGREE),
    one("the closing delimiter first", MIXED, f"--b--\n{BODY}", D.PART_OUTSIDE),
    one("a half-closed delimiter", MIXED, f"--b\n{TEXT}--b-\n{FILE}--b--\n", D.ODD_DELIMITER),
    one("only a closing one behind the file", MIXED, f"{FILE}\n--b\n{TEXT}--b--\n", D.PART_OUTSIDE, D.READINGS_DISAGREE),
    one("a file before words and the first delimiter", MIXED, f"This is MIME.\n{FILE}\n--b\n{TEXT}--b--\n", D.PART_OUTSIDE),
    one("a file behind the last delimiter", MIXED, mixed([TEXT]) + FILE, D.PART_OUTSIDE, D.READINGS_DISAGREE),
    one("uuencode before the first delimiter", MIXED, UU + mixed([TEXT]), D.PART_OUTSIDE, D.FILE_IN_TEXT),
    one("uuencode behind the last delimiter", MIXED, mixed([TEXT]) + UU, D.PART_OUTSIDE, D.FILE_IN_TEXT),
    # --- structure
    one("the inner boundary begins like the outer one", MIXED, mixed([TEXT, NESTED.replace("inner", "bb")])),
    one("the same boundary inside", MIXED, f"--b\n{MIXED}\n\n--b\n{TEXT}\n--b\n{FILE}\n--b--\n--b--\n", D.BOUNDARY_MISSING),
    one(
        "inner parts behind the outer end",
        MIXED,
        f"--b\nContent-Type: multipart/mixed; boundary=inner\n\n--inner\n{TEXT}\n--b--\n{mixed([FILE], 'inner')}",
        D.NESTED_BOUNDARY,
        D.READINGS_DISAGREE,
    ),
    one(
        "an inner part goes on behind an outer delimiter",
        MIXED,
        f"--b\nContent-Type: multipart/mixed; boundary=inner\n\n--inner\n{TEXT}\n--b\n\nwords\n{mixed([FILE], 'inner')}--b--\n",
        D.NESTED_BOUNDARY,
    ),
    one("in a multipart in a multipart", MIXED, mixed([TEXT, NESTED])),
    one("an alternative nobody shows", "Content-Type: multipart/alternative; boundary=b", BODY),
    one("in a related part", "Content-Type: multipart/related; boundary=b", BODY),
    one("in a digest", "Content-Type: multipart/digest; boundary=b", mixed([f"\n{EML}"])),
    one("in an attached message", MIXED, mixed([TEXT, f"Content-Type: message/rfc822\n\n{EML}"])),
    one("in an attached message of another kind", MIXED, mixed([TEXT, f"Content-Type: message/global\n\n{EML}"])),
    # --- encodings
    one("a blank behind the token", MIXED, csv("base64 ")),
    one("a semicolon behind it", MIXED, csv("base64;"), D.ODD_ENCODING),
    one("a comment", MIXED, csv("(7bit) base64"), D.ODD_ENCODING),
    one("a comment in a comment", MIXED, csv("base64 (a(b)c)"), D.ODD_ENCODING),
    one("quotes", MIXED, csv('"base64"'), D.ODD_ENCODING),
    one("upper case", MIXED, csv("BASE64")),
    one("folded", MIXED, file_with("Content-Type: text/csv\nContent-Transfer-Encoding:\n base64")),
    one("cut by a fold", MIXED, csv("ba\n se64"), D.ODD_ENCODING),
    one("an encoded token", MIXED, csv("=?us-ascii?q?base64?="), D.ODD_ENCODING),
    one("one nobody knows", MIXED, csv("x-base64"), D.ODD_ENCODING, D.READINGS_DISAGREE),
    one("two of them", MIXED, csv("7bit", field="base64"), D.CONFLICTING_HEADER),
    one("two of them, the other way", MIXED, csv("base64", field="quoted-printable"), D.CONFLICTING_HEADER),
    one("two in one field", MIXED, csv("base64, 7bit"), D.ODD_ENCODING),
    one("junk in base64", MIXED, csv("base64", f"!*!{B64[:9]}\u00e9#{B64[9:]}"), D.BAD_BASE64),
    one("padding in the middle", MIXED, csv("base64", b64(b"xxxx") + B64), D.BAD_BASE64),
    one("each line padded", MIXED, csv("base64", b64(SECRET[:13]) + b64(SECRET[13:])), D.BAD_BASE64),
    one("padding that only hides", MIXED, csv("base64", B64[:10] + "=" + B64[10:]), D.BAD_BASE64),
    one("a second file behind the padding", MIXED, csv("base64", b64(SECRET[:-1]) + b64(b"%PDF-1.4 x")), D.BAD_BASE64),
    one("stops at junk", MIXED, csv("base64", b64(SECRET + b"\n").rstrip("=\n") + "\n!!!\n" + b64(b"\0" * 99)), D.BAD_BASE64),
    one("an odd length", MIXED, csv("base64", B64.rstrip() + "A"), D.BAD_BASE64),
    one("the alphabet of URLs", MIXED, csv("base64", base64.urlsafe_b64encode(b"???>>> " + SECRET).decode())),
    one("clear text under base64", MIXED, csv("base64", SECRET.decode().replace("\r", "")), D.BAD_BASE64),
    one("a broken escape", MIXED, words("Patient: 943 47=6 591=9\n"), D.BAD_QUOTED_PRINTABLE),
    one("a doubled escape", MIXED, words("Patient: 943 47==6 5919\n"), D.BAD_QUOTED_PRINTABLE),
    one("soft line breaks", MIXED, words("Patient: 943 4= \n76 59=\n19\n")),
    one("escapes in lower case", MIXED, words("Patient:=20943=20476=205919 =3d\n")),
    one("uuencode as the encoding", MIXED, csv("x-uuencode", UU)),
    # --- composites under an encoding, and elsewhere
    one("a message under base64", MIXED, eml("base64", b64(EML)), D.ENCODED_COMPOSITE),
    one("a message under quoted-printable", MIXED, eml("quoted-printable", qp_all(EML)), D.ENCODED_COMPOSITE),
    one("a message that only says so", MIXED, eml("base64", EML), D.ENCODED_COMPOSITE),
    one("a multipart under base64", f"{MIXED}\nContent-Transfer-Encoding: base64", b64(BODY), D.ENCODED_COMPOSITE),
    one("a multipart under quoted-printable", f"{MIXED}\nContent-Transfer-Encoding: quoted-printable", qp_all(BODY), D.ENCODED_COMPOSITE),
    one("a multipart that only says so", f"{MIXED}\nContent-Transfer-Encoding: base64", BODY, D.ENCODED_COMPOSITE),
    one(
        "a multipart with more delimiters once decoded",
        f"{MIXED}\nContent-Transfer-Encoding: quoted-printable",
        mixed([TEXT]).replace("--b--\n", f"=2D-b\n{FILE}=2D-b--\n--b--\n").replace("=\n", "=3D\n"),
        D.ENCODED_COMPOSITE,
        D.READINGS_DISAGREE,
    ),
    one("a multipart in base64 in a multipart", MIXED, mixed([TEXT, ENCODED_INNER]), D.ENCODED_COMPOSITE),
    one("a piece of a message", MIXED, mixed([TEXT, f"Content-Type: message/partial; number=1; id=x\n\n{EML}"]), D.MESSAGE_PARTIAL),
    # --- text
    one("uuencode in words", "Content-Type: text/plain", f"see below\n\n{UU}", D.FILE_IN_TEXT),
    one("uuencode without its end", "Content-Type: text/plain", UU.replace("`\nend\n", ""), D.FILE_IN_TEXT),
    one("uuencode in words under base64", "Content-Transfer-Encoding: base64", b64(f"see below\n\n{UU}"), D.FILE_IN_TEXT),
    one("uuencode in words without a type", "X-A: b", UU, D.FILE_IN_TEXT),
    one("uuencode in an attached text", MIXED, mixed([TEXT, f"Content-Type: text/plain; name=a.txt\n\n{UU}"]), D.FILE_IN_TEXT),
    one("base64 of uuencode's family", "Content-Type: text/plain", f"begin-base64 644 a.csv\n{B64}====\n", D.FILE_IN_TEXT),
    Technique(
        "yEnc in words",
        _wire("Subject: x\n\nhello\n=ybegin line=128 size=51 name=list.csv\n") + YENC_LINE + _wire("\n=yend size=51\n"),
        frozenset({D.FILE_IN_TEXT}),
    ),
    Technique(
        "yEnc in parts",
        _wire("Subject: x\n\n=ybegin part=1 line=128 name=list.csv\n=ypart begin=1 end=51\n") + YENC_LINE + _wire("\n=yend size=51\n"),
        frozenset({D.FILE_IN_TEXT}),
    ),
    one("two charsets", "Content-Type: text/plain; charset=us-ascii; charset=utf-7", "Patient: 943+ACA-476+ACA-5919\n"),
]  # fmt: skip
