"""Encoded-words in header fields, read and written (RFC 2047). Pure; what is no encoded-word stays as it is.

Read as clients read: also inside quoted-strings and parameters, with blanks inside a word, and with a character cut between two words.
"""

from __future__ import annotations

import re
from binascii import a2b_qp
from collections.abc import Iterator

import pybase64

from gateway.mime.charsets import to_text
from gateway.mime.groups import decode_groups

_WORD = re.compile(r"=\?([^?\s]{1,80})\?([bBqQ])\?([^?]*)\?=")
_WORD_OCTETS = 45  # 60 characters of base64 and "=?utf-8?B?" "?=": below the 75 of RFC 2047 section 2


def decode_words(text: str) -> str:
    """The text with every encoded-word decoded; blanks between two of them vanish (RFC 2047 section 6.2)."""
    if "=?" not in text:
        return text
    done: list[str] = []
    octets: list[bytes] = []  # of neighbours in one charset: decoded together, for the sake of cut characters
    charset, end = "", 0
    for word in _WORD.finditer(text):
        between = text[end : word.start()]
        parted = not end or bool(between.strip())
        label = word[1].partition("*")[0].lower()  # RFC 2231 section 5: charset*language
        if octets and (parted or label != charset):
            done.append(to_text(b"".join(octets), charset))
            octets.clear()
        if parted:
            done.append(between)
        octets.append(_octets(word[2], word[3]))
        charset, end = label, word.end()
    if octets:
        done.append(to_text(b"".join(octets), charset))
    return "".join(done) + text[end:]


def encode_words(text: str) -> str:
    """The text as it may stand in an unstructured field: ASCII as it is, the rest as folded encoded-words."""
    if text.isascii() and "=?" not in text:
        return text
    return "\r\n ".join(f"=?utf-8?B?{pybase64.b64encode(octets).decode('ascii')}?=" for octets in _cut(text))


def _octets(encoding: str, text: str) -> bytes:
    if encoding in "bB":
        return decode_groups(text.encode("ascii", "ignore"))[0]
    # Characters beyond ASCII should not be here; they are kept as UTF-8.
    return a2b_qp(text.encode("utf-8", "surrogatepass"), header=True)


def _cut(text: str) -> Iterator[bytes]:
    """Pieces that end between characters (RFC 2047 section 5)."""
    piece = b""
    for character in text:
        octets = character.encode("utf-8", "replace")
        if len(piece) + len(octets) > _WORD_OCTETS:
            yield piece
            piece = b""
        piece += octets
    yield piece
