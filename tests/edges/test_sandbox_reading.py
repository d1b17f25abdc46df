"""The words between the gateway and its children: exact shapes are taken, all others refused."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as some

from gateway.model.finding import Evidence, EvidenceKind, FileFinding, Pattern, Patterns, Place, Readable
from gateway.model.reading import TEXT_LIMIT, Kind, is_calm, is_office, kind_of, read_findings, read_patterns, write_finding, write_patterns

texts = some.text(max_size=20)
utf8 = some.text(some.characters(exclude_categories=["Cs"]), max_size=20)
counts = some.integers(0, 1 << 52)
evidences = some.builds(
    Evidence,
    some.sampled_from(EvidenceKind),
    utf8,
    counts,
    utf8,
    utf8,
    some.none() | utf8,
    some.none() | some.sampled_from(Place),
)
findings = some.builds(
    FileFinding,
    id=some.just("1.2"),
    inside=some.none(),
    names=some.lists(utf8, max_size=3).map(tuple),
    declared_type=utf8,
    detected_type=utf8,
    octets=counts,
    sha256=some.just("") | some.just("ab" * 32),
    readable=some.sampled_from(Readable),
    evidence=some.lists(evidences, max_size=3).map(tuple),
    oddities=some.lists(utf8, max_size=2).map(tuple),
)
patterns = some.builds(
    Patterns,
    some.lists(some.builds(Pattern, texts, texts, some.frozensets(some.sampled_from(Place)), some.booleans()), max_size=3).map(tuple),
    some.frozensets(utf8, max_size=3),
)
values = some.recursive(
    some.none() | some.booleans() | some.integers() | some.floats() | some.text(max_size=5),
    lambda inner: some.lists(inner, max_size=10) | some.dictionaries(some.text(max_size=3), inner, max_size=3),
    max_leaves=20,
)

ITSELF = FileFinding("1", None, ("a.zip",), "application/zip", "application/zip", 9, "", Readable.YES)
MEMBER = FileFinding("1/1", "1", ("b.txt",), "", "text/plain", 3, "", Readable.YES)


def sent(*found):
    return json.loads(json.dumps([write_finding(finding) for finding in found]))


@given(findings)
def test_findings_arrive_as_they_were_sent(finding):
    assert read_findings(sent(finding), "1.2") == (finding,)


@given(patterns)
def test_patterns_arrive_as_they_were_sent(found):
    assert read_patterns(json.loads(write_patterns(found))) == found


@given(values)
def test_whatever_else_a_child_says_is_a_value_error(value):
    with pytest.raises(ValueError, match=r"."):
        read_findings(value, "1")


@given(some.integers(0, 9), values)
def test_one_wrong_field_is_a_value_error_or_still_a_finding(field, value):
    rows = sent(ITSELF)
    rows[0][field] = value
    try:
        (found,) = read_findings(rows, "1")
    except ValueError:
        return
    assert sent(found) == rows


@pytest.mark.parametrize(
    "found",
    [
        (),
        (MEMBER,),
        (MEMBER, ITSELF),
        (ITSELF, ITSELF),
        (ITSELF, MEMBER, MEMBER),
        (ITSELF, FileFinding("2", "1", (), "", "", 0, "", Readable.YES)),
        (ITSELF, FileFinding("2/1", "2", (), "", "", 0, "", Readable.YES)),
        (ITSELF, FileFinding("1/1", None, (), "", "", 0, "", Readable.YES)),
        (FileFinding("1", None, (), "", "", -1, "", Readable.YES),),
        (FileFinding("1", None, (), "", "", 0, "ABC", Readable.YES),),
    ],
)
def test_findings_that_do_not_hang_together_are_refused(found):
    with pytest.raises(ValueError, match=r"."):
        read_findings(sent(*found), "1")


def test_members_of_members_are_accepted():
    inner = FileFinding("1/1/4", "1/1", (), "", "", 0, "", Readable.ENCRYPTED)

    assert read_findings(sent(ITSELF, MEMBER, inner), "1") == (ITSELF, MEMBER, inner)


def test_long_texts_are_cut_and_lone_surrogates_replaced_before_they_are_sent():
    odd = FileFinding("1", None, ("a" * 5000, "\ud800.txt"), "", "", 0, "", Readable.YES)

    assert read_findings(sent(odd), "1")[0].names == ("a" * TEXT_LIMIT, "\ufffd.txt")


@pytest.mark.parametrize(
    ("head", "office", "kind"),
    [
        (b"", False, Kind.REUSABLE),
        (b"Dear all,\r\n\tsee \xe4 below", False, Kind.REUSABLE),
        (b"\xff\xfeH\0i\0", False, Kind.REUSABLE),
        (b"\x1b$B%F%9%H\x1b(B", False, Kind.REUSABLE),
        (b"\x89PNG\r\n\x1a\n\0\0\0\r", False, Kind.REUSABLE),
        (b"PK\x03\x04\x14\0", True, Kind.REUSABLE),
        (b"PK\x03\x04\x14\0", False, Kind.ONE_SHOT),
        (b"%PDF-1.7", True, Kind.ONE_SHOT),
        (b"junk\n%PDF-1.7", False, Kind.ONE_SHOT),
        (b"{\\rtf1", False, Kind.ONE_SHOT),
        (bytes.fromhex("d0cf11e0a1b11ae1"), True, Kind.ONE_SHOT),
        (bytes.fromhex("789f3e22"), False, Kind.ONE_SHOT),
        (b"7z\xbc\xaf\x27\x1c\0", False, Kind.ONE_SHOT),
    ],
)
def test_the_first_octets_choose_the_child(head, office, kind):
    assert kind_of(head, office=office) is kind


@pytest.mark.parametrize("name", ["a.docx", "A.DOCM", "b.xlsx", "c.pptx", "d.potm", "e.odt", "f.ODS", "g.odp"])
def test_names_of_documents(name):
    assert is_office((name,), "application/octet-stream")


@pytest.mark.parametrize("name", ["a.zip", "docx", "a.docx.zip", "a.jar", "a.doc", "a.odtx", ""])
def test_names_of_other_files(name):
    assert not is_office((name,), "application/octet-stream")


@pytest.mark.parametrize(
    "declared",
    [
        "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        "application/vnd.oasis.opendocument.text",
        "application/vnd.ms-excel.sheet.macroEnabled.12",
    ],
)
def test_declared_types_of_documents(declared):
    assert is_office((), declared)


@pytest.mark.parametrize(
    ("found", "calm"),
    [
        ((ITSELF, MEMBER), True),
        ((FileFinding("1", None, (), "", "", 0, "", Readable.ENCRYPTED),), True),
        ((FileFinding("1", None, (), "", "", 0, "", Readable.UNSUPPORTED),), True),
        ((FileFinding("1", None, (), "", "", 0, "", Readable.DAMAGED),), False),
        ((FileFinding("1", None, (), "", "", 0, "", Readable.YES, (), ("polyglot",)),), False),
        ((ITSELF, FileFinding("1/1", "1", (), "", "application/pdf", 0, "", Readable.YES)), False),
    ],
)
def test_what_a_child_may_have_met_and_serve_again(found, calm):
    assert is_calm(found) is calm
