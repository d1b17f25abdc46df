"""The portal process: the recipients' page over the tables of shares, and over the keys of the family `shares` alone.

It opens no next hop, reads no mail, and has no keys to what is held. What it cannot do itself it asks the keeper for, by a row.
"""

from __future__ import annotations

import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from zoneinfo import ZoneInfo

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from gateway.app.vaults import make_vault
from gateway.config import Portal, Settings
from gateway.edges.bell import Bell
from gateway.edges.clock import SystemClock
from gateway.edges.database import is_sqlite
from gateway.edges.keys import Keyring
from gateway.edges.share_secrets import SHARES_FAMILY, Secrets
from gateway.edges.spool import Spool
from gateway.edges.state import recorder_socket
from gateway.edges.store import Store
from gateway.edges.store_postgresql import PostgresqlStore
from gateway.edges.store_sqlite import SqliteStore
from gateway.edges.visits import Visits
from gateway.errors import WillNotDo
from gateway.log import Log
from gateway.model.share import Grant, Share
from gateway.policy.rules import Policy
from gateway.policy.standing import find_loss
from gateway.ports.clock import Clock
from gateway.ports.vault import Vault
from gateway.web.portal.application import make_application
from gateway.web.portal.limits import Limiter
from gateway.web.portal.server import Server, server_context
from gateway.web.portal.site import House, Site
from gateway.web.portal.static import Static
from gateway.web.portal.tickets import Tickets
from gateway.web.portal.words import read_words


def portal_keys(settings: Settings, portal: Portal) -> Keyring:
    """The family `shares`, and no other: what is not read cannot leak. Raises WillNotDo."""
    return Keyring(portal.keys or settings.vault.keys, only=frozenset({SHARES_FAMILY}))


@asynccontextmanager
async def portal_running(
    settings: Settings, keys: Keyring, policy: Callable[[], Policy], log: Log, drain_seconds: float
) -> AsyncIterator[Server]:
    """Everything open; closed in the end. In the event loop, after the last fork. Raises TryLater, WillNotDo, OSError."""
    portal = settings.portal
    if portal is None:
        raise WillNotDo("there is no [portal] in the settings")
    clock = SystemClock()
    store = _store(settings, portal)
    visits = Visits(store, Secrets(lambda: keys), Bell(settings.processes.state).ring)
    vault = make_vault(settings, keys, Spool(_spool_folder(settings)))
    await store.open(20.0)
    try:
        application = make_application(make_site(settings, portal, keys, visits, vault, clock, policy, log))
        yield Server(application, portal, server_context(portal), drain_seconds)
    finally:
        await store.close()
        vault.close()


def make_site(
    settings: Settings, portal: Portal, keys: Keyring, visits: Visits, vault: Vault, clock: Clock, policy: Callable[[], Policy], log: Log
) -> Site:
    """What all pages share."""

    def admits(share: Share, grant: Grant) -> bool:
        return find_loss(share, grant, policy(), clock.now()) is None

    master = keys[SHARES_FAMILY].keys[keys[SHARES_FAMILY].newest]
    return Site(
        visits=visits,
        vault=vault,
        clock=clock,
        log=log,
        settings=portal,
        house=_house(settings, portal),
        words=read_words(),
        static=Static(),
        tickets=Tickets(_derived(master, b"tickets")),
        forms_key=_derived(master, b"forms"),
        limiter=Limiter(clock.monotonic),
        admits=admits,
    )


def _house(settings: Settings, portal: Portal) -> House:
    organisation = settings.organisation
    zone = ZoneInfo(organisation.timezone) if organisation.timezone else None
    return House(organisation.name, organisation.help.strip(), organisation.help_url, portal.url, zone)


def _store(settings: Settings, portal: Portal) -> Store:
    """The portal writes nothing into the audit: what happened is noted by the keeper, which reads the portal's rows."""
    url = portal.database or settings.database.url
    if is_sqlite(url):
        return SqliteStore(url, recorder_socket(settings.processes.state))
    return PostgresqlStore(url, writer=f"{socket.gethostname()} portal")


def _spool_folder(settings: Settings) -> Path:
    folder = settings.processes.state / "spool"
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    return folder


def _derived(master: bytes, purpose: bytes) -> bytes:
    return HKDF(SHA256(), 32, None, b"outgate portal: " + purpose).derive(master)
