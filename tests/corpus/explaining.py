"""What `outgate explain --json` says of messages: the same stages with one sandbox for all of them."""

import asyncio
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from gateway.app.build import make_sandbox
from gateway.app.house import house_of
from gateway.config import Examine, Hop, Listener, NoticesPlace, Organisation, PolicySource, Settings
from gateway.edges.packs import read_pack
from gateway.edges.sandbox import Sandbox
from gateway.edges.spool import Spool
from gateway.listen.grammar import parse_path
from gateway.listen.lines import Lines
from gateway.log import Log
from gateway.model.envelope import Envelope, Peer, Recipient
from gateway.model.message import Arrival, Defect
from gateway.pipeline import judge
from gateway.policy.parse_pack import load_pack
from gateway.policy.rules import Policy
from gateway.studio.explain import explain
from tests.corpus.entries import OUTSIDER, SENDER, Technique
from tests.corpus.run import OWN, PICTURE_SECONDS, WALL_SECONDS


@dataclass
class Explainer:
    """Explains one message after the other."""

    settings: Settings
    policy: Policy
    sandbox: Sandbox
    runner: asyncio.Runner
    folder: Path

    def explain(self, octets: bytes) -> dict[str, Any]:
        """The object that explain prints."""
        return self.runner.run(self._explain(octets))

    def explain_all(self, messages: Sequence[bytes]) -> list[dict[str, Any]]:
        """Of many messages, a few at a time."""
        few = asyncio.Semaphore(4)

        async def one(octets: bytes) -> dict[str, Any]:
            async with few:
                return await self._explain(octets)

        async def everything() -> list[dict[str, Any]]:
            return await asyncio.gather(*map(one, messages))

        return self.runner.run(everything())

    async def _explain(self, octets: bytes) -> dict[str, Any]:
        lines, writer = Lines(), Spool(self.folder)()
        writer.write(lines.feed(octets) + lines.end())
        defects = tuple(Defect(name) for name in sorted(lines.defects))
        envelope = Envelope(parse_path(SENDER, utf8=True), (Recipient(parse_path(OUTSIDER, utf8=True)),), body="8BITMIME")
        peer = Peer("127.0.0.1", 0, "explain")
        arrival = Arrival("explain", "explain", "ESMTP", peer, envelope, writer.finish(), datetime.now(UTC), 0.0, defects)
        try:
            found = await judge(arrival, envelope.recipients, self.policy, house_of(self.settings), self.sandbox)
        finally:
            arrival.content.close()
        return explain(found.message, found.findings, found.facts, found.decisions, self.policy)


@contextmanager
def explainer(pack: Path) -> Iterator[Explainer]:
    """A sandbox as `serve` makes it, for as many messages as one likes."""
    settings = Settings(
        organisation=Organisation(name=OWN, domains=(OWN,)),
        listen={"explain": Listener(address="127.0.0.1:0")},
        next_hop={"none": Hop(host="127.0.0.1")},
        policy=PolicySource(source=pack),
        notices=NoticesPlace(next_hop="none"),
        examine=Examine(ocr_seconds=PICTURE_SECONDS, wall=WALL_SECONDS),
    )
    policy = load_pack(read_pack(pack), (OWN,))
    sandbox = make_sandbox(settings, Log(style="text"))
    with TemporaryDirectory(prefix="outgate-") as folder, asyncio.Runner() as runner:

        async def begin() -> None:
            sandbox.prepare(policy.patterns)
            sandbox.attach()

        runner.run(begin())
        try:
            yield Explainer(settings, policy.bind(policy.next_hops), sandbox, runner, Path(folder))
        finally:
            runner.run(sandbox.close())


def places(found: dict[str, Any]) -> Iterable[tuple[str, str]]:
    """Of each piece of evidence its kind, and where it stood: files from outside in, place, id."""
    for item in found["words"]["evidence"]:
        yield item["kind"], f"words | {item['where']} | {item['id']}"
    files = {file["id"]: file for file in found["attachments"]}
    for file in files.values():
        path, at = [], file
        while at is not None:
            path.insert(0, " ".join(at["names"]) or f"({at['detected_type']})")
            at = files.get(at["inside"])
        for item in file["evidence"]:
            yield item["kind"], f"{' > '.join(path)} | {item['where']} | {item['id']}"


def is_named(technique: Technique, found: dict[str, Any]) -> bool:
    """Whether the evidence is shown where it stood."""
    sought = technique.where.casefold()
    return any(kind == technique.kind and sought in place.casefold() for kind, place in places(found))
