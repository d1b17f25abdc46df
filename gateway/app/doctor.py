"""`outgate doctor`: everything that mail depends on, looked at from this machine. Behaviour is tried, versions are not believed."""

from __future__ import annotations

import asyncio
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from email.utils import parseaddr
from pathlib import Path

from gateway.app.build import make_spool
from gateway.app.dkim import check_records
from gateway.app.house import house_of
from gateway.app.pack import load_policy, to_come
from gateway.app.places import make_places
from gateway.app.precautions import open_to_others, unsafe_hops, unsafe_places, unsafe_portal, unusual
from gateway.app.signing import unsigned_domains
from gateway.app.tls_files import check_tls
from gateway.app.vaults import make_vault
from gateway.config import MB, Hop, Settings, load
from gateway.edges.clock import SystemClock
from gateway.edges.connections import Connections
from gateway.edges.dialogue import Broken
from gateway.edges.keys import load_keys
from gateway.edges.outgoing import Refused
from gateway.edges.sandbox import Sandbox
from gateway.edges.state import State
from gateway.edges.vault import Vault
from gateway.errors import BadConfig, OutgateError, TryLater
from gateway.policy.rules import Policy

_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class Look:
    """One thing looked at."""

    what: str
    is_well: bool
    says: str

    def __str__(self) -> str:
        return f"{'ok  ' if self.is_well else 'LOOK'}  {self.what}: {self.says}"


def doctor(config: Path) -> tuple[Look, ...]:
    """Look at everything; what cannot be looked at because something before it is wrong is left out. Raises BadConfig."""
    settings = load(config)
    looks = [Look("settings", True, f"{config} is understood")]
    policy: Policy | None = None
    try:
        policy = load_policy(settings.policy.source, settings)
        warnings = len(policy.warnings)
        looks.append(Look("policy", True, f"{policy.name} {policy.version[:19]}, {warnings} warning{'' if warnings == 1 else 's'}"))
        looks += [Look("policy", False, says) for says in to_come(policy)]
    except OutgateError as error:
        looks.append(Look("policy", False, str(error)))
    looks += [
        _try("certificates", lambda: _certificates(settings)),
        *look_at_signing(settings, policy),
        _try("sandbox", lambda: _sandbox(settings)),
        *_libraries(),
        _try("tesseract", lambda: _pictures(settings)),
        *_postfix(settings, policy),
        *_precautions(settings, policy),
    ]
    looks += asyncio.run(_living(settings, policy))
    return tuple(looks)


def _try(what: str, look: Callable[[], str]) -> Look:
    try:
        return Look(what, True, look())
    except (OutgateError, OSError) as error:
        return Look(what, False, str(error))


def _certificates(settings: Settings) -> str:
    check_tls(settings)
    return "those that are named can be used"


def look_at_signing(settings: Settings, policy: Policy | None, server: str = "") -> Iterator[Look]:
    """Whether what we change can be signed, and receivers find the keys. `server`: ask this name server, not the system's."""
    if not settings.dkim:
        is_well, here = _unsigned(settings, policy)
        command = f"outgate dkim new-key {settings.organisation.domains[0]}"
        yield Look("dkim", is_well, f'no [dkim."DOMAIN"]: mail that the gateway changes or writes leaves unsigned, {here}; {command}')
        return
    try:
        checked = check_records(settings, server)
    except OutgateError as error:
        yield Look("dkim", False, str(error))
        return
    yield from (Look("dkim", not one.wrong, f"{one.name}: {one.wrong or 'the record is that of the key'}") for one in checked)
    if unsigned := unsigned_domains(settings):
        says = f"what the gateway changes or writes for {', '.join(unsigned)} leaves unsigned: outgate dkim new-key {unsigned[0]}"
        yield Look("dkim", False, says)


def _unsigned(settings: Settings, policy: Policy | None) -> tuple[bool, str]:
    """Whether it may leave unsigned here, and why."""
    if policy is None:
        return False, "and whether any is changed here is not known: the policy cannot be read"
    changed = "; ".join(_changes(settings, policy))
    return not changed, f"and mail is changed here: {changed}" if changed else "but here none is changed, and only notices are written"


