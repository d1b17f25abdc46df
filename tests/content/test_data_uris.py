"""data: URIs: a file that stands in the text is a file, a picture is a picture."""

import base64
import json

import pytest

from gateway.model.finding import Readable
from tests.build import docx, noise, png, zip_of
from tests.content.reading import look, seen

DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"


def uri(octets: bytes, kind: str = DOCX) -> str:
    return f"data:{kind};base64,{base64.b64encode(octets).decode()}"


FILE = docx(["x"], header="RESTRICTED")


@pytest.mark.parametrize(
    ("text", "name"),
    [
        (f'<html><body><a download="a.docx" href="{uri(FILE)}">x</a>', "a.html"),
        (f"<html><body><a href='{uri(FILE)}'>x</a>", "a.html"),
        (f"<html><body><a href={uri(FILE)}>x</a>", "a.html"),
        (f"<html><body><a href='{uri(FILE + b'x' * (1 - len(FILE) % 3)).rstrip('=')}'>x</a>", "a.html"),
        (json.dumps({"a": uri(FILE[:90]) + "\n" + base64.b64encode(FILE[90:]).decode()}), "a.json"),
        (f"<html><body><a href='{uri(FILE).upper()[:5] + uri(FILE)[5:]}'>x</a>", "a.html"),
        (f'<svg xmlns="http://www.w3.org/2000/svg"><image href="{uri(FILE)}"/></svg>', "a.svg"),
        (f"open {uri(FILE)} in a browser", "a.txt"),
        ('<html><script>var a = "' + uri(FILE) + '"</script>', "a.html"),
        (f'<html><a href="{uri(FILE)[:90]}\n  {uri(FILE)[90:]}">x</a>', "a.html"),
    ],
)
def test_a_file_in_a_text_is_a_file(text: str, name: str) -> None:
    outer, member = look(text.encode(), name)

    assert outer.readable is Readable.YES
    assert member.detected_type == DOCX
    assert ("restricted", "page_header") in seen(member)


def test_a_file_in_an_html_body_is_a_file() -> None:
    _, member = look(f'<a href="{uri(FILE)}">x</a>'.encode(), "", "text/html", is_words=True)

    assert ("restricted", "page_header") in seen(member)


def test_a_logo_in_an_html_body_is_no_file() -> None:
    assert len(look(f'<img src="{uri(png(9, 9, "logo"), "image/png")}">'.encode(), "", "text/html", is_words=True)) == 1


@pytest.mark.parametrize(
    "octets", [png(9, 9, "x") + zip_of({"a.txt": b"RESTRICTED"}), noise(500, "x"), png(9, 9, "x") + noise(2 << 20, "y")]
)
def test_what_is_no_picture_is_a_file_whatever_it_is_called(octets: bytes) -> None:
    assert len(look(f'<img src="{uri(octets, "image/png")}">'.encode(), "", "text/html", is_words=True)) > 1


@pytest.mark.parametrize(
    "text",
    [
        '<a href="data:text/plain,OFFICIAL-SENSITIVE">',
        '<a href="data:,OFFICIAL-SENSITIVE">',
        '<a href="data:text/html;charset=utf-8,%3Cp%3EOFFICIAL-SENSITIVE">',
        f'<a href="{uri(b"OFFICIAL-SENSITIVE", "text/plain;charset=utf-8")}">',
        f'<a href="{uri(b"<p>OFFICIAL-SENSITIVE", "text/html")}">',
    ],
)
def test_text_in_a_text_is_read_as_text(text: str) -> None:
    (finding,) = look(text.encode(), "", "text/html", is_words=True)

    assert "sensitive" in {id_ for id_, _ in seen(finding)}


def test_many_and_broken_ones_are_answered() -> None:
    look(b"data:" * 200_000, "a.txt")
    look(b"data:a/b;base64," * 3000, "a.txt")
    look(("data:a/b" + ";a=b" * 50_000 + ",").encode(), "a.txt")
