"""Octets to text, as mail clients guess it. Pure; never an exception: what cannot be decoded becomes U+FFFD.

Standards: RFC 2046 section 4.1.2; the WHATWG Encoding Standard for what a label means in practice (ISO-8859-1 is windows-1252).
Names come from a closed table: a hostile charset name makes Python import nothing and remember nothing.
"""

from __future__ import annotations

import codecs
from encodings.aliases import aliases

# No charsets of text, or decoders that take quadratic time or read escapes that no mail client reads.
_NO_CHARSETS = frozenset(
    {"base64_codec", "bz2_codec", "hex_codec", "quopri_codec", "rot_13", "uu_codec", "zlib_codec"}
    | {"mbcs", "oem", "idna", "punycode", "undefined", "unicode_escape", "raw_unicode_escape", "charmap"}
)
# What is written under a narrow name is in fact the wide one.
_IN_PRACTICE = {
    "latin_1": "cp1252",
    "iso8859_1": "cp1252",
    "iso8859_9": "cp1254",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "shift_jis": "cp932",
    "euc_kr": "cp949",
    "tis_620": "cp874",
}
_CODECS = {alias: _IN_PRACTICE.get(codec, codec) for alias, codec in aliases.items() if codec not in _NO_CHARSETS}
_CODECS |= {codec: codec for codec in _CODECS.values()}
_CODECS |= {narrow: wide for narrow, wide in _IN_PRACTICE.items() if narrow not in _CODECS}
_CODECS |= {"utf8mb4": "utf_8", "unicode": "utf_16", "x_sjis": "cp932", "x_gbk": "gb18030", "iso_2022_jp": "iso2022_jp_2"}
_ASCII_AND_MORE = frozenset({"utf_8", "ascii", "cp1252"})
_MARKS = ((codecs.BOM_UTF8, "utf_8"), (codecs.BOM_UTF32_LE, "utf_32"), (codecs.BOM_UTF16_LE, "utf_16"), (codecs.BOM_UTF16_BE, "utf_16"))
_MARK_BEGINS = frozenset(mark[:1] for mark, _ in _MARKS)


def find_codec(charset: str | None) -> str | None:
    """The Python codec for a charset label, or None when the label is missing or unknown."""
    if charset is None or charset in _USUAL:
        return _USUAL[charset]
    return _look_up(charset)


def _look_up(charset: str) -> str | None:
    name = charset.strip(" '\"").lower().replace("-", "_").replace(" ", "_").replace(".", "_")
    return _CODECS.get(name) or _CODECS.get(name.removeprefix("x_")) or _CODECS.get(name.replace("_", ""))


_USUAL = {None: None} | {name: _look_up(name) for name in ("utf-8", "UTF-8", "us-ascii", "iso-8859-1", "ISO-8859-1", "windows-1252")}


def to_text(octets: bytes, charset: str | None = None) -> str:
    """Decode by the declared charset; without a usable one by UTF-8, else by windows-1252."""
    codec = find_codec(charset)
    if (codec is None or codec in _ASCII_AND_MORE) and octets.isascii():
        return octets.decode("ascii")
    if codec is None or codec == "ascii":
        return _guess(octets)
    try:
        return octets.decode(codec, "replace")
    except (LookupError, ValueError):  # a codec missing from this Python, or one that refuses in spite of "replace"
        return _guess(octets)


def body_to_text(octets: bytes, charset: str | None) -> str:
    """Decode a body: a byte order mark outranks the declared charset, as clients have it."""
    for mark, codec in _MARKS if octets[:1] in _MARK_BEGINS else ():
        if octets.startswith(mark):
            text = octets.decode(codec, "replace").removeprefix("\ufeff")
            # Words of Europe, and blanks of all, leave NUL octets in UTF-16. Without one it may be no mark but letters of what is declared.
            return text if codec == "utf_8" or b"\0" in octets[:4096] else f"{text}\n{to_text(octets, charset)}"
    return to_text(octets, charset)


def _guess(octets: bytes) -> str:
    try:
        return octets.decode("utf-8")
    except UnicodeDecodeError:
        return octets.decode("cp1252", "replace")
