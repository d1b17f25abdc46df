"""Lines of flowed text that go on without a blank."""

import pytest

from gateway.mime.flowed import flowed, flows
from gateway.parse import parse_buffer


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("485 77 \n7 34 \n57\nlast", "485 777 3457"),
        ("one\ntwo", ""),
        ("one  \ntwo", "one two"),
        ("> 48 \n> 57\n>> 77 \n>>73", "> 48".replace(" ", "") + "57\n>>7773"),
        ("> 48 \n57", ""),
        ("48 \n  57", "48 57"),
        ("48 \n-- \nKim", ""),
        ("-- \nKim \nDoe", "KimDoe"),
        ("", ""),
    ],
)
def test_paragraphs_that_are_joined(text: str, shown: str) -> None:
    assert flowed(text) == shown


@pytest.mark.parametrize(
    ("said", "answer"),
    [
        ("text/plain; format=flowed; delsp=yes", True),
        ('text/plain; Format=Flowed;\r\n DelSp="YES"', True),
        ("text/plain; format=flowed; delsp=no", False),
        ("text/plain; format=flowed", False),
    ],
)
def test_only_where_the_part_says_so(said: str, answer: bool) -> None:
    octets = f"Content-Type: {said}\r\nMIME-Version: 1.0\r\n\r\none \r\ntwo\r\n".encode()
    (part,) = parse_buffer(octets).parts

    assert flows(octets, part, "one \ntwo") is answer
    assert not flows(octets, part, "one\ntwo")
