"""What happens later: the outbox is sent, cases end in time, and what people asked for is done, each exactly once.

The keeper's jobs are claimed by row, so any number of keepers may run. A release decides again by the same pipeline as the mail path: it
lifts the hold or confirm reasons of that case, never what a rule requires (DESIGN section 5).
Not here: the rows (edges/holds, outbox, intents), the words (policy/guidance).
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from gateway.act.deciders import POSTMASTER
from gateway.act.letters import LIFETIME, Post
from gateway.errors import OutgateError, TryLater, WillNotDo
from gateway.log import Log
from gateway.model.decision import Verdict
from gateway.model.envelope import Peer, Recipient
from gateway.model.message import Arrival, Content
from gateway.model.outcome import Copy, Reply, Step
from gateway.pipeline import Judgement, judge
from gateway.plan import plan
from gateway.policy.guidance import House
from gateway.policy.rules import Policy
from gateway.ports import Handed, Held, Holds, Intent, Intents, Outbox, ToSend, World

TURN_SECONDS = 1.0
LEASE_SECONDS = 900.0  # longer than any one attempt
HAND_OVER_SECONDS = 300.0
_PAUSES = (30, 60, 120, 300, 600, 1800, 3600)  # seconds between attempts; the last one repeats
_ENDS = ("hold", "confirm")  # the effects that a person's release lifts


@dataclass(frozen=True, slots=True)
class Shelves:
    """The durable things the keeper looks after."""

    holds: Holds
    outbox: Outbox
    intents: Intents
    sweep: Callable[[datetime], Awaitable[None]]  # drops what retention no longer keeps


class Keeper:
    """Runs the jobs, one turn after the other, until stopped."""

    def __init__(self, world: World, shelves: Shelves, policy: Callable[[], Policy], house: House, log: Log) -> None:
        self._world = world
        self._shelves = shelves
        self._policy = policy
        self._house = house
        self._log = log
        self._sending: set[asyncio.Task[None]] = set()
        self._redecided_for = ""  # the pack version for which holds on unknown facts were last looked at
        self._stopped = asyncio.Event()

    async def run(self, on_turn: Callable[[], None] = lambda: None) -> None:
        """Until `stop`. A turn that fails is told and tried again: the keeper does not die of one row."""
        while not self._stopped.is_set():
            await self.turn()
            on_turn()
            try:
                await asyncio.wait_for(self._stopped.wait(), TURN_SECONDS)
            except TimeoutError:
                continue
        if self._sending:
            await asyncio.wait(self._sending)

    def stop(self) -> None:
        """After the attempts under way, no more."""
        self._stopped.set()

    async def turn(self) -> None:
        """Every job once."""
        for job in (self._intents, self._send, self._end_cases, self._look_again, self._sweep):
            try:
                await job()
            except TryLater:
                continue  # the database or the vault is down: the next turn tries again
            except Exception as error:  # noqa: BLE001 - whatever it is, the other jobs go on
                self._log.bug("alarm", error, what=f"keeper:{job.__name__.strip('_')}")

    # --- the outbox ---------------------------------------------------------------------------------------------------

    async def _send(self) -> None:
        for row in await self._shelves.outbox.claim(self._world.clock.now(), LEASE_SECONDS):
            task = asyncio.ensure_future(self._send_one(row))
            self._sending.add(task)
            task.add_done_callback(self._sending.discard)

    async def _send_one(self, row: ToSend) -> None:
        try:
            hop = self._world.hops.get(row.next_hop)
            if hop is None:
                await self._later(row, Reply(451, "4.4.4", f"next hop {row.next_hop} is not configured"))
                return
            content = await self._world.vault.get(row.object_id)
            try:
                copy = Copy(row.reverse_path, row.recipients, b"", content, True, row.smtputf8, row.ret, row.envid)
                handed = await hop.hand_over(copy, self._world.clock.monotonic() + HAND_OVER_SECONDS)
                await self._after(row, content, handed)
            finally:
                content.close()
        except TryLater as late:
            await self._later(row, Reply(451, late.status, "our own store is down"))
        except WillNotDo as lost:
            self._alarm("outbox object is lost or damaged", row, lost)
            await self._later(row, Reply(451, "4.3.0", "the message cannot be read back"))
        except Exception as error:  # noqa: BLE001 - the row must be tried again, not lost with its task
            self._log.bug("alarm", error, what="outbox", case=row.case)

    async def _after(self, row: ToSend, content: Content, handed: tuple[Handed, ...]) -> None:
        now = self._world.clock.now()
        over = row.expires_at is not None and now >= row.expires_at
        failed = tuple(one for one in handed if one.reply.is_permanent or (over and not one.reply.is_success))
        waiting = tuple(one for one in handed if not one.reply.is_success and one not in failed)
        if failed:
            await self._failed(row, content, failed, len(row.recipients) - len(failed))
        for one in handed:
            if one not in waiting:
                await self._shelves.outbox.done(row.id, one.recipient.address.key)
            self._log.event(
                "outbox.sent" if one.reply.is_success else "outbox.failed",
                kind=row.kind, case=row.case, attempt=row.attempts + 1, next_hop=row.next_hop, code=one.reply.code, status=one.reply.status,
            )  # fmt: skip
            self._world.counters.count("outbox", kind=row.kind, result="sent" if one.reply.is_success else "failed")
        if waiting:
            await self._later(row, waiting[0].reply)
        else:
            await self._world.vault.delete(row.object_id)

    async def _later(self, row: ToSend, reply: Reply) -> None:
        pause = _PAUSES[min(row.attempts, len(_PAUSES) - 1)]
        await self._shelves.outbox.retry(row.id, self._world.clock.now() + timedelta(seconds=pause), str(reply))

    async def _failed(self, row: ToSend, content: Content, failed: tuple[Handed, ...], others: int) -> None:
        """A notice that nobody takes makes its case one for the postmaster; what we released is told to its sender by DSN."""
        if row.kind != "notice":
            letters = await self._post(self._policy()).bounce_row(row, content, failed, others)
            await self._shelves.outbox.put(letters)
            return
        self._world.counters.count("alarms", what="notice")
        self._log.event("alarm", what="a notice could not be delivered", case=row.case)
        if row.case is not None:
            await self._shelves.holds.reopen(row.case, POSTMASTER)

    # --- cases end ----------------------------------------------------------------------------------------------------

    async def _end_cases(self) -> None:
        now = self._world.clock.now()
        for held in await self._shelves.holds.due(now):
            if held.keep_until <= now:
                await self._expire(held)
            else:
                await self._pass_on(held)

    async def _expire(self, held: Held) -> None:
        """The final DSN is committed before the content goes."""
        letters = await self._post(self._policy()).last_word(held, "expired")
        if await self._shelves.holds.end(held.case, "expired", "time", to_send=letters):
            self._log.event("hold.expired", case=held.case)
            await self._world.vault.delete(held.object_id)

    async def _pass_on(self, held: Held) -> None:
        """`within` has passed: the next one decides."""
        heir = held.decision.then or POSTMASTER
        letters = await self._post(self._policy()).to_next_decider(held, heir) if heir != held.held_for else ()
        await self._shelves.holds.pass_on(held.case, heir, None)
        await self._shelves.outbox.put(letters)
        self._log.event("hold.passed_on", case=held.case, held_for=heir)

    # --- what people asked for ----------------------------------------------------------------------------------------

    async def _intents(self) -> None:
        for intent in await self._shelves.intents.claim(self._world.clock.now(), LEASE_SECONDS):
            try:
                said = await self._carry_out(intent)
                await self._shelves.intents.finish(intent.id, "done", said)
            except TryLater:
                raise
            except OutgateError as error:
                await self._shelves.intents.finish(intent.id, "failed", str(error))
            except Exception as error:  # noqa: BLE001 - the person who asked is told, the operator sees where
                self._log.bug("alarm", error, what=f"intent:{intent.kind}", case=intent.case)
                await self._shelves.intents.finish(intent.id, "failed", "an error in the gateway; see its log under this case")

    async def _carry_out(self, intent: Intent) -> str:
        held = await self._shelves.holds.get(intent.case)
        if held is None:
            raise WillNotDo(f"there is no case {intent.case}")
        if held.state != "open":
            raise WillNotDo(f"case {intent.case} is {held.state}, not open")
        match intent.kind:
            case "release":
                return await self._decide_again(held, intent.by, intent.why, lift=True)
            case "redecide":
                return await self._decide_again(held, intent.by, intent.why, lift=False)
            case "refuse":
                return await self._refuse(held, intent.by, intent.why)
            case _:
                raise WillNotDo(f"nobody knows how to {intent.kind} a case")

    async def _refuse(self, held: Held, by: str, why: str) -> str:
        letters = await self._post(self._policy()).last_word(held, "refused", why)
        if not await self._shelves.holds.end(held.case, "ended", by, why, letters):
            raise WillNotDo(f"somebody else has just ended case {held.case}")
        await self._world.vault.delete(held.object_id)
        self._log.event("hold.refused", case=held.case, by=by)
        return "refused; the sender is told" if letters else "refused; nobody may be told"

    async def _look_again(self) -> None:
        """A hold that rests only on unknown facts is decided again when they may have become known: with each new policy or snapshot."""
        policy = self._policy()
        if policy.version == self._redecided_for:
            return
        self._redecided_for = policy.version
        for held in await self._shelves.holds.find(state="open"):
            if held.decision.unknown and all(reason.unknown for reason in held.decision.reasons if reason.effect in _ENDS):
                await self._decide_again(held, "the keeper", "its facts may have become known", lift=False)

    async def _decide_again(self, held: Held, by: str, why: str, *, lift: bool) -> str:
        policy = self._policy()
        lifted = frozenset(held.lifted)
        if lift:
            lifted |= {reason.rule for reason in held.decision.reasons if reason.effect in _ENDS}
        content = await self._world.vault.get(held.object_id)
        try:
            judgement = await judge(
                _arrival(held, content), held.envelope.recipients, policy, self._house, self._world.examiner, lifted=lifted
            )
            return await self._conclude(held, judgement, content, policy, by=by, why=why, lifted=tuple(sorted(lifted)))
        finally:
            content.close()

    async def _conclude(
        self, held: Held, judgement: Judgement, content: Content, policy: Policy, *, by: str, why: str, lifted: tuple[str, ...]
    ) -> str:
        """One commit: what may go is in the outbox, what may not is told, what stays stays under the same case."""
        post = self._post(policy)
        letters: list[ToSend] = []
        stays: list[Step] = []
        said: list[str] = []
        for step in plan(judgement.decisions, held.envelope.recipients).steps:
            whom = ", ".join(recipient.address.wire for recipient in step.recipients)
            match step.verdict:
                case Verdict.RELEASE:
                    letters.append(await self._released(held, step, content, policy))
                    said.append(f"{whom}: goes by {step.route}")
                case Verdict.REFUSE:
                    refused = replace(held, envelope=replace(held.envelope, recipients=step.recipients), decision=step.decisions[0])
                    letters += await post.of_step(step, refused, content, judgement.findings, None, 0)
                    said.append(f"{whom}: refused, the sender is told")
                case Verdict.HOLD | Verdict.CONFIRM:
                    stays.append(step)
                    reasons = "; ".join(reason.text or reason.rule for reason in step.decisions[0].reasons)
                    said.append(f"{whom}: stays kept ({reasons})")
        rest = _remaining(held, stays, lifted)
        if rest is None:
            was_open = await self._shelves.holds.end(held.case, "released", by, why, tuple(letters))
        else:
            was_open = await self._shelves.holds.redecided(rest, by, why, tuple(letters))
        if not was_open:
            raise WillNotDo(f"somebody else has just ended case {held.case}")
        if rest is None:
            await self._world.vault.delete(held.object_id)
        self._log.event("hold.released" if letters else "hold.redecided", case=held.case, by=by)
        return "; ".join(said)

    async def _released(self, held: Held, step: Step, content: Content, policy: Policy) -> ToSend:
        next_hop = policy.next_hop_of(step.route or "")
        now = self._world.clock.now()
        trigger = self._world.hops[next_hop].trigger_header
        fields = (*((trigger,) if trigger else ()), *(f"{name}: {value}" for name, value in step.decisions[0].stamps))
        head = "".join(f"{field}\r\n" for field in fields).encode("utf-8")
        return ToSend(
            id=self._world.new_id(),
            object_id=await self._world.vault.put("notices", content, head),
            reverse_path=held.envelope.reverse_path.wire,
            recipients=step.recipients,
            next_hop=next_hop,
            kind="release",
            case=held.case,
            message_id=held.message_id,
            next_at=now,
            expires_at=now + LIFETIME,
            smtputf8=held.envelope.smtputf8,
            ret=held.envelope.ret,
            envid=held.envelope.envid,
        )

    # --- small things -------------------------------------------------------------------------------------------------

    async def _sweep(self) -> None:
        await self._shelves.sweep(self._world.clock.now())

    def _post(self, policy: Policy) -> Post:
        return Post(self._world, policy, self._house)

    def _alarm(self, what: str, row: ToSend, error: BaseException) -> None:
        self._world.counters.count("alarms", what="outbox")
        self._log.bug("alarm", error, what=what, case=row.case)


def _arrival(held: Held, content: Content) -> Arrival:
    """The message as it arrived then; it is decided by what is known now."""
    peer = Peer(held.client, 0, "")
    return Arrival(held.message_id, held.listener, held.protocol, peer, held.envelope, content, held.kept_at, deadline=float("inf"))


def _remaining(held: Held, stays: list[Step], lifted: tuple[str, ...]) -> Held | None:
    if not stays:
        return None
    recipients: tuple[Recipient, ...] = tuple(recipient for step in stays for recipient in step.recipients)
    return replace(held, envelope=replace(held.envelope, recipients=recipients), decision=stays[0].decisions[0], lifted=lifted)
