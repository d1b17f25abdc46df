"""Bombs over a real socket: answered within ten seconds, a bounded memory, nobody else's mail kept waiting, no process lost.

On a busy machine ten seconds of the clock prove nothing, so ten seconds of the gateway's own processor time will do as well.
"""

from collections.abc import Iterator

import pytest

from tests.build import docx, pdf, zip_of
from tests.corpus.bombs import bombs
from tests.corpus.entries import Technique, carrying
from tests.corpus.pack import uk_pack
from tests.corpus.run import Running, running
from tests.corpus.watching import watched

pytestmark = [pytest.mark.peer, pytest.mark.slow]

SECONDS = 10.0
MEBIBYTES = 200.0


@pytest.fixture(scope="module")
def gateway() -> Iterator[Running]:
    """Warm: each kind of reader has worked once, so that what grows afterwards is the bomb's doing."""
    with uk_pack() as pack, running(pack, extra='[examine]\nwall = "240s"\n') as gateway:
        ordinary = {"a.pdf": pdf(["A."]), "a.docx": docx(["A."]), "a.zip": zip_of({"a.txt": b"A."})}
        gateway.send([Technique("", name, "", "", carrying(name, octets)) for name, octets in ordinary.items() for _ in range(2)])
        yield gateway


@pytest.mark.parametrize("name", list(bombs()))
def test_a_bomb_costs_little(gateway: Running, name: str) -> None:
    processes = gateway.gateway.pids()
    bomb = Technique("bombs", name, "", "", bombs()[name]())
    with watched(gateway) as seen:
        (gone,) = gateway.send([bomb], sessions=1)

    assert gone.answer.startswith(("250 ", "552 5.3.4 ", "554 5.6.0 "))
    assert min(gone.seconds, seen.seconds) <= SECONDS
    assert seen.grown <= MEBIBYTES
    assert seen.lost == []
    assert max(seen.notes, default=0.0) <= SECONDS
    assert gateway.gateway.pids() == processes
