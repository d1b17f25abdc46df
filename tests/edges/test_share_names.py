"""Names of shared files under a new key: the database needs the old one no more."""

import asyncio
from dataclasses import replace

from gateway.edges.keys import Keyring, add_key, remove_key
from gateway.edges.share_names import Names
from gateway.edges.share_secrets import Secrets
from tests.edges.durable import Place, living
from tests.edges.sharing import file, issued, share


def test_names_are_sealed_anew_and_read_without_the_old_key(place: Place):
    async def story() -> None:
        async with living(place, processes=2) as (one, other):
            made, _ = await issued(one, share(files=(file("1"), file("2"))))
            keys = Keyring(place.keys)
            names = Names(one.store, Secrets(lambda: keys))
            assert await names.sealed_before() == ()
            add_key(place.keys, "shares")
            old = await names.sealed_before()
            assert [(number, name) for number, name, _ in sorted(old)] == [(made.id, "1"), (made.id, "2")]

            await names.renew(old)
            await names.renew(old)  # nobody knew whether it was done

            assert await names.sealed_before() == ()
            remove_key(place.keys, "shares-1")
            there = await other.shares.get(made.id)
            assert there is not None
            assert sorted(each.name for each in there.files) == ["Akte 1.pdf", "Akte 2.pdf"]

    asyncio.run(story())


def test_a_name_that_was_written_meanwhile_stays_as_it_is(place: Place):
    async def story() -> None:
        async with living(place) as (state,):
            made, _ = await issued(state)
            keys = Keyring(place.keys)
            names = Names(state.store, Secrets(lambda: keys))
            add_key(place.keys, "shares")
            old = await names.sealed_before()
            await issued(state, share(files=(replace(file("1"), name="Neu.pdf"),)))
            await names.renew(old)
            there = await state.shares.get(made.id)
            assert there is not None
            assert [each.name for each in there.files] == ["Neu.pdf"]

    asyncio.run(story())
