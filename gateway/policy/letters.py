"""What the gateway says to people: the pack's texts, in a frame that says what happened. Pure.

Every letter begins with whether the email was sent and to whom, then why, then what to do. One case number, in subject and text; no blame,
no jargon, works read aloud. File names stand only in what the sender and the person who decides get.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from types import MappingProxyType

from gateway.detectors import NAMES
from gateway.mime.sizes import human
from gateway.model.decision import Decision, Reason, Verdict
from gateway.model.finding import Evidence, EvidenceKind, FileFinding, Findings
from gateway.model.outcome import Reply
from gateway.policy.guidance import PLACEHOLDER, Guidance, House, text_for
from gateway.policy.rules import Override
from gateway.ports import Because

_MOST_NAMED = 10
_MOST_SHOWN = 160  # characters of a file name
_BY_SIZE = (" takes ", " takes; assumed ")  # how routes say that something is too large (routes.py)
_READABLE_AS = {
    "encrypted": "it has a password",
    "rights-protected": "it is rights-protected",
    "enveloped": "it is encrypted",
    "damaged": "it is damaged",
    "over-budget": "it is too much to read",
    "crashed": "reading it failed",
    "unsupported": "we cannot read this kind of file",
}


@dataclass(frozen=True, slots=True)
class Letter:
    """What a person reads."""

    subject: str
    text: str  # plain text, paragraphs; line ends are \n


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
    going: int = 0  # others who have the message or are about to get it
    findings: Findings | None = None
    answer_by: datetime | None = None
    decider: str = ""  # as a person reads it: "Information Governance"
    phone: str = ""  # of the decider
    then: str = ""  # who decides after answer_by, as a person reads it
    source: str = ""  # of the pack
    names: Mapping[str, str] = field(default_factory=dict)  # evidence id → words for it
    author: str = ""  # who sent the email, where that is not the reader

    @property
    def which(self) -> str:
        """The email, as its reader knows it."""
        at = self.house.clock(self.sent_at)
        return f"The email of {at} from {self.author}" if self.author else f"Your email of {at}"


@dataclass(frozen=True, slots=True)
class Told:
    """What rules say to one person of mail that has gone, or was kept."""

    recipients: tuple[str, ...]  # addresses this letter is about
    words: tuple[tuple[Reason, tuple[str, ...]], ...]  # and of which of them each rule speaks
    waiting: frozenset[str] = frozenset()  # those who do not have it yet
    kept: bool = False  # nobody has it, nor is about to


# --- letters --------------------------------------------------------------------------------------------------------------


def to_sender(about: About, texts: Mapping[str, Guidance]) -> Letter:
    """The notice to the sender of a message that is kept or refused."""
    found = text_for(about.decision, texts)
    refused = about.decision.verdict is Verdict.REFUSE
    title = found.title if found else "the rules stopped it" if refused else "it needs to be checked first"
    body = _fill(found.body, values_of(about)) if found else _reasons(about)
    parts = (
        _opening(about),
        body,
        "" if found and "{files}" in found.body else _table(about),
        _limits(about),
        "" if found and "{would_pass}" in found.body else _would_pass(about),
        _what_now(about),
        _keeping(about),
        _rule(about),
        _help(about),
    )
    return Letter(f"{'Not sent' if refused else 'Not sent yet'}{_to_how_many(about)}: {title} (case {about.case})", _join(parts))


def to_decider(about: About, sender: str, texts: Mapping[str, Guidance]) -> Letter:
    """The notice to the person who decides. Of the content it tells file names and what was found in them."""
    found = text_for(about.decision, texts)
    by = f" Please answer by {about.house.day(about.answer_by)}." if about.answer_by else ""
    parts = (
        f"**An email from {sender} has not gone to {listed(about.recipients)}. It waits for your decision.**{by}",
        f"Why: {found.title}." if found else "",
        _reasons(about),
        values_of(about)["why"],
        _table(about),
        _commands(about.case),
        f"We keep it until {about.house.day(about.keep_until)}, then delete it, and the sender is told.",
        _rule(about),
    )
    return Letter(f"For your decision: an email that is kept (case {about.case})", _join(parts))


def let_go(about: About, told: Told | None = None, texts: Mapping[str, Guidance] = MappingProxyType({})) -> Letter:
    """To the sender, when mail that was kept goes after all, with what rules have to `told` them of it."""
    parts = (
        f"**{about.which} is on its way to {listed(about.recipients)}.**",
        "It was kept, and has now been let go. You need do nothing. You hear from us again only if it does not arrive.",
        *(_words(about, told, texts) if told is not None else ()),
        _help(about),
    )
    whose = "an" if about.author else "your"
    return Letter(f"On its way: {whose} email that was kept (case {about.case})", _join(parts))


def undelivered(
    house: House, failed: tuple[tuple[str, Reply], ...], delivered: int, sent_at: datetime | None, case: str = "", *, gave_up: bool = False
) -> Letter:
    """The words of a DSN about recipients whose own mail system refused, or (`gave_up`) did not take it for days."""
    rows = "\n".join(f"- {address}: their mail system answered: {reply}" for address, reply in failed)
    addresses = tuple(address for address, _ in failed)
    went = f" It has gone to your other {_people(delivered)}." if delivered else ""
    which = f"Your email of {house.clock(sent_at)}" if sent_at is not None else "Your email"
    why = "their mail system did not take it in five days" if gave_up else "their mail system refused it"
    tail = f" (case {case})" if case else ""
    parts = (
        f"**{which} has not gone to {listed(addresses)}.**{went}",
        rows,
        "Check the address for a slip. If it is right, ask the person another way: only their mail system can tell more.",
        f"Help: {_line(house)}." + (f" Say case {case}." if case else ""),
    )
    whom = addresses[0] if len(addresses) == 1 else _people(len(addresses))
    return Letter(f"Not sent to {whom}: {why}{tail}", _join(parts))


def relayed(house: House, recipients: tuple[str, ...], sent_at: datetime | None) -> Letter:
    """The words of a DSN for a sender who asked to be told of success, about recipients whose mail system cannot be asked to tell."""
    which = f"Your email of {house.clock(sent_at)}" if sent_at is not None else "Your email"
    parts = (
        f"**{which} has gone on to the mail system of {listed(recipients)}.**",
        "You asked to hear when it is delivered. That mail system cannot tell us, so this is the last you hear of it unless it fails.",
    )
    whom = recipients[0] if len(recipients) == 1 else _people(len(recipients))
    return Letter(f"Sent on to {whom}: their mail system does not confirm delivery", _join(parts))


def advised(about: About, told: Told, texts: Mapping[str, Guidance]) -> Letter:
    """To the sender of mail that has gone: what rules have to say of it. Nothing is kept, so there is no case."""
    gone, waiting = ([one for one in told.recipients if (one in told.waiting) is waits] for waits in (False, True))
    went = [f"has gone to {listed(tuple(gone))}"] if gone else []
    went += [f"is on its way to {listed(tuple(waiting))}"] if waiting else []
    opening = f"**{about.which} {' and '.join(went)}.**"
    return Letter(f"{'Sent' if gone else 'On its way'}: {_title(told, texts)}", _join((opening, *_words(about, told, texts), _help(about))))


def to_told(about: About, told: Told, sender: str, texts: Mapping[str, Guidance]) -> Letter:
    """To the person whom a rule names, about mail that has gone or, with a case, was kept."""
    email = f"An email from {sender} to {listed(told.recipients)}"
    state, went = ("Not sent", "has not gone") if told.kept else ("On its way", "is on its way") if told.waiting else ("Sent", "has gone")
    subject = f"{state}: {_title(told, texts)}" + (f" (case {about.case})" if about.case else "")
    return Letter(subject, _join((f"**{email} {went}.**", *_words(about, told, texts), _help(about))))


def overridden(about: About, override: Override, because: Because, sender: str, going: tuple[str, ...]) -> Letter:
    """To whom a pack names: an override was used, by whom, and what they answered. `going`: who gets the mail because of it."""
    waits = tuple(address for address in about.recipients if address not in going)
    went = [f"is on its way to {listed(going)}"] if going else []
    went += [f"stays kept for {listed(waits)}"] if waits else []
    answers = "\n".join(f"- {ask.replace('-', ' ').capitalize()}: {_in_line(text)}" for ask, text in because.answers)
    rows = tuple(dict.fromkeys(reason.text or reason.rule for reason in about.decision.reasons if reason.rule in override.lifts))
    lifted = "\n".join(("It was kept because:", *(f"- {row}" for row in rows))) if rows else ""
    where = ", ".join(text for text in (about.source, override.clause) if text)
    parts = (
        f"**An email from {sender} {' and '.join(went)}: the override {override.id} was used.**",
        f"{_in_line(because.by)} noted it: {_in_line(because.why)}",
        f"What was answered:\n{answers}",
        lifted,
        "What these rules require was not lifted: it travels as protected as before.",
        _table(about),
        f"The rule: {where}." if override.clause else "",
        _help(about),
    )
    return Letter(f"Override used: {override.id.replace('-', ' ')} (case {about.case})", _join(parts))


def ended(about: About, how: str, why: str = "") -> Letter:
    """The last word on a case that ends without its mail going: `how` is expired | refused | not-allowed."""
    title, then = {
        "expired": ("no answer came in time", "Nobody let it go in time, so we delete our copy."),
        "refused": ("it was refused", f"{about.decider or 'The person responsible'} decided that it may not go. We delete our copy."),
        "not-allowed": ("the rules do not allow it", "It was looked at again, and the rules do not let it go. We keep no copy for them."),
    }[how]
    parts = (
        f"**{about.which} has not gone to {listed(about.recipients)}, and it will not.**",
        then + (f" They said: {why}" if why else ""),
        _reasons(about) if how == "not-allowed" else "",
        "If it is still needed, send it again in a way that the rules allow.",
        _rule(about),
        _help(about),
    )
    return Letter(f"Not sent: {title} (case {about.case})", _join(parts))


# --- the frame ------------------------------------------------------------------------------------------------------------


def _to_how_many(about: About) -> str:
    total = max(about.total, len(about.recipients))
    return f" to {len(about.recipients)} of {total} people" if total > 1 else ""


def _opening(about: About) -> str:
    yet = "" if about.decision.verdict is Verdict.REFUSE else " yet"
    going = f" It is on its way to {'its' if about.author else 'your'} other {_people(about.going)}." if about.going else ""
    return f"**{about.which} has not gone to {listed(about.recipients)}{yet}.**{going}"


def _what_now(about: About) -> str:
    """Who is to do something, by when, and how the sender reaches them if it is urgent."""
    decision = about.decision
    if decision.verdict is Verdict.CONFIRM:
        by = (
            f" If you have not answered by {about.house.day(about.answer_by)}, {_inside(about.then or 'the postmaster')} decides."
            if about.answer_by
            else ""
        )
        return f"It waits for you. {_asked(decision)}: {_line(about.house)}, case {about.case}.{by}"
    if decision.verdict is Verdict.HOLD:
        after = f"; from then on {_inside(about.then)} decides" if about.then else ""
        by = f" They have until {about.house.day(about.answer_by)}{after}." if about.answer_by else ""
        urgent = f" Urgent? Ring {about.phone}, case {about.case}." if about.phone else ""
        return f"{about.decider or 'The postmaster'} decides whether it may go.{by} You hear either way.{urgent}"
    return ""


def _inside(name: str) -> str:
    """The name of somebody who decides, inside a sentence."""
    return f"the {name[4:]}" if name.startswith("The ") else name


def _asked(decision: Decision) -> str:
    declares = next((reason.declares for reason in decision.reasons if reason.declares), None)
    if decision.route is None:
        return "Tell us what you choose"  # nobody can let it go as it is: there is no way to send it
    if declares is None:
        return "Tell us whether it is to go as it is"
    return f"Tell us {'what it is for' if declares == 'purpose' else declares.replace('-', ' ')}"


def _keeping(about: About) -> str:
    until = about.house.day(about.keep_until)
    if about.decision.verdict is Verdict.REFUSE:
        return f"We keep a sealed copy until {until}, then delete it."
    return f"We keep it until {until}, then delete it and tell you."


def _would_pass(about: About) -> str:
    if not about.decision.would_pass_if:
        return ""
    head = "This would let it go:" if len(about.decision.would_pass_if) == 1 else "Any one of these would let it go:"
    return "\n".join((head, *(f"- {change}" for change in about.decision.would_pass_if)))


def _limits(about: About) -> str:
    """The methods that failed by size: what it weighs there, and what they take."""
    large = [tried for tried in about.decision.routes_tried if any(say in tried.why_not for say in _BY_SIZE)]
    if not large:
        return ""
    rows = ["Too big for:", *(f"- {tried.route.replace('-', ' ')}: {tried.why_not}" for tried in large)]
    if any(" as mail;" in row for row in rows):
        rows.append("Email adds about a third to every file on its way: that is why it weighs more as mail.")
    return "\n".join(rows)


def _rule(about: About) -> str:
    clause = _clause(about)
    return f"The rule: {', '.join(text for text in (about.source, clause) if text)}." if clause else ""


def _help(about: About) -> str:
    return f"Help: {_line(about.house)}." + (f" Say case {about.case}." if about.case else "")


def _title(told: Told, texts: Mapping[str, Guidance]) -> str:
    found = (texts.get(reason.guidance or "") for reason, _ in told.words)
    return next((text.title for text in found if text is not None), "a rule speaks of this email")


def _words(about: About, told: Told, texts: Mapping[str, Guidance]) -> tuple[str, ...]:
    """Each rule's text once; one that is not about everybody says of whom it speaks."""
    said: list[str] = []
    unknown = {} if about.case else {"keep_until": ""}
    for reason, recipients in told.words:
        values = values_of(replace(about, recipients=recipients, decision=replace(about.decision, reasons=(reason,)))) | unknown
        text = texts.get(reason.guidance or "")
        body = _fill(text.body, values) if text else reason.text
        said.append(f"To {listed(recipients)}:\n{body}" if body and recipients != told.recipients else body)
    return tuple(dict.fromkeys(said))


