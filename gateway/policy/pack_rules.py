"""Rules, nevers, overrides and exceptions of a pack to their nouns; every name they use must be one that the pack knows. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from gateway.model.finding import FileOddity
from gateway.model.message import DefectName
from gateway.policy.pack_asks import AsksPart, ClassificationAsk, RulePart, SizeAsk
from gateway.policy.pack_days import check_days, check_within
from gateway.policy.pack_model import NoRoutePart, PackPart
from gateway.policy.pack_sheets import unknown_name
from gateway.policy.pack_yaml import Path, Sheet
from gateway.policy.places import Places, own
from gateway.policy.rules import Act, Ask, ExceptionTo, Never, Override, Rule

ROLES = ("sender", "owner", "list-owner", "agreement-owner", "postmaster")  # who can decide beside the pack's people
# Fields by which programs say who somebody is, or which the servers behind us set and believe (Exchange, spam filters).
_SAYS_WHO = re.compile(
    r"x-(?:sender|from|to|cc|envelope|original|originating|authenticated|authentication|forwarded|delivered|received|apparently|real|ms"
    r"|forefront|microsoft|spam|virus|google)(?:-|\Z)",
    re.IGNORECASE,
)
_RESERVED = ("no_route", "poison")
_DEFECTS = [name.value for kind in (DefectName, FileOddity) for name in kind]


class RuleMaker:
    """Everything that rests on `when`, `unless` or `facts`."""

    def __init__(
        self, sheet: Sheet, pack: PackPart, own_domains: tuple[str, ...], texts: Mapping[str, set[str]], detectors: tuple[str, ...]
    ) -> None:
        self.sheet = sheet
        self.pack = pack
        self.own = own_domains
        self.texts = texts  # the languages of each
        self.detectors = detectors
        self._used: set[str] = set()
        self.ids = [rule.id for rule in pack.rules]
        self.words = {
            rule.confirm.declares for rule in pack.rules if rule.confirm is not None and rule.confirm.declares not in (None, "purpose")
        }

    def rules(self) -> tuple[Rule, ...]:
        seen: set[str] = set()
        for key, index, name in self._named():
            if name in seen or name in _RESERVED:
                self._wrong((key, index, "id"), f"`{name}` is the name of another; each needs a name of its own")
            seen.add(name)
        return tuple(self._rule(rule, ("rules", index)) for index, rule in enumerate(self.pack.rules))

    @property
    def used_texts(self) -> frozenset[str]:
        """Those that something names; known when everything has been made."""
        return frozenset(self._used)

    def nevers(self) -> tuple[Never, ...]:
        made = []
        for index, part in enumerate(self.pack.never):
            path: Path = ("never", index)
            outcome = part.outcome
            if not (outcome.without or outcome.route or outcome.released):
                self._wrong((*path, "outcome"), "needs `without`, `route` or `released: true`")
            for name in outcome.without or ():
                self._name("protection", name, self.pack.protections, (*path, "outcome", "without"))
            for name in outcome.route or ():
                self._name("route", name, self.pack.routes, (*path, "outcome", "route"))
            asks = self._asks(part.facts, (*path, "facts"))
            released = bool(outcome.released)
            made.append(Never(part.id, asks, frozenset(outcome.without or ()), frozenset(outcome.route or ()), released, part.clause))
        return tuple(made)

    def overrides(self) -> tuple[Override, ...]:
        made = []
        for index, part in enumerate(self.pack.overrides):
            path: Path = ("overrides", index)
            for name in part.lifts:
                self._name("rule", name, self.ids, (*path, "lifts"))
            for name in part.who:
                self._name("group", name, self.pack.groups, (*path, "who"))
            self._person(part.told, (*path, "told"))
            made.append(Override(part.id, frozenset(part.who), frozenset(part.lifts), tuple(part.asks), part.told, part.clause))
        return tuple(made)

    def exceptions(self) -> tuple[ExceptionTo, ...]:
        made = []
        for index, part in enumerate(self.pack.exceptions):
            path: Path = ("exceptions", index)
            self._name("rule", part.rule, self.ids, (*path, "rule"))
            for name in part.from_group or ():
                self._name("group", name, self.pack.groups, (*path, "from_group"))
            if part.from_ is part.from_group is part.to is None:
                self._wrong(path, "needs `from`, `from_group` or `to`: without them the rule itself should go")
            senders, recipients = (Places.of((one, True) for one in own(wheres or [], self.own)) for wheres in (part.from_, part.to))
            groups = frozenset(part.from_group or ())
            made.append(ExceptionTo(part.rule, senders, groups, recipients, part.why, part.approved_by, part.until))
        return tuple(made)

    def no_route(self) -> tuple[Act, Act | None]:
        """What happens when nothing serves, and when only size stands in the way."""
        part = self.pack.no_route
        otherwise = self._no_route(part.otherwise, ("no_route", "otherwise"))
        if part.too_large is None:
            return otherwise, None
        too_large = self._no_route(part.too_large, ("no_route", "too_large"))
        if too_large.verdict > otherwise.verdict:
            says = (
                f"`{too_large.effect}` is stricter than `{otherwise.effect}` below `otherwise`: one more rule could make a decision milder"
            )
            self._wrong(("no_route", "too_large", "do"), says)
        return otherwise, too_large

    # --- one rule -----------------------------------------------------------------------------------------------------

    def _rule(self, part: RulePart, path: Path) -> Rule:
        acts = tuple(self._acts(part, path))
        check_days(self.sheet, part, path)
        if acts:
            self._check_advice(part, acts, path)
        else:
            self._wrong(path, f"rule `{part.id}` asks for nothing; add `require`, `confirm`, `hold`, `refuse`, `notify` or `stamp`")
        return Rule(
            id=part.id,
            when=self._asks(part.when, (*path, "when")),
            unless=self._asks(part.unless, (*path, "unless")) if part.unless is not None else (),
            acts=acts,
            clause=part.clause,
            says=part.says,
            mode=part.mode,
            becomes=tuple(sorted((day, mode) for mode, day in part.becomes.items())),
            from_=part.from_,
            until=part.until,
        )

    def _check_advice(self, part: RulePart, acts: tuple[Act, ...], path: Path) -> None:
        """What it tells is the text of its strictest effect."""
        strictest = max(acts, key=lambda act: (act.verdict, act.effect == "require"))
        if strictest.guidance is None and (part.mode == "advise" or "advise" in part.becomes):
            says = f"rule `{part.id}` advises, and its `{strictest.effect}` has no `guidance:`, so nobody is told: it is as `watch`"
            self._wrong(path, says, key=True, severity="warning")

    def _acts(self, part: RulePart, path: Path) -> Iterable[Act]:
        if part.require:
            for name in part.require:
                self._name("protection", name, self.pack.protections, (*path, "require"))
            yield Act("require", frozenset(part.require))
        if (confirm := part.confirm) is not None:
            check_within(self.sheet, (*path, "confirm"), confirm.within, self.pack.keep, confirm.then)
            self._person(confirm.then, (*path, "confirm", "then"), "sender")
            self._text(confirm.guidance, (*path, "confirm", "guidance"))
            yield Act(
                "confirm", held_for="sender", within=confirm.within, then=confirm.then, guidance=confirm.guidance, declares=confirm.declares
            )
        if (hold := part.hold) is not None:
            check_within(self.sheet, (*path, "hold"), hold.within, self.pack.keep, hold.then)
            self._decider(hold.for_, (*path, "hold", "for"))
            self._person(hold.then, (*path, "hold", "then"), "sender")
            self._text(hold.guidance, (*path, "hold", "guidance"))
            yield Act("hold", held_for=hold.for_, within=hold.within, then=hold.then, guidance=hold.guidance)
        if part.refuse is not None:
            self._text(part.refuse.guidance, (*path, "refuse", "guidance"))
            yield Act("refuse", guidance=part.refuse.guidance)
        if part.notify is not None:
            self._person(part.notify.who, (*path, "notify", "who"))
            self._text(part.notify.guidance, (*path, "notify", "guidance"))
            yield Act("notify", held_for=part.notify.who, guidance=part.notify.guidance)
        if part.stamp:
            for name in part.stamp:
                if _SAYS_WHO.match(name):
                    says = f"`{name}` is what others say who somebody is by; choose a name of your own, X-Council-Marking"
                    self._wrong((*path, "stamp", name), says, key=True)
            yield Act("stamp", stamps=tuple(sorted(part.stamp.items())))

    def _no_route(self, part: NoRoutePart, path: Path) -> Act:
        if part.do == "hold" and part.for_ is None:
            self._wrong(path, "a hold needs `for:`, the person who decides")
        if part.do != "hold" and part.for_ is not None:
            self._wrong((*path, "for"), "only a hold has `for`; a confirm is always by the sender", key=True)
        check_within(self.sheet, path, part.within, self.pack.keep, part.then)
        self._decider(part.for_, (*path, "for"))
        self._person(part.then, (*path, "then"), "sender")
        self._text(part.guidance, (*path, "guidance"))
        held_for = "sender" if part.do == "confirm" else part.for_
        return Act(part.do, held_for=held_for, within=part.within, then=part.then, guidance=part.guidance)

    # --- conditions ---------------------------------------------------------------------------------------------------

    def _asks(self, part: AsksPart, path: Path) -> tuple[Ask, ...]:
        return tuple(self._each(part, path))

    def _each(self, part: AsksPart, path: Path) -> Iterable[Ask]:
        yield from self._whom(part, path)
        yield from self._what(part, path)
        yield from self._who(part, path)

    def _whom(self, part: AsksPart, path: Path) -> Iterable[Ask]:
        pack = self.pack
        if part.audience:
            yield Ask("audience", "any", self._names("audience", part.audience, pack.audiences, (*path, "audience")))
        if part.audience_not:
            yield Ask("audience", "none", self._names("audience", part.audience_not, pack.audiences, (*path, "audience_not")))
        if part.recipient_domain:
            yield Ask("recipient_domain", "in", Places.of((one, True) for one in own(part.recipient_domain, self.own)))
        if part.agreement:
            yield Ask("agreement", "any", frozenset(part.agreement))
        if (ask := part.list_) is not None:
            for name in ("uncleared_members", "external_members", "members"):
                if (count := getattr(ask, name)) is not None:
                    yield Ask(f"list.{name}", "at_least", count.at_least)
            if ask.sender_allowed is not None:
                yield Ask("list.sender_allowed", "is", ask.sender_allowed)

    def _what(self, part: AsksPart, path: Path) -> Iterable[Ask]:
        if part.classification is not None:
            yield from self._classification(part.classification, (*path, "classification"))
        if part.category:
            yield Ask("category", "any", self._names("category", part.category, self.pack.categories, (*path, "category")))
        yield from self._sizes("attachments", part.attachments, (*path, "attachments"))
        yield from self._sizes("message", part.message, (*path, "message"))
        if part.files is not None:
            yield Ask("files", "at_least", part.files.at_least)
        if part.sent_as:
            yield Ask("sent_as", "any", frozenset(part.sent_as))
        if part.defects:
            yield Ask("defects", "any", self._names("defect", part.defects, _DEFECTS, (*path, "defects")))
        if part.found is not None:
            self._name("detector", part.found.detector, self.detectors, (*path, "found", "detector"))
            yield Ask("found", "at_least", (part.found.detector, part.found.at_least, part.found.of))
        if part.unreadable:
            yield Ask("unreadable", "any", frozenset(part.unreadable))

    def _who(self, part: AsksPart, path: Path) -> Iterable[Ask]:
        pack = self.pack
        if (sender := part.sender) is not None:
            if sender.ours is not None:
                yield Ask("sender", "ours", sender.ours)
            if sender.authenticated is not None:
                yield Ask("sender", "authenticated", sender.authenticated)
            if sender.domain:
                yield Ask("sender", "domain", Places.of((one, True) for one in own(sender.domain, self.own)))
        if part.sender_group:
            yield Ask("sender_group", "any", self._names("group", part.sender_group, pack.groups, (*path, "sender_group")))
        if part.system:
            yield Ask("system", "any", self._names("system", part.system, pack.systems, (*path, "system")))
        if part.purpose:
            yield Ask("purpose", "any", self._names("purpose", part.purpose, [*pack.purposes, "other"], (*path, "purpose")))
        if part.declared:
            yield Ask("declared", "any", self._names("word (no confirm declares it)", part.declared, self.words, (*path, "declared")))

    def _classification(self, part: ClassificationAsk, path: Path) -> Iterable[Ask]:
        because = frozenset(part.because) if part.because is not None else None
        if part.above is not None:
            yield Ask("classification", "above_agreement", (part.of, 0, None))
        for how, name in (("at_least", part.at_least), ("below", part.below)):
            if name is not None:
                known = self.pack.classifications
                self._name("classification", name, known, (*path, how))
                yield Ask("classification", how, (part.of, known.index(name) if name in known else 0, because))
        if part.above is part.at_least is part.below is None:
            self._wrong(path, "needs `at_least`, `below` or `above: agreement`")
        if because is not None and part.at_least is None:
            self._wrong((*path, "because"), "`because` goes with `at_least`", key=True)

    def _sizes(self, fact: str, part: SizeAsk | None, path: Path) -> Iterable[Ask]:
        if part is None:
            return
        if part.above is None and part.at_most is None:
            self._wrong(path, "needs `above` or `at_most`")
        if part.above is not None:
            yield Ask(fact, "above", part.above)
        if part.at_most is not None:
            yield Ask(fact, "at_most", part.at_most)

    # --- names --------------------------------------------------------------------------------------------------------

    def _named(self) -> Iterable[tuple[str, int, str]]:
        yield from (("rules", index, one.id) for index, one in enumerate(self.pack.rules))
        yield from (("never", index, one.id) for index, one in enumerate(self.pack.never))
        yield from (("overrides", index, one.id) for index, one in enumerate(self.pack.overrides))

    def _names(self, what: str, names: list[str], known: Iterable[str], path: Path) -> frozenset[str]:
        there = set(known)
        for name in names:
            self._name(what, name, there, path)
        return frozenset(names)

    def _name(self, what: str, name: str, known: Iterable[str], path: Path) -> None:
        if name not in known:
            self._wrong(path, unknown_name(what, name, known))

    def _person(self, name: str | None, path: Path, *not_these: str) -> None:
        if name is not None:
            self._name("person", name, [*self.pack.people, *(role for role in ROLES if role not in not_these)], path)

    def _decider(self, name: str | None, path: Path) -> None:
        if name == "sender":
            self._wrong(path, "the sender decides no hold; write `confirm:` for what the sender may decide, or who else does")
        else:
            self._person(name, path, "sender")

    def _text(self, name: str | None, path: Path) -> None:
        if name is None:
            return
        self._used.add(name)
        languages = self.texts.get(name)
        if languages is None:
            says = unknown_name("guidance", name, self.texts)
            self._wrong(path, f"{says}; or write guidance/{name}.en.md")
        elif "en" not in languages:
            self._wrong(
                path,
                f"`{name}` is written in {', '.join(sorted(languages))} alone, and notices are in English: write guidance/{name}.en.md",
            )

    def _wrong(self, path: Path, says: str, *, key: bool = False, severity: str = "error") -> None:
        self.sheet.problems.append(self.sheet.at(path, says, key=key, severity=severity))
