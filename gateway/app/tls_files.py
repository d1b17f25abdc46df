"""The certificates and keys that the settings name, tried as the processes will: what is wrong is said with the name of the file."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from pathlib import Path

from gateway.config import Hop, Listener, Portal, Settings
from gateway.edges.owner import denied
from gateway.errors import BadConfig, Problem


def check_tls(settings: Settings) -> None:
    """Raises BadConfig with everything that is wrong."""
    problems = tuple(Problem(str(settings.file), 0, 0, says) for says in _wrong(settings))
    if problems:
        raise BadConfig(problems)


def _wrong(settings: Settings) -> Iterator[str]:
    for name, listener in settings.listen.items():
        if listener.tls != "none":
            yield from _files(f"listen.{name}", listener, {"client_ca": listener.client_ca})
    if settings.portal is not None:
        yield from _files("portal", settings.portal, {})
    for name, hop in settings.next_hop.items():
        if hop.tls != "none":
            yield from _files(f"next_hop.{name}", hop, {"ca": hop.ca})


def _files(section: str, has: Listener | Hop | Portal, authorities: dict[str, Path | None]) -> Iterator[str]:
    named = {"cert": has.cert, "key": has.key, **authorities}
    unusable = [f"{section}.{key}: {says}" for key, path in named.items() if path is not None and (says := _unreadable(path))]
    yield from unusable
    if unusable:
        return
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    if has.cert is not None:
        try:
            context.load_cert_chain(has.cert, has.key, password="")  # a key under a password is refused, and nobody asked for it
        except (OSError, ValueError) as error:  # ssl.SSLError is an OSError
            yield f"{section}.cert: {has.cert} and {has.key or 'the key in it'} are no certificate with its key in PEM: {_reason(error)}"
    for key, path in authorities.items():
        if path is not None:
            try:
                context.load_verify_locations(path)
            except OSError as error:
                yield f"{section}.{key}: {path} holds no certificates in PEM: {_reason(error)}"


def _unreadable(path: Path) -> str:
    try:
        path.open("rb").close()
    except OSError as error:
        return denied(error, path)
    return ""


def _reason(error: Exception) -> str:
    reason = getattr(error, "reason", None)
    return str(reason).lower().replace("_", " ") if reason else str(error)
