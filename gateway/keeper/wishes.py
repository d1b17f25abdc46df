"""What people asked for: a case released, refused or decided again, each exactly once.

That it takes effect once is the hold's doing: who ends it first has ended it, in one commit with what is sent because of it.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from gateway.act.copies import fields, names_of
from gateway.act.deciders import POSTMASTER
from gateway.act.letters import LIFETIME
from gateway.act.settle import keep_copy
from gateway.act.tell import Circle, Went, told_of
from gateway.errors import OutgateError, TryLater, WillNotDo
from gateway.keeper.desk import Desk
from gateway.model.decision import Decision, Reason, Verdict
from gateway.model.envelope import Peer
from gateway.model.judgement import Judgement
from gateway.model.message import Arrival, Content, Defect, DefectName
from gateway.model.outcome import Step
from gateway.pipeline import Beside, judge
from gateway.plan import plan
from gateway.policy.rules import Policy
from gateway.ports import Held, Intent, ToSend

LEASE_SECONDS = 300.0  # of a wish: a keeper that dies leaves it to the next
_LIFTED = ("hold", "confirm")  # the effects that a person's release lifts


class Wishes:
    """Carries intents out, and looks again at what rests on unknown facts."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._looked_for = ""  # the pack version for which holds on unknown facts were last looked at

    async def carry_out(self) -> None:
        """Everything that was asked for."""
        desk = self._desk
        for intent in await desk.shelves.intents.claim(desk.world.clock.now(), LEASE_SECONDS):
            state, said = "done", ""
            try:
                said = await self._carry_out(intent)
            except TryLater:
                continue  # it stays ours until the lease ends, and is then tried again
            except OutgateError as error:
                state, said = "failed", str(error)
            except Exception as error:  # noqa: BLE001 - the person who asked is told, the operator sees where
                desk.alarm(f"intent: {intent.kind}", error, case=intent.case)
                state, said = "failed", "an error in the gateway; see its log under this case"
            await desk.shelves.intents.finish(intent.id, state, said)

    async def look_again(self) -> None:
        """A hold that rests only on unknown facts is decided again when they may have become known: with each new policy or snapshot."""
        version = self._desk.policy().version
        if version == self._looked_for:
            return
        for held in await self._desk.shelves.holds.find(state="open"):
            if _rests_on_unknown(held.decision):
                try:
                    await self._decide_again(held, "time", "its facts may have become known", frozenset())
                except TryLater:
                    raise  # all are looked at again in the next turn
                except Exception as error:  # noqa: BLE001 - one case does not keep the others
                    if not isinstance(error, WillNotDo):
                        self._desk.alarm("case: it cannot be decided again", error, case=held.case)
        self._looked_for = version

    async def _carry_out(self, intent: Intent) -> str:
        held = await self._desk.shelves.holds.get(intent.case)
        if held is None:
            raise WillNotDo(f"there is no case {intent.case}")
        if held.state != "open":
            raise WillNotDo(f"case {intent.case} is {held.state}, not open")
        match intent.kind:
            case "release":
                lifts = frozenset(intent.lifts) or frozenset(reason.rule for reason in held.decision.reasons if reason.effect in _LIFTED)
                return await self._decide_again(held, intent.by, intent.why, lifts)
            case "redecide":
                return await self._decide_again(held, intent.by, intent.why, frozenset())
            case "refuse":
                return await self._refuse(held, intent.by, intent.why)
            case _:
                raise WillNotDo(f"nobody knows how to {intent.kind} a case")

    async def _refuse(self, held: Held, by: str, why: str) -> str:
        desk = self._desk
        letters = await desk.post.last_word(held, "refused", why)
        if not await desk.shelves.holds.end(held.case, "ended", by, why, letters):
            raise WillNotDo(f"somebody else has just ended case {held.case}")
        desk.log.event("hold.refused", case=held.case, by=by)
        await desk.forget(held.object_id)
        return "refused; the sender is told" if letters else "refused; nobody may be told"

    # --- decided again ------------------------------------------------------------------------------------------------

    async def _decide_again(self, held: Held, by: str, why: str, lifts: frozenset[str]) -> str:
        desk, policy = self._desk, self._desk.policy()
        lifted = frozenset(held.lifted) | lifts
        content = await desk.world.vault.get(held.object_id)
        try:
            arrival = _arrival(held, content, desk)
            judgement = await judge(arrival, held.envelope.recipients, policy, desk.house, desk.world.examiner, known=Beside(lifted=lifted))
            result = await self._sorted(held, judgement, content, policy, lifted)
            await self._commit(held, result, by, why)
        finally:
            content.close()
        return "; ".join(result.said)

    async def _sorted(self, held: Held, judgement: Judgement, content: Content, policy: Policy, lifted: frozenset[str]) -> _Result:
        """What may go is to be sent, what may not is told, what stays stays under the same case."""
        post, result = self._desk.post, _Result()
        going: list[Went] = []
        for step in plan(judgement.decisions, held.envelope.recipients).steps:
            whom = ", ".join(recipient.address.wire for recipient in step.recipients)
            part = replace(held, envelope=replace(held.envelope, recipients=step.recipients), decision=step.decisions[0])
            if step.verdict is Verdict.RELEASE:
                result.letters.append(await self._released(held, step, judgement, content, policy))
                pairs = zip(step.recipients, step.decisions, strict=True)
                going += [Went(recipient, decision, waiting=True) for recipient, decision in pairs]
                result.said.append(f"{whom}: goes by {step.route}")
            elif step.verdict is Verdict.REFUSE and post.readers(part):
                result.letters += await post.last_word(part, "not-allowed")
                result.said.append(f"{whom}: the rules refuse it, the sender is told")
            else:
                result.stays.append(step)
                result.said.append(f"{whom}: stays kept ({'; '.join(_said(step.decisions[0]))})")
        result.letters += await self._gone(held, going, judgement, content)
        result.rest = self._remaining(held, result.stays, policy, lifted)
        if result.rest is not None and result.rest.held_for != held.held_for:
            result.letters += await post.ask(result.rest, judgement.findings)
        return result

    async def _gone(self, held: Held, going: list[Went], judgement: Judgement, content: Content) -> tuple[ToSend, ...]:
        """Its sender hears that it goes, with what rules have to say of that; so does whom a rule names."""
        if not going:
            return ()
        desk, post = self._desk, self._desk.post
        part = replace(held, envelope=replace(held.envelope, recipients=tuple(one.recipient for one in going)))
        readers = {recipient: reader for reader, recipients in post.readers(part).items() for recipient in recipients}
        circle = Circle(post.policy, desk.house, desk.world.clock.now(), readers.get)
        return await post.gone(part, content, judgement.findings, told_of(going, circle))

    async def _commit(self, held: Held, result: _Result, by: str, why: str) -> None:
        """In one: the case ends or goes on with fewer recipients, and what is to be sent because of it."""
        desk, letters = self._desk, tuple(result.letters)
        if result.rest is None:
            was_open = await desk.shelves.holds.end(held.case, "released", by, why, letters)
        else:
            was_open = await desk.shelves.holds.redecided(held, result.rest, by, why, letters)
        if not was_open:
            raise WillNotDo(f"somebody else has just ended case {held.case}")
        if result.rest is None:
            desk.log.event("hold.released", case=held.case, by=by)
            await desk.forget(held.object_id)
        else:
            desk.log.event("hold.redecided", case=held.case, verdict=result.rest.decision.verdict.word)

    async def _released(self, held: Held, step: Step, judgement: Judgement, content: Content, policy: Policy) -> ToSend:
        world = self._desk.world
        next_hop = policy.next_hop_of(step.route or "")
        head = fields(world.hops[next_hop].trigger_header, step.decisions[0].stamps)
        triggers = names_of(hop.trigger_header for hop in world.hops.values())
        return ToSend(
            id=world.new_id(),
            object_id=await keep_copy(head, content, judgement.message, triggers, world),
            reverse_path=held.envelope.reverse_path.wire,
            recipients=step.recipients,
            next_hop=next_hop,
            kind="release",
            case=held.case,
            message_id=held.message_id,
            next_at=world.clock.now(),
            expires_at=world.clock.now() + LIFETIME,
            smtputf8=held.envelope.smtputf8,
            ret=held.envelope.ret,
            envid=held.envelope.envid,
        )

    def _remaining(self, held: Held, stays: list[Step], policy: Policy, lifted: frozenset[str]) -> Held | None:
        """The case with those who stay. The strictest decision speaks for all, with everybody's reasons: a release lifts them together."""
        if not stays:
            return None
        recipients = tuple(recipient for step in stays for recipient in step.recipients)
        rest = replace(held, envelope=replace(held.envelope, recipients=recipients), pack=policy.name, pack_version=policy.version)
        decision = self._for_somebody(_joined(stays), rest)
        rest = replace(rest, decision=decision, lifted=tuple(sorted(lifted)))
        if decision.held_for == held.decision.held_for:
            return rest  # whoever has it by now keeps it, and the time they have
        within = decision.within
        answer_by = self._desk.world.clock.now() + within if within is not None else None
        return replace(rest, held_for=decision.held_for or POSTMASTER, answer_by=answer_by)

    def _for_somebody(self, decision: Decision, held: Held) -> Decision:
        """A confirm that nobody can answer is a hold for who comes `then`."""
        if decision.verdict is not Verdict.CONFIRM or self._desk.post.readers(held):
            return decision
        return replace(decision, verdict=Verdict.HOLD, held_for=decision.then or POSTMASTER)


