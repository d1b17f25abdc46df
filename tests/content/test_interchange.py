"""Sheets, forms, drawings and pages that are written as text: their words are read as programs show them, or else it is said."""

import base64
import time

import pytest

from gateway.content import Budget
from gateway.content.interchange import read_interchange
from gateway.content.postscript import is_called_page, read_postscript
from gateway.content.reading import Source, Spent, Unreadable
from gateway.model.finding import Pattern, Patterns, Place, Readable
from tests.build import zip_of
from tests.build.texts import dif, dxf, fdf, sylk
from tests.content.reading import look, seen

PERSON = "NHS number: 485 777 3457"
ROWS = [["Name", "NHS number"], ["Ann", 4857773457], ["Bob", "943 476 5919"]]


def cells(text: str) -> str:
    return next(item[2] for item in read_interchange(text, "text", Spent(Budget())) if isinstance(item, tuple))


# --- sheets --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("write", [sylk, dif])
def test_a_sheet_is_read_by_rows_and_columns(write) -> None:
    (finding,) = look(write(ROWS), "a.slk")

    assert finding.readable is Readable.YES
    assert [(item.id, item.count) for item in finding.evidence] == [("nhs-number", 2)]
    assert cells(write(ROWS).decode()).split() == ["Name", "NHS", "number", "Ann", "4857773457", "Bob", "943", "476", "5919"]


@pytest.mark.parametrize("write", [sylk, dif])
def test_a_marking_in_a_cell_stands_alone(write) -> None:
    assert ("restricted", "first_line") in seen(look(write([["RESTRICTED"], ["x"]]), "a.slk")[0])


@pytest.mark.parametrize("write", [sylk, dif])
def test_a_sheet_in_a_body_is_read_too(write) -> None:
    assert ("nhs-number", "text") in seen(look(write(ROWS), "", "text/plain", is_words=True)[0])


@pytest.mark.parametrize(
    ("record", "shown"),
    [
        ('C;Y1;X1;K"a;;b"', "a;b"),
        ("C;Y1;X1;K4.857773457E9", "4857773457"),
        ('C;Y1;X1;K"4\x1b#85\x1b :7"', "485 7"),
        ('C;Y1;X3;K"a"\nC;X1;K"b"', "b\t\ta"),
        ('F;Y1;X2\nC;K"a"', "\ta"),
        ('C;Y2;X1;K"b"\nC;Y1;K"a"', "a\nb"),
        ('C;Y1;X1;K"a";ESUM(R1)', "a"),
        ('C;Y1;X1;Kx;K"a"', "a"),
    ],
)
def test_a_record_of_sylk_says_what_it_shows(record: str, shown: str) -> None:
    assert cells(f"ID;PWXL\n{record}\nE\n") == shown


@pytest.mark.parametrize("record", ['P;P"OFFICIAL-SENSITIVE"', 'C;Y1;X1;K1;A"OFFICIAL-SENSITIVE"', "NN;NOFFICIAL-SENSITIVE;ER1C1"])
def test_what_a_sheet_says_beside_its_cells_is_read(record: str) -> None:
    data = f"ID;PWXL\nC;Y1;X1;K1\n{record}\nE\n".encode()

    assert ("sensitive", "text") in seen(look(data, "a.slk")[0])


def test_a_table_whose_first_heading_is_id_is_a_table() -> None:
    (finding,) = look(b"ID;Name;NHS number\n1;Ann;4857773457\n2;Bob;9434765919\n", "a.csv")

    assert [(item.id, item.count) for item in finding.evidence] == [("nhs-number", 2)]


# --- drawings ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "values",
    [
        [(1, "NHS number: \\U+0034%%0565 777 3457")],
        [(3, "{\\fArial|b0;NHS number: 48"), (1, "5} \\H2x;777\\~3457")],
        [(1, "NHS number: 4"), (3, "85 777 3457")],
        [(304, "NHS number: {\\C1;485} 777 3457")],
        [(1000, PERSON)],
    ],
)
def test_the_words_of_a_drawing_are_read(values: list[tuple[int, str]]) -> None:
    (finding,) = look(dxf(values), "plan.dxf")

    assert (finding.readable, seen(finding)) == (Readable.YES, {("nhs-number", "text")})


