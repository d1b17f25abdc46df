"""The portal as it is served, for tests: a real database with its recorder, a real vault, real sockets. Only the keeper is played by hand.

The journey (tests/journey/test_portal.py) has the real keeper and real mail; here a test makes the code that the keeper would have mailed.
"""

import asyncio
import hashlib
import io
import itertools
import secrets
import socket
import sqlite3
import threading
from collections.abc import Callable, Coroutine, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

import httpx2
import trustme
import uvloop
from sqlalchemy import Connection, insert, select, update

from gateway.app.portal import make_site
from gateway.config import Portal, load
from gateway.edges import recorder
from gateway.edges.database import migrate, open_engine
from gateway.edges.keys import Keyring, create_keys
from gateway.edges.operations import Payload, operation
from gateway.edges.share_secrets import Secrets
from gateway.edges.spool import Spool
from gateway.edges.state import State, recorder_socket
from gateway.edges.tables import micros, share, share_code, share_grant, share_intent
from gateway.edges.vault import Vault
from gateway.edges.vault_folder import Folder
from gateway.log import Log
from gateway.model.share import Grant, Share, SharedFile
from gateway.supervise import bind
from gateway.web.portal.application import make_application
from gateway.web.portal.server import Server, server_context
from gateway.web.portal.site import Site
from tests.peers import folder, free_port, wait_until

_people = itertools.count(1)  # each comes from another network
RECIPIENT, SENDER = "kim@partner.example", "alex@sender.example"
T = TypeVar("T")

SETTINGS = """
[organisation]
name = "Test Council"
domains = ["sender.example"]
help = "Service Desk, 01234 567890, Monday to Friday 8:00 to 18:00"
help_url = "https://help.sender.example/files"
timezone = "Europe/London"
[listen.main]
address = "127.0.0.1:1"
[next_hop.mailboxes]
host = "127.0.0.1"
[policy]
source = "pack"
[notices]
next_hop = "mailboxes"
[portal]
url = "{url}"
proxies = ["127.0.0.1/32"]
{portal}
"""


@dataclass
class Clock:
    """The machine's time, and more when a test turns it."""

    ahead: timedelta = timedelta()

    def now(self) -> datetime:
        return datetime.now(UTC) + self.ahead

    def monotonic(self) -> float:
        return asyncio.get_running_loop().time()


