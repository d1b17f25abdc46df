"""Who we are: in notices to people, and in greetings to other servers."""

from __future__ import annotations

import socket
from functools import cache
from pathlib import Path
from zoneinfo import ZoneInfo

from gateway.config import Settings
from gateway.policy.guidance import House
from gateway.policy.places import domain_of


def house_of(settings: Settings, config: Path | None = None) -> House:
    """Who speaks in notices. `config`: where the settings stand, for the commands that people are told."""
    organisation = settings.organisation
    return House(
        name=organisation.name,
        domains=frozenset(map(domain_of, organisation.domains)),
        postmaster=organisation.postmaster_address,
        hostname=hostname(settings),
        help=", ".join(text for text in (organisation.help.strip().rstrip("."), organisation.help_url) if text),
        sender=settings.notices.sender,
        notices_hop=settings.notices.next_hop,
        timezone=ZoneInfo(organisation.timezone) if organisation.timezone else None,
        config=str(config.resolve()) if config is not None else "",
    )


def hostname(settings: Settings) -> str:
    """How this machine names itself to others: as the settings say, else as it knows itself."""
    return settings.organisation.hostname or _own_name()


@cache
def _own_name() -> str:
    """Asked once, for a resolver may be slow. `localhost` is everybody's name: the machine's own is better, also without a domain."""
    own = socket.gethostname()
    if "." in own:
        return own
    full = socket.getfqdn()
    return own if full.partition(".")[0].lower() == "localhost" else full
