"""A copy with a link: the message without its files, and words that tell one person of a link of their own."""

from __future__ import annotations

from gateway.act.copies import fields, forbidden
from gateway.act.going import Going
from gateway.act.ready import Ready
from gateway.errors import Unusable
from gateway.mime.block import Block
from gateway.mime.replace import Edit
from gateway.model.decision import Decision, Verdict
from gateway.model.envelope import Recipient
from gateway.model.outcome import Copy, Step
from gateway.model.share import Offer, Share
from gateway.policy.rules import Policy
from gateway.policy.share_words import Given, blocks
from gateway.ports.world import World


def linked(recipient: Recipient, decision: Decision, share: Share, offer: Offer, edit: Edit, going: Going, world: World) -> Ready:
    """The copy for one person. Raises Unusable: what the place says is more than a message may gain."""
    words = edit.splices(_blocks(decision, share, offer, going)) or edit.splices(_blocks(decision, share, offer, going, is_short=True))
    if words is None:
        raise Unusable("what the place says is more than a message may gain", (recipient.address.key,))
    envelope, next_hop = going.envelope, going.policy.next_hop_of(decision.carried_by or "")
    copy = Copy(
        reverse_path=envelope.reverse_path.wire,
        recipients=(recipient,),
        head=going.head + fields(world.hops[next_hop].trigger_header, decision.stamps),
        content=going.content,
        eight_bit=envelope.body == "8BITMIME",
        smtputf8=envelope.smtputf8,
        ret=envelope.ret,
        envid=envelope.envid,
        splices=tuple(sorted((*words, *forbidden(going.message, going.reserved)))),
    )
    return Ready(Step(Verdict.RELEASE, share.route, (decision,), (recipient,)), next_hop, copy, is_changed=True)


def _blocks(decision: Decision, share: Share, offer: Offer, going: Going, *, is_short: bool = False) -> tuple[Block, ...]:
    given = Given(
        offer=offer,
        files=tuple(file for file in share.files if file.id in decision.shared_files),
        sender=going.envelope.reverse_path.wire or going.house.postmaster,
        shows_names=shows_names(going.policy, decision),
        is_short=is_short,
    )
    return blocks(given, share.language, going.policy, going.house)


def shows_names(policy: Policy, decision: Decision) -> bool:
    """Whether the covering mail may name the files: the pack says so, or what carries it protects words."""
    route, carrier = policy.route(decision.route or ""), policy.route(decision.carried_by or "")
    return route.show_file_names or any(policy.protections.get(name) == "message" for name in carrier.provides)
