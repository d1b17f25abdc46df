"""What pages ask of shares is carried out, and shares end in time, their files after them. Each exactly once, whatever dies in between.

A code is looked at anew before it is sent: whether the share is open, and whether the pack in force still lets this person have the files.
Not here: the rows (edges/share_keeping.py), the words (policy/share_letters.py).
"""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta

from gateway.act.pen import Pen, Subject, address_of
from gateway.errors import OutgateError, TryLater, WillNotDo
from gateway.keeper.desk import Desk
from gateway.keeper.put_off import PutOff
from gateway.model.kept import ToSend
from gateway.model.share import Access, Grant, Share, Standing, Wish, WishKind
from gateway.policy.guidance import texts_of
from gateway.policy.share_letters import CODE, asked_letter, code_letter, fetched_letter, spoken
from gateway.policy.standing import find_loss
from gateway.policy.ways_out import next_hop_to
from gateway.ports.keeping import ShareKeeping
from gateway.ports.places import Place, Shares

LEASE_SECONDS = 30.0  # of a wish: somebody waits for it before a page
CODE_FOR = timedelta(minutes=10)
END_EVERY = timedelta(seconds=30)  # whether a share is over is asked at each page; that its row says so may wait
MOST_AT_ONCE = 4  # shares that one place is told to let go of


