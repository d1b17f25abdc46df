"""Settings and policy in force, and what a reload changes of them (adr/0008): with an error, nothing."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from gateway.app.pack import load_policy, to_come
from gateway.app.signing import load_signing_keys
from gateway.app.tls_files import check_tls
from gateway.config import Settings, load
from gateway.edges.dkim_keys import SigningKeys
from gateway.errors import BadInput
from gateway.log import Log
from gateway.policy.rules import Policy


class InForce:
    """Settings and policy as they are now; a reload with an error changes nothing."""

    def __init__(self, config: Path, settings: Settings, log: Log) -> None:
        self.config = config
        self._log = log
        self.settings = settings
        self.policy: Policy = load_policy(settings.policy.source, settings)
        self._warn()
        self.signing_keys: SigningKeys | None = None  # those that a reload has brought

    def reload(self) -> bool:
        """Whether the new ones are in force."""
        try:
            wanted = load(self.config)
            settings = from_now_on(self.settings, wanted)
            policy = load_policy(settings.policy.source, settings)
            check_tls(settings)
            signing_keys = load_signing_keys(settings)
        except BadInput as bad:
            self._log.event("policy.rejected", pack=self.policy.name, problems=[str(problem) for problem in bad.problems][:20])
            self._log.event("alarm", what="the settings or the policy have an error; the old ones stay in force")
            return False
        if waiting := tuple(differing(settings.model_dump(), wanted.model_dump())):
            self._log.event("alarm", what=f"changed settings that take effect only at the next start: {', '.join(waiting)}")
        self.settings, self.policy, self.signing_keys = settings, policy, signing_keys
        self._log.event("policy.loaded", pack=policy.name, pack_version=policy.version, warnings=len(policy.warnings))
        self._warn()
        return True

    def _warn(self) -> None:
        for says in to_come(self.policy):
            self._log.event("alarm", what=says)


def from_now_on(running: Settings, wanted: Settings) -> Settings:
    """What a reload changes: policy, retention, signing keys, the terms of listeners. Sockets, next hops and stores are open and stay."""
    # An open session counts its replies by the protocol in which it began.
    listen = {
        name: wanted.listen.get(name, was).model_copy(update={"address": was.address, "protocol": was.protocol})
        for name, was in running.listen.items()
    }
    return running.model_copy(update={"policy": wanted.policy, "retention": wanted.retention, "dkim": wanted.dkim, "listen": listen})


def differing(one: dict[str, Any], other: dict[str, Any], at: str = "") -> Iterator[str]:
    """Names of the settings that are not the same in both: `next_hop.internet.host`, or a section that only one has. Never values."""
    for name in sorted(one.keys() | other.keys()):
        mine, theirs = one.get(name), other.get(name)
        if isinstance(mine, dict) and isinstance(theirs, dict):
            yield from differing(mine, theirs, f"{at}{name}.")
        elif mine != theirs:
            yield f"{at}{name}"
