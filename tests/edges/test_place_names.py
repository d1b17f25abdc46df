"""File names that every service and every computer takes."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.edges.place_names import MOST, names_for, safe

# Of SharePoint and of Windows.
FORBIDDEN = re.compile(r'["*:<>?/\\|#%\x00-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2066-\u2069]')
RESERVED = re.compile(r"(?i)(con|prn|aux|nul|com\d|lpt\d|\.lock|desktop\.ini)(\..*)?")


@pytest.mark.parametrize(
    ("name", "becomes"),
    [
        ("Report \u2013 final.pdf", "Report \u2013 final.pdf"),
        ("Über.docx", "Über.docx"),
        ("U\u0308ber.docx", "Über.docx"),
        ("../../etc/passwd", "_._etc_passwd"),
        ("C:\\Users\\a\\plan.docx", "C__Users_a_plan.docx"),
        ("invoice\u202egpj.exe", "invoicegpj.exe"),
        ("con.txt", "_con.txt"),
        ("LPT1", "_LPT1"),
        ("~$plan.docx", "$plan.docx"),
        (" .plan. ", "plan"),
        ("a_vti_b", "a_b"),
        ("", "file"),
        ("...", "file"),
        ("\u200b", "file"),
        ("x" * 300 + ".pdf", "x" * (MOST - 4) + ".pdf"),
    ],
)
def test_a_name_stays_as_like_itself_as_can_be(name, becomes):
    assert safe(name) == becomes


@given(st.lists(st.text(max_size=200) | st.sampled_from(["a.pdf", "A.pdf", "a (2).pdf", "con", "..", "\u202ea.pdf"]), max_size=12))
def test_every_name_is_safe_and_no_two_are_the_same(names):
    found = names_for(names)

    assert len(found) == len(names)
    assert len({name.casefold() for name in found}) == len(names)
    for name in found:
        assert name
        assert name == name.strip(" ")
        assert not name.startswith((".", "~"))
        assert not name.endswith(".")
        assert not FORBIDDEN.search(name)
        assert not RESERVED.fullmatch(name)
        assert len(name) <= MOST + len(" (12)")


@given(st.text(max_size=100))
def test_a_safe_name_is_safe_again(name):
    assert safe(safe(name)) == safe(name)