def _changes(settings: Settings, policy: Policy) -> Iterator[str]:
    """What makes another message of one that passes through."""
    for route in policy.routes:
        if route.kind == "share" and route.place in settings.place:
            yield f"route `{route.name}` takes files out"
    for route in policy.routes:
        if route.kind == "relay" and route.next_hop in settings.next_hop and settings.next_hop[route.next_hop].trigger_header:
            yield f"route `{route.name}` adds a field for its next hop"
    for rule in policy.rules:
        if any(act.stamps for act in rule.acts):
            yield f"rule `{rule.id}` stamps it"


def _sandbox(settings: Settings) -> str:
    sandbox = Sandbox(settings.examine)
    sandbox.start()

    async def close() -> None:
        await sandbox.close()

    asyncio.run(close())
    return "all layers are there" if settings.examine.sandbox == "full" else "reduced, as configured: a layer may be missing"


def _libraries() -> Iterator[Look]:
    import magic  # noqa: PLC0415 - it loads the C library, whose absence is what we look for

    def recognises() -> str:
        found = magic.from_buffer(b"%PDF-1.4\n%\xe2\xe3\xcf\xd3\n", mime=True)
        if found != "application/pdf":
            raise TryLater(f"libmagic takes a PDF for {found}; reinstall the package `file`")
        return "libmagic recognises a PDF"

    yield _try("libmagic", recognises)
    strict = parseaddr("alice@example.org)bob@evil.example") == ("", "")
    says = "strict" if strict else "this Python reads malformed addresses leniently (CVE-2023-27043); Outgate does not rely on it"
    yield Look("python", True, f"email.utils is {says}" if strict else says)


def _pictures(settings: Settings) -> str:
    """The program tells what its library, which the readers use, can read."""
    if settings.examine.ocr == "off":
        return "off, as configured: words in pictures and scanned pages are not read"
    command = shutil.which("tesseract")
    if command is None:
        return "not installed: words in pictures and scanned pages are not read; the package is `tesseract-ocr`"
    done = subprocess.run((command, "--list-langs"), capture_output=True, text=True, timeout=_SECONDS, check=False)
    if "eng" not in done.stdout.split():
        raise TryLater("it knows no English, so words in pictures are not read; the package is `tesseract-ocr-eng`")
    return f"words in pictures are read, for at most {settings.examine.ocr_seconds:g} seconds of one file; one with more is pictures-unread"


def _postfix(settings: Settings, policy: Policy | None) -> Iterator[Look]:
    """A Postfix on this machine must let through what the policy would, and as it is."""
    limit, line = _postconf("message_size_limit"), _postconf("smtp_line_length_limit")
    if limit is None:
        return
    caps = [route.message_limit for route in policy.routes if route.message_limit] if policy else []
    wanted = max(caps, default=max(listener.max_message for listener in settings.listen.values()))
    if 0 < limit < wanted:
        says = f"message_size_limit is {limit / MB:.1f} MB, the policy allows {wanted / MB:.1f} MB: postconf -e message_size_limit={wanted}"
        yield Look("postfix", False, says)
    else:
        yield Look("postfix", True, f"message_size_limit is {limit / MB:.1f} MB")
    if line and settings.dkim:
        says = f"smtp_line_length_limit is {line}: longer lines are folded, and signatures broken: postconf -e smtp_line_length_limit=0"
        yield Look("postfix", False, says)


def _postconf(name: str) -> int | None:
    """A number in the main.cf of a Postfix on this machine; None: there is none."""
    command = shutil.which("postconf", path="/usr/sbin:/usr/bin:/sbin:/bin")
    if command is None:
        return None
    done = subprocess.run((command, "-h", name), capture_output=True, text=True, timeout=_SECONDS, check=False)
    return int(done.stdout) if done.returncode == 0 and done.stdout.strip().isdigit() else None


def _precautions(settings: Settings, policy: Policy | None) -> Iterator[Look]:
    private = list(open_to_others(settings))
    safe = [*unsafe_hops(settings, policy), *unsafe_places(settings, policy), *unsafe_portal(settings)]
    yield from (Look("permissions", False, says) for says in private)
    if not private:
        yield Look("permissions", True, "settings, keys and what is kept are closed to others")
    yield from (Look("protection", False, says) for says in safe)
    yield from (Look("settings", False, says) for says in unusual(settings))


