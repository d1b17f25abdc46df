"""deploy/postgresql/portal.sql: the portal's own role can do all that the portal does, and sees nothing else."""

import asyncio
import secrets
from collections.abc import Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import psycopg
import pytest
from psycopg import sql
from sqlalchemy import make_url

from gateway.edges.keys import Keyring
from gateway.edges.outbox import to_row
from gateway.edges.share_secrets import SHARES_FAMILY, Secrets
from gateway.edges.store_postgresql import PostgresqlStore
from gateway.edges.tables import metadata
from gateway.edges.visits import Visits
from gateway.errors import TryLater
from gateway.model.share import WishKind
from gateway.ports.visits import Limit
from tests.edges.durable import NOON, Place, mail, opened
from tests.edges.sharing import granted, issued, session

GRANTS = Path(__file__).resolve().parents[2] / "deploy" / "postgresql" / "portal.sql"
ROLE = "outgate_portal"
PORTAL = {"share", "share_file", "share_grant", "share_access", "share_code", "share_intent", "portal_session", "portal_limit"}

pytestmark = [pytest.mark.peer, pytest.mark.parametrize("place", ["postgresql"], indirect=True)]


@pytest.fixture
def portal_url(place: Place) -> Iterator[str]:
    """The address of the database, for the role."""
    url, password = make_url(place.url), secrets.token_hex(8)
    owner = psycopg.conninfo.make_conninfo(host=url.host, port=url.port, user=url.username, password=url.password, dbname=url.database)
    role = sql.Identifier(ROLE)
    with psycopg.connect(owner, autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE ROLE {} LOGIN PASSWORD {}").format(role, sql.Literal(password)))
        connection.execute(GRANTS.read_text())
        yield url.set(username=ROLE, password=password).render_as_string(hide_password=False)
        connection.execute(sql.SQL("DROP OWNED BY {}").format(role))
        connection.execute(sql.SQL("DROP ROLE {}").format(role))


@asynccontextmanager
async def portal(place: Place, url: str):
    """As app/portal.py opens it: with the keys of one family."""
    store = PostgresqlStore(url, writer="portal")
    await store.open()
    try:
        yield Visits(store, Secrets(lambda: Keyring(place.keys, only=frozenset({SHARES_FAMILY}))))
    finally:
        await store.close()


def test_a_whole_visit_needs_no_more_than_its_grants(place: Place, portal_url: str):
    async def story() -> None:
        async with opened(place) as state, portal(place, portal_url) as visits:
            made, tokens = await issued(state)
            mine = session(made, granted(made, "b@example.org"))
            assert await visits.find(tokens["recipient b@example.org"], NOON) is not None
            assert await visits.take((Limit("code", "b", 3, timedelta(seconds=1)),), NOON) == timedelta()
            await visits.open_session(mine)
            assert (await visits.get(made.id)).files == made.files
            asked = await visits.wish(WishKind.CODE, mine, "", NOON)
            (wish,) = await state.share_keeping.claim(NOON, 30)
            code = state.share_keeping.draw_code()
            assert await state.share_keeping.send_code(wish, code, mail("n1", next_at=NOON), NOON) == ""
            assert (await visits.wished(asked.id)).state == "done"
            assert not (await visits.try_code(mine, "0", NOON)).is_right
            assert (await visits.try_code(mine, code, NOON)).is_right
            mine = replace(mine, cookie_hash=b"r" * 32)
            assert await visits.rename_session(session(made, granted(made, "b@example.org")).cookie_hash, mine.cookie_hash, "csrf")
            assert await visits.session(mine.cookie_hash, NOON + timedelta(minutes=9), timedelta(hours=1)) is not None
            (access,) = (await visits.begin(mine, ("1",), "192.0.2.0/24", NOON)).accesses
            await visits.end(access.id, 1000, NOON, is_whole=True)
            assert len(await visits.accesses(made.id)) == 1
            await visits.close_session(mine.cookie_hash)

    asyncio.run(story())


def test_every_other_table_is_closed_to_it_and_so_are_the_rights_of_others(place: Place, portal_url: str):
    async def story() -> None:
        async with opened(place) as state, portal(place, portal_url) as visits:
            made, _ = await issued(state)
            for table in metadata.tables.values():
                reading = visits._store.fetch(f'SELECT 1 FROM "{table.name}"', ())  # noqa: S608 - names of our own tables
                if table.name in PORTAL:
                    await reading
                else:
                    with pytest.raises(TryLater, match="InsufficientPrivilege"):
                        await reading
            for name, payload in {
                "share.revoke": {"share": made.id, "by": "portal", "why": "", "key": None, "at": 0},
                "share.undo": {"share": made.id, "keys": ["b@example.org"], "at": 0},
                "intent.put": {"id": "1", "kind": "release", "case_number": "7KQ-402", "asked_by": "x", "why": "", "lifts": "[]",
                               "declared": "[]", "answers": "[]", "at": 0},
                "outbox.put": {"rows": [to_row(mail())]},
            }.items():  # fmt: skip
                with pytest.raises(TryLater, match="InsufficientPrivilege"):
                    await visits._store.run(name, payload)
            assert await state.shares.get(made.id) == made

    asyncio.run(story())
