"""What doctor says of settings that work and are still not safe: who may read what, the placeholder, protection that may go in clear."""

from __future__ import annotations

import stat
from collections.abc import Iterator
from ipaddress import ip_network
from pathlib import Path

from gateway.config import MB, CryptsharePlace, Hop, OneDrivePlace, OwnPlace, Settings, SftpPlace, is_loopback
from gateway.edges.database import is_sqlite
from gateway.policy.rules import Policy, Route
from gateway.policy.snapshot import Partner

_LEAST_MESSAGE = 65536  # octets (RFC 5321 section 4.5.3.1.7)
_LEAST_DEADLINE = 10.0  # seconds
_LEAST_MEMORY = 200 * MB
PLACEHOLDER = "change-this"  # in deploy/outgate.toml


def open_to_others(settings: Settings) -> Iterator[str]:
    """Files and folders that more people can read or change than should. What is not there is not looked at."""
    for path in (settings.file, *_private_files(settings)):
        if (mode := _mode(path)) is not None and mode & stat.S_IRWXO:
            yield f"{path} may be read by others: chmod {'640' if mode & stat.S_IRGRP else '600'} {path}"
    for folder in _folders(settings):
        if (mode := _mode(folder)) is not None and mode & (stat.S_IRWXO | stat.S_IWGRP):
            yield f"{folder} is open to others (mode {stat.S_IMODE(mode):o}): chmod 700 {folder}"


def unsafe_hops(settings: Settings, policy: Policy | None) -> Iterator[str]:
    """Next hops that encrypt, and what may keep them from it."""
    for name, hop in settings.next_hop.items():
        if PLACEHOLDER in hop.trigger_header:
            yield f"next_hop.{name}.trigger_header is still the one that everybody can read in the reference: write a value of your own"
        routes = [] if policy is None else [one for one in policy.routes if one.next_hop == name and one.provides and not one.sent_as]
        if routes and hop.tls != "verified" and not _is_here(hop):
            promises = ", ".join(sorted(routes[0].provides))
            yield (
                f'route `{routes[0].name}` gives {promises} by next_hop.{name}, but tls = "{hop.tls}" lets mail go there in clear, '
                'or to a stranger: tls = "verified"'
            )


def unusual(settings: Settings) -> Iterator[str]:
    """What is allowed, and most likely not meant."""
    for name, listener in settings.listen.items():
        where = f"listen.{name}"
        if everybody := [one for one in listener.networks if _is_everybody(one)]:
            yield f"{where}.networks has {everybody[0]}: everybody who reaches {listener.address} may relay; name your own mail servers"
        elif not listener.networks and not listener.client_names:
            yield f"{where}.networks is empty and no `client_names` are named: nobody may relay there"
        if any(_is_everybody(one) for one in listener.xforward):
            yield f"{where}.xforward believes everybody; name your own mail servers"
        if listener.max_message < _LEAST_MESSAGE:
            yield f'{where}.max_message is {listener.max_message} octets: mail has 64 KB at least (RFC 5321); write max_message = "100MB"'
        if listener.deadline_seconds < _LEAST_DEADLINE:
            yield f'{where}.deadline is {listener.deadline_seconds:g} s: mail with documents is put off each time; write deadline = "85s"'
    if settings.examine.memory < _LEAST_MEMORY:
        yield (
            f"examine.memory is {settings.examine.memory / MB:.1f} MB, of which 160 MB are the libraries: files count as unreadable; "
            'write memory = "336MB"'
        )
    if settings.examine.seconds < 1 or settings.examine.wall < settings.examine.seconds:
        yield "examine.seconds is under a second, or more than examine.wall: files count as unreadable; take both out for what is usual"


def _is_everybody(network: str) -> bool:
    return ip_network(network).prefixlen == 0


def unsafe_places(settings: Settings, policy: Policy | None) -> Iterator[str]:
    """Places that do not keep what their routes say: protection, or what only our own place knows."""
    for route in () if policy is None else policy.routes:
        place = settings.place.get(route.place or "")
        if place is not None and not isinstance(place, OwnPlace):
            partners = () if policy is None else policy.partners
            yield from (f"route `{route.name}` {says}" for says in (*_open_links(route, place, partners), *_unknown_there(route)))


def unsafe_portal(settings: Settings) -> Iterator[str]:
    """How the recipients' page is reached, and whom it takes its visitors for."""
    portal = settings.portal
    if portal is None or portal.cert is not None or not portal.is_https:
        return
    if not is_loopback(portal.address.rpartition(":")[0]):
        yield f"portal.address {portal.address} takes in clear what others than this machine send: write 127.0.0.1, or `cert` and `key`"
    if not portal.proxies:
        yield "portal.proxies names no reverse proxy: everybody seems to come from it, and is limited together with everybody else"


def _open_links(route: Route, place: OneDrivePlace | SftpPlace | CryptsharePlace, partners: tuple[Partner, ...]) -> Iterator[str]:
    where = f"place.{route.place}"
    gives = f"gives {', '.join(sorted(route.provides))} by {where}"
    if isinstance(place, SftpPlace) and not partners:
        yield f"puts files in {where}, but no register of the pack has a partner with a `folder:`: nobody can be sent files by it"
    elif not route.provides:
        return
    elif isinstance(place, OneDrivePlace) and place.link == "anyone":
        yield f'{gives}, but its links open for anyone who has them: link = "people"'
    elif isinstance(place, OneDrivePlace) and not route.clause:
        yield f"{gives}, which is for open data unless a clause of the source says otherwise: write `clause:`, or leave `provides` out"
    elif isinstance(place, CryptsharePlace) and place.opens_with == "link":
        yield f'{gives}, but its links, which stand in mail, open for anyone who has them: opens_with = "password"'


def _unknown_there(route: Route) -> Iterator[str]:
    """Only our own place hears of who fetches what."""
    for key, is_asked in (("download_limit", route.download_limit is not None), ("tell_when_fetched", route.tell_when_fetched)):
        if is_asked:
            yield f"has `{key}`, and place.{route.place} does not tell us who fetches what: it has no effect"


def _private_files(settings: Settings) -> Iterator[Path]:
    keys = (*(one.key for one in settings.listen.values()), *(one.key for one in settings.next_hop.values()), settings.vault.secret_file)
    pages = settings.portal.key if settings.portal is not None else None
    yield from (key for key in (*keys, pages, *_keys_of_places(settings)) if key is not None)
    if is_sqlite(settings.database.url):
        yield Path(settings.database.url.removeprefix("sqlite:///"))


def _keys_of_places(settings: Settings) -> Iterator[Path]:
    for place in settings.place.values():
        match place:
            case OneDrivePlace() | SftpPlace():
                yield place.key
            case CryptsharePlace():
                yield place.client_id
            case OwnPlace():
                pass


def _folders(settings: Settings) -> Iterator[Path]:
    vault = settings.vault.folder
    own = settings.portal.keys if settings.portal is not None else None
    yield from dict.fromkeys((settings.processes.state, *((vault,) if vault else ()), settings.vault.keys, *((own,) if own else ())))


def _mode(path: Path) -> int | None:
    try:
        return path.stat().st_mode
    except OSError:
        return None


def _is_here(hop: Hop) -> bool:
    """On this machine, where nobody else reads along."""
    if hop.maildir is not None:
        return True
    return is_loopback(hop.host)
