"""Our own place: files in the vault, one share for each message, the same link each time, whatever dies in between."""

import asyncio
import hashlib
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import count

import pytest

from gateway.edges.keys import load_keys
from gateway.edges.place_own import OwnPlace
from gateway.edges.share_secrets import Secrets
from gateway.edges.shares import Shares
from gateway.edges.spool import Spool
from gateway.edges.state import State
from gateway.edges.vault import Vault
from gateway.edges.vault_care import survey, sweep
from gateway.edges.vault_folder import Folder
from gateway.errors import Revoked, TryLater, Unusable, WillNotDo
from gateway.model.share import Parcel, Share
from tests.doubles import Octets
from tests.edges.durable import NOON, Place, TurnedClock, living
from tests.edges.sharing import file, grant, share

LATER = datetime.now(UTC) + timedelta(days=1)
URL = "https://files.example.gov.uk"
OCTETS = {"1": b"public report " * 9000, "2": b"", "3": bytes(300_000)}


class Killed(BaseException):
    """What a kill is within one process: nothing after it is done."""


def parcel(number: str = "7KQ-402", **changes: object) -> Parcel:
    files = tuple(
        file(name, octets=len(octets), sha256=hashlib.sha256(octets).hexdigest(), object_id="") for name, octets in OCTETS.items()
    )
    people = (grant(files=("1", "2")), grant("c@example.org", files=("3",)), grant("a@derbyshire.gov.uk", "sender", files=("1", "2", "3")))
    one = share(number, files=files, grants=people)
    return Parcel(replace(one, **changes), {name: Octets(octets) for name, octets in OCTETS.items()})  # type: ignore[arg-type]


@dataclass
class Office:
    state: State
    vault: Vault
    place: OwnPlace

    async def put(self, one: Parcel | None = None):
        return await self.place.put(one or parcel(), deadline=60.0)

    async def objects(self) -> frozenset[str]:
        async def nobody(_ids: tuple[str, ...]) -> frozenset[str]:
            return frozenset()

        return frozenset((await survey(self.vault, LATER, nobody)).orphans)

    async def sweep(self) -> None:
        await sweep(self.vault, await survey(self.vault, LATER, lambda ids: self.state.in_use(ids, NOON)))

    async def content(self, object_id: str) -> bytes:
        found = await self.vault.get(object_id)
        try:
            return found.read(0, found.octets)
        finally:
            found.close()


@asynccontextmanager
async def offices(where: Place, processes: int = 1):
    """Each with its own connection to the database and its own vault over the same folder."""
    async with living(where, processes) as states:
        made = []
        for state in states:
            vault = Vault(Folder(where.folder / "vault"), load_keys(where.keys), Spool(where.folder))
            made.append(Office(state, vault, OwnPlace("own", URL, vault, state.shares, TurnedClock())))
        try:
            yield tuple(made)
        finally:
            for one in made:
                one.vault.close()


def is_whole(one: Share, objects: frozenset[str]) -> bool:
    return all(each.object_id in objects for each in one.files)


def test_everybody_gets_a_link_of_their_own_and_the_files_are_there(place: Place):
    async def story() -> None:
        async with offices(place) as (one,):
            placed = await one.put()
            assert [offer.address for offer in placed.offers] == ["b@example.org", "c@example.org"]
            assert placed.sender is not None
            offers = (*placed.offers, placed.sender)
            assert len({offer.link for offer in offers}) == 3
            for offer, whose in zip(offers, placed.share.grants, strict=True):
                address, _, token = offer.link.partition("/#")
                assert (address, offer.how, offer.until) == (
                    URL,
                    "own",
                    placed.share.made_at + timedelta(days=30),
                )  # idle, not the 60 that are not sure
                assert await one.state.visits.find(token, NOON) == (placed.share.id, whose.id)
                assert await one.state.visits.find(offer.said["access_key"], NOON) == (placed.share.id, whose.id)
            assert {each.id: await one.content(each.object_id) for each in placed.share.files} == OCTETS

    asyncio.run(story())


def test_a_retry_brings_nothing_and_changes_no_link(place: Place):
    async def story() -> None:
        async with offices(place, processes=2) as (one, other):
            first = await one.put()
            objects = await one.objects()
            await one.state.shares.undo(first.share.id, frozenset({"c@example.org"}))
            again = await other.put(parcel("9XY-123", grants=(grant("c@example.org", id="new", files=("3",)),)))
            assert again.offers == (first.offers[1],)
            assert again.sender is None
            assert again.share.id == first.share.id
            assert await one.objects() == objects

    asyncio.run(story())