@dataclass(slots=True)
class _Result:
    """What a new decision comes to."""

    letters: list[ToSend] = field(default_factory=list)
    stays: list[Step] = field(default_factory=list)
    said: list[str] = field(default_factory=list)
    rest: Held | None = None  # the case as it goes on; None: it ends


def _arrival(held: Held, content: Content, desk: Desk) -> Arrival:
    """The message as it arrived then; it is decided by what is known and in force now."""
    peer = Peer(held.client, 0, "", certificate=held.certificate)
    known = {name.value: name for name in DefectName}
    defects = tuple(Defect(known[name]) for name in held.defects if name in known)
    now = desk.world.clock.now()
    return Arrival(held.message_id, held.listener, held.protocol, peer, held.envelope, content, now, float("inf"), defects)


def _joined(stays: list[Step]) -> Decision:
    first = max((step.decisions[0] for step in stays), key=lambda decision: decision.verdict)
    reasons = tuple(dict.fromkeys(reason for step in stays for decision in step.decisions for reason in decision.reasons))
    return replace(first, reasons=reasons)


def _rests_on_unknown(decision: Decision) -> bool:
    """Whether everything that keeps it is only not known."""
    keeps = tuple(reason for reason in decision.reasons if _keeps(reason))
    return bool(keeps) and all(reason.unknown for reason in keeps)


def _keeps(reason: Reason) -> bool:
    return reason.effect in (*_LIFTED, "refuse") or (reason.effect == "never" and reason.held_for is not None)


def _said(decision: Decision) -> tuple[str, ...]:
    return tuple(dict.fromkeys(reason.text or reason.rule for reason in decision.reasons if _keeps(reason)))
