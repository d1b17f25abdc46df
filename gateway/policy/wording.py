"""What letters are made of: what happened, what was found, and how it is put into words for a person. Pure.

Nothing that the sender of a mail has written may begin a line of ours or turn one around. What is not known leaves no hole.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from gateway.detectors import NAMES
from gateway.mime.sizes import human
from gateway.model.decision import Decision, Reason
from gateway.model.finding import Evidence, EvidenceKind, FileFinding, Findings, Readable
from gateway.policy.guidance import PLACEHOLDER, Guidance, House

_MOST_NAMED = 10
_MOST_SHOWN = 160  # characters of a file name
_MOST_OF_A_SUBJECT = 80
_UNREAD = {
    "encrypted": "could not be read: it has a password",
    "rights-protected": "could not be read: it is rights-protected",
    "enveloped": "could not be read: it is encrypted",
    "damaged": "could not be read: it is damaged",
    "over-budget": "could not be read: it is too much to read",
    "crashed": "could not be read: reading it failed",
    "unsupported": "could not be read: we cannot read this kind of file",
    "pictures-unread": "has pictures or scanned pages that we could not read",
}


@dataclass(frozen=True, slots=True)
class Letter:
    """What a person reads."""

    subject: str
    text: str  # plain text, paragraphs; line ends are \n


@dataclass(frozen=True, slots=True)
class Others:
    """The other recipients of the same email, and what becomes of their copies. Named only in the sender's own letters."""

    going: tuple[str, ...] = ()  # they have it, or are about to get it
    stopped: tuple[str, ...] = ()  # kept or refused like this one, which another notice tells of


NO_OTHERS = Others()


@dataclass(frozen=True, slots=True)
class About:
    """What happened, for the texts to tell."""

    house: House
    decision: Decision
    recipients: tuple[str, ...]  # addresses this letter is about
    case: str
    sent_at: datetime
    keep_until: datetime
    total: int = 0  # people the sender wrote to; 0: as many as the letter is about
    others: Others = NO_OTHERS
    findings: Findings | None = None
    levels: Mapping[str, str] = field(default_factory=dict)  # file id → what the file counts as
    highest: str = ""  # what the email as a whole counts as
    answer_by: datetime | None = None
    decider: str = ""  # as a person reads it: "Information Governance"
    phone: str = ""  # of the decider
    hours: str = ""  # when the decider is there; "" always
    then: str = ""  # who decides after answer_by, as a person reads it
    source: str = ""  # of the pack
    names: Mapping[str, str] = field(default_factory=dict)  # evidence id → words for it
    author: str = ""  # who sent the email, where that is not the reader
    subject: str = ""  # of the email; only for its sender, and never for a subject of ours

    @property
    def which(self) -> str:
        """The email, as its reader knows it on the same day."""
        return self._which(self.house.clock(self.sent_at))

    @property
    def which_then(self) -> str:
        """The same, days later."""
        return self._which(self.house.day(self.sent_at))

    def _which(self, at: str) -> str:
        return f"The email of {at} from {self.author}" if self.author else f"Your email{quoted(self.subject)} of {at}"


@dataclass(frozen=True, slots=True)
class Told:
    """What rules say to one person of mail that has gone, or was kept."""

    recipients: tuple[str, ...]  # addresses this letter is about
    words: tuple[tuple[Reason, tuple[str, ...]], ...]  # and of which of them each rule speaks
    waiting: frozenset[str] = frozenset()  # those who do not have it yet
    kept: bool = False  # nobody has it, nor is about to


def values_of(about: About) -> dict[str, str]:
    """What the placeholders of a text stand for; "" what is not known."""
    return {
        "recipients": listed(about.recipients),
        "files": table(about),
        "together": human(sum(file.octets for file in about.findings.outermost)) if about.findings and about.findings.outermost else "",
        "why": why(about),
        "case": about.case,
        "keep_until": about.house.day(about.keep_until),
        "answer_by": about.house.day(about.answer_by) if about.answer_by else "",
        "decider": about.decider,
        "organisation": about.house.name,
        "help": help_at(about.house),
        "would_pass": "\n".join(f"- {change}" for change in about.decision.would_pass_if),
        "clause": _clause(about),
        "pack_source": about.source,
    }


def fill(body: str, values: Mapping[str, str]) -> str:
    """The text with its values; where one is not known, no hole is left."""
    filled = PLACEHOLDER.sub(lambda match: values[match[1]], body)
    return re.sub(r"\n{3,}", "\n\n", re.sub(r" +$", "", filled, flags=re.MULTILINE)).strip()


def reasons_of(about: About) -> str:
    """What rules say. What a `never` shuts out is no reason to keep anything, unless a person is asked for."""
    reasons = (reason for reason in about.decision.reasons if reason.effect != "never" or reason.held_for)
    rows = tuple(dict.fromkeys(reason.text for reason in reasons if reason.text))
    return "\n".join(f"- {row}" for row in rows)


def table(about: About) -> str:
    """The outermost files with their sizes as the sender's computer shows them."""
    files = about.findings.outermost if about.findings else ()
    if not files:
        return ""
    rows = [f"- {_file(file)}: {human(file.octets)}" for file in files]
    if len(files) > 1:
        rows.append(f"- Together: {human(sum(file.octets for file in files))}")
    return "\n".join(("The files:" if len(files) > 1 else "The file:", *rows))


