"""The frozen nouns of a policy: what parse_pack makes of a pack, and what evaluate decides by.

Conditions are kept as plain values (`Ask`), so that a policy can be analysed; evaluate.py compiles them. Levels are indices into
Ladder.names. Octets are octets, days are dates (UTC).
"""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, timedelta

from gateway.errors import Problem
from gateway.model.decision import Verdict
from gateway.model.finding import Patterns
from gateway.policy.classify import Ladder
from gateway.policy.places import Places
from gateway.policy.snapshot import Partner, Snapshot


@dataclass(frozen=True, slots=True)
class Ask:
    """One condition about one fact: `audience any (partners, schools)`. The vocabulary of `fact` and `how` is closed (evaluate.py)."""

    fact: str
    how: str
    value: object = None  # hashable


@dataclass(frozen=True, slots=True)
class Act:
    """One effect of a rule, or what no_route does."""

    effect: str  # require | confirm | hold | refuse | notify | stamp
    needs: frozenset[str] = frozenset()
    held_for: str | None = None  # a name in `people`, sender, owner, list-owner, agreement-owner, postmaster
    within: timedelta | None = None
    then: str | None = None
    guidance: str | None = None
    declares: str | None = None
    stamps: tuple[tuple[str, str], ...] = ()

    @property
    def verdict(self) -> Verdict:
        """What this asks for."""
        return VERDICTS.get(self.effect, Verdict.RELEASE)


# What an effect asks for; every other effect lets go.
VERDICTS = {"confirm": Verdict.CONFIRM, "hold": Verdict.HOLD, "refuse": Verdict.REFUSE}


@dataclass(frozen=True, slots=True)
class Rule:
    """All rules that match apply; they have no order."""

    id: str
    when: tuple[Ask, ...] = ()
    unless: tuple[Ask, ...] = ()  # all of them together
    acts: tuple[Act, ...] = ()
    clause: str = ""
    says: str = ""  # one sentence for a person
    mode: str = "enforce"  # watch | advise | enforce, until `becomes` changes it
    becomes: tuple[tuple[date, str], ...] = ()  # sorted
    from_: date | None = None
    until: date | None = None  # its last day

    @property
    def is_ever_enforced(self) -> bool:
        """Whether there is a day on which it does what it says, and not only records or tells it."""
        return "enforce" in (self.mode, *(mode for _, mode in self.becomes))

    def mode_on(self, day: date) -> str | None:
        """watch, advise or enforce on this day; None outside its dates."""
        if (self.from_ is not None and day < self.from_) or (self.until is not None and day > self.until):
            return None
        return next((mode for start, mode in reversed(self.becomes) if day >= start), self.mode)


@dataclass(frozen=True, slots=True)
class Never:
    """What no decision may do, whatever the rules, exceptions and overrides say."""

    id: str
    when: tuple[Ask, ...]
    without: frozenset[str] = frozenset()  # never without these protections
    routes: frozenset[str] = frozenset()  # never by these routes
    released: bool = False  # never at all without a person
    clause: str = ""


@dataclass(frozen=True, slots=True)
class ExceptionTo:
    """For these two ends the rule does not apply, until a day."""

    rule: str
    senders: Places[bool]
    sender_groups: frozenset[str]
    recipients: Places[bool]
    why: str
    approved_by: str
    until: date  # its last day