# --- entries of a directory, papers --------------------------------------------------------------------------------------


@pytest.mark.parametrize("begin", ["", "version: 1\n", "# a comment\n# and another\n\n", "version: 1\r\n\r\n# x\r\n"])
@pytest.mark.parametrize(
    "line", ["x: NHS number: 485 777 34\n 57", "x: NHS number: 485\r\n  777 3457", "x:: TkhTIG51bWJlcjog\n NDg1IDc3NyAzNDU3"]
)
def test_the_entries_of_a_directory_are_read(line: str, begin: str) -> None:
    assert ("nhs-number", "text") in seen(look(f"{begin}dn: cn=Alex,dc=x\n{line}\n".encode(), "a.ldif")[0])


@pytest.mark.parametrize("line", ["title: RESTRICTED", "title:: UkVTVFJJQ1RFRA=="])
def test_a_value_of_a_directory_stands_alone(line: str) -> None:
    alone = Patterns((Pattern("restricted", "RESTRICTED", frozenset({Place.TEXT}), whole_line=True),))

    assert seen(look(f"dn: cn=Alex\n{line}\n".encode(), "a.ldif", patterns=alone)[0]) == {("restricted", "text")}


@pytest.mark.parametrize(
    "words",
    [
        "NHS number: 485\\,777\\,3457",
        "NHS number: 4{}85~777~34%\n  57",
        "NHS number: \\textbf{48}5 {\\bf 777}\\hspace{1pt}3457",
        "NHS number: \\emph{485} 77\\/7 3\\!457",
    ],
)
def test_a_paper_is_read_as_it_is_set(words: str) -> None:
    (finding,) = look(f"\\documentclass{{article}}\n\\begin{{document}}\n{words}\n\\end{{document}}\n".encode(), "a.tex")

    assert (finding.readable, seen(finding)) == (Readable.YES, {("nhs-number", "text")})


def test_what_stands_in_the_head_of_a_paper_stands_alone() -> None:
    alone = Patterns((Pattern("restricted", "RESTRICTED", frozenset({Place.TEXT}), whole_line=True),))
    paper = b"\\documentclass{article}\n\\fancyhead[C]{\\textbf{RESTRICTED}}\\begin{document}\nThe Restricted Byway\n"

    assert [(item.id, item.count) for item in look(paper, "a.tex", patterns=alone)[0].evidence] == [("restricted", 1)]


@pytest.mark.parametrize("text", [b"dn is short for distinguished name\n", b"The hash # and \\textbf{words}, 50% of them\n"])
def test_a_text_about_them_is_a_text(text: bytes) -> None:
    assert look(text, "a.txt")[0].evidence == ()


# --- forms ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "value",
    [
        f"<FEFF{PERSON.encode('utf-16-be').hex().upper()}>",
        f"<{PERSON.encode().hex()}>",
        "(NHS number: 48\\065 777\\\n 34\\0657)",
        "(\\376\\377" + "".join(f"\\000{letter}" for letter in PERSON) + ")",
    ],
)
def test_the_data_of_a_form_is_read(value: str) -> None:
    (finding,) = look(fdf(value), "a.fdf", "application/vnd.fdf")

    assert (finding.detected_type, finding.readable, seen(finding)) == ("application/vnd.fdf", Readable.YES, {("nhs-number", "text")})


def test_a_name_of_a_field_tells_what_its_value_is() -> None:
    assert ("nhs-number", "text") in seen(look(fdf("(4857773457)", name="NHS number"), "a.fdf")[0])


def test_the_data_of_a_form_as_xml() -> None:
    field = b'<field name="a"><value>NHS number: 48&#53; 777 3457</value></field>'
    data = b'<xfdf xmlns="http://ns.adobe.com/xfdf/"><fields>%s</fields></xfdf>' % field

    assert ("nhs-number", "text") in seen(look(data, "a.xfdf")[0])