def _line(house: House) -> str:
    """Whom to ask, to stand in a sentence: operators may have ended theirs with a full stop."""
    return (house.help or house.postmaster).strip().rstrip(".")


def _clause(about: About) -> str:
    return next((reason.clause for reason in about.decision.reasons if reason.clause), "")


def _commands(case: str) -> str:
    who = "--by YOUR-NAME --why 'YOUR REASON'"
    hold = "outgate hold"
    return f"To see it: {hold} show {case}\nTo let it go: {hold} release {case} {who}\nTo refuse it: {hold} refuse {case} {who}"


# --- what was found -------------------------------------------------------------------------------------------------------


def values_of(about: About) -> dict[str, str]:
    """What the placeholders of a text stand for; "" what is not known."""
    return {
        "recipients": listed(about.recipients),
        "files": _table(about),
        "together": human(sum(file.octets for file in about.findings.outermost)) if about.findings and about.findings.outermost else "",
        "why": _why(about),
        "case": about.case,
        "keep_until": about.house.day(about.keep_until),
        "answer_by": about.house.day(about.answer_by) if about.answer_by else "",
        "decider": about.decider,
        "organisation": about.house.name,
        "help": _line(about.house),
        "would_pass": "\n".join(f"- {change}" for change in about.decision.would_pass_if),
        "clause": _clause(about),
        "pack_source": about.source,
    }


