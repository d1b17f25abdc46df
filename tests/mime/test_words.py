"""Text in header fields: encoded-words, parameters with every candidate, addresses."""

from email.header import Header, decode_header, make_header

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.mime.charsets import body_to_text, to_text
from gateway.mime.parameters import parse_parameters
from gateway.mime.words import decode_words, encode_words

PEOPLE = st.text(st.characters(exclude_categories=("Cs", "Cc", "Zs", "Zl", "Zp"), exclude_characters="=?"), min_size=1)


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("no words at all", "no words at all"),
        ("=?utf-8?Q?Caf=C3=A9_menu?=", "Café menu"),
        ("=?UTF-8?b?UkVTVFJJQ1RFRA==?= : plan", "RESTRICTED : plan"),
        ("=?iso-8859-1?q?=A3?= =?iso-8859-1?q?5?=", "£5"),  # blanks between two words vanish
        ("=?utf-8?b?w6k=?= =?utf-8?q?=C3?= =?utf-8?q?=A9?=", "éé"),  # a character cut between two words
        ("a =?utf-8?q?b?= c", "a b c"),
        ("=?utf-8*en?q?b?=", "b"),
        ("=?nonsense?q?=E9?=", "é"),
        ("=?utf-8?q?two words?=", "two words"),
        ("=?utf-8?b?QUJD?QUJD?=", "=?utf-8?b?QUJD?QUJD?="),
        ("=?utf-8?b?%%%?=", ""),
        ("=?zlib_codec?b?eJwDAAAAAAE=?=", to_text(b"x\x9c\x03\0\0\0\0\x01")),  # a codec of Python that is no charset
    ],
)
def test_encoded_words_are_read_as_clients_read_them(written: str, read: str) -> None:
    assert decode_words(written) == read


@given(PEOPLE)
def test_an_encoded_word_of_the_standard_library_is_read(text: str) -> None:
    assert decode_words(Header(text, "utf-8", maxlinelen=10_000).encode()) == text


@given(st.text(st.characters(exclude_categories=("Cs", "Cc"))))
def test_what_we_write_others_read(text: str) -> None:
    written = encode_words(text)

    assert written.isascii()
    assert decode_words(written.replace("\r\n", "")) == text
    assert all(len(line) <= 76 for line in written.split("\r\n")) or written == text
    assert str(make_header(decode_header(written.replace("\r\n", "")))) == text or written == text


@given(st.text(st.sampled_from("=?utf-8bBqQ_ AZ09+/é")))
def test_no_text_makes_decoding_raise(text: str) -> None:
    decode_words(text)


@pytest.mark.parametrize(
    ("octets", "charset", "text"),
    [
        (b"caf\xe9", "iso-8859-1", "café"),
        (b"\x93quoted\x94", "ISO-8859-1", "“quoted”"),  # windows-1252 in practice
        (b"caf\xc3\xa9", "us-ascii", "café"),
        (b"caf\xc3\xa9", None, "café"),
        (b"caf\xe9", None, "café"),
        (b"caf\xe9", "utf-8", "caf\ufffd"),
        (b"\xb0\xa1", "ks_c_5601-1987", "가"),
        (b"\x1b$B4A\x1b(B", "ISO-2022-JP", "漢"),
        (b"+AKM-", "utf-7", "£"),
        (b"x", "punycode", "x"),
        (b"x", "..\\..\\x", "x"),
        (b"a\x00b\x00", "utf-16le", "ab"),
    ],
)
def test_charsets(octets: bytes, charset: str | None, text: str) -> None:
    assert to_text(octets, charset) == text


def test_a_byte_order_mark_outranks_the_declared_charset() -> None:
    assert body_to_text("\ufeffRESTRICTED".encode("utf-16-le"), "us-ascii") == "RESTRICTED"
    assert body_to_text(b"\xef\xbb\xbfRESTRICTED", "iso-8859-1") == "RESTRICTED"


@given(st.binary(max_size=50), st.text(max_size=20))
def test_no_octets_and_no_charset_raise(octets: bytes, charset: str) -> None:
    to_text(octets, charset)
    body_to_text(octets, charset)


@pytest.mark.parametrize(
    ("value", "names"),
    [
        ('attachment; filename="a b.docx"', ("a b.docx",)),
        ("attachment; filename=a b.docx", ("a", "a b.docx")),
        ("attachment; filename=a.docx (final)", ("a.docx",)),
        ('attachment; filename="a(1).docx"', ("a(1).docx",)),
        ("attachment; filename*=utf-8''%e2%82%ac%20rates.xlsx; filename=rates.xlsx", ("€ rates.xlsx", "rates.xlsx")),
        ("attachment; filename=rates.xlsx; filename*=utf-8''%e2%82%ac.xlsx", ("€.xlsx", "rates.xlsx")),
        ("attachment; filename*1=lan.docx; filename*0=p", ("plan.docx", "lan.docxp")),
        ("attachment; filename*0*=iso-8859-1''caf%e9; filename*1=.docx", ("café.docx",)),
        ("attachment; filename*0*=utf-8''%c3; filename*1*=%a9.docx", ("é.docx",)),
        ('attachment; filename="=?utf-8?b?cGxhbi5leGU=?="', ("plan.exe", "=?utf-8?b?cGxhbi5leGU=?=")),
        ("attachment; filename=a.txt; filename=b.exe", ("a.txt", "b.exe")),
        (r'attachment; filename="C:\temp\a.docx"', ("C:tempa.docx", r"C:\temp\a.docx")),
        ('attachment; filename="open.docx', ("open.docx",)),
        ("attachment;filename=a.docx;", ("a.docx",)),
        ("attachment; FileName = a.docx", ("a.docx",)),
        ("attachment; (note) filename=a.docx", ("a.docx",)),
        ("attachment; filename", ()),
        ('attachment; filename=""', ("",)),
        ('attachment; filename="inv\u202excod.exe"', ("inv\u202excod.exe",)),
    ],
)
def test_every_name_that_some_client_would_show(value: str, names: tuple[str, ...]) -> None:
    assert parse_parameters(value).values.get("filename", ()) == names


@given(st.text(st.sampled_from(";=\"\\()*'% abfilename01\t"), max_size=60))
def test_no_parameters_raise(value: str) -> None:
    parse_parameters(value)