def test_what_a_form_does_not_show_is_said() -> None:
    assert look(fdf("2 0 R\n2 0 obj << /Length 3 >> stream\nabc\nendstream"), "a.fdf")[0].readable is Readable.UNSUPPORTED


def test_an_archive_behind_a_form_is_found() -> None:
    outer, member = look(fdf("(x)") + zip_of({"a.txt": b"RESTRICTED"}), "a.fdf")

    assert "polyglot" in outer.oddities
    assert ("restricted", "first_line") in seen(member)


# --- pages ---------------------------------------------------------------------------------------------------------------

PAGE = "/Helvetica findfont 10 scalefont setfont 50 700 moveto\n{}\nshowpage\n"
SHOWN = ["(NHS num) show (ber: 485 7) show (77 3457) show", "[(NHS number: 4) -20 (85 777 3457)] TJ", f"<{PERSON.encode().hex()}> show"]


@pytest.mark.parametrize("begin", ["%!PS-Adobe-3.0\n", "\x04%!PS\n", "%!\n", "\n%!PS-Adobe-3.0 EPSF-3.0\n"])
@pytest.mark.parametrize("shown", SHOWN)
def test_a_page_of_postscript_is_read_as_far_as_its_strings_go_and_never_clean(shown: str, begin: str) -> None:
    (finding,) = look((begin + PAGE.format(shown)).encode(), "a")

    assert (finding.detected_type, finding.readable) == ("application/postscript", Readable.UNSUPPORTED)
    assert ("nhs-number", "text") in seen(finding)


@pytest.mark.parametrize("name", ["a.ps", "a.EPS", "a.eps. "])
def test_what_is_called_postscript_need_not_begin_so(name: str) -> None:
    (finding,) = look(PAGE.format(SHOWN[0]).encode(), name)

    assert finding.readable is Readable.UNSUPPORTED
    assert ("nhs-number", "text") in seen(finding)


@pytest.mark.parametrize(
    "program",
    [
        b"50 700 moveto (x) show",
        b"9 9 1 0 1 arc (x) show",
        b"(x)show",
        b"<6d6f7665746f> cvx exec",
        b"currentfile /ASCIIHexDecode filter cvx exec\n25>",
        b"/s{show}def",
        b"Dear Kim,\n%!PS-Adobe-3.0\n",
        b"8 8 1 [8 0 0 8 0 0] {<00>} image",
        b"systemdict/rectfill get",
        b"612 792 scale 8 8 1 [8 0 0 8 0 0] {<00>} %x\nimage copypage",
        b"8 8 1 matrix {<00>} %x\r% y %\r\n\t%\nimage",
        b"(50%) %x\nshow",
        b"{<00>} 8 8 1 [8 0 0 8 0 0] %x\n5 -1 roll image",
        b"{<00>} 8 8 1 [8 0 0 8 0 0] null pop image",
        b"9 9 scale",
        b"copypage",
        b"[9 0 0 9 0 0] concat",
        b"(25>) /ASCIIHexDecode filter run",
        b"(%stdin) run",
        b"\x1b&l0O\x1b(s0p10h12vNHS",
        b"\x1b.(;IN;SP1;PU0,0;LBNHS\x03",
    ],
)
def test_what_is_called_postscript_and_has_a_word_of_it_is_never_clean(program: bytes) -> None:
    assert look(program, "a.ps")[0].readable is Readable.UNSUPPORTED


@pytest.mark.parametrize(
    "text",
    [
        b"Get-Process\n",
        b"Get-ChildItem | Where-Object { $_.Length -gt 1MB } | Sort-Object Length\n",
        b"PS: the show (see below) begins at nine; the image is on the left.\n",
        b"PS: run the filter (see [1]) and print the image. A scale of 1 2 3 would do; the token is at 50% of the roll.\n",
        b"Get-Content a.txt | ForEach-Object { $_ } % { $_ }\nRead the image; 1:50 scale, 2 scale drawings, 3 roll calls.\n",
        b"docker run (a) %x\nimages and shows of [1 2 3 4 5 6].\n",
        b"\x1b[32mGet-Process\x1b[0m\n",
        "\u4eca\u65e5\u306f".encode("iso2022_jp") + b"\n",
        b"",
    ],
)
def test_what_is_only_called_postscript_is_text(text: bytes) -> None:
    assert look(text, "notes.ps")[0].readable is Readable.YES


