"""Octets of a pack's files to a Policy. Pure; every mistake is a Problem with file, line, column and a way out.

In: the files of a pack by their path in it. Out: a Policy, or BadPack with everything that is wrong.
What each file may say stands in pack_model.py; here is what one part may say of another.
"""

from __future__ import annotations

import hashlib
import ipaddress
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from gateway.errors import BadPack, Problem
from gateway.policy.guidance import SHARES, parse_guidance
from gateway.policy.pack_known import STALE, Known
from gateway.policy.pack_ladder import LadderMaker
from gateway.policy.pack_looked import Looked, looks_for
from gateway.policy.pack_model import AudiencePart, PackPart
from gateway.policy.pack_routes import RouteMaker
from gateway.policy.pack_rules import RuleMaker
from gateway.policy.pack_sheets import mended_part_of, sheet_of, unknown_name, without_knock_ons
from gateway.policy.pack_twice import check_systems
from gateway.policy.pack_yaml import Path, Sheet
from gateway.policy.places import Places, domain_of, home, own
from gateway.policy.rules import Audience, Interpretation, Person, Policy, System

MAIN = "pack.yaml"
MOST_FILES = 1000
MOST_OCTETS = 16 * 1024 * 1024
_STAND_INS = {  # for keys that are wrong or missing, so that the rest can be looked at; such a pack is never used
    "pack": "unnamed",
    "source": "",
    "owner": "postmaster@own",
    "review_by": "2100-12-31",
    "no_route": {"otherwise": {"do": "refuse"}},
    "rules": [],
    "routes": {},
    "audiences": {},
}
_READERS = ("owner", "recipient_if_colleague")  # of the notices about a system's mail, beside people and addresses
_TEXT = re.compile(r"guidance/([a-z0-9][a-z0-9-]*)\.([a-z]{2}(?:-[a-z]{2})?)\.md")


def load_pack(
    files: Mapping[str, bytes],
    own_domains: Iterable[str] = (),
    instead: Mapping[str, Sheet] | None = None,
    next_hops: frozenset[str] | None = None,
) -> Policy:
    """A policy from a pack's files, by their path in the pack ("pack.yaml", "guidance/too-large.en.md").

    Args:
        files: octets by path.
        own_domains: what `own` stands for: the organisation's domains, the chief one first.
        instead: what is supposed of some of the files beside pack.yaml, by name; the version stays that of the pack.
        next_hops: those that are configured; a route to another is wrong. None: not looked at.

    Raises:
        BadPack: with a Problem for everything that is wrong.
    """
    if len(files) > MOST_FILES or sum(map(len, files.values())) > MOST_OCTETS:
        raise BadPack((Problem(MAIN, 0, 0, f"the pack has more than {MOST_FILES} files or {MOST_OCTETS} octets"),))
    if MAIN not in files:
        raise BadPack((Problem(MAIN, 0, 0, "is missing: a pack is a folder with a pack.yaml in it"),))
    sheet = sheet_of(files, MAIN)
    part = mended_part_of(PackPart, sheet, _STAND_INS)
    if part is None:
        raise BadPack(_in_order((*sheet.problems, *_wrong_texts(files))))
    return _Loader(files, sheet, part, tuple(dict.fromkeys(map(domain_of, own_domains))), instead or {}, next_hops).policy()


def version_of(files: Mapping[str, bytes]) -> str:
    """The same files, the same version."""
    digest = hashlib.sha256()
    for name, data in sorted(files.items()):
        digest.update(f"{len(name.encode())}:{len(data)}:".encode() + name.encode() + data)
    return f"sha256:{digest.hexdigest()}"


def _wrong_texts(files: Mapping[str, bytes]) -> Iterator[Problem]:
    for name, data in files.items():
        if name.startswith("guidance/"):
            try:
                parse_guidance(name, data)
            except BadPack as error:
                yield from error.problems


def _in_order(problems: Iterable[Problem]) -> tuple[Problem, ...]:
    return tuple(sorted(problems, key=lambda problem: (problem.severity, problem.file, problem.line, problem.column)))


