"""The account of every message and recipient: what is lost, what is where it should not be, what came twice and whether that had to be."""

from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from tests.long.evidence import Copy, Evidence, Notice
from tests.long.mails import Fate, Mail

DECIDERS = frozenset({"data-protection@sender.example", "duty-manager@sender.example", "postmaster@sender.example"})
SLACK_SECONDS = 2.0  # a hop may note a copy somewhat after the process that sent it was killed


@dataclass(frozen=True, slots=True)
class Kill:
    """What was killed, and when."""

    at: float
    victim: str  # smtp | recorder | keeper | all


@dataclass(slots=True)
class Account:
    messages: int = 0
    recipients: int = 0
    endings: Counter[str] = field(default_factory=Counter)  # by fate
    duplicates: Counter[str] = field(default_factory=Counter)  # by what lay between
    lost: list[str] = field(default_factory=list)
    misplaced: list[str] = field(default_factory=list)
    altered: list[str] = field(default_factory=list)
    unexplained: list[str] = field(default_factory=list)  # duplicates whose first copy was answered
    told: set[str] = field(default_factory=set)  # cases whose notices are counted

    @property
    def wrong(self) -> list[str]:
        named = (("lost", self.lost), ("misplaced", self.misplaced), ("altered", self.altered), ("twice", self.unexplained))
        return [f"{name}: {row}" for name, rows in named for row in rows]

    def __str__(self) -> str:
        endings = ", ".join(f"{count} {name}" for name, count in sorted(self.endings.items()))
        twice = ", ".join(f"{count} {why}" for why, count in sorted(self.duplicates.items())) or "none"
        return (
            f"{self.messages} messages, {self.recipients} recipients ({endings}): {len(self.lost)} lost, {len(self.misplaced)} misplaced, "
            f"{len(self.altered)} altered, {sum(self.duplicates.values())} twice (after {twice}), "
            f"{len(self.unexplained)} twice without cause"
        )


def account(mails: Iterable[Mail], found: Evidence, kills: Sequence[Kill], read_back: Callable[[dict[str, Any]], bytes]) -> Account:
    """`read_back`: the octets kept under a case."""
    result = Account()
    result.misplaced += found.strangers
    for mail in mails:
        result.messages += 1
        for recipient, fate in mail.fates.items():
            result.recipients += 1
            result.endings[fate.value] += 1
            _Line(mail, recipient, fate, found, kills, result).judge()
        for row in found.cases.get(mail.number, []):
            if not read_back(row).endswith(mail.octets):
                result.altered.append(f"{mail.number}: what is kept under {row['case']} is not what was sent")
    return result


@dataclass(slots=True)
class _Line:
    """One recipient of one message."""

    mail: Mail
    recipient: str
    fate: Fate
    found: Evidence
    kills: Sequence[Kill]
    result: Account

    def judge(self) -> None:
        copies = [copy for copy in self.found.copies.get(self.mail.number, []) if copy.recipient == self.recipient]
        cases = [row for row in self.found.cases.get(self.mail.number, []) if self.recipient in row["recipients"]]
        for tried in self.found.tried.get((self.mail.number, self.recipient), []):
            if tried.status != "deferred":
                self.result.misplaced.append(self._says(f"Postfix was told {tried.status}: {tried.why}"))
        if self.fate.is_delivered:
            self._delivered(copies, cases)
        else:
            self._kept(copies, cases)

    def _delivered(self, copies: list[Copy], cases: list[dict[str, Any]]) -> None:
        right = sorted((copy for copy in copies if copy.hop == self.fate.value), key=lambda copy: copy.at)
        self.result.misplaced += [self._says(f"a copy at {copy.hop}") for copy in copies if copy.hop != self.fate.value]
        self.result.misplaced += [self._says(f"case {row['case']}") for row in cases]
        if not right:
            self.result.lost.append(self._says("no copy"))
        self.result.altered += [self._says("a copy has other octets") for copy in right if not copy.octets.endswith(self.mail.octets)]
        tried = self.found.tried.get((self.mail.number, self.recipient), [])
        unanswered, put_off = sum(one.is_unanswered for one in tried), sum(one.is_put_off for one in tried)
        for first, second in pairwise(right):
            if unanswered and (killed := self._killed_between(first.at, second.at, "smtp", "all")):
                unanswered -= 1
                self.result.duplicates[f"a kill of {killed}"] += 1
            elif put_off and (killed := self._killed_between(first.at, second.at, "recorder", "all")):
                put_off -= 1
                self.result.duplicates[f"a 451, the journal being away by a kill of {killed}"] += 1
            else:
                self.result.unexplained.append(self._says("another copy, though the one before was answered"))

    def _kept(self, copies: list[Copy], cases: list[dict[str, Any]]) -> None:
        self.result.misplaced += [self._says(f"a copy at {copy.hop}") for copy in copies]
        right = [row for row in cases if row["state"] == self.fate.value]
        self.result.misplaced += [self._says(f"case {row['case']} is {row['state']}") for row in cases if row not in right]
        if not right:
            self.result.lost.append(self._says("not kept"))
        # A case and the journal's entry are one commit: a retry finds both or neither.
        self.result.unexplained += [self._says(f"also kept as {row['case']}") for row in right[1:]]
        for row in right[:1]:
            self._told(row["case"])

    def _told(self, case: str) -> None:
        about = [notice for notice in self.found.notices if notice.tells_of(case)]
        if self.fate is Fate.REFUSED and not any(self.recipient in notice.text for notice in about if notice.to == self.mail.sender):
            self.result.lost.append(self._says(f"no DSN of case {case} names this recipient"))
        if case in self.result.told:
            return
        self.result.told.add(case)
        self._once([notice for notice in about if notice.to == self.mail.sender], f"the sender, of case {case}")
        if self.fate is Fate.HELD:
            self._once([notice for notice in about if notice.to in DECIDERS], f"whoever decides about case {case}")
        strangers = {notice.to for notice in about} - DECIDERS - {self.mail.sender}
        self.result.misplaced += [self._says(f"{stranger} was told of case {case}") for stranger in sorted(strangers)]

    def _once(self, notices: list[Notice], whom: str) -> None:
        """Told at least once; twice only where the keeper died between."""
        if not notices:
            self.result.lost.append(self._says(f"no notice to {whom}"))
        moments = sorted(notice.at for notice in notices)
        for first, second in pairwise(moments):
            if killed := self._killed_between(first, second, "keeper", "all"):
                self.result.duplicates[f"a kill of {killed} (notice)"] += 1
            else:
                self.result.unexplained.append(self._says(f"another notice to {whom}"))

    def _killed_between(self, first: float, second: float, *victims: str) -> str | None:
        start = bisect_left(self.kills, first - SLACK_SECONDS, key=lambda kill: kill.at)
        killed = {kill.victim for kill in self.kills[start:] if kill.at < second}
        return next((victim for victim in victims if victim in killed), None)

    def _says(self, what: str) -> str:
        return f"{self.mail.number} to {self.recipient} ({self.fate.value}): {what}"