@dataclass(frozen=True, slots=True)
class Override:
    """Who may lift which rules' verdicts by saying why. What they require stays."""

    id: str
    who: frozenset[str]  # groups
    lifts: frozenset[str]
    asks: tuple[str, ...]
    told: str | None = None
    clause: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class Audience:
    """A recipient is in it when domains or register say so (or neither is given), no `except` register has them, and no `not_in` fits."""

    name: str
    domains: Places[bool] | None = None
    register: str | None = None
    except_register: str | None = None
    not_in: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Route:
    """What can carry a copy, to whom, with which protection. It only ever releases."""

    name: str
    kind: str  # relay | share | seal
    next_hop: str | None = None
    provides: frozenset[str] = frozenset()
    for_: frozenset[str] = frozenset()  # audiences; any of them
    not_for: frozenset[str] = frozenset()
    senders: frozenset[str] = frozenset()  # groups; any of them
    sender_domains: Places[bool] | None = None
    purpose: str | None = None
    sent_as: frozenset[str] = frozenset()
    attachments_limit: int | None = None  # octets, decoded, inclusive; of a share: of the files that it takes
    file_limit: int | None = None  # of a share: octets of one file, inclusive
    message_limit: int | None = None  # octets on the wire, inclusive
    recipient_limits: Places[int] | None = None
    unknown_recipient_limit: int | None = None
    # Of a share: where the files are put, for how long, and what stands in plain mail about them.
    place: str | None = None  # [place.NAME]
    optional: bool = False  # where its place is not configured, it is as if it were not there
    expires_after: timedelta | None = None  # INVARIANT: a share has one
    expires_idle: timedelta | None = None  # it also ends when nobody has fetched anything for so long
    download_limit: int | None = None  # of each file, for each person
    show_file_names: bool = False  # in the covering mail even where that is not protected
    tell_when_fetched: bool = False  # its sender hears of the first file that somebody has fetched
    clause: str = ""
    closed: str = ""  # why it cannot be used at all; "" when it can


@dataclass(frozen=True, slots=True)
class Person:
    """Who a hold or a notice goes to."""

    name: str
    mailbox: str
    hours: str = "always"
    otherwise: str | None = None
    phone: str = ""
    title: str = ""  # as people call them; "" is made of `name`


@dataclass(frozen=True, slots=True)
class System:
    """Mail that no person sends, known by where it came from, never by its From field."""

    name: str
    owner: str
    senders: frozenset[str] = frozenset()  # Address.key of reverse-paths
    certificate: str | None = None
    networks: tuple[str, ...] = ()
    unmarked_files: int | None = None
    notices_to: str | None = None  # owner | recipient_if_colleague | an address or a name in `people`; None: nobody reads its mailbox

    def sent(self, sender: str, certificate: str | None, client: str) -> bool:
        """Whether mail is this system's: by its reverse-path (Address.key), and by the certificate or the IP address of the client."""
        if sender not in self.senders:
            return False
        if self.certificate is not None and certificate is not None and certificate.casefold() == self.certificate.casefold():
            return True
        try:
            address = ipaddress.ip_address(client)
        except ValueError:
            return False
        return any(address in ipaddress.ip_network(network) for network in self.networks)