def _fill(body: str, values: Mapping[str, str]) -> str:
    """The text with its values; where one is not known, no hole is left."""
    filled = PLACEHOLDER.sub(lambda match: values[match[1]], body)
    return re.sub(r"\n{3,}", "\n\n", re.sub(r" +$", "", filled, flags=re.MULTILINE)).strip()


def _reasons(about: About) -> str:
    rows = tuple(dict.fromkeys(reason.text for reason in about.decision.reasons if reason.text))
    return "\n".join(f"- {row}" for row in rows)


def _table(about: About) -> str:
    """The outermost files with their sizes as the sender's computer shows them."""
    files = about.findings.outermost if about.findings else ()
    if not files:
        return ""
    rows = [f"- {_file(file)}: {human(file.octets)}" for file in files]
    if len(files) > 1:
        rows.append(f"- Together: {human(sum(file.octets for file in files))}")
    return "\n".join(("The files:" if len(files) > 1 else "The file:", *rows))


def _why(about: About) -> str:
    """What was found, as a sentence: "Report.docx is marked RESTRICTED (page 1 header)"."""
    said: list[str] = []
    for file in about.findings.files if about.findings else ():
        said += [f"{_file(file)} {_found(item, about)}" for item in file.evidence if item.kind is not EvidenceKind.UNMARKED]
    for item in about.findings.words if about.findings else ():
        said += [f"The email {_found(item, about)}"] if item.kind is not EvidenceKind.UNMARKED else []
    said = list(dict.fromkeys(said))
    more = [f"{len(said) - _MOST_NAMED} more findings are not listed"] if len(said) > _MOST_NAMED else []
    return ". ".join((*said[:_MOST_NAMED], *more)) + "." if said else ""


