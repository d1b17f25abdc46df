"""The corpus through a running gateway: over real sockets, to next hops that record what they get.

In: techniques and innocents. Out: for each what the client was told, and by which hop it left. Each has a recipient of its own in the
envelope, so that nothing in the message matters for telling them apart.
"""

import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from gateway.edges.packs import read_pack
from gateway.policy.parse_pack import load_pack
from tests.corpus.entries import Innocent, Technique
from tests.journey.client import Client
from tests.journey.gateway import Gateway, gateway
from tests.peers.hop import Peer, hop

OWN = "sender.example"
SESSIONS = 4
_IN_ONE_SESSION = 30  # messages
PICTURE_SECONDS = 0.8  # less than what is usual: decoys must use it up, however often all of this is run
WALL_SECONDS = 240.0  # readers are nice: beside other tests a few seconds of the processor took more than the usual minute
PLAIN = "internet"  # the hop of the plain route


@dataclass(frozen=True, slots=True)
class Gone:
    """What came of one message."""

    entry: Technique | Innocent
    answer: str
    hops: tuple[str, ...]  # by which it left
    seconds: float

    @property
    def is_plain(self) -> bool:
        """Whether the outsider has it in clear."""
        return PLAIN in self.hops

    @property
    def slipped(self) -> bool:
        return isinstance(self.entry, Technique) and self.is_plain and not self.entry.sealed

    @property
    def stopped(self) -> bool:
        return isinstance(self.entry, Innocent) and not self.is_plain


@dataclass
class Running:
    """A gateway with all next hops of its pack."""

    gateway: Gateway
    hops: Mapping[str, Peer]

    def send(self, entries: Sequence[Technique | Innocent], sessions: int = SESSIONS) -> list[Gone]:
        """Carry them all, several at a time; the results in the same order."""
        numbered = [(number, f"r{number:04}@elsewhere.example", entry) for number, entry in enumerate(entries)]
        with ThreadPoolExecutor(sessions) as pool:
            lots = pool.map(self._session, [numbered[first::sessions] for first in range(sessions)])
            answers = {number: (answer, seconds) for lot in lots for number, answer, seconds in lot}
        left: dict[str, list[str]] = {}
        for name, peer in self.hops.items():
            for taken in list(peer.messages):
                for recipient in taken.recipients:
                    left.setdefault(recipient, []).append(name)
        return [Gone(entry, answers[number][0], tuple(left.get(to, ())), answers[number][1]) for number, to, entry in numbered]

    def _session(self, lot: Sequence[tuple[int, str, Technique | Innocent]]) -> list[tuple[int, str, float]]:
        """A few connections, one after the other."""
        done = []
        for first in range(0, len(lot), _IN_ONE_SESSION):
            with Client(self.gateway.port, seconds=120) as client:
                client.hello()
                done += [self._one(client, *each) for each in lot[first : first + _IN_ONE_SESSION]]
        return done

    def _one(self, client: Client, number: int, to: str, entry: Technique | Innocent) -> tuple[int, str, float]:
        began = time.monotonic()
        assert client.envelope(f"clerk@{OWN}", [to], " BODY=8BITMIME")[0].startswith("250 ")
        client.content(entry.octets if entry.octets.endswith(b"\r\n") else entry.octets + b"\r\n")
        (answer,) = client.answers()
        return number, answer, time.monotonic() - began


@contextmanager
def running(pack: Path, **rest: object) -> Iterator[Running]:
    """`rest` goes to gateway()."""
    rest = {"extra": f'[examine]\nocr_seconds = "{PICTURE_SECONDS:g}s"\nwall = "{WALL_SECONDS:g}s"\n'} | rest
    policy = load_pack(read_pack(pack), (OWN,))
    with ExitStack() as stack:
        peers = {name: stack.enter_context(hop()) for name in sorted(policy.next_hops | {PLAIN})}
        notices = stack.enter_context(hop())
        hops = {name: {"host": "127.0.0.1", "port": peer.port} for name, peer in (*peers.items(), ("notices", notices))}
        started = gateway(hops, pack=pack, domains=(OWN,), notices="notices", **rest)  # type: ignore[arg-type]
        yield Running(stack.enter_context(started), peers)


def table(results: Iterable[Gone]) -> str:
    """What came of them, by family."""
    rows: dict[str, list[Gone]] = {}
    for gone in results:
        rows.setdefault(gone.entry.family, []).append(gone)
    lines = [f"{'family':28}{'techniques':>11}{'slipped':>9}{'innocents':>11}{'stopped':>9}{'seconds':>9}"]
    rows["all"] = [gone for found in rows.values() for gone in found]
    for family, found in rows.items():
        techniques = sum(isinstance(gone.entry, Technique) for gone in found)
        slipped, stopped = sum(gone.slipped for gone in found), sum(gone.stopped for gone in found)
        seconds = sum(gone.seconds for gone in found)
        lines.append(f"{family:28}{techniques:11}{slipped:9}{len(found) - techniques:11}{stopped:9}{seconds:9.1f}")
    return "\n".join(lines)
