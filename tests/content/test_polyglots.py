"""Files that are two things at once, and names that say otherwise: each thing is read, and what is odd has a name."""

import pytest

from gateway.model.finding import Readable
from tests.build import docx, noise, pdf, png, zip_of
from tests.build.outlook import tnef
from tests.build.packers import packed
from tests.content.compound import compound
from tests.content.reading import look, seen

SECRET = {"a.txt": b"RESTRICTED\n"}
JPEG = b"\xff\xd8\xff\xe0\0\x10JFIF\0" + noise(900, "jpeg")
GIF = b"GIF89a\x01\0\x01\0\0\0\0" + noise(300, "gif")


@pytest.mark.parametrize(
    ("data", "name"),
    [
        (JPEG + zip_of(SECRET), "a.jpg"),
        (JPEG + zip_of(SECRET) + noise(80_000, "tail"), "a.jpg"),
        (JPEG + packed("7z", SECRET), "a.jpg"),
        (png(3, 3, "x") + packed("7z-Copy", SECRET), "a.png"),
        (GIF + packed("cab", SECRET), "a.gif"),
        (pdf(["x"]) + zip_of(SECRET), "a.pdf"),
        (pdf(["x"]) + packed("7z", SECRET), "a.pdf"),
        (noise(300, "x") + pdf(["x"], header="RESTRICTED"), "a.jpg"),
        (compound({"Equation Native": b"x"}) + zip_of(SECRET), "a.bin"),
        (noise(200, "x") + zip_of(SECRET), "a.bin"),
    ],
)
def test_each_thing_that_a_file_is_is_read(data: bytes, name: str) -> None:
    found = look(data, name)

    assert any("restricted" in {id_ for id_, _ in seen(file)} for file in found)
    assert found[0].oddities


def test_what_a_file_holds_anyway_makes_it_no_polyglot() -> None:
    for data, name in (
        (tnef({"a.docx": docx(["x"])}), "winmail.dat"),
        (packed("7z-Copy", {"a.docx": docx(["x"])}), "a.7z"),
        (packed("tar", {"a.docx": docx(["x"])}), "a.tar"),
        (packed("iso", {"a.docx": docx(["x"])}), "a.iso"),
        (packed("zip-Copy", {"a.7z": packed("7z", SECRET), "b.docx": docx(["x"])}), "a.zip"),
        (pdf(["x"]), "a.pdf"),
        (JPEG, "a.jpg"),
    ):
        outer, *members = look(data, name)
        assert outer.oddities == (), name
        assert outer.readable is Readable.YES
        assert len([member for member in members if member.inside == outer.id]) == len({m.names for m in members if m.inside == outer.id})


@pytest.mark.parametrize("name", ["a.html", "a.gif.html", "a.HTM", "a.txt", "a.js . ."])
def test_a_picture_that_a_browser_would_show_as_text_is_read_as_text(name: str) -> None:
    (finding,) = look(GIF + b"\n<p>OFFICIAL-SENSITIVE</p>\n", name, "image/gif")

    assert "type-disagrees" in finding.oddities
    assert "sensitive" in {id_ for id_, _ in seen(finding)}


@pytest.mark.parametrize(
    ("name", "hidden"),
    [
        ("invoice.pdf.exe", True),
        ("invoice\u202excod.exe", True),
        ("invoice.pdf                         .exe", True),
        ("report.docx.", True),
        ("report.docx ", True),
        ("photo.jpg.lnk", True),
        ("report.docx", False),
        ("report v1.2.docx", False),
        ("archive.tar.gz", False),
        ("Minutes of 12. March", False),
        ("setup.exe", False),
        ("", False),
    ],
)
def test_a_name_made_to_be_misread(name: str, hidden: bool) -> None:
    assert ("hidden-extension" in look(b"hello", name)[0].oddities) == hidden


@pytest.mark.parametrize("name", ["a.exe", "a.pdf", "a.txt:b.pdf", "x/a.pdf . ", "a.p\u200bdf"])
def test_the_worst_of_all_names_counts(name: str) -> None:
    from gateway.content.naming import extension_of

    assert extension_of(name) in ("exe", "pdf", "txt")


def test_one_of_several_names_is_enough() -> None:

    from tests.build.zips import Lie, lying_zip

    _, member = look(lying_zip([Lie("a.txt", b"hello", local={"name": "a.pdf"})]), "a.zip")

    assert "type-disagrees" in member.oddities


def test_whatever_a_reader_calls_odd_a_rule_may_ask_for() -> None:
    import re
    from pathlib import Path

    import gateway.content
    from gateway.model.finding import FileOddity
    from gateway.model.message import DefectName

    sources = "\n".join(path.read_text() for path in Path(gateway.content.__file__).parent.glob("*.py"))
    said = set(re.findall(r'(?:Oddity|\.odd)\("([^"]+)"', sources))

    assert said
    assert said <= {name.value for kind in (FileOddity, DefectName) for name in kind}
