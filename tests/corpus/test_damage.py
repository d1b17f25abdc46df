"""Files of every format, cut short or with a bit turned over, over a real socket: each is answered, and no process is lost.

Of what is packed, a piece that is missing is said: it is never sent in clear with what it holds unread.
"""

from collections.abc import Iterator

import pytest

from tests.corpus.damage import damaged, samples
from tests.corpus.entries import Technique, carrying
from tests.corpus.pack import uk_pack
from tests.corpus.run import Gone, Running, running

pytestmark = [pytest.mark.peer, pytest.mark.slow]

CUTS, FLIPS = 2, 4  # of each format
PACKED = ("a.7z", "a.docx", "a.xlsx", "a.pptx", "a.odt", "a.zip", "a.tar.gz", "a.tar.xz", "a.txt.bz2", "a.txt.zst", "a.cab", "winmail.dat")


@pytest.fixture(scope="module")
def gateway() -> Iterator[Running]:
    with uk_pack() as pack, running(pack, extra='[examine]\nwall = "240s"\n') as gateway:
        yield gateway


@pytest.fixture(scope="module")
def results(gateway: Running) -> list[Gone]:
    processes = gateway.gateway.pids()
    sent = [Technique(name, what, "", "", carrying(name, octets)) for name, what, octets in damaged(CUTS, FLIPS)]
    results = gateway.send(sent)
    assert gateway.gateway.pids() == processes
    return results


def test_every_format_is_among_them() -> None:
    assert len(samples()) >= 25


def test_each_is_answered_soon(results: list[Gone]) -> None:
    odd = [(gone.entry.family, gone.entry.name, gone.answer, gone.seconds) for gone in results if not gone.answer.startswith("250 ")]

    assert odd == []


def test_what_is_packed_and_cut_short_never_goes_in_clear(results: list[Gone]) -> None:
    assert [(gone.entry.family, gone.entry.name) for gone in results if _is_cut(gone) and gone.is_plain] == []


def _is_cut(gone: Gone) -> bool:
    return gone.entry.family in PACKED and gone.entry.name.startswith("cut ")
