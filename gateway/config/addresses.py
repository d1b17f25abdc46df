"""Where something is reached: what stands behind keys for addresses, hosts, networks, sites and databases. Nothing is looked up."""

from __future__ import annotations

import ipaddress
import re
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator

_NAME = "[A-Za-z0-9_](?:[A-Za-z0-9_-]*[A-Za-z0-9_])?"  # as containers are called, too
_NO_BROWSER_OPENS = {  # https://fetch.spec.whatwg.org/#port-blocking: ports of other protocols, 10080 (Amanda) among them
    *(0, 1, 7, 9, 11, 13, 15, 17, 19, 20, 21, 22, 23, 25, 37, 42, 43, 53, 69, 77, 79, 87, 95, 101, 102, 103, 104, 109, 110, 111, 113, 115),
    *(117, 119, 123, 135, 137, 139, 143, 161, 179, 389, 427, 465, 512, 513, 514, 515, 526, 530, 531, 532, 540, 548, 554, 556, 563, 587),
    *(601, 636, 989, 990, 993, 995, 1719, 1720, 1723, 2049, 3659, 4045, 4190, 5060, 5061, 6000, 6566, 6665, 6666, 6667, 6668, 6669),
    *(6679, 6697, 10080),
}


def _endpoint(value: str) -> str:
    host, _, port = value.rpartition(":")
    if not _is_host(host) or not port.isdigit() or int(port) > 65535:
        msg = f"`{value}` is no address; write 127.0.0.1:10025 or [::1]:10025"
        raise ValueError(msg)
    return value


def _is_host(value: str) -> bool:
    """A name, or an address of IPv4 or, in brackets, IPv6. What looks like an address and is none is no name either."""
    try:
        bare = value[1:-1] if value.startswith("[") and value.endswith("]") else value
        return ipaddress.ip_address(bare).version == 4 or bare != value
    except ValueError:
        return re.fullmatch(rf"(?=.{{1,253}}$){_NAME}(\.{_NAME})*\.?", value) is not None and not re.fullmatch(r"[0-9.]+", value)


def _next_hop(value: str) -> str:
    """Where a mail server is. Its port is a key of its own, and an address of IPv6 needs no brackets."""
    if not value or _is_host(value) or _is_host(f"[{value}]"):
        return value.strip("[]")
    if ":" in value and "/" not in value:
        host, _, port = value.rpartition(":")
        msg = f'`{value}` is no name of a machine; write host = "{host}" and port = {port}'
    else:
        bare = value.partition("://")[2].split("/", 1)[0] or "mail.example.gov.uk"
        msg = f"`{value}` is no name of a machine; write {bare if _is_host(bare) else 'mail.example.gov.uk'}"
    raise ValueError(msg)


def _database(value: str) -> str:
    """SQLite in a file, or PostgreSQL. Opening it is not tried here."""
    if value.startswith("sqlite:") and not re.match("sqlite:///.", value):
        rest = value.removeprefix("sqlite:").lstrip("/")
        msg = f"`{value}` names no file; write sqlite:///{rest or 'state/outgate.db'}, with three slashes, or four before an absolute path"
        raise ValueError(msg)
    if value.startswith("sqlite:///"):
        return value
    return _postgresql(value)


def _portal_database(value: str) -> str:
    """A role of its own in PostgreSQL: SQLite has none."""
    return _postgresql(value) if value else value


def _postgresql(value: str) -> str:
    """An address of PostgreSQL (libpq, section 34.1.1.2)."""
    scheme, found, rest = value.partition("://")
    if not found or scheme not in ("postgresql", "postgresql+psycopg") or not rest:
        msg = "is no address of a database; write sqlite:///state/outgate.db or postgresql://user@host/name"
        raise ValueError(msg)
    try:
        _ = urlsplit(value).port
    except ValueError:
        msg = "has no number for a port; write postgresql://user@host:5432/name"
        raise ValueError(msg) from None
    return value


def _networks(value: tuple[str, ...]) -> tuple[str, ...]:
    for network in value:
        try:
            ipaddress.ip_network(network)
        except ValueError as error:
            msg = f"`{network}` is no network; write 192.0.2.0/24, 2001:db8::/32 or one address ({error})"
            raise ValueError(msg) from None
    return value


def _host_name(value: str) -> str:
    if value and not re.fullmatch(r"(?=.{1,253}$)[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?)*", value):
        msg = f"`{value}` is no name of a machine; write outgate.example.gov.uk, or leave it out for the machine's own"
        raise ValueError(msg)
    return value


def _site(value: str) -> str:
    """Scheme, host and port alone: what browsers call an origin. Without TLS only on this machine, for trying things out."""
    match = re.fullmatch(r"(https?)://(\[[0-9a-f:.]+\]|[a-z0-9.-]+)(:\d{1,5})?/?", value.strip().lower())
    if value and match is None:
        msg = f"`{value}` is no address of a site of its own; write https://files.example.gov.uk, without a path"
        raise ValueError(msg)
    if match is not None and match[1] == "http" and match[2] not in ("localhost", "127.0.0.1", "[::1]"):
        msg = f"`{value}` goes in clear; write https://{match[2]}"
        raise ValueError(msg)
    if match is not None and match[3] and int(match[3][1:]) in _NO_BROWSER_OPENS:
        msg = f"`{value}` has a port that browsers refuse to open; take another, such as 10081, or none behind a reverse proxy"
        raise ValueError(msg)
    return value.strip().lower().rstrip("/")


def _service(value: str) -> str:
    """The address of an API, which may have a path."""
    if not re.fullmatch(r"https://[A-Za-z0-9.-]+(:\d{1,5})?(/[A-Za-z0-9._~-]+)*/?", value):
        msg = f"`{value}` is no address of a service; write https://files.example.gov.uk"
        raise ValueError(msg)
    return value.rstrip("/")


def check_endpoint(endpoint: str) -> None:
    """In clear only to this machine: what is kept is encrypted, but who may write and delete there is not."""
    address = urlsplit(endpoint)
    if not endpoint or (address.scheme == "https" and address.hostname):
        return
    if address.scheme != "http" or not address.hostname:
        msg = f"endpoint: `{endpoint}` is no address; write https://s3.example.gov.uk"
        raise ValueError(msg)
    if not is_loopback(address.hostname):
        msg = f"endpoint: http:// is only for this machine; write https://{address.hostname}"
        raise ValueError(msg)


def is_loopback(host: str) -> bool:
    """This machine itself, where nobody else reads along."""
    try:
        return host == "localhost" or ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


DatabaseAddress = Annotated[str, AfterValidator(_database)]
PortalDatabase = Annotated[str, AfterValidator(_portal_database)]
MachineName = Annotated[str, AfterValidator(_next_hop)]
Endpoint = Annotated[str, AfterValidator(_endpoint)]
HostName = Annotated[str, AfterValidator(_host_name)]
Networks = Annotated[tuple[str, ...], AfterValidator(_networks)]
Site = Annotated[str, AfterValidator(_site)]
Service = Annotated[str, AfterValidator(_service)]
