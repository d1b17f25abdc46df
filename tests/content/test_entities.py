"""Entities that an XML text declares: words in pieces are whole where they are shown, and no bomb goes off."""

import time

import pytest

from gateway.content.entities import resolved
from gateway.model.finding import Readable
from tests.content.reading import look, seen

_DTD = '<!DOCTYPE svg [<!ENTITY a "OFFICIAL-"><!ENTITY b \'SENS&c;\'><!ENTITY c "ITIVE">]>'


@pytest.mark.parametrize(
    ("declared", "written", "shown"),
    [
        ('<!ENTITY a "x">', "&a;&a;", "xx"),
        ("<!ENTITY a '&b;&b;'><!ENTITY b 'x'>", "&a;", "xx"),
        ("<!ENTITY a 'x'><!ENTITY a 'y'>", "&a;", "x"),
        ("<!ENTITY a '&#x26;b;'><!ENTITY b 'x'>", "&a;", "x"),
        ("<!ENTITY a '<b>x</b>'>", "&a;", "<b>x</b>"),
        ("<!ENTITY a '&a;x'>", "&a;", "&a;x"),
        ("<!ENTITY a 'x'>", "&amp;&lt;&b;", "&amp;&lt;&b;"),
        ("<!ENTITY a SYSTEM 'file:///etc/passwd'><!ENTITY b 'x'>", "&a;&b;", "&a;x"),
    ],
)
def test_references_and_what_stands_for_them(declared: str, written: str, shown: str) -> None:
    assert resolved(f"<!DOCTYPE x [{declared}]><x>{written}</x>") == f"<x>{shown}</x>"


@pytest.mark.parametrize(("name", "kind"), [("a.svg", "image/svg+xml"), ("a.xml", "text/xml"), ("a.xhtml", "application/xhtml+xml")])
@pytest.mark.parametrize("words", ["<text>&a;&b;</text>", "<text>&a;<tspan>&b;</tspan></text>"])
def test_words_in_pieces(name: str, kind: str, words: str) -> None:
    (finding,) = look(f'<?xml version="1.0"?>{_DTD}<svg xmlns="http://www.w3.org/2000/svg">{words}</svg>'.encode(), name, kind)

    assert ("sensitive", "text") in seen(finding)


def test_words_in_pieces_in_an_attribute() -> None:
    (finding,) = look(
        f'{_DTD}<svg xmlns="http://www.w3.org/2000/svg"><text aria-label="&a;&b;">x</text></svg>'.encode(), "a.svg", "image/svg+xml"
    )

    assert ("sensitive", "text") in seen(finding)


def _laughs(depth: int, times: int) -> str:
    entities = "".join(f'<!ENTITY a{level + 1} "{f"&a{level};" * times}">' for level in range(depth))
    return f'<!DOCTYPE x [<!ENTITY a0 "ha">{entities}]><x>&a{depth};</x>'


@pytest.mark.parametrize(
    "bomb", [_laughs(30, 10), _laughs(3, 2000), f'<!DOCTYPE x [<!ENTITY a "{"x" * 10_000}">]><x>{"&a;" * 100_000}</x>']
)
def test_a_bomb_is_over_budget(bomb: str) -> None:
    start = time.process_time()

    (finding,) = look(bomb.encode(), "a.xml", "text/xml")

    assert finding.readable is Readable.OVER_BUDGET
    assert time.process_time() - start < 2


@pytest.mark.parametrize("piece", ["<!ENTITY a 'x'>", '<!ENTITY a "', "&a;", "<!ENTITY a '&a;'>&a;"])
def test_hostile_declarations_take_linear_time(piece: str) -> None:
    start = time.process_time()

    look(f"<!DOCTYPE x [<!ENTITY a 'b'>{piece * (400_000 // len(piece))}]><x/>".encode(), "a.xml", "text/xml")

    assert time.process_time() - start < 3
