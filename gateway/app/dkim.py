"""`outgate dkim`: keys that mail is signed with are made, and compared with what the DNS has of them."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from gateway.app.signing import load_signing_keys
from gateway.config import Settings, load
from gateway.edges.clock import SystemClock
from gateway.edges.dkim_keys import Domain, SigningKey, SigningKeys, new_key, strings_of
from gateway.edges.dkim_records import in_file, look_up, name_of, what_is_wrong
from gateway.errors import OutgateError, WillNotDo
from gateway.mime.authors import a_label

# --- outgate dkim new-key -----------------------------------------------------------------------------------------------


def new_dkim_key(config: Path, domain: str, selector: str | None, kind: str, file: Path | None) -> str:
    """Make a key for a domain; what to publish and what to write into the settings. Raises BadConfig, WillNotDo."""
    settings = load(config)
    name = _named(domain, settings)
    wanted = selector or f"outgate{SystemClock().now():%Y%m}{'e' if kind == 'ed25519' else ''}"
    path = file or settings.processes.state / "dkim" / f"{a_label(name)}.{wanted}.key"
    key = new_key(wanted, kind, path.absolute())
    record = name_of(wanted, a_label(name) or name)
    steps = [
        f"{path} holds the new {kind} key; only {_me()} can read it, and `outgate serve` must run as the same user.",
        f"1. Publish this record in the DNS ({len(key.record)} octets, in strings of at most 255):",
        _zone_line(record, key),
        "   Where a form asks for the text alone, give it in one piece:",
        f"   {key.record}",
        *_lines_to_add(name, key, path, settings, config),
        f"When it has spread, `outgate dkim check {domain}` says so.",
    ]
    return "\n".join(steps)


def _named(domain: str, settings: Settings) -> str:
    """As the settings write it, where they do."""
    label = a_label(domain.rpartition("@")[2])
    if label is None:
        raise WillNotDo(f"`{domain}` is no domain; write example.gov.uk")
    return next((name for name in settings.dkim if a_label(name) == label), domain.rpartition("@")[2].lower())


def _zone_line(name: str, key: SigningKey) -> str:
    """As it stands in a zone file."""
    pieces = "\n      ".join(f'"{piece}"' for piece in strings_of(key.record))
    return f"   {name}. 3600 IN TXT (\n      {pieces} )"


def _lines_to_add(name: str, key: SigningKey, path: Path, settings: Settings, config: Path) -> Iterator[str]:
    there = settings.dkim.get(name)
    if there is None:
        yield f"2. When it has spread, add to {config}, and reload (SIGHUP) or restart:"
        yield from _section(name, {key.selector: path}, {}, config)
        return
    kinds = {one.selector: one.kind for one in load_signing_keys(settings).domains[a_label(name) or name].keys}
    last = {selector: file for selector, file in there.sign.items() if kinds[selector] == key.kind}
    others = {selector: file for selector, file in there.sign.items() if selector not in last}
    yield f"2. Change in {config}, and reload: the key is published, and not yet signed with:"
    yield from _section(name, there.sign, {**there.standby, key.selector: path}, config)
    yield "3. When its record has spread, sign with it, and reload:"
    yield from _section(name, {**others, key.selector: path}, {**there.standby, **last}, config)
    if last:
        yield f"4. A week later take {', '.join(last)} out of `standby`, and out of the DNS: mail on its way needs the record until then."


def _section(name: str, sign: dict[str, Path], standby: dict[str, Path], config: Path) -> Iterator[str]:
    yield f'   [dkim."{name}"]'
    for key, files in (("sign", sign), ("standby", standby)):
        if files:
            listed = ", ".join(f'{_quoted(selector)} = "{_seen_from(file, config)}"' for selector, file in files.items())
            yield f"   {key} = {{{listed}}}"


def _quoted(selector: str) -> str:
    return f'"{selector}"' if "." in selector else selector


def _seen_from(file: Path, config: Path) -> Path:
    """As settings name files: from their own folder."""
    base, full = config.parent.absolute(), file.absolute()
    return full.relative_to(base) if full.is_relative_to(base) else full


def _me() -> str:
    return f"the user that runs this (number {os.geteuid()})"


# --- outgate dkim check -------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Checked:
    """What was found of one key's record."""

    name: str  # of the record
    wrong: str  # "" when all is well
    signs: bool

    def __str__(self) -> str:
        role = "signs" if self.signs else "stands by"
        return f"{'LOOK' if self.wrong else 'ok  '}  {self.name} ({role}): {self.wrong or 'the record is that of the key'}"


def check_dkim(
    config: Path, domain: str | None = None, selector: str | None = None, record: Path | None = None, server: str = ""
) -> tuple[Checked, ...]:
    """The records of all keys, or of one domain's, or of one; as the DNS has them, or as a file has one.

    Raises:
        BadConfig: the settings, or a key in them, cannot be used.
        WillNotDo: there is no such key, or a file speaks of several.
    """
    settings = load(config)
    keys = load_signing_keys(settings)
    names = (*keys.domains,) if domain is None else (_configured(domain, settings, keys),)
    found = [(keys.domains[name], key) for name in names for key in keys.domains[name].keys if selector in (None, key.selector)]
    if not found:
        raise WillNotDo(_nothing_to_check(settings, domain, selector))
    if record is not None and len(found) > 1:
        raise WillNotDo(f"{record} holds one record, and there are {len(found)} keys; say which: DOMAIN and --selector")
    return tuple(_checked(domain_, key, record, server) for domain_, key in found)


def check_records(settings: Settings) -> tuple[Checked, ...]:
    """Of all keys, as the DNS has them now, for doctor. Raises BadConfig."""
    keys = load_signing_keys(settings)
    return tuple(_checked(domain, key, None, "") for domain in keys.domains.values() for key in domain.keys)


def _checked(domain: Domain, key: SigningKey, record: Path | None, server: str) -> Checked:
    name = name_of(key.selector, domain.name)
    try:
        wrong = what_is_wrong(in_file(record) if record is not None else look_up(name, server), key)
    except OutgateError as error:
        if record is not None:
            raise
        wrong = str(error)
    return Checked(name, wrong, key in domain.signing)


def _configured(domain: str, settings: Settings, keys: SigningKeys) -> str:
    name = a_label(_named(domain, settings)) or ""
    if name not in keys.domains:
        there = ", ".join(settings.dkim) or "none"
        raise WillNotDo(
            f'{settings.file} has no [dkim."{domain}"]; there are: {there}. A new one begins with: outgate dkim new-key {domain}'
        )
    return name


def _nothing_to_check(settings: Settings, domain: str | None, selector: str | None) -> str:
    if selector is not None:
        return f"{settings.file} has no selector `{selector}`{f' for {domain}' if domain else ''}"
    return f'{settings.file} has no [dkim."DOMAIN"]: what the gateway changes leaves unsigned. Begin with: outgate dkim new-key DOMAIN'
