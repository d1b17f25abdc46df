"""Steps that keep a message: hold, confirm and refuse. One case for each step: message into the vault, notices beside it, one commit."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from gateway.act.deciders import POSTMASTER
from gateway.act.letters import Post
from gateway.act.work import Work
from gateway.model.decision import Decision, Verdict
from gateway.model.envelope import Recipient
from gateway.model.outcome import Ending, Outcome, Reply, Step
from gateway.policy.guidance import smtp_reply, texts_of
from gateway.ports import Bundle, Held, World


async def keep(steps: tuple[Step, ...], work: Work, world: World, *, alone: bool) -> tuple[Outcome, ...]:
    """Keep each step's message durably and tell its sender, or answer 5xx where nobody may be told.

    `alone`: nothing else happens to this message, so that one 5xx may answer for all in SMTP.
    Raises TryLater before anything is durable.
    """
    outcomes: list[Outcome] = []
    everyone_refused = alone and all(step.verdict is Verdict.REFUSE for step in steps)
    for step in steps:
        if step.verdict is Verdict.REFUSE and (work.each or everyone_refused) and _answers_5xx(step, work):
            outcomes += [
                Outcome(recipient, Ending.REJECTED, smtp_reply(decision, texts_of(work.policy))) for recipient, decision in _pairs(step)
            ]
        else:
            outcomes += await keep_one(_for_somebody(step, work), work, world)
    return tuple(outcomes)


async def keep_one(step: Step, work: Work, world: World) -> tuple[Outcome, ...]:
    """One case: durable on return."""
    case = await world.new_case()
    object_id = await world.vault.put("holds", work.arrival.content, world.head(work.arrival))
    held = _held(step, work, case, object_id)
    ending = Ending.REFUSED if step.verdict is Verdict.REFUSE else Ending.KEPT
    outcomes = tuple(Outcome(recipient, ending, Reply(250, "2.1.5", ending.value), step.route, case) for recipient in step.recipients)
    facts = work.facts.get(step.recipients[0].address.wire)
    others = len(work.arrival.envelope.recipients) - len(step.recipients)
    letters = await Post(world, work.policy, work.house).of_step(step, held, work.arrival.content, work.findings, facts, others)
    await work.transaction.finish(Bundle(outcomes, (held,), letters), durable=True)
    work.progress.update({outcome.recipient.address.key: outcome for outcome in outcomes})
    world.counters.count("kept", verdict=step.verdict.word)
    return outcomes


def _answers_5xx(step: Step, work: Work) -> bool:
    return work.policy.refuse_by == "smtp" or not work.may_tell(step.recipients)


def _for_somebody(step: Step, work: Work) -> Step:
    """A confirm nobody can answer, or a refusal nobody may be told of, is a hold that a person decides (DESIGN section 6)."""
    if step.verdict is Verdict.HOLD or work.may_tell(step.recipients):
        return step
    decisions = tuple(
        replace(decision, verdict=Verdict.HOLD, held_for=(decision.then if step.verdict is Verdict.CONFIRM else None) or POSTMASTER)
        for decision in step.decisions
    )
    return replace(step, verdict=Verdict.HOLD, decisions=decisions)


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
        client=arrival.peer.address,
        lifted=decision.lifted,
    )


def _pairs(step: Step) -> tuple[tuple[Recipient, Decision], ...]:
    return tuple(zip(step.recipients, step.decisions, strict=True))
