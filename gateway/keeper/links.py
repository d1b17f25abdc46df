"""Files of a kept message into their place, when it is let go after all: the same way as mail that is carried (act/share.py).

All of it is undone where the case does not end as it was wanted. Where a route cannot serve somebody, they are decided again.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from hashlib import sha256

from gateway.act.copies import names_of, stamps_of
from gateway.act.deciders import POSTMASTER
from gateway.act.going import Going
from gateway.act.readers import Origin, reader_of
from gateway.act.ready import Ready
from gateway.act.share import LINKS_ENDED, People, Shared, named_in, share
from gateway.decide import decide
from gateway.errors import Revoked, Unusable
from gateway.keeper.desk import Desk
from gateway.model.decision import Decision, Verdict
from gateway.model.envelope import Recipient
from gateway.model.judgement import Judgement
from gateway.model.kept import Held, ToSend
from gateway.model.message import Content
from gateway.model.outcome import Step
from gateway.pipeline import Beside
from gateway.plan import plan
from gateway.policy.rules import Policy

PLACE_SECONDS = 300.0  # how long a place may take to keep the files


@dataclass(slots=True)
class Links:
    """The shares of one case that is let go."""

    desk: Desk
    held: Held
    policy: Policy
    known: Beside
    judgement: Judgement
    content: Content
    shares: list[Shared] = field(default_factory=list)
    _unusable: dict[str, frozenset[str]] = field(default_factory=dict)  # by Address.key: routes that have proved unable to serve

    @property
    def ready(self) -> tuple[Ready, ...]:
        """The copies with links, one for each person."""
        return tuple(ready for shared in self.shares for ready in shared.ready)

    def noted(self, row: ToSend, ready: Ready) -> ToSend:
        """The row of this copy, with whose link it carries, if any; and whether nobody can have been handed that before."""
        shared = next((shared for shared in self.shares if any(one is ready for one in shared.ready)), None)
        if shared is None:
            return row
        (one,) = ready.step.recipients  # every link is one person's
        return replace(row, share=shared.share.id, is_fresh=one.address.key in shared.fresh)

    async def made(self, steps: tuple[Step, ...]) -> tuple[Step, ...]:
        """Files into their place, copies made; the steps that are left.

        Raises:
            TryLater: a place cannot keep them now.
            Revoked: they were taken back from everybody in the case.
        """
        left: list[Step] = []
        while steps:
            left += [step for step in steps if not _shares(step)]
            again: list[tuple[Recipient, Decision]] = []
            for route, people in _by_route(step for step in steps if _shares(step)).items():
                again += await self._made(route, people)
            steps = plan(tuple(made for _, made in again), tuple(one for one, _ in again)).steps if again else ()
        return tuple(left)

    async def undo(self) -> None:
        """Nothing has been let go: nobody will get these links."""
        for shared in self.shares:
            await shared.undo(self.desk.world)

    async def _made(self, route: str, people: People) -> People:
        """Those whom this route cannot serve, decided again; from whom the files were taken back, they stay kept."""
        again: list[tuple[Recipient, Decision]] = []
        while people:
            try:
                self.shares.append(await share(route, people, self._going, self.desk.world))
                break
            except Unusable as unusable:
                named = named_in(unusable, people)
                for key in named:
                    self._unusable[key] = self._unusable.get(key, frozenset()) | {route}
                again += [(one, self._again(one)) for one, _ in people if one.address.key in named]
            except Revoked as revoked:
                named = named_in(revoked, people)
                if len(named) == len(self.held.envelope.recipients):
                    raise
                again += [(one, self._kept(one)) for one, _ in people if one.address.key in named]
            people = tuple(pair for pair in people if pair[0].address.key not in named)
        return tuple(again)

    def _again(self, recipient: Recipient) -> Decision:
        facts = next(one for one in self.judgement.facts if one.recipient == recipient.address.wire)
        return decide(facts, self.policy, unusable=self._unusable[recipient.address.key], lifted=self.known.lifted)

    def _kept(self, recipient: Recipient) -> Decision:
        """Whoever ended the links does not want the files to come by another way. Who has the case keeps it, for as long, and sees why.

        There is nothing to confirm any more: what the sender was asked is for who comes `then`.
        """
        was = self.held.decision
        held_for = was.then or POSTMASTER if was.verdict is Verdict.CONFIRM else was.held_for
        reason = replace(LINKS_ENDED, effect="hold", held_for=held_for, within=was.within, then=was.then)
        return Decision(
            recipient.address.wire, (), Verdict.HOLD, None, reasons=(reason,), held_for=held_for, within=was.within, then=was.then
        )

    @property
    def _going(self) -> Going:
        desk, held = self.desk, self.held
        origin, now = Origin.of_case(held), desk.world.clock.now()
        return Going(
            name=sha256(f"{held.case} {held.message_id}".encode()).digest(),
            message_id=held.message_id,
            envelope=held.envelope,
            content=self.content,
            message=self.judgement.message,
            findings=self.judgement.findings,
            policy=self.policy,
            house=desk.house,
            head=b"",
            reserved=names_of(hop.trigger_header for hop in desk.world.hops.values()) | stamps_of(self.policy),
            deadline=desk.world.clock.monotonic() + PLACE_SECONDS,
            reader=lambda recipient: reader_of(recipient, origin, self.policy, desk.house, now),
        )


def _shares(step: Step) -> bool:
    return step.verdict is Verdict.RELEASE and step.is_share


def _by_route(steps: Iterable[Step]) -> dict[str, People]:
    found: dict[str, People] = {}
    for step in steps:
        found[step.route or ""] = (*found.get(step.route or "", ()), *zip(step.recipients, step.decisions, strict=True))
    return found
