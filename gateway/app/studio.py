"""What officers use, from the command line: explain, check, test. The same stages as the mail path, without its effects."""

from __future__ import annotations

import asyncio
import os
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from gateway.app.build import make_sandbox
from gateway.app.house import house_of
from gateway.app.pack import load_policy, read_policy
from gateway.config import Hop, Listener, NoticesPlace, Organisation, PolicySource, Settings, load
from gateway.edges.packs import read_pack
from gateway.edges.spool import Spool
from gateway.errors import BadInput, Problem, WillNotDo
from gateway.gather import not_found
from gateway.listen.grammar import BadPath, parse_path
from gateway.listen.lines import Lines
from gateway.log import Log
from gateway.model.envelope import Address, Envelope, Peer, Recipient
from gateway.model.message import Arrival, Defect
from gateway.pipeline import judge
from gateway.policy.rules import Policy
from gateway.studio.check import check
from gateway.studio.explain import explain as explained
from gateway.studio.explain_text import as_text
from gateway.studio.scenario import Scenario, read_scenario
from gateway.studio.test import run_tests

HERE = Path("outgate.toml")  # the settings of a command that names none
OWN = ("example.org",)  # what `own` stands for where there are no settings
MAX_MESSAGE = 1024 * 1_048_576  # octets of a file that explain reads


@dataclass(frozen=True, slots=True)
class Explained:
    """The same twice: for programs and for people."""

    as_json: dict[str, Any]
    in_vain: tuple[Problem, ...] = ()  # warnings: what was supposed and counts for nothing

    @property
    def as_text(self) -> str:
        """To read."""
        return as_text(self.as_json)


@dataclass(frozen=True, slots=True)
class Tested:
    """How a pack's own tests went."""

    text: str
    passed: bool


def explain(
    message: Path, sender: str, recipients: tuple[str, ...], pack: Path | None, config: Path | None, scenario: Path | None
) -> Explained:
    """What would happen to the message, for each recipient. Without a configuration the sender's domain is the organisation's.

    Raises:
        BadInput: the settings, the pack, an address, the scenario or the file cannot be used.
    """
    reverse_path = _address(sender, "--sender")
    settings = _settings(config, pack, reverse_path)
    supposed = read_scenario(*(("", b"") if scenario is None else (str(scenario), _read(scenario))))
    policy = _bound_to_itself(pack, settings, supposed) if pack is not None else _in_force(settings, supposed)
    policy, known = supposed.known_groups(policy, reverse_path.key), supposed.beside(policy)
    log = Log(style="text")
    envelope = Envelope(reverse_path, tuple(map(_recipient, recipients)), body="8BITMIME")
    sandbox = make_sandbox(settings, log)

    async def run() -> Explained:
        sandbox.prepare(policy.patterns)
        sandbox.attach()
        try:
            with TemporaryDirectory(prefix="outgate-") as folder:
                arrival = _arrival(_read(message), envelope, Spool(Path(folder)), next(iter(settings.listen)), supposed)
                try:
                    found = await judge(arrival, envelope.recipients, policy, house_of(settings), sandbox, known=known)
                finally:
                    arrival.content.close()
        finally:
            await sandbox.close()
        if lacking := not_found(known.declared, found.findings):
            raise supposed.not_in_message(lacking)
        as_supposed = supposed.as_json if scenario is not None else None
        as_json = explained(found.message, found.findings, found.facts, found.decisions, policy, as_supposed)
        return Explained(as_json, supposed.in_vain(found.findings, found.facts[0].message, policy))

    return asyncio.run(run())


def check_pack(pack: Path, config: Path | None) -> tuple[Problem, ...]:
    """Everything that is wrong with a pack, or worth a look."""
    files = read_pack(pack)
    settings = _given(config)
    own_domains = settings.organisation.domains if settings else OWN
    next_hops, places = (frozenset(settings.next_hop), frozenset(settings.place)) if settings else (None, None)
    problems = check(files, own_domains, datetime.now(UTC).date(), next_hops, places)
    return tuple(replace(problem, file=f"{pack}/{problem.file}") for problem in problems)


