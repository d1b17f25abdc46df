"""Routes of a pack to their nouns: how mail can go, and who may use it. Pure.

What belongs to one kind of route is wrong on another: a relay has a next hop, a share has a place and an end.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

from gateway.policy.pack_known import Known
from gateway.policy.pack_model import PackPart, RoutePart
from gateway.policy.pack_sheets import unknown_name
from gateway.policy.pack_yaml import Path, Sheet
from gateway.policy.places import Places, own
from gateway.policy.rules import Route

_NOT_YET = {"seal": "encrypting here is not set up on this gateway"}
_LONGEST = timedelta(days=366)
_SHORTEST = timedelta(days=1)


class RouteMaker:
    """Makes every route of a pack, in the pack's order of preference; notes in the sheet what is wrong."""

    def __init__(self, sheet: Sheet, pack: PackPart, own_domains: tuple[str, ...], known: Known) -> None:
        self.sheet = sheet
        self.pack = pack
        self.own = own_domains
        self.known = known

    def routes(self) -> tuple[Route, ...]:
        return tuple(self._route(name, part, ("routes", name)) for name, part in self.pack.routes.items())

    def _route(self, name: str, part: RoutePart, path: Path) -> Route:
        self._check_names(part, path)
        self._check(name, part, path)
        (self._check_share if part.kind == "share" else self._check_no_share)(name, part, path)
        limits = None
        if part.recipient_limits is not None:
            limits = self.known.limits(part.recipient_limits, self.sheet, (*path, "recipient_limits"))
        return Route(
            name=name,
            kind=part.kind,
            next_hop=part.next_hop,
            provides=frozenset(part.provides),
            for_=frozenset(part.for_ or ()),
            not_for=frozenset(part.not_for or ()),
            senders=frozenset(part.senders or ()),
            sender_domains=None if part.sender_domains is None else Places.of((one, True) for one in own(part.sender_domains, self.own)),
            purpose=part.purpose,
            sent_as=frozenset(part.sent_as or ()),
            attachments_limit=part.limits.attachments,
            file_limit=part.limits.file,
            message_limit=part.limits.message,
            recipient_limits=limits,
            unknown_recipient_limit=part.unknown_recipient_limit,
            place=part.place,
            optional=part.optional,
            expires_after=part.expires.after if part.expires else None,
            expires_idle=part.expires.idle if part.expires else None,
            download_limit=part.download_limit,
            show_file_names=part.show_file_names,
            tell_when_fetched=part.tell_when_fetched,
            clause=part.clause,
            closed=self._closed(part, path),
        )

    def _check_names(self, part: RoutePart, path: Path) -> None:
        pack = self.pack
        for key, names in (("for", part.for_), ("not_for", part.not_for)):
            for audience in names or ():
                self._name("audience", audience, pack.audiences, (*path, key))
        for group in part.senders or ():
            self._name("group", group, pack.groups, (*path, "senders"))
        for protection in part.provides:
            self._name("protection", protection, pack.protections, (*path, "provides"))
        if part.purpose is not None:
            self._name("purpose", part.purpose, pack.purposes, (*path, "purpose"))

    def _check(self, name: str, part: RoutePart, path: Path) -> None:
        if part.kind == "relay" and part.next_hop is None:
            self._wrong(path, f"route `{name}` is a relay and needs a `next_hop:`", key=True)
        if part.kind != "relay" and part.next_hop is not None:
            self._wrong((*path, "next_hop"), "only a relay has a next hop", key=True)
        if part.recipient_limits is not None and part.unknown_recipient_limit is None:
            self._wrong(
                (*path, "recipient_limits"),
                "needs an `unknown_recipient_limit:` beside it, for recipients that are not in the file",
                key=True,
            )
        if part.provides and not part.clause and part.interpretation is None:
            self._wrong(path, f"route `{name}` gives protection; say by which `clause:` or `interpretation:`", severity="warning", key=True)

    def _check_share(self, name: str, part: RoutePart, path: Path) -> None:
        """It carries files, not words, and no link lives for ever."""
        if part.place is None:
            self._wrong(path, f"route `{name}` is a share and needs a `place:`", key=True)
        if part.expires is None:
            self._wrong(path, f"route `{name}` is a share and needs an `expires:`, such as {{after: 14d}}", key=True)
        for key in ("sent_as", "recipient_limits", "unknown_recipient_limit"):
            if key in part.model_fields_set:
                self._wrong((*path, key), "is of a route that carries the message; a share carries files", key=True)
        if part.limits.message is not None:
            self._wrong((*path, "limits", "message"), "a share carries files; limit them by `attachments:` or `file:`", key=True)
        for index, protection in enumerate(part.provides):
            if self.pack.protections.get(protection) == "message":
                says = f"`{protection}` covers the message, and a share protects only the files that it takes"
                self._wrong((*path, "provides", index), says)
        self._look_at_its_end(name, part, path)

    def _look_at_its_end(self, name: str, part: RoutePart, path: Path) -> None:
        """What is possible and hardly meant."""
        if part.expires is None:
            return
        after, idle, at = part.expires.after, part.expires.idle, (*path, "expires", "after")
        if after > _LONGEST:
            self._wrong(at, f"files of `{name}` stay for more than a year; few things need to be fetched for so long", severity="warning")
        if after < _SHORTEST:
            self._wrong(at, f"links of `{name}` end before everybody has read their mail", severity="warning")
        if idle is not None and idle > after:
            self._wrong((*path, "expires", "idle"), "is longer than `after`, and so never comes", severity="warning")

    def _check_no_share(self, name: str, part: RoutePart, path: Path) -> None:
        for key in ("place", "optional", "expires", "download_limit", "show_file_names", "tell_when_fetched"):
            if key in part.model_fields_set:
                self._wrong((*path, key), f"only a share has this, and route `{name}` is a {part.kind}", key=True)
        if part.limits.file is not None:
            self._wrong((*path, "limits", "file"), "only a share has this; limit `attachments:`, all files together", key=True)

    def _closed(self, part: RoutePart, path: Path) -> str:
        """Why a route cannot be used at all."""
        if part.interpretation is not None:
            self._name("interpretation", part.interpretation, self.pack.interpretations, (*path, "interpretation"))
            found = self.pack.interpretations.get(part.interpretation)
            if found is None or found.signed is None:
                return f"nobody has signed the interpretation `{part.interpretation}`"
        return _NOT_YET.get(part.kind, "")

    def _name(self, what: str, name: str, known: Iterable[str], path: Path) -> None:
        if name not in known:
            self._wrong(path, unknown_name(what, name, known))

    def _wrong(self, path: Path, says: str, *, key: bool = False, severity: str = "error") -> None:
        self.sheet.problems.append(self.sheet.at(path, says, key=key, severity=severity))
