"""Files that are shared by a running gateway, as its share step would share them: through the place `own`, its vault and its database."""

import asyncio
import hashlib
import secrets
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

from gateway.app.build import make_spool
from gateway.app.vaults import make_vault
from gateway.config import load
from gateway.edges.clock import SystemClock
from gateway.edges.keys import load_keys
from gateway.edges.place_own import OwnPlace
from gateway.edges.state import State
from gateway.model.share import Grant, Parcel, Placed, Share, SharedFile

ROUTE = """  secure-link:
    {kind: share, place: own, not_for: colleagues, provides: [protected-files], expires: {after: 60d, idle: 30d}, clause: a test}
"""


def share_by(config: Path, files: dict[str, bytes], sender: str, *recipients: str) -> tuple[Share, dict[str, str]]:
    """The share, and the links by address."""
    with ThreadPoolExecutor(1) as thread:  # Playwright has an event loop in this one
        placed = thread.submit(lambda: asyncio.run(_place(config, files, sender, recipients))).result()
    links = {offer.address: offer.link for offer in placed.offers}
    if placed.sender is not None:
        links[placed.sender.address] = placed.sender.link
    return placed.share, links


async def _place(config: Path, files: dict[str, bytes], sender: str, recipients: tuple[str, ...]) -> Placed:
    settings, clock = load(config), SystemClock()
    spool = make_spool(settings)
    vault = make_vault(settings, load_keys(settings.vault.keys), spool)
    state = State(settings.database.url, settings.processes.state, settings.vault.keys, clock)
    await state.open()
    assert settings.portal is not None
    place = OwnPlace("own", settings.portal.url, vault, state.shares, clock)
    shared = {
        str(number): SharedFile(str(number), name, "application/pdf", len(octets), hashlib.sha256(octets).hexdigest())
        for number, (name, octets) in enumerate(files.items(), 1)
    }
    now, ids = datetime.now(UTC), tuple(shared)
    people = [*((address, "recipient") for address in recipients), (sender, "sender")]
    share = Share(
        id=f"{secrets.token_hex(2).upper()}-{secrets.token_hex(2).upper()}",
        key=secrets.token_bytes(32),
        message_id="m1",
        sender=sender,
        route="secure-link",
        place="own",
        pack="starter",
        pack_version="sha256:1",
        made_at=now,
        expires_at=now + timedelta(days=60),
        files=tuple(shared.values()),
        grants=tuple(Grant(secrets.token_hex(8), who, who, role, ids, ("outsiders",) * (role == "recipient")) for who, role in people),
    )
    contents = {file_id: spool.content(octets) for file_id, octets in zip(shared, files.values(), strict=True)}
    try:
        return await place.put(Parcel(share, contents), clock.monotonic() + 60)
    finally:
        for content in contents.values():
            content.close()
        await state.close()
        vault.close()