def test_pack(pack: Path) -> Tested:
    """Run the pack's own examples. Raises BadPack."""
    files = read_pack(pack)
    try:
        results = run_tests(files)
    except BadInput as bad:
        raise type(bad)(tuple(replace(problem, file=f"{pack}/{problem.file}") for problem in bad.problems)) from bad
    failed = [result for result in results if not result.passed]
    lines = [*(str(result) for result in failed), f"{pack}: {len(results) - len(failed)} of {len(results)} tests passed"]
    if not results:
        lines = [f"{pack}: there are no tests; write some in {pack}/tests/*.yaml"]
    return Tested("\n".join(lines), bool(results) and not failed)  # no tests have proved nothing


def _in_force(settings: Settings, supposed: Scenario) -> Policy:
    return load_policy(settings.policy.source, settings, supposed.instead, is_today=supposed.at is None)


def _arrival(octets: bytes, envelope: Envelope, spool: Spool, listener: str, supposed: Scenario) -> Arrival:
    """As the listener would take it in: line ends made CRLF."""
    peer = Peer(supposed.part.peer, 0, "explain", certificate=supposed.part.certificate)
    lines, writer = Lines(), spool()
    writer.write(lines.feed(octets) + lines.end())
    defects = tuple(Defect(name) for name in sorted(lines.defects))
    return Arrival("explain", listener, "ESMTP", peer, envelope, writer.finish(), supposed.at or datetime.now(UTC), 0.0, defects)


def _settings(config: Path | None, pack: Path | None, sender: Address) -> Settings:
    """The operator's, or for a pack alone as much as is needed."""
    if (settings := _given(config)) is not None:
        return settings
    if pack is None:
        raise BadInput((Problem(str(HERE), 0, 0, "is not there; name your settings with --config, or a pack with --pack"),))
    domain = sender.domain or OWN[0]
    return Settings(
        organisation=Organisation(name=domain, domains=(domain,)),
        listen={"explain": Listener(address="127.0.0.1:0")},
        next_hop={"none": Hop(host="127.0.0.1")},
        policy=PolicySource(source=pack),
        notices=NoticesPlace(next_hop="none"),
    )


def _bound_to_itself(pack: Path, settings: Settings, supposed: Scenario) -> Policy:
    """A pack to try: as if every next hop that it names were configured."""
    policy = read_policy(pack, settings, supposed.instead)
    return policy.bind(policy.next_hops, policy.places)


def without_settings(config: Path | None, sender: str = "") -> str:
    """What a command must say that found no settings and goes on without; "" when it has some."""
    if config is not None or os.path.lexists(HERE):
        return ""
    domain = sender.rpartition("@")[2].strip("<>") or OWN[0]
    return f"no settings (there is no {HERE} here, and no --config): `own` stands for {domain}"


def _given(config: Path | None) -> Settings | None:
    """The settings that were named, or those that stand here; None: there are none and nobody named any.

    Raises:
        BadConfig: they have a mistake, or cannot be read.
    """
    if config is not None:
        return load(config)
    return load(HERE) if os.path.lexists(HERE) else None


def _address(text: str, option: str) -> Address:
    try:
        return parse_path(text.removeprefix("<").removesuffix(">"), utf8=True)
    except BadPath as error:
        raise BadInput((Problem(option, 0, 0, f"`{text}` is no address: {error}"),)) from error


def _recipient(text: str) -> Recipient:
    """Only a reverse-path can be empty: there is nobody to decide about."""
    address = _address(text, "--recipient")
    if not address.domain:
        raise BadInput((Problem("--recipient", 0, 0, f"`{text}` names nobody; write someone@example.org"),))
    return Recipient(address)


def _read(message: Path) -> bytes:
    try:
        if message.stat().st_size > MAX_MESSAGE:
            raise WillNotDo(f"{message} is larger than {MAX_MESSAGE} octets")
        return message.read_bytes()
    except OSError as error:
        raise BadInput((Problem(str(message), 0, 0, f"cannot be read: {error.strerror}"),)) from error