def _found(item: Evidence, about: About) -> str:
    name = about.names.get(item.id, item.id)
    where = f" ({_in_line(item.where)})" if item.where else ""
    match item.kind:
        case EvidenceKind.LABEL | EvidenceKind.MARKING:
            return f"is marked {name}{where}"
        case EvidenceKind.DETECTOR:
            return f"has {item.count} {_counted(about.names.get(item.id) or NAMES.get(item.id, item.id), item.count)}{where}"
        case EvidenceKind.UNREADABLE:
            return f"could not be read: {_READABLE_AS.get(item.id, name)}"
        case EvidenceKind.UNMARKED:
            return "is not marked"


def _counted(name: str, count: int) -> str:
    """`NHS numbers`, `dates of birth`, `e-mail addresses`."""
    if count == 1:
        return name
    if name.startswith("date of "):
        return f"dates of {name.removeprefix('date of ')}"
    return f"{name}es" if name.endswith("s") else f"{name}s"


def _file(file: FileFinding) -> str:
    return (_in_line(file.names[0]) if file.names else "") or "a file without a name"


def _in_line(text: str) -> str:
    """What the sender of the mail has written, as a few words: it must not begin a line of ours, nor turn one around."""
    shown = " ".join("".join([character if character.isprintable() else " " for character in text]).split())
    return shown if len(shown) <= _MOST_SHOWN else f"{shown[:_MOST_SHOWN]}..."


def listed(addresses: tuple[str, ...]) -> str:
    """Addresses in a sentence."""
    if len(addresses) > _MOST_NAMED:
        return f"{', '.join(addresses[:_MOST_NAMED])} and {len(addresses) - _MOST_NAMED} more"
    return " and ".join((", ".join(addresses[:-1]), addresses[-1])) if len(addresses) > 1 else "".join(addresses)


def _people(count: int) -> str:
    return "recipient" if count == 1 else f"{count} recipients"


def _join(parts: tuple[str, ...]) -> str:
    return "\n\n".join(part for part in parts if part) + "\n"
