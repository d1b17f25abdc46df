"""What can be seen of the mail after all is over: copies at the hops, cases, notices, and the attempts in Postfix's own log."""

import re
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from typing import Any

from tests.long.mails import number_in
from tests.peers.hop import Peer, Taken

_FROM = re.compile(r"qmgr\[\d+\]: (\w+): from=<([^>]*)>")
_TRIED = re.compile(r": (\w+): to=<([^>]*)>,.* status=(\w+) \((.*)\)$")
# Not "delivery temporarily suspended: ...": there nothing was tried, another message's failure is quoted.
_UNANSWERED = re.compile(r"(?:lost connection|conversation) with .* while sending (?:end of data|message body)")
_PUT_OFF = re.compile(r"host .* said: 4\d\d .*in reply to end of DATA")


@dataclass(frozen=True, slots=True)
class Copy:
    """One copy that a hop has taken for one recipient."""

    at: float
    hop: str
    recipient: str
    octets: bytes


@dataclass(frozen=True, slots=True)
class Notice:
    """A DSN or a notice of ours."""

    at: float
    to: str
    text: str  # all its readable parts, decoded

    def tells_of(self, case: str) -> bool:
        return case in self.text


@dataclass(frozen=True, slots=True)
class Tried:
    """One attempt of Postfix for one recipient that ended otherwise than by a 2xx of the gateway."""

    status: str
    why: str

    @property
    def is_unanswered(self) -> bool:
        """The content had gone, the answer never came."""
        return _UNANSWERED.match(self.why) is not None

    @property
    def is_put_off(self) -> bool:
        """The answer was a 4xx."""
        return _PUT_OFF.match(self.why) is not None


class Ledger(list[Taken]):
    """A hop's messages, with the moment of each."""

    def __init__(self) -> None:
        super().__init__()
        self.moments: list[float] = []

    def append(self, taken: Taken) -> None:
        super().append(taken)
        self.moments.append(time.monotonic())


@dataclass(slots=True)
class Evidence:
    copies: dict[str, list[Copy]] = field(default_factory=dict)  # by number of the message
    notices: list[Notice] = field(default_factory=list)
    cases: dict[str, list[dict[str, Any]]] = field(default_factory=dict)  # by number of the message
    tried: dict[tuple[str, str], list[Tried]] = field(default_factory=dict)  # by number and recipient
    strangers: list[str] = field(default_factory=list)  # what belongs to no message of ours


def keep_ledgers(hops: dict[str, Peer]) -> dict[str, Ledger]:
    """From now on every hop notes when it took what."""
    ledgers = {name: Ledger() for name in hops}
    for name, peer in hops.items():
        peer.messages = ledgers[name]
    return ledgers


def collect(ledgers: dict[str, Ledger], cases: Iterable[dict[str, Any]], logs: Iterable[str]) -> Evidence:
    found = Evidence()
    for hop, ledger in ledgers.items():
        for at, taken in zip(ledger.moments, ledger, strict=True):
            _sort_in(found, hop, at, taken)
    for row in cases:
        number = number_in(row["sender"])
        if number is None:
            found.strangers.append(f"case {row['case']} of {row['sender']}")
        else:
            found.cases.setdefault(number, []).append(row)
    for log in logs:
        _read_log(found, log)
    return found


def _sort_in(found: Evidence, hop: str, at: float, taken: Taken) -> None:
    if not taken.reverse_path:
        found.notices += [Notice(at, recipient, _words(taken.octets)) for recipient in taken.recipients]
        if hop != "mailboxes":
            found.strangers.append(f"a notice to {taken.recipients} at {hop}")
        return
    number = number_in(taken.reverse_path)
    if number is None:
        found.strangers.append(f"mail of {taken.reverse_path} at {hop}")
        return
    found.copies.setdefault(number, []).extend(Copy(at, hop, recipient, taken.octets) for recipient in taken.recipients)


def _words(octets: bytes) -> str:
    parsed = message_from_bytes(octets, policy=policy.SMTPUTF8)
    texts = [str(part.get_payload(decode=True) or b"", "utf-8", "replace") for part in parsed.walk() if not part.is_multipart()]
    reports = [str(block) for part in parsed.walk() if part.get_content_type() == "message/delivery-status" for block in part.get_payload()]
    return "\n".join([str(parsed["Subject"]), *texts, *reports])


def _read_log(found: Evidence, log: str) -> None:
    """Queue ids come again, so the log is read in order."""
    numbers: dict[str, str | None] = {}
    for line in log.splitlines():
        if match := _FROM.search(line):
            numbers[match[1]] = number_in(match[2])
        elif (match := _TRIED.search(line)) and match[3] != "sent":
            number = numbers.get(match[1])
            if number is None:
                found.strangers.append(line)
            else:
                found.tried.setdefault((number, match[2]), []).append(Tried(match[3], match[4]))
