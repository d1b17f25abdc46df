"""RTF: body, edges of pages, properties, objects, and whatever else stands in braces."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.model.finding import Pattern, Patterns, Readable
from tests.build import encrypted_docx
from tests.content.reading import EVERYWHERE, look, seen

START = (
    b"{\\rtf1\\ansi\\ansicpg1252\\uc1{\\fonttbl{\\f0 Arial;}}"
    b"{\\colortbl;\\red0\\green0\\blue0;}{\\*\\generator Riched20;}{\\*\\newthing 2450}"
    b"{\\info{\\title Budget}}\r\n"
)


# As Word writes one: the words are the value of a property of a drawing.
WATERMARK = (
    b"{\\pard {\\shp{\\*\\shpinst\\shpleft0{\\sp{\\sn shapeType}{\\sv 136}}"
    b"{\\sp{\\sn gtextUNICODE}{\\sv RESTRICTED}}{\\sp{\\sn gtextFont}{\\sv Calibri}}}}}"
)


def found(octets: bytes) -> set[tuple[str, str]]:
    return seen(look(START + octets + b"}", "a.rtf", "application/rtf")[0])


@pytest.mark.parametrize(
    ("octets", "expected"),
    [
        (b"\\pard RESTRICTED\\par hello", ("restricted", "first_line")),
        (b"\\pard RESTR\r\nICTED\\line hello", ("restricted", "first_line")),
        (b"{\\b R}{\\i ESTRICTED}\\par x", ("restricted", "first_line")),
        (b"\\u82?ESTRICTED\\par x", ("restricted", "first_line")),
        (b"\\uc2\\u82 xyESTRICTED\\par x", ("restricted", "first_line")),
        (b"\\'52ESTRICTED\\par x", ("restricted", "first_line")),
        (b"{\\header\\pard Council\\tab RESTRICTED\\par}x", ("restricted", "page_header")),
        (b"\\titlepg{\\footerf RESTRICTED}x", ("restricted", "page_footer")),
        (b"{\\header%s Council\\par}x" % WATERMARK, ("restricted", "page_header")),
        (b"{\\header Council\\par%s Council\\par}x" % WATERMARK, ("restricted", "page_header")),
        (b"x%s" % WATERMARK.replace(b"RESTRICTED", b"OFFICIAL-SENSITIVE"), ("sensitive", "text")),
        (b"RESTR%sICTED\\par x" % WATERMARK.replace(b"RESTRICTED", b"DRAFT"), ("restricted", "first_line")),
        (b"{\\f1 \\u-4044 ?\\u-4040 ?\\u-4043 ?} 777 3457", ("nhs-number", "text")),
        (b"x {\\info{\\keywords OFFICIAL-SENSITIVE}}", ("sensitive", "properties")),
        (b"{\\*\\annotation OFFICIAL\\endash SENSITIVE}", ("sensitive", "text")),
        (b"{\\pict\\bin3 {{{}943 476 5919", ("nhs-number", "text")),
        (b"RESTR{\\v xyz}ICTED\\par x", ("restricted", "first_line")),
        (b"RESTR\\v xyz\\v0 ICTED\\par x", ("restricted", "first_line")),
        (b"RESTR{\\deleted xyz}ICTED\\par x", ("restricted", "first_line")),
        (b"a{\\v OFFICIAL-SENSITIVE}", ("sensitive", "text")),
        (b'{\\field{\\*\\fldinst HYPERLINK "https://a.example/OFFICIAL-SENSITIVE"}{\\fldrslt x}}', ("sensitive", "text")),
        (b"{\\field{\\*\\fldinst HYPERLINK x}{\\fldrslt 943 476 5919}}", ("nhs-number", "text")),
    ],
)
def test_words(octets: bytes, expected: tuple[str, str]) -> None:
    assert expected in found(octets)


@pytest.mark.parametrize(
    ("octets", "words"),
    [
        (b"{\\fonttbl{\\f1\\fcharset204 A;}}\\f1 \\'c4\\'eb\\'ff \\'e2\\'f1\\'e5\\'f5", "\u0414\u043b\u044f \u0432\u0441\u0435\u0445"),
        (b"{\\fonttbl{\\f1\\fcharset134 A;}}{\\f1 \\'bb\\'fa\\'c3\\'dc}", "\u673a\u5bc6"),
        (b"\\ansicpg932 \\'8e\\'d0\r\n\\'8a\\'4f\\'94\\'e9", "\u793e\u5916\u79d8"),
        (b"\\mac \\'8eclair", "\u00e9clair"),
        (b"\\uc1\\u-10179?\\u-8703? x", "\U0001f601 x"),
        (b"\\upr{x}{\\*\\ud{\\u1044?\\u1083?}}", "\u0414\u043b"),
    ],
)
def test_letters_of_every_charset(octets: bytes, words: str) -> None:
    patterns = Patterns((Pattern("foreign", words, EVERYWHERE),))

    assert {item.id for item in look(START + octets + b"}", "a.rtf", patterns=patterns)[0].evidence} == {"foreign"}


def test_groups_within_groups_without_end() -> None:
    assert look(b"{\\rtf1" + b"{" * 300_000 + b"OFFICIAL-SENSITIVE", "a.rtf")[0].evidence


def test_an_embedded_object_is_a_member() -> None:
    written = (b"\1\5\0\0" + encrypted_docx()).hex().encode()
    lines = b"\r\n".join(written[at : at + 127] + b" {\\b0 }\xff;" for at in range(0, len(written), 127))  # what is no digit is passed over

    outer, member = look(START + b"{\\object{\\*\\objdata " + lines + b"}}}", "a.rtf")

    assert (outer.readable, member.readable, member.inside) == (Readable.YES, Readable.ENCRYPTED, "2")


def test_an_object_in_binary_is_a_member() -> None:
    octets = b"\1\5\0\0" + encrypted_docx()

    _, member = look(START + b"{\\object{\\*\\objdata \\bin%d %b}}}" % (len(octets), octets), "a.rtf")

    assert member.readable is Readable.ENCRYPTED


def test_an_object_inside_of_an_object_took_the_rest_of_it() -> None:
    digits = (b"\1\5\0\0" + encrypted_docx()).hex().encode()
    written = b"{\\object{\\*\\objdata %b{\\*\\foo{\\*\\objdata }}%b}}}" % (digits[:100], digits[100:])

    assert [found.readable for found in look(START + written, "a.rtf")] == [Readable.UNSUPPORTED, Readable.ENCRYPTED]


def test_an_object_that_we_do_not_know_is_not_clean() -> None:
    assert look(START + b"x{\\object{\\*\\objdata 0105000002}}}", "a.rtf")[0].readable is Readable.UNSUPPORTED


TOKENS = [b"{", b"}", b"\\", b"\\u", b"\\u-9", b"\\bin5", b"\\'", b"\\'4", b"\\objdata ", b"\\*", b"\\uc9", b"zz", b"41", b"\r\n", b"\x80"]


@given(st.lists(st.sampled_from(TOKENS)))
def test_no_octets_break_it(tokens: list[bytes]) -> None:
    assert look(b"{\\rtf1" + b"".join(tokens), "a.rtf")[0].octets >= 6
