"""Words of a Word document in every view of it: as it will be, as it was, with hidden text, in boxes, fields and attributes."""

import pytest
from lxml import etree

from gateway.content.wordprocessing import Reader, Words, hidden_styles

_BOX = (
    "<mc:AlternateContent><mc:Choice><wps:txbx>{0}</wps:txbx></mc:Choice>"
    "<mc:Fallback><v:textbox>{0}</v:textbox></mc:Fallback></mc:AlternateContent>"
)


def words(paragraph: str, hidden: frozenset[str] = frozenset()) -> tuple[list[str], list[str]]:
    """The lines that are shown, and those that are not, without empty ones."""
    names = "".join(f' xmlns:{prefix}="urn:{prefix}"' for prefix in ("w", "mc", "wps", "v", "wp", "a"))
    found = Words()
    Reader(hidden).read(etree.fromstring(f"<w:body{names}>{paragraph}</w:body>"), found)
    return [line for line in found.shown if line], found.unseen


def run(text: str, properties: str = "") -> str:
    return f"<w:r><w:rPr>{properties}</w:rPr><w:t>{text}</w:t></w:r>"


@pytest.mark.parametrize(
    ("paragraph", "shown", "unseen"),
    [
        (run("OFFICIAL-SENS") + "<w:bookmarkStart/>" + run("ITIVE"), ["OFFICIAL-SENSITIVE"], []),
        (run("a") + "<w:r><w:tab/><w:t>b</w:t><w:br/><w:t>c</w:t><w:noBreakHyphen/></w:r>", ["a\tb\nc-"], []),
        # Changes: as it will be is what is shown, as it was is another line.
        (run("SEC") + f"<w:ins>{run('RET')}</w:ins>" + run("!"), ["SECRET!"], ["SEC!"]),
        (run("SEC") + "<w:del><w:r><w:delText>xx</w:delText></w:r></w:del>" + run("RET"), ["SECRET"], ["SECxxRET"]),
        (f"<w:moveFrom>{run('moved')}</w:moveFrom><w:moveTo>{run('here')}</w:moveTo>", ["here"], ["moved"]),
        (f"<w:ins><w:del>{run('in and out')}</w:del></w:ins>", [], ["in and out"]),
        # Hidden text neither hides itself nor what it stands in.
        (run("SEC") + run("xx", "<w:vanish/>") + run("RET"), ["SECRET"], ["SECxxRET"]),
        (run("SEC") + run("RET", '<w:vanish w:val="0"/>'), ["SECRET"], []),
        (run("seen") + run("styled", '<w:rStyle w:val="Secret"/>'), ["seen"], ["seenstyled"]),
        ('<w:pPr><w:pStyle w:val="Secret"/></w:pPr>' + run("all of it"), [], ["all of it"]),
        # Fields: the result is shown, the code is not.
        ('<w:r><w:instrText>QUOTE "code"</w:instrText></w:r>' + run("result"), ["result"], ['QUOTE "code"']),
        (f'<w:fldSimple w:instr="AUTHOR x">{run("name")}</w:fldSimple>', ["name"], ["AUTHOR x"]),
        (f"<w:r><w:ruby><w:rt>{run('above')}</w:rt><w:rubyBase>{run('below')}</w:rubyBase></w:ruby></w:r>", ["below", "above"], []),
        # What attributes say.
        ('<w:r><wp:docPr name="Picture 1" descr="a map of"/></w:r>' + run("x"), ["x"], ["a map of"]),
        ('<w:sdt><w:sdtPr><w:dropDownList><w:listItem w:displayText="choice"/></w:dropDownList></w:sdtPr></w:sdt>', [], ["choice"]),
        ('<w:r><v:shape alt="logo"><v:textpath string="DRAFT"/></v:shape></w:r>' + run("x"), ["DRAFT", "x"], ["logo"]),
    ],
)
def test_a_paragraph(paragraph: str, shown: list[str], unseen: list[str]) -> None:
    hidden = frozenset({"Secret"}) if "Secret" in paragraph else frozenset[str]()
    found = words(f"<w:p>{run('before')}</w:p><w:p>{paragraph}</w:p><w:p>{run('after')}</w:p>", hidden)

    assert sorted(found[0]) == sorted(["before", *shown, "after"])
    assert found[1] == unseen


def test_a_box_stands_in_a_paragraph_and_is_read_once() -> None:
    box = _BOX.format(f"<w:txbxContent><w:p>{run('IN A ')}{run('BOX')}</w:p><w:p><w:ins>{run('new')}</w:ins></w:p></w:txbxContent>")

    assert words(f"<w:p>{run('around ')}<w:r>{box}</w:r>{run('it')}</w:p><w:p>{run('after')}</w:p>") == (
        ["around it", "IN A BOX", "new", "after"],
        [],
    )


def test_a_paragraph_whose_end_is_deleted_goes_on_in_the_next() -> None:
    ended = f"<w:p><w:pPr><w:rPr><w:del/></w:rPr></w:pPr>{run('OFFICIAL-')}</w:p>"

    assert words(f"{ended}<w:p>{run('SENSITIVE')}</w:p>") == (["OFFICIAL-", "SENSITIVE"], ["OFFICIAL-SENSITIVE"])
    assert words(ended) == (["OFFICIAL-"], [])


def test_what_stands_between_paragraphs_belongs_to_none() -> None:
    row = f"<w:tr><w:trPr><w:ins/><w:del/></w:trPr><w:tc><w:p>{run('cell')}</w:p></w:tc></w:tr>"

    assert words(f"<w:p>{run('before')}</w:p><w:tbl>{row}{row}</w:tbl>") == (["before", "cell", "cell"], [])


def test_styles_that_hide_also_hide_what_is_based_on_them() -> None:
    styles = etree.fromstring(
        '<w:styles xmlns:w="urn:w"><w:style w:styleId="Plain"/><w:style w:styleId="Child"><w:basedOn w:val="Secret"/></w:style>'
        '<w:style w:styleId="Secret"><w:rPr><w:vanish/></w:rPr></w:style>'
        '<w:style w:styleId="Loop"><w:basedOn w:val="Loop"/></w:style></w:styles>'
    )

    assert set(hidden_styles(styles)) == {"Secret", "Child"}
