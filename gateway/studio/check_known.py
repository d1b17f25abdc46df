"""What a pack says of recipients, as far as somebody should look at it: lists, registers, limits, domains. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from gateway.errors import Problem
from gateway.policy.places import Places
from gateway.policy.rules import Policy


def without_lists(policy: Policy) -> Iterator[Problem]:
    """Rules about distribution lists, where no list is known."""
    for rule in policy.rules:
        if not policy.snapshot.lists and any(ask.fact.startswith("list.") for ask in rule.when):
            says = f"rule `{rule.id}` asks about distribution lists, and none is known: it never matches"
            yield Problem(*policy.where[f"rule:{rule.id}"], f"{says}. Write them into the file that `lists:` names", "warning")


def exported_tomorrow(policy: Policy, today: date) -> Iterator[Problem]:
    """Exports of a day that is still to come: a gateway does not rely on them."""
    for name, day in policy.snapshot.to_come(today).items():
        says = f"{day} is still to come, so how old it is is not known, and what stands here counts as unknown; write the day of the export"
        yield Problem(*policy.where[f"as_of:{name}"], says)


def fits_nobody(policy: Policy) -> Iterator[Problem]:
    """Names that stand where domains stand: mail goes to whole domains."""
    audiences = {audience.name for audience in policy.audiences}
    for where, places in _written(policy):
        for name in sorted(places.domains):
            if "." not in name and name != "own" and name not in policy.snapshot.own_domains:
                what = "is an audience, and here stand domains" if name in audiences else "is no whole domain: it has no dot"
                yield Problem(*policy.where[where], f"`{name}` {what}, so it fits nobody; write example.org", "warning")


def forgotten_colleagues(policy: Policy) -> Iterator[Problem]:
    """Domains of the organisation that no audience has, though the pack writes domains of its own: `wexmor` for `wexmoor`."""
    written = [audience.domains for audience in policy.audiences if audience.domains is not None]
    first = next((audience.name for audience in policy.audiences if audience.domains is not None), None)
    for domain in sorted(policy.snapshot.own_domains):
        if first is not None and not any(domains.find("", domain) for domains in written):
            says = (
                f"no audience has `{domain}`, a domain of the organisation in the settings: mail to colleagues there is mail to outsiders"
            )
            yield Problem(*policy.where[f"audience:{first}"], f"{says}; write `domains: own` for colleagues", "warning")


def open_to_strangers(policy: Policy) -> Iterator[Problem]:
    """The audience of colleagues, with everything below a domain in which anybody can have theirs."""
    for audience in policy.audiences:
        places = audience.domains
        if places is not None and not policy.snapshot.own_domains.isdisjoint(places.domains):
            for name in sorted(filter(_is_shared, places.below)):
                says = f"`*.{name}` is everybody below {name}, and they stand beside the organisation's domains, as colleagues do"
                yield Problem(*policy.where[f"audience:{audience.name}"], f"{says}; give them an audience of their own", "warning")


_SHARED = frozenset({"ac", "co", "com", "edu", "gov", "ltd", "me", "net", "nhs", "org", "plc", "police", "sch"})  # below a country
_PRIVATE = frozenset({"corp", "home", "internal", "intranet", "lan", "local", "private"})  # RFC 6762 appendix G


def _is_shared(name: str) -> bool:
    first, _, country = name.partition(".")
    return (not country and first not in _PRIVATE) or (len(country) == 2 and first in _SHARED)


def _written(policy: Policy) -> Iterator[tuple[str, Places[bool]]]:
    """Domains of the pack, and where they stand."""
    yield from ((f"audience:{one.name}", one.domains) for one in policy.audiences if one.domains is not None)
    yield from ((f"route:{one.name}", one.sender_domains) for one in policy.routes if one.sender_domains is not None)
    for index, one in enumerate(policy.exceptions):
        yield from ((f"exception:{index}", ends) for ends in (one.senders, one.recipients))
