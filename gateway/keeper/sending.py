"""The outbox being sent: notices, released copies, and the rest of what others already have.

An attempt is claimed by row (keeper/lease.py). What a hop refuses for good, or does not take in five days, is told: a notice's case goes to
the postmaster, the sender of a released copy gets a DSN. A notice is never answered with a notice (DESIGN section 6).
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from datetime import timedelta

from gateway.act.deciders import POSTMASTER
from gateway.act.pen import LIFETIME
from gateway.act.reports import envelope_of
from gateway.act.sign import signed
from gateway.errors import TryLater, WillNotDo
from gateway.keeper.desk import Desk
from gateway.keeper.lease import LEASE_SECONDS, Guarded, Lease
from gateway.model.kept import ToSend
from gateway.model.message import Content
from gateway.model.outcome import Copy, Reply
from gateway.model.share import is_open_for, revoked_of
from gateway.ports.next_hop import Handed, NextHop

MOST_AT_ONCE = 45
MOST_TO_ONE = 15  # next hop, which has 20 connections if nothing else is said; codes have as many places besides
HAND_OVER_SECONDS = 300.0
_WRITE_AGAIN_SECONDS = 5.0  # the store is down, and a hop has answered
_WRITE_TIMES = 2000  # some hours
LATE = timedelta(hours=4)  # after this the sender of mail that waits here hears that it does
_CARRIED = ("release", "rest")  # kinds of mail that is not our own; where we have changed it, it was signed when it was kept
_OUR_OWN = ("notice", "code")  # of these nobody is told anything
BUG_PAUSE = timedelta(minutes=30)  # after an error of our own, which may come again each time
_UNREADABLE = Reply(451, "4.3.0", "the message cannot be read back")
_TAKEN_BACK = Reply(554, "5.7.1", "the links to its files were taken back before it was sent")
_ENDED = Reply(554, "5.4.7", "the links to its files had ended before it could be sent")
PAUSES = (30, 60, 120, 300, 600, 1800, 3600)  # seconds after each attempt; the last one repeats


class Sender:
    """Attempts run beside the keeper's other jobs."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._running: dict[str, tuple[ToSend, asyncio.Task[None]]] = {}  # whatever a clock says of their leases, we have them
        self._claiming = asyncio.Lock()  # the turns and what answers pages both send
        self._is_stopping = False

    def stop(self) -> None:
        """Begin no more. What fails from now on we may have broken off ourselves: that is no failure of its hop, and ends no row."""
        self._is_stopping = True

    async def send(self) -> None:
        """Begin an attempt for each row that is due."""
        async with self._claiming:
            await self._send()

    async def _send(self) -> None:
        if self._is_stopping:
            return
        desk, ours = self._desk, tuple(row for row, _ in self._running.values())
        now = desk.world.clock.now()
        for row in await desk.shelves.outbox.claim(now, LEASE_SECONDS, MOST_AT_ONCE, MOST_TO_ONE, ours):
            lease = Lease(row, now, desk.shelves.outbox, desk.world.clock)
            self._running[row.id] = row, asyncio.ensure_future(self._attempt(row, lease))

    async def drain(self) -> None:
        """Wait for the attempts under way."""
        while self._running:
            await asyncio.wait([task for _, task in self._running.values()])

    async def _attempt(self, row: ToSend, lease: Lease) -> None:
        keeping = asyncio.ensure_future(lease.keep())
        try:
            await self._try(row, lease)
        except TryLater:
            return  # our own store is down: the row is due again when its lease ends
        except Exception as error:  # noqa: BLE001 - the row must be tried again, not lost with its task
            self._desk.alarm("outbox", error, case=row.case, id=row.message_id)
            with suppress(TryLater):
                at = self._desk.world.clock.now() + BUG_PAUSE
                await self._desk.shelves.outbox.retry(row, at, "an error in the gateway", certain=False)
        finally:
            keeping.cancel()
            del self._running[row.id]

    async def _done(self, row: ToSend, handed: tuple[Handed, ...], to_send: tuple[ToSend, ...] = ()) -> int:
        """What a hop has answered is known here alone: written again and again until the store takes it. Raises TryLater after hours."""
        for _ in range(_WRITE_TIMES):
            with suppress(TryLater):
                return await self._desk.shelves.outbox.done(row, handed, to_send)
            await asyncio.sleep(_WRITE_AGAIN_SECONDS)
        return await self._desk.shelves.outbox.done(row, handed, to_send)

    async def _try(self, row: ToSend, lease: Lease) -> None:
        hop = self._desk.world.hops.get(row.next_hop)
        if hop is None:
            await self._settle(row, lease, None, _all(row, Reply(451, "4.4.4", f"next hop {row.next_hop} is not configured")))
            return
        try:
            content = await self._desk.world.vault.get(row.object_id)
        except WillNotDo as lost:
            # Perhaps a backup or a key brings it back: it is given the same time as a hop that is down.
            self._desk.alarm("outbox: an object is lost or damaged", lost, case=row.case, id=row.message_id)
            await self._settle(row, lease, None, _all(row, _UNREADABLE))
            return
        except TryLater:
            # Of one object this may last for ever, as a disk's error or a key that is not here: it, too, ends after five days.
            await self._settle(row, lease, None, _all(row, _UNREADABLE))
            return
        try:
            over = await self._over(row)
            if over is not None:
                await self._end(row, content, over)
            else:
                await self._settle(row, lease, content, await self._hand_over(row, hop, Guarded(content, lease)))
        finally:
            content.close()

    async def _over(self, row: ToSend) -> Reply | None:
        """What has become of the link in this copy, where who would get it could open nothing. Raises TryLater."""
        world = self._desk.world
        if row.share is None or world.shares is None:
            return None
        (recipient,) = row.recipients  # every link is one person's
        share = await world.shares.get(row.share)
        if share is None:
            return _ENDED  # and forgotten: by time or by somebody, nobody can tell any more
        if revoked_of(share, (recipient.address.key,)):
            return _TAKEN_BACK
        return None if is_open_for(share, recipient.address.key, world.clock.now()) else _ENDED

    async def _end(self, row: ToSend, content: Content, over: Reply) -> None:
        """It goes no more, and who sent it hears so, in one commit."""
        (recipient,) = row.recipients
        self._tell(row, _all(row, over))
        letters = await self._desk.reports.link_over(row, content, over, taken_back=over is _TAKEN_BACK)
        if not await self._desk.shelves.outbox.done(row, (Handed(recipient, over),), letters):
            await self._desk.forget(row.object_id)

    async def _hand_over(self, row: ToSend, hop: NextHop, content: Content) -> tuple[Handed, ...]:
        copy = Copy(row.reverse_path, row.recipients, b"", content, True, row.smtputf8, row.ret, row.envid)
        if row.kind not in _CARRIED:
            copy = await signed(copy, self._desk.world)
        try:
            return await hop.hand_over(copy, self._desk.world.clock.monotonic() + HAND_OVER_SECONDS)
        except Exception as error:  # noqa: BLE001 - a bug of ours is no reason to try without a pause
            self._desk.alarm("outbox", error, case=row.case, id=row.message_id)
            return _all(row, Reply(451, "4.3.0", "an error in the gateway"), certain=False)

    async def _settle(self, row: ToSend, lease: Lease, content: Content | None, handed: tuple[Handed, ...]) -> None:
        """Who has it is crossed out first: whatever fails after that, nobody gets it again.

        All else is for whoever has the row by now.
        """
        is_over = not self._is_stopping and row.expires_at is not None and self._desk.world.clock.now() >= row.expires_at
        sent = tuple(one for one in handed if one.reply.is_success)
        failed = tuple(one for one in handed if not one.reply.is_success and (one.reply.is_permanent or is_over))
        waiting = tuple(one for one in handed if not one.reply.is_success and one not in failed)
        self._tell(row, handed)
        if lease.is_lost:
            self._desk.log.event("outbox.taken_over", kind=row.kind, case=row.case, attempt=row.attempts, next_hop=row.next_hop)
        left = await self._done(row, sent) if sent else len(row.recipients)
        if content is not None:
            await self._desk.shelves.outbox.put(await self._desk.reports.relayed(envelope_of(row), row.message_id, content, sent))
        if failed and not lease.is_lost:
            letters = await self._given_up(row, lease, content, failed, len(sent), is_over=is_over)
            left = await self._done(row, failed, letters)
        if waiting and not lease.is_lost:
            letters = await self._desk.reports.delayed(row, content, waiting) if content is not None and self._is_now_late(row) else ()
            # A claim has counted this attempt. What a stop may have broken off is due as soon as somebody serves again.
            pause = timedelta(0) if self._is_stopping else _pause_after(row.attempts)
            at = self._desk.world.clock.now() + pause
            certain = all(one.certain for one in waiting)
            await self._desk.shelves.outbox.retry(row, at, str(waiting[0].reply), certain=certain, to_send=letters)
        if not left:
            await self._desk.forget(row.object_id)

    def _is_now_late(self, row: ToSend) -> bool:
        """Whether this is the first attempt that failed after its sender should have heard. Of a notice or a code nobody is told."""
        if self._is_stopping or row.kind in _OUR_OWN or row.expires_at is None or row.next_at is None:
            return False
        late = row.expires_at - LIFETIME + LATE
        before = row.next_at - _pause_after(row.attempts - 1) if row.attempts > 1 else row.expires_at - LIFETIME
        return before < late <= self._desk.world.clock.now()

    async def _given_up(
        self, row: ToSend, lease: Lease, content: Content | None, failed: tuple[Handed, ...], sent: int, *, is_over: bool
    ) -> tuple[ToSend, ...]:
        """What is to be told of it. Raises TryLater."""
        desk = self._desk
        if row.kind == "code":
            return ()  # who waits for it asks for another; the log has how the attempts went
        if row.kind == "notice":
            if not await lease.is_ours():
                return ()
            desk.alarm("notice: nobody takes it", case=row.case, id=row.message_id)
            if row.case is not None:
                await desk.shelves.holds.reopen(row.case, POSTMASTER, desk.world.clock.now())
            return ()
        empty = desk.world.octets(b"") if content is None else None
        try:
            original = content or empty
            assert original is not None  # noqa: S101 - one of them is there
            gave_up = is_over and not any(one.reply.is_permanent for one in failed)
            return await desk.reports.bounce_row(row, original, failed, sent, gave_up=gave_up)
        finally:
            if empty is not None:
                empty.close()

    def _tell(self, row: ToSend, handed: tuple[Handed, ...]) -> None:
        for one in handed:
            result = "sent" if one.reply.is_success else "failed"
            said = {} if one.reply.is_success else {"code": one.reply.code, "status": one.reply.status}
            self._desk.log.event(f"outbox.{result}", kind=row.kind, case=row.case, attempt=row.attempts, next_hop=row.next_hop, **said)
            self._desk.world.counters.count("outbox", kind=row.kind, result=result)


def _pause_after(attempts: int) -> timedelta:
    return timedelta(seconds=PAUSES[min(max(attempts - 1, 0), len(PAUSES) - 1)])


def _all(row: ToSend, reply: Reply, *, certain: bool = True) -> tuple[Handed, ...]:
    return tuple(Handed(recipient, reply, certain) for recipient in row.recipients)