def words_of(about: About, told: Told, texts: Mapping[str, Guidance]) -> tuple[str, ...]:
    """Each rule's text once; one that is not about everybody says of whom it speaks."""
    said: list[str] = []
    unknown = {} if about.case else {"keep_until": ""}
    for reason, recipients in told.words:
        values = values_of(replace(about, recipients=recipients, decision=replace(about.decision, reasons=(reason,)))) | unknown
        text = texts.get(reason.guidance or "")
        body = fill(text.body, values) if text else reason.text
        said.append(f"To {listed(recipients)}:\n{body}" if body and recipients != told.recipients else body)
    return tuple(dict.fromkeys(said))


def listed(addresses: tuple[str, ...]) -> str:
    """Addresses in a sentence."""
    if len(addresses) > _MOST_NAMED:
        return f"{', '.join(addresses[:_MOST_NAMED])} and {len(addresses) - _MOST_NAMED} more"
    return " and ".join((", ".join(addresses[:-1]), addresses[-1])) if len(addresses) > 1 else "".join(addresses)


def people(count: int) -> str:
    return "recipient" if count == 1 else f"{count} recipients"


def in_line(text: str, most: int = _MOST_SHOWN) -> str:
    """What the sender of the mail has written, as a few words: it must not begin a line of ours, nor turn one around."""
    shown = " ".join("".join([character if character.isprintable() else " " for character in text]).split())
    return shown if len(shown) <= most else f"{shown[:most]}..."


def quoted(subject: str) -> str:
    """A subject behind `Your email`, so that its sender knows which; nothing where there is none."""
    shown = in_line(subject, _MOST_OF_A_SUBJECT)
    return f' "{shown}"' if shown else ""


def is_stuck(decision: Decision) -> bool:
    """Whether nobody can let it go as it is: no way of sending serves."""
    return decision.route is None and any(reason.rule == "no_route" for reason in decision.reasons)


def join(parts: tuple[str, ...]) -> str:
    return "\n\n".join(part for part in parts if part) + "\n"


def rule_line(about: About) -> str:
    clause = _clause(about)
    return f"The rule: {', '.join(text for text in (about.source, clause) if text)}." if clause else ""


def help_line(about: About) -> str:
    return f"Help: {help_at(about.house)}." + (f" Say case {about.case}." if about.case else "")


def help_at(house: House) -> str:
    """Whom to ask, to stand in a sentence: operators may have ended theirs with a full stop."""
    return (house.help or house.postmaster).strip().rstrip(".")


def _clause(about: About) -> str:
    return next((reason.clause for reason in about.decision.reasons if reason.clause), "")


def why(about: About) -> str:
    """What was found, as sentences: "Report.docx is marked RESTRICTED (page 1 header)"; and what counts as more than it seems."""
    said: list[str] = []
    files = about.findings.files if about.findings else ()
    holders = {file.id: file for file in files}
    for file in files:
        name = _file(file) + (f" inside {_file(holders[file.inside])}" if file.inside in holders else "")
        said += [f"{name} {found}" for found in _all_found(file.evidence, about)]
        said += _counts_as(file, name, about)
    said += [f"The email {found}" for found in _all_found(about.findings.words if about.findings else (), about)]
    said = list(dict.fromkeys(said))
    more = [f"{len(said) - _MOST_NAMED} more findings are not listed"] if len(said) > _MOST_NAMED else []
    return ". ".join((*said[:_MOST_NAMED], *more)) + "." if said else ""


def _all_found(evidence: tuple[Evidence, ...], about: About) -> Iterator[str]:
    """Each thing once, with all the places where it was found; a place that another tells more exactly is left out."""
    places: dict[str, list[str]] = {}
    for item in evidence:
        if item.kind is not EvidenceKind.UNMARKED:
            places.setdefault(_found(item, about), []).append(in_line(item.where))
    for found, where in places.items():
        exact = [one for one in dict.fromkeys(where) if one and not any(other != one and other.startswith(one) for other in where)]
        yield found + (f" ({', '.join(exact)})" if exact else "")


def _counts_as(file: FileFinding, name: str, about: About) -> Iterator[str]:
    """Of what nobody could read or has marked: what it counts as, where nothing in the email counts as more."""
    level = about.levels.get(file.id, "")
    is_marked = any(item.kind in (EvidenceKind.LABEL, EvidenceKind.MARKING) for item in file.evidence)
    if level and level == about.highest and not is_marked:
        marked = "" if file.evidence or file.readable is not Readable.YES else " has no marking, and"
        yield f"{name}{marked} counts as {level.replace('-', ' ').capitalize()}"


def _found(item: Evidence, about: About) -> str:
    name = about.names.get(item.id, item.id)
    match item.kind:
        case EvidenceKind.LABEL | EvidenceKind.MARKING:
            return f"is marked {name}"
        case EvidenceKind.DETECTOR:
            return f"has {item.count} {_counted(about.names.get(item.id) or NAMES.get(item.id, item.id), item.count)}"
        case EvidenceKind.UNREADABLE:
            return _UNREAD.get(item.id, f"could not be read: {name}")
        case EvidenceKind.UNMARKED:
            return "is not marked"


def _counted(name: str, count: int) -> str:
    """`NHS numbers`, `dates of birth`, `e-mail addresses`."""
    if count == 1:
        return name
    if " of " in name:
        return name.replace(" of ", "s of ", 1)
    return f"{name}es" if name.endswith("s") else f"{name}s"


def _file(file: FileFinding) -> str:
    return (in_line(file.names[0]) if file.names else "") or "a file without a name"
