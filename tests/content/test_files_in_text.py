"""Files in the middle of text, as readers make it: each is a member, and is one however many readings show it."""

import html

import pytest

from tests.content.reading import look
from tests.mime.test_uuencode import uuencoded


@pytest.mark.parametrize("line_end", ["<br>", "<br>\r\n", "&#10;", "<p>", "</div>\r\n   <div>"])
def test_a_file_whose_lines_only_markup_ends_reached_outsiders_in_clear(line_end: str) -> None:
    octets = b"NHS number: 485 777 3457\n" * 20
    lines = html.escape(uuencoded(octets, b"list.txt").decode(), quote=False).splitlines()

    page, file = look(f"<html><body>See there.<br>{line_end.join(lines)}".encode(), "a.html")

    assert "file-in-text" in page.oddities
    assert (file.names, file.octets) == (("list.txt",), len(octets))
    assert [found.id for found in file.evidence] == ["nhs-number"]  # one person, however often


def test_a_file_that_several_readings_show_is_one() -> None:
    lines = uuencoded(b"one" * 30).decode()

    assert len(look(f"<html><pre>\r\n{lines}</pre><p hidden>Gr\xf6\xdfe, \u4f60\u597d\u4e16\u754c".encode(), "a.html")) == 2


def test_two_files_of_one_name_are_two() -> None:
    lines = (uuencoded(b"one") + uuencoded(b"two")).decode()

    assert [found.octets for found in look(f"<html><body>{lines.replace(chr(10), '<br>')}".encode(), "a.html")[1:]] == [3, 3]
