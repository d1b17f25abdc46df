"""Keys that mail is signed with, taken from the settings."""

from __future__ import annotations

from pathlib import Path

from gateway.config import Settings
from gateway.edges.dkim_keys import Domain, SigningKey, SigningKeys, read_key
from gateway.errors import BadConfig, Problem, WillNotDo
from gateway.mime.authors import a_label

KINDS = ("rsa", "ed25519")


def load_signing_keys(settings: Settings) -> SigningKeys:
    """Every [dkim.DOMAIN] with its keys. Raises BadConfig with everything that is wrong."""
    problems: list[str] = []
    domains = tuple(_domain(name, settings, problems) for name in settings.dkim)
    seen = [domain.name for domain in domains]
    problems += [f'dkim."{name}" stands there twice, in two spellings' for name in dict.fromkeys(seen) if seen.count(name) > 1]
    if problems:
        raise BadConfig(tuple(Problem(str(settings.file), 0, 0, says) for says in problems))
    return SigningKeys(domains)


def unsigned_domains(settings: Settings) -> tuple[str, ...]:
    """Domains of the organisation that no key signs for, that of its postmaster, who writes the notices, among them. Raises BadConfig."""
    keys = load_signing_keys(settings)
    ours = (*settings.organisation.domains, (settings.notices.sender or settings.organisation.postmaster_address).rpartition("@")[2])
    found = ((domain, keys.find(a_label(domain) or domain)) for domain in dict.fromkeys(ours))
    return tuple(domain for domain, signs in found if signs is None or not signs.signing)


def _domain(name: str, settings: Settings, problems: list[str]) -> Domain:
    section = settings.dkim[name]
    signing, standby = (_keys(f'dkim."{name}".{key}', getattr(section, key), problems) for key in ("sign", "standby"))
    kinds = [key.kind for key in signing]
    for kind in dict.fromkeys(kind for kind in kinds if kinds.count(kind) > 1):
        first, *others = (key.selector for key in signing if key.kind == kind)
        says = f"{', '.join((first, *others))} are all {kind} keys; sign with one of a kind, and put the others below `standby`"
        problems.append(f'dkim."{name}".sign: {says}')
    by_kind = tuple(sorted(signing, key=lambda key: KINDS.index(key.kind)))
    return Domain(a_label(name) or name, by_kind, standby, section.subdomains)


def _keys(where: str, files: dict[str, Path], problems: list[str]) -> tuple[SigningKey, ...]:
    found = []
    for selector, path in files.items():
        try:
            found.append(read_key(selector, path))
        except WillNotDo as error:
            problems.append(f"{where}.{selector}: {error}")
    return tuple(found)
