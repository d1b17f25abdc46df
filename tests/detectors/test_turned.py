"""Lines that are shown in another order than they are written in."""

import time

import pytest

from gateway.detectors import scan
from gateway.detectors.turned import turned_lines
from gateway.model.finding import Place
from tests.content.reading import PATTERNS

RLO, RLE, RLI, LRO, LRI, PDF, PDI = "\u202e", "\u202b", "\u2067", "\u202d", "\u2066", "\u202c", "\u2069"


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        (f"{RLO}EVITISNES-LAICIFFO", "OFFICIAL-SENSITIVE"),
        (f"{RLO}EVITISNES-LAICIFFO{PDF}", "OFFICIAL-SENSITIVE"),
        (f"It is {RLO}7543 777 584{PDF}, see there", "It is 485 777 3457, see there"),
        (f"{RLO}(EVITISNES) LAICIFFO{PDF}", "OFFICIAL (SENSITIVE)"),
        (f"{RLO}EVITISNES{LRO}OFFICIAL-{PDF}{PDF}", "OFFICIAL-SENSITIVE"),
        (f"{RLO}{LRI}SENSITIVE{PDI}-LAICIFFO{PDF}", "OFFICIAL-SENSITIVE"),
        (f"{RLI}3457 777 485{PDI}", "485 777 3457"),
        (f"{RLE}3457 777 485{PDF}", "485 777 3457"),
        (f"{RLI}{RLI}485 777 3457{PDI}{PDI}", "3457 777 485"),
        (f"{RLO}CBA{PDF}{PDF}{PDI} D", "ABC D"),
        (f"{RLO}FED(CBA){PDF} G", "(ABC)DEF G"),
        (f"{RLO}FED(CBA)", "(ABC)DEF"),
    ],
)
def test_as_it_is_shown(written: str, shown: str) -> None:
    assert [line.shown for line in turned_lines(f"first\n{written}\nlast")] == [shown]


@pytest.mark.parametrize(
    "text", ["OFFICIAL", "\u202dOFFICIAL\u202c", "caf\u00e9", f"{RLI}\u05e9\u05dc\u05d5\u05dd{PDI}", f"{RLO}{PDF}", f"{RLE}OFFICIAL{PDF}"]
)
def test_what_is_shown_as_it_is_written_is_read_once(text: str) -> None:
    assert list(turned_lines(text)) == []


def test_no_line_is_turned_by_the_one_before() -> None:
    assert [line.shown for line in turned_lines(f"{RLO}CBA\nABC")] == ["ABC"]


@pytest.mark.parametrize(
    ("place", "text", "where"),
    [
        (Place.FIRST_LINE, f"{RLO}DETCIRTSER{PDF}\nHello", "first_line"),
        (Place.PAGE_HEADER, f"{RLO}DETCIRTSER{PDF}", "page_header"),
        (Place.SUBJECT_START, f"{RLO}DETCIRTSER{PDF}: Smith", "subject_start"),
    ],
)
def test_a_line_that_stands_at_its_place(place: Place, text: str, where: str) -> None:
    assert [item.place.value for item in scan([(place, "body", text)], PATTERNS) if item.place] == [where]


def test_a_later_line_is_no_first_line() -> None:
    assert not scan([(Place.FIRST_LINE, "body", f"Hello\n{RLO}DETCIRTSER{PDF}")], PATTERNS)


def test_lines_are_counted_on_behind_it() -> None:
    first, more = (Place.FIRST_LINE, "text", f"one\n{RLO}eerht owt{PDF}"), (Place.TEXT, "text", "OFFICIAL-SENSITIVE")

    assert [item.where for item in scan([first, more], PATTERNS)] == ["text, line 3"]


@pytest.mark.slow
@pytest.mark.parametrize("piece", [f"{RLO}a", f"{RLI}a ", f"{RLO}{LRO}ab{PDF}", f"{RLO}a{PDF}", PDF, RLO])
def test_the_time_grows_with_the_text_alone(piece: str) -> None:
    text = piece * (1_000_000 // len(piece))
    start = time.process_time()

    list(turned_lines(text))

    assert time.process_time() - start < 5
