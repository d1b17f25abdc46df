"""Text in every charset that clients guess, with and without its name, and under a wrong one."""

import codecs

import pytest

from gateway.content.charsets import guesses, texts
from gateway.model.finding import Pattern, Patterns, Place
from tests.content.reading import EVERYWHERE, look, seen

TEXT = "Dear all\r\nOFFICIAL-SENSITIVE\r\nPatient 943 476 5919\r\n"
FOREIGN = {
    "cp1251": "Для служебного пользования",
    "koi8_r": "Для служебного пользования",
    "cp866": "Для служебного пользования",
    "iso8859_5": "Для служебного пользования",
    "gb18030": "机密文件不得外传",
    "big5": "機密文件不得外傳",
    "cp932": "社外秘の文書です",
    "euc_jp": "社外秘の文書です",
    "cp949": "대외비 문서입니다",
    "iso2022_jp": "社外秘の文書です",
    "iso2022_kr": "대외비 문서입니다",
    "hz": "机密文件不得外传",
    "cp1253": "ΕΜΠΙΣΤΕΥΤΙΚΟ έγγραφο",
    "cp1255": "מסמך סודי ביותר",
    "cp1256": "وثيقة سرية للغاية",
}


@pytest.mark.parametrize("name", ["a.txt", "a.csv", "a.bin"])
@pytest.mark.parametrize("charset", ["utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le", "utf-32-be", "cp1252"])
def test_latin_text_is_read_without_being_told_how(charset: str, name: str) -> None:
    (finding,) = look(TEXT.encode(charset), name)

    assert seen(finding) == {("sensitive", "text"), ("nhs-number", "text")}


@pytest.mark.parametrize("mark", [codecs.BOM_UTF16_BE, codecs.BOM_UTF32_BE])
def test_a_byte_order_mark_outranks_what_is_declared(mark: bytes) -> None:
    charset = {codecs.BOM_UTF16_BE: "utf-16-be", codecs.BOM_UTF32_BE: "utf-32-be"}[mark]

    assert ("sensitive", "text") in seen(look(mark + TEXT.encode(charset), "a.txt", charset="us-ascii")[0])


def test_what_only_looks_like_a_byte_order_mark_hides_nothing() -> None:
    assert ("sensitive", "text") in seen(look(b"\xff\xfe\xfa broken " + TEXT.encode(), "", "text/plain", charset="utf-8", is_words=True)[0])


def test_utf_7_declared_or_guessed() -> None:
    hidden = b"Dear all\r\n+AE8-FFICIAL-SENSITIVE\r\n"

    assert ("sensitive", "text") in seen(look(hidden, "a.txt", charset="utf-7")[0])
    assert ("sensitive", "text") in seen(look(hidden, "a.txt")[0])


def test_what_is_no_utf_7_stays() -> None:
    assert list(guesses(b"1+2+34 a+bcd/efg+hij== tel:+441234567890 " + b"QUJD+" * 5000)) == []


@pytest.mark.parametrize("codec", FOREIGN)
@pytest.mark.parametrize("declared", [None, "iso-8859-1", "us-ascii", "x-unknown"])
def test_another_script_is_read_whatever_is_declared(codec: str, declared: str | None) -> None:
    words = FOREIGN[codec]
    patterns = Patterns((Pattern("foreign", words, EVERYWHERE),))

    (finding,) = look(f"Dear all\n{words}\nBye".encode(codec), "a.txt", charset=declared, patterns=patterns)

    assert {item.id for item in finding.evidence} == {"foreign"}


def test_accents_among_latin_letters_are_not_guessed_about() -> None:
    assert list(guesses("Café \u2013 naïve 5 £ déjà vu".encode("cp1252"))) == []
    assert list(guesses("Для служебного".encode())) == []


def test_a_charset_in_which_words_are_no_ascii_gives_a_second_reading() -> None:
    assert len(texts(TEXT.encode(), "utf-16")) == 2
    assert len(texts(TEXT.encode("cp037"), "cp037")) == 2
    assert ("sensitive", "text") in seen(look(TEXT.encode("cp037"), "a.txt", charset="ibm037", is_words=True)[0])


def test_html_says_its_own_charset() -> None:
    html = '<meta http-equiv="Content-Type" content="text/html; charset=utf-7">+AE8-FFICIAL-SENSITIVE'

    for charset in (None, "us-ascii", "iso-8859-1"):
        assert "sensitive" in {found for found, _ in seen(look(html.encode(), "", "text/html", charset=charset, is_words=True)[0])}


@pytest.mark.parametrize(
    ("name", "text", "place"),
    [
        ("a.json", '{"a": "\\u004fFFICIAL-SENSITIVE"}', Place.TEXT),
        ("a.xml", '<?xml version="1.0"?><a>OFFICIAL-<b>SENS</b><b>ITIVE</b></a>', Place.FIRST_LINE),
        ("a.svg", '<svg xmlns="http://www.w3.org/2000/svg"><text>OFFICIAL-<tspan>SENSITIVE</tspan></text></svg>', Place.FIRST_LINE),
        ("a.yaml", "mark: OFFICIAL-SENSITIVE\n", Place.FIRST_LINE),
        ("a.md", "# **OFFICIAL-SENSITIVE**\n", Place.FIRST_LINE),
        ("a.py", 'MARK = "OFFICIAL-SENSITIVE"\n', Place.FIRST_LINE),
        ("a.url", "[InternetShortcut]\r\nURL=https://a.example/OFFICIAL-SENSITIVE\r\n", Place.TEXT),
        (
            "a.webloc",
            '<?xml version="1.0"?><plist><dict><key>URL</key><string>https://a/OFFICIAL-SENSITIVE</string></dict></plist>',
            Place.TEXT,
        ),
    ],
)
def test_what_is_written_in_plain_text(name: str, text: str, place: Place) -> None:
    assert ("sensitive", place.value) in seen(look(text.encode(), name)[0])


def test_a_shortcut_of_windows_says_where_it_leads() -> None:
    head = bytes.fromhex("4c0000000114020000000000c000000000000046") + bytes(56)
    target = "\\\\server\\OFFICIAL-SENSITIVE\\a.docx"

    for data in (head + target.encode("utf-16-le"), head + target.encode()):
        assert seen(look(data, "a.lnk")[0]) == {("sensitive", "text")}