async def _living(settings: Settings, policy: Policy | None) -> list[Look]:
    """Next hops, keys, vault and database, all at the same time."""
    hops = [_next_hop(name, hop, settings) for name, hop in settings.next_hop.items()]
    looks = await asyncio.gather(*hops, _vault(settings), _database(settings))
    return [*looks, *await _places(settings, policy)]


async def _next_hop(name: str, hop: Hop, settings: Settings) -> Look:
    what = f"next hop {name}"
    if hop.maildir is not None:
        return Look(what, True, f"mail folders below {hop.maildir}")
    try:
        connections = Connections(name, hop, house_of(settings).hostname)
        found = await connections.open(asyncio.get_running_loop().time() + _SECONDS)
    except Refused as error:
        return Look(what, False, error.reply.text.removeprefix(f"{what}: "))
    except (Broken, BadConfig) as error:
        return Look(what, False, str(error))
    found.quit()
    missing = [word for word in ("PIPELINING", "8BITMIME", "SMTPUTF8", "DSN", "ENHANCEDSTATUSCODES") if word not in found.extensions]
    size = found.extensions.get("SIZE", "")
    said = f"{hop.host}:{hop.port} answers, {'encrypted' if found.encrypted else 'in clear'}"
    said += f", takes {int(size) / MB:.1f} MB" if re.fullmatch(r"[1-9]\d*", size) else ""
    return Look(what, True, said + (f"; it does not offer {', '.join(missing)}" if missing else ""))


async def _vault(settings: Settings) -> Look:
    """An object is written, read and deleted, as a letter would be."""
    try:
        spool = make_spool(settings)
        vault = make_vault(settings, load_keys(settings.vault.keys), spool)
    except (OutgateError, OSError) as error:
        return Look("vault", False, str(error))
    try:
        async with asyncio.timeout(3 * _SECONDS):
            await vault.check()
            with closing(spool.content(b"outgate doctor")) as probe:
                object_id = await vault.put("notices", probe)
            (await vault.get(object_id)).close()
            await vault.delete(object_id)
        return Look("vault", True, f"{settings.vault.url}: an object was written, read and deleted{_fill(vault)}")
    except TimeoutError:
        return Look("vault", False, f"{settings.vault.url} does not answer in {3 * _SECONDS:g} s")
    except (OutgateError, OSError) as error:
        return Look("vault", False, str(error))
    finally:
        vault.close()


def _fill(vault: Vault) -> str:
    if vault.usage is None:
        return ""
    quota = f" of {vault.usage.limit / MB:.1f}" if vault.usage.limit is not None else ""
    return f"; {vault.usage.used() / MB:.1f}{quota} MB are used"


async def _places(settings: Settings, policy: Policy | None) -> list[Look]:
    """Those of a policy that can be read: a partner's folder is named there."""
    if not settings.place or policy is None:
        return []
    clock = SystemClock()
    try:
        state = State(settings.database.url, settings.processes.state, settings.vault.keys, clock)
        vault = make_vault(settings, load_keys(settings.vault.keys), make_spool(settings))
        places = make_places(settings, vault, state.shares, clock, lambda: policy)
    except (OutgateError, OSError) as error:
        return [Look("places", False, str(error))]

    async def look(name: str) -> Look:
        try:
            async with asyncio.timeout(3 * _SECONDS):
                await places[name].check()
        except TimeoutError:  # an OSError too, and one without words
            return Look(f"place {name}", False, f"did not answer in {3 * _SECONDS:g} seconds")
        except (OutgateError, OSError) as error:
            return Look(f"place {name}", False, str(error))
        return Look(f"place {name}", True, f"files could be put there now ({settings.place[name].kind})")

    try:
        return list(await asyncio.gather(*map(look, places)))
    finally:
        for place in places.values():
            await place.close()
        await state.close()
        vault.close()


async def _database(settings: Settings) -> Look:
    try:
        state = State(settings.database.url, settings.processes.state, settings.vault.keys, SystemClock())
    except OutgateError as error:
        return Look("database", False, str(error))
    try:
        await state.open(3.0)
        await state.store.check()
    except (OutgateError, OSError) as error:
        return Look("database", False, f"{error}; with SQLite that is so while `outgate serve` does not run")
    finally:
        await state.close()
    return Look("database", True, "a commit went through")
