"""A page header or footer that nobody sees may raise what a file counts as, and never lowers it; one that is shown does both."""

from collections.abc import Iterable
from typing import Any

import pytest

from gateway.detectors import scan
from gateway.detectors.unseen import name_of
from gateway.model.facts import FileFacts, MessageFacts, SenderFacts
from gateway.model.finding import Place, Readable
from tests.content.reading import look
from tests.corpus.families.unseen import SHOWN, UNSEEN
from tests.policy.packs import changed, small

# PUBLIC in a page header or footer lowers here, SECRET raises.
POLICY = small(changed("where: [subject_start, page_header]", "where: [subject_start, page_header, page_footer]"))


def _names(edges: Iterable[str]) -> list[Any]:
    """Old texts are made by a real program."""
    return [pytest.param(name, marks=pytest.mark.slow if "old text" in name else ()) for name in edges]


def level(data: bytes) -> str:
    """What a file counts as."""
    (finding,) = look(data, "a", patterns=POLICY.patterns)
    assert finding.readable is Readable.YES
    file = FileFacts("1", None, "a", "application/octet-stream", len(data), len(data), finding.readable, finding.evidence)
    message = MessageFacts(100, SenderFacts("a@x", "x", True), (file,), (), looked_for=POLICY.ladder.looks_for)
    return POLICY.ladder.name(POLICY.ladder.files(message).top)


@pytest.mark.parametrize("name", _names(UNSEEN))
def test_what_nobody_sees_never_lowers(name: str) -> None:
    assert level(UNSEEN[name]("PUBLIC")) == "internal"


@pytest.mark.slow  # the corpus has them too
@pytest.mark.parametrize("name", _names(UNSEEN))
def test_what_nobody_sees_raises(name: str) -> None:
    assert level(UNSEEN[name]("SECRET")) == "secret"


@pytest.mark.parametrize("name", _names(SHOWN))
def test_what_is_shown_lowers_and_raises(name: str) -> None:
    assert (level(SHOWN[name]("PUBLIC")), level(SHOWN[name]("SECRET"))) == ("public", "secret")


def test_an_edge_that_nobody_sees_lowers_in_no_order_of_its_letters() -> None:
    """A line that is shown from right to left is read both ways."""
    turned = "\u202e" + "PUBLIC"[::-1] + "\u202c"

    for is_shown, place in ((True, Place.PAGE_HEADER), (False, Place.TEXT)):
        (evidence,) = scan([(Place.PAGE_HEADER, name_of("page header", is_shown=is_shown), turned)], POLICY.patterns)
        assert (evidence.id, evidence.place, type(evidence.where)) == ("public", place, str)