class _Loader:
    """Builds one policy; collects what is wrong on the way."""

    def __init__(
        self,
        files: Mapping[str, bytes],
        sheet: Sheet,
        pack: PackPart,
        own_domains: tuple[str, ...],
        instead: Mapping[str, Sheet],
        next_hops: frozenset[str] | None,
    ) -> None:
        self.told = tuple(sheet.problems)  # before anything was left out
        self.next_hops = next_hops
        self.files = files
        self.sheet = sheet
        self.pack = pack
        self.own = own_domains
        self.known = Known(files, own_domains, instead)
        self.texts: dict[str, set[str]] = {}
        for match in filter(None, map(_TEXT.fullmatch, files)):
            self.texts.setdefault(match[1], set()).add(match[2])
        self.looked = Looked(sheet, pack, self.known, own_domains)
        self.ladder = LadderMaker(sheet, pack, self.looked.names)

    def policy(self) -> Policy:
        pack = self.pack
        audiences = self._audiences()
        ladder = self.ladder.ladder()
        patterns = replace(self.looked.patterns(ladder.detectors), markings=tuple(self.ladder.markings))
        ladder = replace(ladder, looks_for=looks_for(patterns))
        routes = RouteMaker(self.sheet, pack, self.own, self.known).routes()
        rules = RuleMaker(self.sheet, pack, self.own, self.texts, self.looked.names)
        no_route, too_large = rules.no_route()
        policy = Policy(
            name=pack.pack,
            version=version_of(self.files),
            ladder=ladder,
            patterns=patterns,
            rules=rules.rules(),
            routes=routes,
            audiences=audiences,
            nevers=rules.nevers(),
            no_route=no_route,
            too_large=too_large,
            exceptions=rules.exceptions(),
            overrides=rules.overrides(),
            protections=dict(pack.protections),
            purposes=self._purposes(),
            people=self._people(),
            systems=self._systems(),
            interpretations=tuple(Interpretation(name, one.says, one.clause, one.signed) for name, one in pack.interpretations.items()),
            snapshot=self.known.snapshot(pack, self.sheet, ladder.looks_for),
            source=pack.source,
            owner=home(pack.owner, self.own),
            review_by=pack.review_by,
            keep=pack.keep,
            refuse_by=pack.refuse_by,
            guidance_files={name: data for name, data in self.files.items() if _TEXT.fullmatch(name)},
            where=self._places(),
        )
        if self.next_hops is not None:
            self.sheet.problems += policy.unknown_next_hops(self.next_hops)
        self._asides(rules.used_texts)
        self._instead()
        told = (*self.told, *(problem for sheet in self.known.sheets.values() for problem in self.known.told.get(sheet.file, ())))
        problems = (*without_knock_ons((self.sheet, *self.known.sheets.values()), told), *_wrong_texts(self.files))
        if any(problem.severity == "error" for problem in problems):
            raise BadPack(_in_order(problems))
        return replace(policy, warnings=problems)

    # --- who, and how -------------------------------------------------------------------------------------------------

    def _audiences(self) -> tuple[Audience, ...]:
        """Those that others name come before them."""
        made: dict[str, Audience] = {}
        left = dict(self.pack.audiences)
        while left:
            ready = [name for name, part in left.items() if not any(other in left for other in part.not_in or ())]
            if not ready:
                self._wrong(("audiences", next(iter(left)), "not_in"), f"goes round in a circle: {', '.join(left)}")
                break
            for name in ready:
                made[name] = self._audience(name, left.pop(name))
        return tuple(made.values())

    def _audience(self, name: str, part: AudiencePart) -> Audience:
        path: Path = ("audiences", name)
        for other in part.not_in or ():
            self._name("audience", other, self.pack.audiences, (*path, "not_in"))
        for key, file in (("register", part.register_), ("except", part.except_)):
            if file is not None:
                self.known.register(file, self.sheet, (*path, key), self.pack.classifications)
        domains = None
        if part.domains is not None:
            if "own" in part.domains and not self.own:
                self._wrong((*path, "domains"), "`own` stands for the organisation's domains, and none are given here", severity="warning")
            domains = Places.of((domain, True) for domain in own(part.domains, self.own))
        if part.domains is None and part.register_ is None and part.not_in is None:
            self._wrong(path, "needs `domains`, `register` or `not_in`")
        return Audience(name, domains, part.register_, part.except_, tuple(part.not_in or ()))

    def _people(self) -> dict[str, Person]:
        made = {}
        self._check_circles()
        for name, part in self.pack.people.items():
            if part.otherwise is not None:
                self._name("person", part.otherwise, self.pack.people, ("people", name, "otherwise"))
            made[name] = Person(name, home(part.mailbox, self.own), part.hours, part.otherwise, part.phone or "", part.name)
        return made

    def _check_circles(self) -> None:
        """Out of hours somebody must be asked in the end."""
        people = self.pack.people
        told: set[str] = set()
        for name in people:
            way = [name]
            while (after := people[way[-1]].otherwise) is not None and after in people and after not in way:
                way.append(after)
            if after == name and name not in told:
                told.update(way)
                self._wrong(("people", name, "otherwise"), f"goes round in a circle: {' -> '.join((*way, name))}")

    def _purposes(self) -> dict[str, frozenset[str]]:
        for name, part in self.pack.purposes.items():
            for group in part.groups or ():
                self._name("group", group, self.pack.groups, ("purposes", name, "groups"))
        return {name: frozenset(part.groups or ()) for name, part in self.pack.purposes.items()}

    def _systems(self) -> tuple[System, ...]:
        made = []
        for name, part in self.pack.systems.items():
            path: Path = ("systems", name)
            if part.client_certificate is None and not part.networks:
                self._wrong(
                    path, f"system `{name}` needs a `client_certificate` or `networks`: a sender's address alone can be forged", key=True
                )
            if part.client_certificate is not None and not part.client_certificate.strip():
                says = "has nothing in it; write the subject of the certificate, `CN=benefits.int`, or take the key out"
                self._wrong((*path, "client_certificate"), says)
            if "@" not in part.owner:
                self._name("person", part.owner, self.pack.people, (*path, "owner"))
            if part.notices_to is not None and "@" not in part.notices_to:
                self._name("person", part.notices_to, [*self.pack.people, *_READERS], (*path, "notices_to"))
            unmarked = None if part.unmarked_files is None else self.ladder.level(part.unmarked_files, (*path, "unmarked_files"))
            networks = tuple(one for index, one in enumerate(part.networks) if self._is_network(one, (*path, "networks", index)))
            made.append(
                System(
                    name,
                    home(part.owner, self.own),
                    frozenset(own(part.senders, self.own)),
                    part.client_certificate,
                    networks,
                    unmarked,
                    part.notices_to and home(part.notices_to, self.own),
                )
            )
        check_systems(made, self.sheet)
        return tuple(made)

    def _is_network(self, text: str, path: Path) -> bool:
        try:
            network = ipaddress.ip_network(text)
        except ValueError:
            self._wrong(path, f"`{text}` is no network; write 10.20.30.0/28")
            return False
        if network.prefixlen == 0:
            self._wrong(
                path, f"`{text}` is everybody, and a sender's address alone can be forged; write where the system is: 10.20.30.0/28"
            )
        return network.prefixlen > 0

    # --- the rest -----------------------------------------------------------------------------------------------------

    def _asides(self, used_texts: frozenset[str]) -> None:
        """What is not wrong, but somebody should look at."""
        for name, part in self.pack.interpretations.items():
            if part.signed is None:
                self._wrong(("interpretations", name), f"nobody has signed `{name}` yet: {part.says}", severity="warning", key=True)
        for file in self.files:
            if file.endswith(".yaml") and "/" not in file and file != MAIN and file not in self.known.sheets:
                self.sheet.problems.append(Problem(file, 1, 1, "is not named anywhere in pack.yaml, so nobody reads it", "warning"))
            elif (match := _TEXT.fullmatch(file)) and match[1] not in used_texts and not match[1].startswith(SHARES):
                says = "is not named anywhere in pack.yaml, so nobody is told it"
                self.sheet.problems.append(Problem(file, 1, 1, says, "warning"))
            elif match and match[2] != "en" and not match[1].startswith(SHARES):
                says = "is told to nobody: only texts about links (`share-...`) are told in other languages than English"
                self.sheet.problems.append(Problem(file, 1, 1, says, "warning"))
            elif file.startswith("guidance/") and file.count("/") > 1:
                self.sheet.problems.append(Problem(file, 1, 1, "lies in a folder of its own, so nobody reads it; move it up", "warning"))

    def _instead(self) -> None:
        """What is supposed of a file that nobody reads would change nothing, and nobody would notice."""
        for name, sheet in self.known.instead.items():
            if name not in self.known.sheets:
                self.sheet.problems.append(sheet.at((), unknown_name("file", name, self.known.sheets)))
            elif sheet.value == STALE and name not in self.known.registers and name != self.pack.lists:
                self.sheet.problems.append(sheet.at((), f"`{name}` does not get stale; only registers and lists do"))

    def _places(self) -> dict[str, tuple[str, int, int]]:
        """Where rules, nevers, exceptions, routes, groups, systems and interpretations stand, for problems found later."""
        found = {f"route:{name}": self._place(("routes", name)) for name in self.pack.routes}
        found |= {f"next_hop:{name}": self._value_place(("routes", name, "next_hop")) for name in self.pack.routes}
        found |= {f"place:{name}": self._value_place(("routes", name, "place")) for name in self.pack.routes}
        found |= {f"group:{name}": self._place(("groups", name)) for name in self.pack.groups}
        found |= {f"system:{name}": self._place(("systems", name)) for name in self.pack.systems}
        found |= {f"audience:{name}": self._value_place(("audiences", name, "domains")) for name in self.pack.audiences}
        found |= {f"as_of:{name}": (name, *sheet.values.get(("as_of",), (1, 1))) for name, sheet in self.known.sheets.items()}
        found |= {f"rule:{rule.id}": self._place(("rules", index)) for index, rule in enumerate(self.pack.rules)}
        found["review_by"] = self._value_place(("review_by",))
        found |= {f"exception:{index}": self._place(("exceptions", index)) for index in range(len(self.pack.exceptions))}
        found |= {f"interpretation:{name}": self._place(("interpretations", name)) for name in self.pack.interpretations}
        found |= {f"never:{never.id}": self._place(("never", index)) for index, never in enumerate(self.pack.never)}
        found |= {f"override:{one.id}": self._place(("overrides", index)) for index, one in enumerate(self.pack.overrides)}
        return found

    def _place(self, path: Path) -> tuple[str, int, int]:
        return (MAIN, *self.sheet.keys.get(path, (0, 0)))

    def _value_place(self, path: Path) -> tuple[str, int, int]:
        return (MAIN, *self.sheet.values.get(path, (0, 0)))

    def _name(self, what: str, name: str, known: Iterable[str], path: Path) -> None:
        if name not in known:
            self._wrong(path, unknown_name(what, name, known))

    def _wrong(self, path: Path, says: str, *, key: bool = False, severity: str = "error") -> None:
        self.sheet.problems.append(self.sheet.at(path, says, key=key, severity=severity))