@dataclass(frozen=True, slots=True)
class Interpretation:
    """What the source leaves open, until a named role has signed it."""

    name: str
    says: str
    clause: str = ""
    signed: str | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Policy:
    """A pack understood. Two policies are the same only when they are the same object; `version` names the text they came from."""

    name: str
    version: str  # "sha256:" over every file of the pack
    ladder: Ladder
    patterns: Patterns  # what examine must look for
    rules: tuple[Rule, ...] = ()
    routes: tuple[Route, ...] = ()  # in order of preference
    audiences: tuple[Audience, ...] = ()  # those that others name stand before them
    nevers: tuple[Never, ...] = ()
    no_route: Act = Act("hold", held_for="owner")
    too_large: Act | None = None  # None: as no_route. INVARIANT: never stricter than no_route
    exceptions: tuple[ExceptionTo, ...] = ()
    overrides: tuple[Override, ...] = ()
    protections: Mapping[str, str] = field(default_factory=dict)  # name to what it covers: files | message
    purposes: Mapping[str, frozenset[str]] = field(default_factory=dict)  # name to groups that have it by being who they are
    people: Mapping[str, Person] = field(default_factory=dict)
    systems: tuple[System, ...] = ()
    interpretations: tuple[Interpretation, ...] = ()
    snapshot: Snapshot = field(default_factory=Snapshot)
    source: str = ""
    owner: str = ""
    review_by: date | None = None
    keep: timedelta | None = None  # how long a kept message is kept; None: as long as the operator says
    refuse_by: str = "notice"  # notice | smtp
    guidance_files: Mapping[str, bytes] = field(default_factory=dict)  # "guidance/<id>.<lang>.md" to octets
    warnings: tuple[Problem, ...] = ()
    where: Mapping[str, tuple[str, int, int]] = field(default_factory=dict)  # "rule:<id>", "route:<name>" ... to file, line, column

    @property
    def next_hops(self) -> frozenset[str]:
        """The names of the next hops that its routes lead to."""
        return frozenset(route.next_hop for route in self.routes if route.next_hop is not None)

    def unknown_next_hops(self, next_hops: frozenset[str]) -> tuple[Problem, ...]:
        """A Problem for each route that leads to a next hop which is not configured."""
        there = ", ".join(sorted(next_hops)) or "none"
        return tuple(
            Problem(*self.where.get(f"next_hop:{route.name}", ("pack.yaml", 0, 0)),
                    f"route `{route.name}` leads to next hop `{route.next_hop}`, which is not configured; there are: {there}")
            for route in self.routes
            if route.next_hop is not None and route.next_hop not in next_hops
        )  # fmt: skip

    @property
    def places(self) -> frozenset[str]:
        """The names of the places that its shares put files in."""
        return frozenset(route.place for route in self.routes if route.place is not None)

    def unknown_places(self, places: frozenset[str]) -> tuple[Problem, ...]:
        """A Problem for each share whose place is not configured, and must be."""
        there = ", ".join(sorted(places)) or "none"
        return tuple(
            Problem(*self.where.get(f"place:{route.name}", ("pack.yaml", 0, 0)),
                    f"route `{route.name}` puts files in place `{route.place}`, which is not configured; there are: {there}")
            for route in self.routes
            if route.place is not None and route.place not in places and not route.optional
        )  # fmt: skip

    def partner_of(self, address: str, domain: str, day: date) -> Partner | None:
        """Whose folder an Address.key belongs to, by the first register that has one and can be relied on."""
        good = (one for one in self.snapshot.registers.values() if one.is_known(day))
        return next((found for one in good if (found := one.partners.find(address, domain)) is not None), None)

    @property
    def partners(self) -> tuple[Partner, ...]:
        """Everybody who has a folder."""
        tables = (one.partners for one in self.snapshot.registers.values())
        return tuple(found for table in tables for kind in (table.addresses, table.domains, table.below) for found in kind.values())

    def system_of(self, sender: str, certificate: str | None, client: str) -> System | None:
        """The system that mail from this reverse-path (Address.key) and client comes from; None: a person's."""
        return next((system for system in self.systems if system.sent(sender, certificate, client)), None)

    def route(self, name: str) -> Route:
        """The route of this name; KeyError when there is none."""
        return next((route for route in self.routes if route.name == name), None) or _no_such(name)

    def next_hop_of(self, route: str) -> str:
        """The name of the next hop a relay route leads to; KeyError for any other."""
        return self.route(route).next_hop or _no_such(route).name

    def bind(self, next_hops: frozenset[str], places: frozenset[str] = frozenset()) -> Policy:
        """The same policy where only these next hops and places exist: a route to any other is not usable."""
        return replace(self, routes=tuple(_bound(route, next_hops, places) for route in self.routes))


def _no_such(name: str) -> Route:
    raise KeyError(name)


def _bound(route: Route, next_hops: frozenset[str], places: frozenset[str]) -> Route:
    if route.closed:
        return route
    if route.next_hop is not None and route.next_hop not in next_hops:
        return replace(route, closed=f"next hop `{route.next_hop}` is not configured")
    if route.place is not None and route.place not in places:
        return replace(route, closed=f"place `{route.place}` is not configured")
    return route