def test_two_at_once_make_one_share_and_leave_nothing_behind(place: Place):
    async def story() -> None:
        async with offices(place, processes=2) as made:
            placed = await asyncio.gather(*(made[n % 2].put(parcel(f"7KQ-40{n}")) for n in range(4)))
            assert len({tuple(offer.link for offer in each.offers) for each in placed}) == 1
            (there,) = await made[0].state.shares.list()
            assert {each.object_id for each in there.files} == await made[0].objects()

    asyncio.run(story())


class Dying:
    """Passes calls on, and dies before or after one of them."""

    def __init__(self, within: object, fatal: str, when: str, steps: count) -> None:
        self._within, self._fatal, self._when, self._steps = within, fatal, when, steps

    def __getattr__(self, name: str):
        method = getattr(self._within, name)
        if name != self._fatal.partition(" ")[0]:
            return method

        async def call(*args, **named):
            is_it = " " not in self._fatal or args[0] == self._fatal.partition(" ")[2]
            is_it = is_it and next(self._steps) == 0
            if is_it and self._when == "before":
                raise Killed
            result = await method(*args, **named)
            if is_it:
                raise Killed
            return result

        return call


@pytest.mark.parametrize("skipped", [0, 2])
@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("what", ["put", "run share.issue", "read"])
def test_after_a_kill_a_retry_makes_one_share_and_the_sweep_leaves_only_its_files(place: Place, what: str, when: str, skipped: int):
    async def story() -> None:
        async with offices(place) as (one,):
            steps = count(-skipped)
            vault = Dying(one.vault, what, when, steps) if what == "put" else one.vault
            store = one.state.store if what == "put" else Dying(one.state.store, what, when, steps)
            dying = OwnPlace("own", URL, vault, Shares(store, Secrets.of_folder(place.keys), TurnedClock()), TurnedClock())
            try:
                await dying.put(parcel(), 60.0)
            except Killed:
                there = await one.state.shares.list()
                assert all([is_whole(each, await one.objects()) for each in there]), "a link to nothing"
            else:
                assert (what, skipped) == ("run share.issue", 2), "it was to die"
            placed = await one.put(parcel("9XY-123"))
            await one.sweep()
            assert (await one.state.shares.list(),) == ((await one.state.shares.get(placed.share.id),),)
            assert {each.object_id for each in placed.share.files} == await one.objects()
            assert {each.id: await one.content(each.object_id) for each in placed.share.files} == OCTETS

    asyncio.run(story())


def test_a_share_that_was_revoked_is_so_for_a_retry(place: Place):
    async def story() -> None:
        async with offices(place) as (one,):
            placed = await one.put()
            await one.state.share_keeping.revoke(placed.share.id, "officer")
            with pytest.raises(Revoked, match="revoked"):
                await one.put()
            assert await one.objects() == {each.object_id for each in placed.share.files}

    asyncio.run(story())


def test_without_a_key_for_links_it_is_unusable_and_nothing_stays(place: Place):
    (place.keys / "links-1.key").unlink()

    async def story() -> None:
        async with offices(place) as (one,):
            with pytest.raises(WillNotDo, match="links"):
                await one.place.check()
            with pytest.raises(Unusable, match="links"):
                await one.put()
            assert await one.objects() == frozenset()

    asyncio.run(story())


def test_a_new_key_for_links_changes_no_link_and_a_lost_one_makes_a_new_link(place: Place):
    async def story() -> list[str]:
        async with offices(place) as (one,):
            return [(await one.put()).offers[0].link]

    links = asyncio.run(story())
    (place.keys / "links-2.key").write_text("5" * 64)
    (place.keys / "links-2.key").chmod(0o600)
    links += asyncio.run(story())
    (place.keys / "links-1.key").unlink()
    links += asyncio.run(story())
    assert [link == links[0] for link in links] == [True, True, False]


def test_a_vault_that_does_not_answer_in_time_puts_the_mail_off(place: Place):
    class Slow:
        async def put(self, purpose, content, head=b""):
            await asyncio.Event().wait()

    async def story() -> None:
        async with offices(place) as (one,):
            slow = OwnPlace("own", URL, Slow(), one.state.shares, TurnedClock())
            with pytest.raises(TryLater):
                await slow.put(parcel(), 0.05)
            assert await one.state.shares.list() == ()

    asyncio.run(story())


def test_withdrawing_deletes_the_files_and_may_be_repeated(place: Place):
    async def story() -> None:
        async with offices(place) as (one,):
            placed = await one.put()
            for _ in range(2):
                await one.place.withdraw(placed.share)
            assert await one.objects() == frozenset()

    asyncio.run(story())
