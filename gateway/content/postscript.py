r"""Pages and forms whose words are strings among operators: PostScript, EPS and Adobe's form data (FDF).

Strings are `(words \050 and \) signs)` and `<6865>` (PostScript Language Reference 3.2.2; ISO 32000-2 section 7.3.4), of FDF also UTF-16.
Each is a line, and all of PostScript also follow one another without an end, for a line is often shown in pieces. What a page shows comes
out of a program, fonts with any codes, and packed data: so PostScript is read as far as this, and is unsupported all the same. So are the
language of printers (PCL), and FDF with streams or a password. The text as it stands is read besides. What is only called a page, and has
no word of the language, is text.
"""

from __future__ import annotations

import binascii
import codecs
import re
from collections.abc import Iterable, Iterator

from gateway.content.naming import extension_of
from gateway.content.reading import Item, Source, Spent, Unreadable
from gateway.content.text import read_text
from gateway.model.finding import Place, Readable

_NAMES = frozenset({"ps", "eps", "epsf", "epsi"})
# What shows words needs a point, a font or a path, or makes such an operator and executes it. "Show" alone is a word of every day.
_OPERATORS = re.compile(
    rb"%!|[)\]>}]\s{0,9}(?:show|image)\b"
    rb"|\b(?:r?(?:move|line|curve)to|arc|arcn|arct|arcto|(?:find|select|scale|make|set)font|(?:[akxy]|xy|a?width|glyph)show|showpage|charpath"
    rb"|def|bind|cvx|cvn|exec|execform|eexec|systemdict|currentfile|gsave|grestore|newpath|closepath|rectfill|ufill|imagemask|colorimage"
    rb"|setgray|setrgbcolor|setcmykcolor"
    rb"|copypage|erasepage|setpagedevice|initgraphics|setmatrix|setlinewidth|setcolorspace|sethsbcolor|makepattern|uappend|ustroke|ueofill|eofill"
    rb"|rectstroke|shfill|readhexstring|readstring|putinterval|userdict|globaldict|statusdict|errordict)\b"
    rb"|/(?:ImageType|ShadingType|PatternType|FormType|[A-Z][A-Za-z0-9]{2,15}Decode)\b|\(%(?:stdin|lineedit|statementedit|[a-z]{2,8}%)"
    rb"|(?<=[0-9.])\s{1,9}+-?[0-9.]{1,9}+\s{1,9}+(?:scale|translate|roll|matrix)\b|\]\s{0,9}concat\b"
)
# Both together: a matrix, and what may be a word of every day.
_MATRIX = re.compile(rb"\[\s{0,9}+(?:-?[0-9.]{1,9}+\s{1,9}+){5}+-?[0-9.]{1,9}+\s{0,9}+\]")
_IMAGE = re.compile(rb"\bimage\b")
# A comment is a blank. Whatever stands behind one that follows a bracket is passed over once: its end need not be looked for again.
_BEHIND_COMMENTS = re.compile(rb"[)\]>}]\s*+%[^\r\n]*+(?:\s++|%[^\r\n]*+)*+((?:show|image)\b)?")
_COMMAND = re.compile(rb"\x1b[^$\[]")  # of PCL and HP-GL; the others begin Japanese text, and colours of a terminal
_SIGN = re.compile(rb"\\[0-7]{1,3}|\\\r\n|\\.|[()]|<(?:[0-9A-Fa-f\s]{2,}|<)>?", re.DOTALL)
_ESCAPED = {b"n": b"\n", b"r": b"\r", b"t": b"\t", b"b": b"", b"f": b"\n", b"\n": b"", b"\r": b""}
_UNREAD = re.compile(rb"\bstream\r?\n|/Encrypt\b")
_OFTEN = 4096  # strings between two looks at the clock


def is_called_page(names: Iterable[str], data: bytes) -> bool:
    """Whether a text with these names is a program that shows a page: it need not begin as it should."""
    return any(extension_of(name) in _NAMES for name in names) and _is_page(data)


def _is_page(data: bytes) -> bool:
    if _COMMAND.match(data) or _OPERATORS.search(data) or (_MATRIX.search(data) and _IMAGE.search(data)):
        return True
    return any(behind[1] for behind in _BEHIND_COMMENTS.finditer(data))


def read_postscript(source: Source, spent: Spent) -> Iterator[Item]:
    """The strings, and that there may be more."""
    yield from read_text(source, spent)
    said = [_decoded(string) for string in _strings(source.data, spent)]
    yield Place.TEXT, "strings", "\n".join(said)
    yield Place.TEXT, "strings in a row", "".join(said)
    raise Unreadable(Readable.UNSUPPORTED)


def read_printed(source: Source, spent: Spent) -> Iterator[Item]:
    """What stands between the commands to a printer."""
    yield from read_text(source, spent)
    raise Unreadable(Readable.UNSUPPORTED)


def read_form_data(source: Source, spent: Spent) -> Iterator[Item]:
    """ISO 32000-2 section 12.7.8: names and values of fields."""
    yield from read_text(source, spent)
    yield Place.TEXT, "form", "\n".join(map(_decoded, _strings(source.data, spent)))
    if _UNREAD.search(source.data):
        raise Unreadable(Readable.UNSUPPORTED)


def _strings(data: bytes, spent: Spent) -> Iterator[bytes]:
    """Every string; brackets within one stand in pairs."""
    found, depth, done = bytearray(), 0, 0
    for count, sign in enumerate(_SIGN.finditer(data)):
        if count % _OFTEN == 0:
            spent.time()
        token = sign[0]
        if depth:
            found += data[done : sign.start()]
        done = sign.end()
        if token == b"(":
            found += token if depth else b""
            depth += 1
        elif not depth:
            if token.startswith(b"<") and token.endswith(b">"):
                yield _from_hex(token)
        elif token == b")":
            depth -= 1
            found += token if depth else b""
            if not depth:
                yield bytes(found)
                found.clear()
        else:
            found += _meant(token)
    if depth:  # it has no end
        yield bytes(found + data[done:])


def _meant(token: bytes) -> bytes:
    """What a sign within a string stands for."""
    if not token.startswith(b"\\"):
        return token
    rest = token[1:]
    return bytes((int(rest, 8) & 255,)) if rest[:1].isdigit() and rest[:1] < b"8" else _ESCAPED.get(rest, rest.strip(b"\r\n"))


def _from_hex(token: bytes) -> bytes:
    digits = b"".join(token[1:-1].split())
    try:
        return binascii.unhexlify(digits + b"0" * (len(digits) % 2))
    except binascii.Error:
        return b""


def _decoded(string: bytes) -> str:
    """A text string (section 7.9.2.2); of the others nearly all are Latin."""
    if string.startswith((codecs.BOM_UTF16_BE, codecs.BOM_UTF16_LE)):
        return string.decode("utf-16", "replace")
    return string.decode("utf-8-sig" if string.startswith(codecs.BOM_UTF8) else "cp1252", "replace")
