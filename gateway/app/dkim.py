"""`outgate dkim`: keys that mail is signed with are made, and compared with what the DNS has of them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from gateway.app.signing import load_signing_keys
from gateway.config import Settings, SigningDomain, is_selector, load
from gateway.edges.clock import SystemClock
from gateway.edges.dkim_keys import STRING_OCTETS, Domain, SigningKey, SigningKeys, new_key, strings_of
from gateway.edges.dkim_records import in_file, look_up, name_of, what_is_wrong
from gateway.edges.owner import stranger
from gateway.errors import OutgateError, WillNotDo
from gateway.mime.authors import a_label

# --- outgate dkim new-key -----------------------------------------------------------------------------------------------


def new_dkim_key(config: Path, domain: str, selector: str | None, kind: str, file: Path | None) -> str:
    """Make a key for a domain; what to publish and what to write into the settings. Raises BadConfig, WillNotDo."""
    settings = load(config)
    name = _named(domain, settings)
    label = a_label(name) or name
    wanted = selector or f"outgate{SystemClock().now():%Y%m}{'e' if kind == 'ed25519' else ''}"
    if not is_selector(wanted):
        raise WillNotDo(f"`{wanted}` is no selector; letters, digits and hyphens, as in the name of a machine: outgate2026")
    path = file.absolute() if file is not None else _own_folder(settings) / f"{label}.{wanted}.key"
    before = load_signing_keys(settings).domains.get(label)
    key = new_key(wanted, kind, path)
    return "\n".join(
        (
            f"{path} holds the new {kind} key. It is for the user that `outgate serve` runs as, and for nobody else.",
            f"1. Publish this record in the DNS of {label} ({len(key.record)} octets, in strings of at most {STRING_OCTETS}):",
            _zone_line(name_of(wanted, label), key),
            "   Where a form asks for the text alone, give it in one piece:",
            f"   {key.record}",
            *_lines_to_add(name, key, path, before, settings, config),
        )
    )


def _own_folder(settings: Settings) -> Path:
    """Beside the folder of master keys, which outlives a restart of the machine. What root makes there, the service could not read."""
    folder = settings.vault.keys.parent / "dkim"
    if (other := stranger(folder)) is not None:
        raise WillNotDo(f"{other}, or name another --file")
    return folder


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


def _lines_to_add(name: str, key: SigningKey, path: Path, before: Domain | None, settings: Settings, config: Path) -> Iterator[str]:
    """Nothing signs with a key before its record is there, and the last one's record stays for what it has signed."""
    there = settings.dkim.get(name, SigningDomain(standby={key.selector: path}))
    signing = before.signing if before is not None else ()
    last = [one.selector for one in signing if one.kind == key.kind]
    kept = {selector: file for selector, file in there.sign.items() if selector not in last}
    yield f"2. Write into {config}: the key stands by, nothing is signed with it yet."
    yield from _section(name, there, there.sign, {**there.standby, key.selector: path}, config)
    yield f"3. When `outgate dkim check {name}` says ok, change that, and reload (SIGHUP) or restart:"
    standby = {**there.standby, **{selector: there.sign[selector] for selector in last}}
    standby.pop(key.selector, None)
    yield from _section(name, there, {**kept, key.selector: path}, standby, config)
    if last:
        yield f"4. A week later take {', '.join(last)} out of `standby`, and out of the DNS: mail on its way needs the record until then."


def _section(name: str, there: SigningDomain, sign: dict[str, Path], standby: dict[str, Path], config: Path) -> Iterator[str]:
    yield f'   [dkim."{name}"]'
    for key, files in (("sign", sign), ("standby", standby)):
        if files:
            listed = ", ".join(f'{_quoted(selector)} = "{_seen_from(file, config)}"' for selector, file in files.items())
            yield f"   {key} = {{{listed}}}"
    if there.subdomains:
        yield "   subdomains = true"


def _quoted(selector: str) -> str:
    return f'"{selector}"' if "." in selector else selector


def _seen_from(file: Path, config: Path) -> Path:
    """As settings name files: from their own folder."""
    base, full = config.parent.absolute(), file.absolute()
    return full.relative_to(base) if full.is_relative_to(base) else full


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


def check_records(settings: Settings, server: str = "") -> tuple[Checked, ...]:
    """Of all keys, as the DNS has them now, for doctor. Raises BadConfig."""
    keys = load_signing_keys(settings)
    return tuple(_checked(domain, key, None, server) for domain in keys.domains.values() for key in domain.keys)


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
