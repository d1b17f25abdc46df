"""Copies as they go: made for one next hop, and signed at the moment when they leave or are kept."""

from __future__ import annotations

from dataclasses import dataclass

from gateway.act.copies import fields, forbidden
from gateway.act.sign import signed
from gateway.act.work import Work
from gateway.mime.edited import Edited
from gateway.model.outcome import Copy, Step
from gateway.ports.world import World


@dataclass(frozen=True, slots=True)
class Ready:
    """One copy, for recipients who get the same."""

    step: Step
    next_hop: str  # the NAME of [next_hop.NAME]
    copy: Copy  # not signed yet
    is_changed: bool  # it is another message than the one that arrived, and is signed

    async def leaving(self, world: World) -> Copy:
        """As the hop gets it. Raises TryLater: it cannot be read back."""
        return await signed(self.copy, world) if self.is_changed else self.copy


def as_it_is(step: Step, work: Work, world: World) -> Ready:
    """What a relay step hands over: the message as it arrived, but for what the route and the rules add and what users may not set."""
    envelope, next_hop = work.arrival.envelope, work.policy.next_hop_of(step.route or "")
    added = fields(world.hops[next_hop].trigger_header, step.decisions[0].stamps)
    copy = Copy(
        reverse_path=envelope.reverse_path.wire,
        recipients=step.recipients,
        head=world.head(work.arrival) + added,
        content=work.arrival.content,
        eight_bit=envelope.body == "8BITMIME",
        smtputf8=envelope.smtputf8,
        ret=envelope.ret,
        envid=envelope.envid,
        splices=forbidden(work.message, work.reserved),
    )
    return Ready(step, next_hop, copy, bool(added or copy.splices))


async def keep_ready(ready: Ready, world: World) -> str:
    """The same octets that the hop would have got, into the vault for the outbox; the object's id. Raises TryLater."""
    copy = await ready.leaving(world)
    content = Edited(copy.content, copy.splices) if copy.splices else copy.content
    return await world.vault.put("notices", content, copy.head)