@dataclass
class House:
    """A portal that serves."""

    directory: Path
    url: str
    port: int
    clock: Clock
    log: io.StringIO
    admits: Callable[[Share, Grant], bool] = lambda _share, _grant: True
    browsers: "list[Browser]" = field(default_factory=list)
    visits: list[tuple[str, str]] = field(default_factory=list)  # the number of a share and a cookie behind its code
    loop: asyncio.AbstractEventLoop = field(init=False)
    state: State = field(init=False)
    vault: Vault = field(init=False)
    site: Site = field(init=False)
    server: Server = field(init=False)

    def call(self, work: Coroutine[Any, Any, T]) -> T:
        """In the event loop of the portal."""
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(60)

    @property
    def database(self) -> str:
        return f"sqlite:///{self.directory}/outgate.db"

    # --- what is shared -----------------------------------------------------------------------------------------------

    def share(self, files: dict[str, bytes], *recipients: str, number: str = "", **changes: Any) -> tuple[Share, dict[str, str]]:
        """Files in the vault, and links to them: the tokens by address."""
        return self.call(self._share(files, recipients or (RECIPIENT,), number or new_number(), changes))

    async def _share(
        self, files: dict[str, bytes], recipients: tuple[str, ...], number: str, changes: dict[str, Any]
    ) -> tuple[Share, dict[str, str]]:
        kept = []
        for position, (name, octets) in enumerate(files.items(), 1):
            object_id = await self.vault.put("shares", Octets(octets))
            kept.append(SharedFile(str(position), name, "application/pdf", len(octets), hashlib.sha256(octets).hexdigest(), object_id))
        ids = tuple(file.id for file in kept)
        people = [(address, "recipient") for address in recipients] + [(SENDER, "sender")]
        grants = tuple(Grant(secrets.token_hex(8), address, address, role, ids, ("outsiders",)) for address, role in people)
        now = self.clock.now()
        made = Share(number, secrets.token_bytes(32), "m1", SENDER, "link", "own", "starter", "sha256:1", now, now + timedelta(days=60))
        issued = await self.state.shares.issue(replace(made, files=tuple(kept), grants=grants, **changes), linked=True)
        tokens = await self.state.shares.tokens(issued.id)
        return issued, {grant.address: tokens[grant.id] for grant in issued.grants}

    def mailed_code(self) -> str:
        """What the keeper does with the last wish for a code: the code that it would mail."""
        engine = open_engine(self.database)
        with engine.begin() as connection:
            asked = select(share_intent).where(share_intent.c.kind == "share-code").order_by(share_intent.c.at.desc())
            wish = connection.execute(asked).mappings().first()
            assert wish is not None
            connection.execute(share_intent.update().where(share_intent.c.id == wish["id"]).values(state="done"))
        engine.dispose()
        return self.code_for(wish["grant_id"], wish["session"])

    def code_for(self, grant: str, session: bytes) -> str:
        """A code that this browser may type."""
        code, code_id, now = f"{secrets.randbelow(10**8):08}", secrets.token_hex(8), micros(self.clock.now())
        key_id, hashed = Secrets(lambda: Keyring(self.directory / "keys")).code_hash(code_id, code)
        row = {"id": code_id, "grant_id": grant, "session": session, "key_id": key_id, "hash": hashed, "tries": 0}
        engine = open_engine(self.database)
        with engine.begin() as connection:
            connection.execute(insert(share_code), {**row, "made_at": now, "until": now + 600_000_000})
        engine.dispose()
        return code

    def wishes(self, kind: str, share: str = "") -> int:
        """How often the keeper was asked for this."""
        of = f" AND share_id = '{share}'" if share else ""
        return self._count(f"SELECT count(*) FROM share_intent WHERE kind = '{kind}'{of}")  # noqa: S608 - the words are the test's own

    def rows(self, table: str) -> int:
        return self._count(f"SELECT count(*) FROM {table}")  # noqa: S608

    def _count(self, query: str) -> int:
        with closing(sqlite3.connect(self.directory / "outgate.db")) as database:
            return int(database.execute(query).fetchone()[0])

    # --- who comes ----------------------------------------------------------------------------------------------------

    def browser(self, **headers: str) -> "Browser":
        self.browsers.append(Browser(self, headers))
        return self.browsers[-1]


class Octets:
    """model.message.Content over octets."""

    def __init__(self, octets: bytes) -> None:
        self._octets, self.octets = octets, len(octets)

    def read(self, start: int, end: int) -> bytes:
        return self._octets[start:end]

    def close(self) -> None:
        pass


class Browser:
    """A person's browser without scripts: it keeps cookies, and sends what a form has in it."""

    def __init__(self, house: House, headers: dict[str, str]) -> None:
        self.house = house
        self.address = headers.setdefault("x-forwarded-for", f"10.{next(_people) % 250}.{next(_people) % 250}.7")
        self.client = httpx2.Client(base_url=house.url, headers=headers, timeout=60, trust_env=False)

    def get(self, path: str, **headers: str) -> httpx2.Response:
        return self.client.get(path, headers=headers)

    def post(self, path: str, *, headers: dict[str, str] | None = None, **fields: str) -> httpx2.Response:
        """With the token of the last page, as a browser says it of our own form."""
        said = {"sec-fetch-site": "same-origin", "origin": "null", **(headers or {})}
        return self.client.post(path, data={"csrf": self.csrf(), **fields}, headers=said)

    def csrf(self) -> str:
        """What stands in the forms for this cookie."""
        return self.house.site.csrf(self.client.cookies.get("outgate", ""))

    def open(self, token: str) -> httpx2.Response:
        """The link, and Continue."""
        self.get("/")
        return self.post("/", key=token)

    def enter(self, token: str) -> str:
        """All the way to the files; the number of the share."""
        opened = self.open(token)
        assert opened.status_code == 303, opened.text
        number = opened.headers["location"].split("/")[1]
        proved = self.post(f"/{number}/code", code=self.house.mailed_code())
        assert proved.status_code == 303, proved.text
        return number


