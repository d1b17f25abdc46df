"""Words put into an encoded body, at one place, so that all its other octets stay as they are. Pure.

In: an encoded body (the beginning of one is enough) and an offset into what it decodes to. Out: a gap, which takes words and says what is
to be put where. Quoted-printable is entered between two escapes, base64 between two groups of three octets: where the place is inside of a
group, that group alone is written anew. What cannot be entered for sure has no gap.
Standards: RFC 2045 sections 6.7 and 6.8.
"""

from __future__ import annotations

import re
from binascii import a2b_base64, a2b_qp, b2a_base64, b2a_qp
from dataclasses import dataclass

from gateway.model.message import Encoding

_DASHES = re.compile(rb"^--", re.MULTILINE)
_ESCAPES = re.compile(rb"=[0-9A-Fa-f]{2}|[^=]")
_GROUP = 3  # octets that four characters of base64 stand for
_LINE = 57  # octets of one line of base64
_ALPHABET = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/="


@dataclass(frozen=True, slots=True)
class Gap:
    """A place in an encoded body."""

    encoding: Encoding
    start: int  # offsets into the encoded body: what stands there now ...
    end: int  # ... is a part of a group of base64, or nothing
    before: bytes = b""  # the octets of that group before the place, decoded
    after: bytes = b""  # and behind it
    is_beginning: bool = True  # of a line

    def filled(self, words: bytes) -> bytes:
        """What is to stand there: words in lines that end in CRLF, encoded, and the rest of a group."""
        match self.encoding:
            case Encoding.BASE64:
                return self._in_base64(words)
            case Encoding.QUOTED_PRINTABLE:
                lines = b2a_qp(words, istext=True).replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")  # its soft breaks may end in LF alone
                return self._from_beginning(_DASHES.sub(b"=2D-", lines))
            case _:
                return self._from_beginning(words)

    def _from_beginning(self, lines: bytes) -> bytes:
        return lines if self.is_beginning else b"\r\n" + lines

    def _in_base64(self, words: bytes) -> bytes:
        """Empty lines behind the words make them whole groups, so that all that follows keeps its own."""
        words += b"\r\n" * (len(words) % _GROUP)  # two octets each: of one too many two lines, of two too many one make a group
        octets = self.before + words + self.after
        lines = b"".join(b2a_base64(octets[at : at + _LINE], newline=False) + b"\r\n" for at in range(0, len(octets), _LINE))
        return self._from_beginning(lines)


def gap_at(encoded: bytes, encoding: Encoding, offset: int) -> Gap | None:
    """The gap at this offset into the decoded octets; None: there is none that every reader would find in the same place."""
    match encoding:
        case Encoding.IDENTITY:
            return Gap(encoding, offset, offset, is_beginning=_begins_line(encoded, offset)) if offset <= len(encoded) else None
        case Encoding.QUOTED_PRINTABLE:
            return _in_quoted_printable(encoded, offset)
        case Encoding.BASE64:
            return _in_base64(encoded, offset)
        case Encoding.UUENCODE | Encoding.UNKNOWN:
            return None


def _begins_line(octets: bytes, at: int) -> bool:
    return not at or octets[:at].endswith(b"\n")


def _in_quoted_printable(encoded: bytes, offset: int) -> Gap | None:
    done = at = 0
    for line in encoded.splitlines(keepends=True):
        size = len(a2b_qp(line))
        if done + size >= offset:
            break
        done, at = done + size, at + len(line)
    for escape in _ESCAPES.finditer(encoded, at):
        if done >= offset or escape.start() != at:
            break
        done, at = done + 1, escape.end()
    # What is no escape, or blanks that readers drop, may count otherwise: then it is not entered here.
    is_sure = done == offset and len(a2b_qp(encoded[:at])) == offset and encoded[at - 1 : at] not in (b" ", b"\t")
    return Gap(Encoding.QUOTED_PRINTABLE, at, at, is_beginning=_begins_line(encoded, at)) if is_sure else None


def _in_base64(encoded: bytes, offset: int) -> Gap | None:
    groups, rest = divmod(offset, _GROUP)
    start = _behind(encoded, 0, 4 * groups)
    end = _behind(encoded, start, 4) if rest and start is not None else start
    if start is None or end is None or b"=" in encoded[:start]:
        return None
    group = a2b_base64(encoded[start:end])
    return Gap(Encoding.BASE64, start, end, group[:rest], group[rest:], is_beginning=_begins_line(encoded, start))


def _behind(encoded: bytes, at: int, characters: int) -> int | None:
    """Behind so many characters of base64, and the end of the line that they fill; None: something else stands among them."""
    while characters:
        end = encoded.find(b"\r\n", at)
        taken = encoded[at : end if end >= 0 else len(encoded)][:characters]
        if taken.translate(None, _ALPHABET) or (not taken and end < 0):
            return None
        characters -= len(taken)
        at += len(taken)
        at += 2 * encoded.startswith(b"\r\n", at)
    return at