class Sharing:
    """The keeper's jobs with shares."""

    def __init__(self, desk: Desk, keeping: ShareKeeping, shares: Shares) -> None:
        self._desk = desk
        self._keeping = keeping
        self._shares = shares
        self._withdrawing: dict[str, tuple[str, asyncio.Task[None]]] = {}  # by share: the place that is told
        self._failed = PutOff()  # shares
        self._alarmed: set[str] = set()  # shares that fail otherwise than for now: whoever runs the gateway has heard
        self._missed: set[str] = set()  # places that are not configured any more, and were told of
        self._ended_at: datetime | None = None

    # --- what pages ask -----------------------------------------------------------------------------------------------

    async def carry_out(self) -> bool:
        """Every wish there is; whether there was any. Raises TryLater."""
        now = self._desk.world.clock.now()
        if not await self._keeping.is_wanted(now):
            return False
        for wish in await self._keeping.claim(now, LEASE_SECONDS):
            try:
                await self._carry_out(wish)
            except TryLater:
                continue  # it stays ours until the lease ends, and is then tried again
            except OutgateError as error:
                await self._keeping.finish(wish, "failed", str(error))
            except Exception as error:  # noqa: BLE001 - one wish does not keep the others
                self._desk.alarm(f"share: {wish.kind}", error)
                await self._keeping.finish(wish, "failed", "an error in the gateway")
        return True

    async def _carry_out(self, wish: Wish) -> None:
        share = await self._shares.get(wish.share)
        if share is None:
            raise WillNotDo(f"there is no share {wish.share}")
        match wish.kind:
            case WishKind.CODE:
                await self._send_code(wish, share)
            case WishKind.ASK:
                await self._ask(wish, share)
            case WishKind.REVOKE:
                await self._revoke(wish, share)

    async def _send_code(self, wish: Wish, share: Share) -> None:
        desk, now = self._desk, self._desk.world.clock.now()
        policy, grant = desk.policy(), _grant(share, wish.grant)
        if grant.state is not Standing.OPEN:
            raise WillNotDo("the share is not open")
        loss = find_loss(share, grant, policy, now)
        if loss is not None:
            desk.log.event("share.lost", share=share.id, why=loss.value)
            raise WillNotDo(f"they may not have it any more: {loss.value}")
        code, until = self._keeping.draw_code(), now + CODE_FOR
        language = spoken(wish.why, share.language)
        letter = code_letter(desk.house, code, until, language, texts_of(policy, language).get(CODE))
        hop = next_hop_to(address_of(grant.address), policy, now) or desk.house.notices_hop
        row = await self._pen.code(letter, grant.address, hop, until)
        if why_not := await self._keeping.send_code(wish, code, row, now):
            await desk.forget(row.object_id)
            raise WillNotDo(why_not)
        desk.log.event("share.code_sent", share=share.id)

    async def _ask(self, wish: Wish, share: Share) -> None:
        sender = next((grant for grant in share.grants if grant.role == "sender"), None)
        if sender is None:
            raise WillNotDo("nobody may be told")
        letter = asked_letter(self._desk.house, share, _grant(share, wish.grant), texts_of(self._desk.policy()))
        row = await self._pen.notice(letter, sender.address, Subject(None, share.message_id), auto_submitted="auto-generated")
        if await self._keeping.finish(wish, "done", "the sender is told", (row,)):
            self._desk.log.event("share.asked", share=share.id)
        else:
            await self._desk.forget(row.object_id)

    async def _revoke(self, wish: Wish, share: Share) -> None:
        """The sender and officers end a share; an officer may name one of its people."""
        if not wish.by.strip():
            raise WillNotDo("who asks for it must have a name")
        grant = _grant(share, wish.grant) if wish.grant else None
        whom = grant if grant is not None and grant.role == "recipient" else None
        if whom is not None and whom.state is Standing.OPEN:
            await self._place(share).withdraw(share, whom)  # first there: only then is it true what is said below
        if not await self._keeping.revoke(wish.share, wish.by, wish.why, whom.key if whom else None):
            raise WillNotDo(f"share {wish.share} is not open" + (f" for {whom.address}" if whom else ""))
        said = f"{whom.address} can open it no more" if whom else "nobody can open it any more; its files are being deleted"
        await self._keeping.finish(wish, "done", said)
        self._desk.log.event("share.revoked", share=wish.share)

    @property
    def _pen(self) -> Pen:
        return Pen(self._desk.world, self._desk.house)

    # --- what has been fetched ----------------------------------------------------------------------------------------

    async def note(self) -> None:
        """Downloads that are over go into the audit; of the first, the sender hears where the pack wishes it. Raises TryLater."""
        for access in await self._keeping.fetched(self._desk.world.clock.now()):
            letters = await self._told(access)
            await self._keeping.note((access,), letters)

    async def _told(self, access: Access) -> tuple[ToSend, ...]:
        share = await self._shares.get(access.share)
        if share is None or not self._is_told(share) or not await self._keeping.is_first(access):
            return ()
        grant, sender = _grant(share, access.grant), next((one for one in share.grants if one.role == "sender"), None)
        if sender is None or grant.role == "sender":
            return ()
        at = access.ended_at or access.began_at
        letter = fetched_letter(self._desk.house, share, grant, at, texts_of(self._desk.policy()))
        return (await self._pen.notice(letter, sender.address, Subject(None, share.message_id), auto_submitted="auto-generated"),)

    def _is_told(self, share: Share) -> bool:
        return any(route.name == share.route and route.tell_when_fetched for route in self._desk.policy().routes)

    # --- the end ------------------------------------------------------------------------------------------------------

    async def end(self) -> None:
        """Who may open them is decided by their rows, at once; their places are told beside the keeper's other jobs. Raises TryLater."""
        world = self._desk.world
        now = world.clock.now()
        if self._ended_at is None or abs(now - self._ended_at) >= END_EVERY:
            await self._keeping.end(now)
            self._ended_at = now
        later = self._failed.waiting(world.clock.monotonic())
        for share in await self._keeping.purge(world.clock.now(), later | self._withdrawing.keys(), MOST_AT_ONCE):
            if sum(place == share.place for place, _ in self._withdrawing.values()) < MOST_AT_ONCE:
                task = asyncio.ensure_future(self._withdraw(share))
                self._withdrawing[share.id] = share.place, task
                task.add_done_callback(lambda _, share_id=share.id: self._withdrawing.pop(share_id, None))  # type: ignore[misc]

    async def drain(self) -> None:
        """Wait for what places are being told."""
        while self._withdrawing:
            await asyncio.wait([task for _, task in self._withdrawing.values()])

    async def _withdraw(self, share: Share) -> None:
        try:
            await self._place(share).withdraw(share)
            await self._keeping.withdrawn(share.id)
        except TryLater:
            self._put_off(share)
        except Exception as error:  # noqa: BLE001 - it is tried again, and the others are not kept
            self._put_off(share)
            if share.place not in self._desk.world.places:
                self._miss(share.place)
            elif share.id not in self._alarmed:
                self._alarmed.add(share.id)
                self._desk.alarm("share: its files cannot be withdrawn", error)
        else:
            self._failed.done(share.id)
            self._alarmed.discard(share.id)
            self._desk.log.event("share.withdrawn", share=share.id, place=share.place)

    def _put_off(self, share: Share) -> None:
        self._failed.again(share.id, self._desk.world.clock.monotonic())

    def _miss(self, place: str) -> None:
        """It is told of once, however many shares it had."""
        if place not in self._missed:
            self._missed.add(place)
            self._desk.alarm(f"share: place {place} is not configured any more; what was shared there cannot be withdrawn")

    def _place(self, share: Share) -> Place:
        place = self._desk.world.places.get(share.place)
        if place is None:
            raise WillNotDo(f"place {share.place} is not configured any more")
        return place


def _grant(share: Share, grant_id: str) -> Grant:
    """Raises WillNotDo: there is none."""
    found = next((grant for grant in share.grants if grant.id == grant_id), None)
    if found is None:
        raise WillNotDo(f"share {share.id} has no such grant")
    return found