def new_number() -> str:
    letters = secrets.token_hex(3).upper()
    return f"{letters[:3]}-{letters[3:]}"


@contextmanager
def house(
    *, portal: str = "", settings: dict[str, Any] | None = None, tls: trustme.LeafCert | None = None, loop: Callable[..., Any] = uvloop.run
) -> Iterator[House]:
    """`portal`: more lines of [portal]; `settings`: changes of it that no file could say; `tls`: its certificate, for localhost."""
    with folder("portal") as directory:
        port = free_port()
        url = f"http://127.0.0.1:{port}" if tls is None else f"https://localhost:{port}"
        portal += _tls_files(directory, tls) if tls is not None else ""
        config = directory / "outgate.toml"
        config.write_text(SETTINGS.format(url=url, portal=portal))
        create_keys(directory / "keys")
        migrate(f"sqlite:///{directory}/outgate.db")
        running = House(directory, url, port, Clock(), io.StringIO())
        began, ended = threading.Event(), asyncio.Event()
        failures: list[BaseException] = []

        async def main() -> None:
            async with _opened(running, load(config), settings or {}):
                serving = asyncio.ensure_future(running.server.run_on(bind(f"127.0.0.1:{port}")))
                began.set()
                await ended.wait()
                running.server.stop()
                await serving

        def live() -> None:
            try:
                loop(main())
            except BaseException as failure:  # noqa: BLE001 - told to the test below
                failures.append(failure)
            finally:
                began.set()

        thread = threading.Thread(target=live, name="portal")
        thread.start()
        try:
            began.wait(60)
            if failures:
                raise failures[0]
            wait_until(lambda: _answers(port), "the portal answers")
            yield running
        finally:
            for browser in running.browsers:
                browser.client.close()
            if thread.is_alive():
                running.loop.call_soon_threadsafe(ended.set)
            thread.join(60)


class _opened:  # noqa: N801 - used as a context
    def __init__(self, running: House, settings: Any, changes: dict[str, Any]) -> None:
        self.running, self.settings, self.changes = running, settings, changes

    async def __aenter__(self) -> None:
        one, directory = self.running, self.running.directory
        one.loop = asyncio.get_running_loop()
        self.recorder = recorder.running(one.database, recorder_socket(directory), directory / "keys")
        await self.recorder.__aenter__()
        one.state = State(one.database, directory, directory / "keys", one.clock)
        await one.state.open()
        keys = Keyring(directory / "keys", only=("shares",))
        spool = directory / "spool"
        spool.mkdir()
        one.vault = Vault(Folder(directory / "vault", reserve_octets=0), keys, Spool(spool))
        portal: Portal = self.settings.portal.model_copy(update=self.changes)
        made = make_site(self.settings, portal, keys, one.state.visits, one.vault, one.clock, lambda: None, Log(one.log))  # type: ignore[arg-type,return-value]
        one.site = replace(made, admits=lambda share, grant: one.admits(share, grant))  # noqa: PLW0108 - a test changes it later
        one.server = Server(make_application(one.site), portal, server_context(portal), 5.0)

    async def __aexit__(self, *_: object) -> None:
        await self.running.state.close()
        self.running.vault.close()
        await self.recorder.__aexit__(None, None, None)


def _answers(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), 5).close()
    except OSError:
        return False
    return True


def _tls_files(directory: Path, tls: trustme.LeafCert) -> str:
    (directory / "key.pem").write_bytes(tls.private_key_pem.bytes())
    (directory / "cert.pem").write_bytes(b"".join(blob.bytes() for blob in tls.cert_chain_pems))
    return '\ncert = "cert.pem"\nkey = "key.pem"\n'


@operation("test.expire")
def _expire(connection: Connection, payload: Payload) -> Payload:
    """Its time has come."""
    connection.execute(update(share).where(share.c.id == payload["share"]).values(expires_at=1))
    return {}


@operation("test.only")
def _only(connection: Connection, payload: Payload) -> Payload:
    """A grant has these files alone."""
    connection.execute(update(share_grant).where(share_grant.c.id == payload["grant"]).values(files=payload["files"]))
    return {}