@pytest.mark.parametrize(
    "piece", [b")%", b"]%\n", b"% ", b"} \n", b"1 2 ", b"[1 2 3 4 5 6]", b"[1 2 3 4 5 6]" + b"x" * 80, b"(%", b"/AaDecod", b"[ " * 5]
)
def test_whether_a_text_is_a_page_takes_linear_time(piece: bytes) -> None:
    data = piece * (1_000_000 // len(piece))
    start = time.process_time()

    is_called_page(("a.ps",), data)

    assert time.process_time() - start < 1


def test_a_file_in_what_is_only_called_postscript_is_found() -> None:
    coded = base64.b64encode(f"{{\\rtf1 a page of words, {PERSON}}}".encode() + b" " * 40)

    assert any(("nhs-number", "text") in seen(finding) for finding in look(b'$f = "' + coded + b'"\n', "notes.ps"))


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("a.eps", b"\xc5\xd0\xd3\xc6" + bytes(26) + b"%!PS-Adobe-3.0\n(x) show\n"),
        ("a.prn", b"\x1b%-12345X@PJL ENTER LANGUAGE=PCL\n\x1bE\x1b(s0p10h12vNHS"),
        ("a.hqx", b":$f*TEQKPH#jdH3!*"),
    ],
)
def test_what_is_not_read_is_said(name: str, data: bytes) -> None:
    assert look(data, name)[0].readable is Readable.UNSUPPORTED


@pytest.mark.parametrize(
    "text", [b"%!TEX root = main.tex\n\\section{A}", b"% !PS is how it begins\n", b"100 %!PS\n", b"Dear Kim,\n%!PS-Adobe is a line.\n"]
)
def test_a_text_that_only_speaks_of_it_is_text(text: bytes) -> None:
    (finding,) = look(text, "a.txt")

    assert (finding.detected_type.partition("/")[0], finding.readable) == ("text", Readable.YES)


# --- time ----------------------------------------------------------------------------------------------------------------

WORST = {
    "open": b"(" * 10**6,
    "empty": b"()" * 500_000,
    "escapes": b"(" + b"\\" * 10**6,
    "numbers": b"(" + b"\\061" * 250_000,
    "hex": b"<aa" * 330_000,
    "semicolons": b"ID;" + b";" * 10**6,
    "cells": b"ID;\n" + b"C;K1\n" * 200_000,
    "wide": b"ID;\n" + b"C;Y1;X9;K1\nC;Y1;X1;K1\n" * 45_000,
    "values": b'TABLE\n0,1\nDATA\n0,0\n""\n' + b"0,1\nV\n" * 160_000,
    "codes": b"0\nSECTION\n1\n" + b"\\S^" * 330_000,
    "groups": b"0\nSECTION\n" + b"1\n{\\A\n" * 160_000,
    "blanks": b" " * 10**6,
    "remarks": b"\\bye" + b"%" * 10**6,
    "commands": b"\\bye" + b"\\a[" * 330_000,
    "spaces": b"\\bye" + b"\\hspace{1 " * 110_000,
    "braces": b"\\bye" + b"{" * 10**6,
    "coded": b"dn: x\na:: " + b"A" * 10**6 + b"!\n",
    "folds": b"dn: x\n" + b"\n " * 500_000,
    "hashes": b"#\n" * 500_000,
    "comments": b"999\nx\n" * 160_000,
}


@pytest.mark.slow
@pytest.mark.parametrize("data", WORST.values(), ids=WORST)
def test_the_worst_text_costs_little(data: bytes) -> None:
    started = time.process_time()
    with pytest.raises(Unreadable):  # it may be more than that
        list(read_postscript(Source(data, (), ""), Spent(Budget())))

    assert time.process_time() - started < 2
