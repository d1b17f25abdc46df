"""A pack's own patterns and word lists."""

import pytest

from gateway.detectors import scan
from gateway.detectors.own import why_not
from gateway.model.finding import OwnDetector, Patterns, Place


def found(own: OwnDetector, text: str) -> list[tuple[int, str]]:
    return [(item.count, item.sample) for item in scan([(Place.TEXT, "x", text)], Patterns(own=(own,)))]


CASES = OwnDetector("case-number", "case number", like=(r"CS-[0-9]{6}", r"CASE/[0-9]{4}"))


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("CS-204511", 1),
        ("cs-204511 CS-204511 Cs-204512", 2),
        ("CASE/2041, CS-204511", 2),
        ("CS-204511 CS-204512 CS-204513", 3),  # what ends one begins the next
        ("xCS-204511 CS-2045119 CS-20451", 0),
        ("éCS-204511", 0),
        ("\uff23\uff33-\uff12\uff1045\uff111", 1),
        ("CS\u2011204511", 1),
    ],
)
def test_a_pattern_is_a_whole_word_in_any_spelling(text: str, count: int) -> None:
    assert sum(number for number, _ in found(CASES, text)) == count


def test_telling_words() -> None:
    staff = OwnDetector("staff", "staff number", like=("[0-9]{7}",), near=("staff", "pay roll"))

    assert found(staff, "Staff 1234567") == [(1, "•••• 67")]
    assert found(staff, "our Pay  Roll has 1234567") == [(1, "•••• 67")]
    assert not found(staff, "distaff 1234567")
    assert not found(staff, "staff" + " ." * 60 + " 1234567")


def test_a_word_list_counts_different_words() -> None:
    words = OwnDetector("clinical", "clinical word", words=("hepatitis", "HIV status", "épilepsie"), shows="all")

    assert found(words, "Hepatitis, hepatitis hepatitis HIV\nstatus") == [(2, "HEPATITIS")]
    assert found(words, "son épilepsie") == [(1, "ÉPILEPSIE")]
    assert found(words, "\u201chepatitis\u201d\u2014\u201cHIV status\u201d") == [(2, "HEPATITIS")]
    assert found(words, "hepatitis épilepsie hepatitis") == [(2, "HEPATITIS")]
    assert not found(words, "hepatitisX anti-HIV")


@pytest.mark.parametrize(("shows", "sample"), [("end", "•••• 11"), ("all", "CS-204511"), ("nothing", "•••")])
def test_what_is_shown(shows: str, sample: str) -> None:
    own = OwnDetector("c", like=(r"CS-[0-9]{6}",), shows=shows)
    assert found(own, "CS-204511")[0][1].replace("511", "11") == sample.replace("511", "11")


@pytest.mark.parametrize(
    ("like", "says"),
    [
        ("CS-[0-9]{6", ""),
        ("(CS", "written \\("),
        ("(?<=x)CS", "put telling words in `near`"),
        (r"(.)\1", "back-references"),
        ("[9-0]", "from the smaller to the larger"),
        ("x{2000}", "at most 1000"),
        ("a**", "two signs of repetition"),
        ("*a", "nothing before it"),
        (".*", "match nothing at all"),
        (".+", "ordinary words such as `a`"),
        ("[0-9]{2,4}", "ordinary words such as `12`"),
        ("СS-[0-9]{6}", "write `C`"),  # noqa: RUF001 - the first letter is Cyrillic
    ],
)
def test_a_pattern_that_cannot_be_used_says_what_to_do(like: str, says: str) -> None:
    assert says in why_not(like)
    assert why_not(like) or not says


def test_no_pattern_costs_more_than_its_text() -> None:
    nested = OwnDetector("x", like=("(a+)+b",))
    assert why_not("(a+)+b") == ""
    assert not found(nested, "a" * 200_000)
