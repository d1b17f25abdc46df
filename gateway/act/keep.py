"""Steps that keep a message: hold, confirm and refuse. One case for each step: message into the vault, notices beside it, one commit."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from gateway.act.deciders import OWNERS, POSTMASTER, resolve
from gateway.act.letters import Post, Seen
from gateway.act.work import Work, put_off
from gateway.errors import OutgateError
from gateway.model.decision import Decision, Verdict
from gateway.model.envelope import Recipient
from gateway.model.kept import Bundle, Held
from gateway.model.outcome import Ending, Outcome, Reply, Step
from gateway.policy.guidance import smtp_reply, texts_of
from gateway.policy.wording import Others
from gateway.ports.world import World


async def keep(steps: tuple[Step, ...], work: Work, world: World, *, alone: bool, going: frozenset[str]) -> tuple[Outcome, ...]:
    """Keep each step's message durably and tell its sender, or answer 5xx where nobody may be told.

    What cannot be made durable is DEFERRED, and so is every step after it; what was durable before stays so.
    `alone`: nothing else happens or has happened to this message, so that one 5xx may answer for all in SMTP.
    `going`: which other recipients (Address.key) have the message or are about to get it.
    """
    parts = tuple(part for step in steps for one in _by_decider(step, work) for part in _by_reader(one, work))
    everyone = work.each or (alone and all(_is_answered_5xx(part, work) for part in parts))
    stopped = frozenset(recipient.address.key for part in parts for recipient in part.recipients)
    outcomes: list[Outcome] = []
    for number, part in enumerate(parts):
        if everyone and _is_answered_5xx(part, work):
            outcomes += _rejected(part, work)
            continue
        try:
            outcomes += await keep_one(_for_somebody(part, work), work, world, work.others(part, going, stopped))
        except OutgateError as late:
            outcomes += [put_off(recipient, late) for rest in parts[number:] for recipient in rest.recipients]
            break
    return tuple(outcomes)


async def keep_one(step: Step, work: Work, world: World, others: Others) -> tuple[Outcome, ...]:
    """One case: durable on return. Raises TryLater: nothing of it happened, as far as anybody can know."""
    case = await world.new_case()
    object_id = await world.vault.put("holds", work.arrival.content, world.head(work.arrival))
    held = _held(step, work, case, object_id)
    ending = Ending.REFUSED if step.verdict is Verdict.REFUSE else Ending.KEPT
    outcomes = tuple(Outcome(recipient, ending, Reply(250, "2.1.5", ending.value), step.route, case) for recipient in step.recipients)
    post = Post(world, work.policy, work.house)
    seen = Seen(work.findings, work.facts)
    letters = await post.of_step(step, held, work.arrival.content, seen, others=others, total=work.total)
    await work.transaction.finish(Bundle(outcomes, (held,), letters), durable=True)
    work.progress.update({outcome.recipient.address.key: outcome for outcome in outcomes})
    world.counters.count("kept", verdict=step.verdict.word)
    return outcomes


def _by_decider(step: Step, work: Work) -> tuple[Step, ...]:
    """Each owner's apart: the owner of one list neither decides about another, nor learns that it was written to (it may be a Bcc)."""
    first = step.decisions[0]
    roles = tuple(role for role in (first.held_for, first.then) if role in OWNERS)
    if not roles or len(step.recipients) == 1:
        return (step,)
    owners = [tuple(resolve(role, work.policy, work.house, (recipient,), work.at) for role in roles) for recipient in step.recipients]
    return tuple(_those(step, tuple(one == owner for one in owners)) for owner in dict.fromkeys(owners))


def _by_reader(step: Step, work: Work) -> tuple[Step, ...]:
    """A case for each who is told and answers; where nobody may be told, nobody can answer or know."""
    if step.verdict is Verdict.HOLD:
        return (step,)
    readers = tuple(work.reader(recipient) for recipient in step.recipients)
    return tuple(_those(step, tuple(one == reader for one in readers)) for reader in dict.fromkeys(readers))


def _those(step: Step, wanted: tuple[bool, ...]) -> Step:
    pairs = [(decision, recipient) for decision, recipient, is_one in zip(step.decisions, step.recipients, wanted, strict=True) if is_one]
    return replace(step, decisions=tuple(decision for decision, _ in pairs), recipients=tuple(recipient for _, recipient in pairs))


def _for_somebody(step: Step, work: Work) -> Step:
    """A confirm nobody can answer, or a refusal nobody may be told of, is a hold that a person decides (DESIGN section 6)."""
    if step.verdict is Verdict.HOLD or any(work.reader(recipient) for recipient in step.recipients):
        return step
    decisions = tuple(
        replace(decision, verdict=Verdict.HOLD, held_for=(decision.then if step.verdict is Verdict.CONFIRM else None) or POSTMASTER)
        for decision in step.decisions
    )
    return replace(step, verdict=Verdict.HOLD, decisions=decisions)


def _is_answered_5xx(step: Step, work: Work) -> bool:
    """A refusal that the client can be told of instead of the sender."""
    silent = not any(work.reader(recipient) for recipient in step.recipients)
    return step.verdict is Verdict.REFUSE and (silent or work.policy.refuse_by == "smtp")


def _rejected(step: Step, work: Work) -> list[Outcome]:
    texts = texts_of(work.policy)
    named = work.each or work.total == 1  # one reply for all must not speak of one of them
    return [
        Outcome(recipient, Ending.REJECTED, smtp_reply(decision, texts, to=recipient.address.wire if named else ""))
        for recipient, decision in _pairs(step)
    ]


def _held(step: Step, work: Work, case: str, object_id: str) -> Held:
    decision = step.decisions[0]
    arrival = work.arrival
    return Held(
        case=case,
        object_id=object_id,
        message_id=arrival.id,
        listener=arrival.listener,
        envelope=replace(arrival.envelope, recipients=step.recipients),
        decision=decision,
        state="refused" if step.verdict is Verdict.REFUSE else "open",
        kept_at=work.at,
        answer_by=work.at + decision.within if decision.within is not None else None,
        keep_until=work.at + timedelta(seconds=work.keep_seconds),
        held_for=decision.held_for or ("sender" if step.verdict is Verdict.CONFIRM else POSTMASTER),
        pack=work.policy.name,
        pack_version=work.policy.version,
        protocol=arrival.protocol,
        client=arrival.peer.forwarded("ADDR") or arrival.peer.address,
        lifted=decision.lifted,
        certificate=arrival.peer.certificate,
        defects=tuple(dict.fromkeys(defect.name.value for defect in arrival.defects)),
    )


def _pairs(step: Step) -> tuple[tuple[Recipient, Decision], ...]:
    return tuple(zip(step.recipients, step.decisions, strict=True))
