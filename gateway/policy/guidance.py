"""What the gateway says to people: the pack's texts, filled with what happened. Pure.

A text lives beside the rules: `rules/<pack>/guidance/<id>.<lang>.md`, front matter, then paragraphs of plain Markdown. The pack says why
and what to do; the frame around it (sent or not and to whom, how long it is kept, who helps, the case number) is the same for every text
and stands here.
How good the words must be: no blame, no jargon, one case number, works read aloud (DESIGN section 1.6).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, tzinfo
from functools import lru_cache
from typing import TYPE_CHECKING

from gateway.errors import BadPack, Problem
from gateway.mime.sizes import human
from gateway.model.decision import Decision, Verdict
from gateway.model.envelope import Address
from gateway.model.finding import Evidence, EvidenceKind, FileFinding, Findings
from gateway.model.outcome import Reply

if TYPE_CHECKING:
    from gateway.policy.rules import Policy  # rules are loaded by parse_pack, which checks texts with this module

PLACEHOLDERS = frozenset(
    "recipients files together why case keep_until answer_by decider organisation help would_pass clause pack_source".split()  # noqa: SIM905
)
_FIELDS = frozenset({"title", "status", "reply"})
_PLACEHOLDER = re.compile(r"\{(\w*)\}")
_STATUS = re.compile(r"[45]\.\d{1,3}\.\d{1,3}")
MAX_REPLY = 400  # octets of an SMTP reply's text; the line stays under 512 (RFC 5321 section 4.5.3.1.5)


@dataclass(frozen=True, slots=True)
class House:
    """Who speaks: the organisation, as notices and DSNs name it."""

    name: str
    domains: frozenset[str]  # U-labels, lower-case
    postmaster: str
    hostname: str
    help: str = ""
    help_url: str = ""
    sender: str = ""  # From of notices
    notices_hop: str = ""  # which next hop carries them
    timezone: tzinfo | None = None

    def is_ours(self, address: Address) -> bool:
        """Whether a reverse-path is in the organisation's domains (DESIGN section 6)."""
        return address.domain in self.domains

    def clock(self, at: datetime) -> str:
        """14:06, as the clock on the sender's wall shows it."""
        return at.astimezone(self.timezone).strftime("%H:%M")

    def day(self, at: datetime) -> str:
        """Thursday 26 November, 14:06."""
        local = at.astimezone(self.timezone)
        return f"{local:%A} {local.day} {local:%B}, {local:%H:%M}"


@dataclass(frozen=True, slots=True)
class Guidance:
    """One text of a pack in one language."""

    id: str
    lang: str
    title: str  # goes into the subject: "files too big for encrypted email"
    status: str  # enhanced status code of a refusal
    reply: str  # the short form in the Diagnostic-Code and the SMTP reply; placeholders allowed
    body: str


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
    refused: tuple[str, ...]  # addresses this letter is about
    others: int  # recipients of the same mail that this letter is not about
    findings: Findings | None
    case: str
    sent_at: datetime
    keep_until: datetime
    answer_by: datetime | None = None
    decider: str = ""  # as a person reads it: "Information Governance"
    source: str = ""  # of the pack
    names: Mapping[str, str] = field(default_factory=dict)  # evidence id → words for it


def parse_guidance(file: str, data: bytes) -> Guidance:
    """One text file to Guidance.

    Raises:
        BadPack: no front matter, an unknown field or placeholder, with its line.
    """
    match = re.fullmatch(r"(?:.*/)?([a-z0-9][a-z0-9-]*)\.([a-z]{2}(?:-[a-z]{2})?)\.md", file)
    if match is None:
        raise BadPack((Problem(file, 0, 0, "a text is named <id>.<language>.md, for example too-large.en.md"),))
    text = data.decode("utf-8", "replace").replace("\r\n", "\n")
    front = re.match(r"---\n(.*?\n)---\n", text, re.DOTALL)
    if front is None:
        raise BadPack((Problem(file, 1, 1, "begins with front matter: a line ---, then title: and status:, then a line ---"),))
    fields: dict[str, str] = {}
    problems: list[Problem] = []
    for number, line in enumerate(front[1].splitlines(), 2):
        name, colon, value = line.partition(":")
        if not line.strip():
            continue
        if not colon or name.strip() not in _FIELDS:
            problems.append(Problem(file, number, 1, f"unknown field `{name.strip()}`; there are: {', '.join(sorted(_FIELDS))}"))
        fields[name.strip()] = value.strip().strip('"')
    body = text[front.end() :].strip()
    problems += _placeholder_problems(file, text)
    if not fields.get("title"):
        problems.append(Problem(file, 2, 1, "needs a `title:`; it becomes part of the subject"))
    if not body:
        problems.append(Problem(file, front[0].count("\n") + 1, 1, "has no text below the front matter"))
    if not _STATUS.fullmatch(fields.get("status", "5.7.1")):
        problems.append(Problem(file, 2, 1, f"`{fields['status']}` is no enhanced status code; write 5.7.1 (RFC 3463)"))
    if problems:
        raise BadPack(tuple(problems))
    title = fields["title"]
    return Guidance(match[1], match[2], title, fields.get("status", "5.7.1"), fields.get("reply", title), body)


@lru_cache(maxsize=16)
def texts_of(policy: Policy, lang: str = "en") -> Mapping[str, Guidance]:
    """Every text of a loaded pack in one language. A pack that loads has only texts that parse."""
    found = (parse_guidance(name, data) for name, data in policy.guidance_files.items())
    return {text.id: text for text in found if text.lang == lang}


def smtp_reply(decision: Decision, texts: Mapping[str, Guidance], case: str | None = None) -> Reply:
    """The 5yz reply of a refusal: ASCII, one line, without "kept" and choices; also the Diagnostic-Code, then with the case."""
    text = next((texts[id_] for id_ in decision.guidance if id_ in texts), None)
    why = (
        text.reply
        if text
        else next((reason.text for reason in decision.reasons if reason.text), "not allowed by the organisation's policy")
    )
    words = f"Not sent to {decision.recipient}: {_PLACEHOLDER.sub('', why)}"
    ascii_words = " ".join(words.encode("ascii", "replace").decode("ascii").split())
    tail = f" (case {case})" if case else ""
    return Reply(550, text.status if text else "5.7.1", ascii_words[: MAX_REPLY - len(tail)] + tail)


def to_sender(about: About, texts: Mapping[str, Guidance]) -> Letter:
    """The notice to the sender of a message that is kept or refused."""
    found = next((texts[id_] for id_ in about.decision.guidance if id_ in texts), None)
    total = len(about.refused) + about.others
    sent = "Not sent" if about.decision.verdict is Verdict.REFUSE else "Not sent yet"
    whom = f" to {len(about.refused)} of {total} people" if total > 1 else ""
    title = found.title if found else "your organisation's rules stopped it"
    body = _fill(found.body, about) if found else _reasons(about)
    parts = (_opening(about), body, _table(about) if found is None or "{files}" not in found.body else "", *_endings(about))
    return Letter(f"{sent}{whom}: {title} (case {about.case})", _join(parts))


def to_decider(about: About, sender: str, texts: Mapping[str, Guidance]) -> Letter:
    """The notice to the person who decides. It names no content beyond file names and what was found in them."""
    found = next((texts[id_] for id_ in about.decision.guidance if id_ in texts), None)
    by = f" Please answer by {about.house.day(about.answer_by)}." if about.answer_by else ""
    parts = (
        f"**An email from {sender} to {_listed(about.refused)} waits for your decision.**{by}",
        f"Why: {found.title}." if found else "",
        _reasons(about),
        _table(about),
        _commands(about.case),
        f"It is kept until {about.house.day(about.keep_until)}, then deleted, and the sender is told.",
    )
    return Letter(f"For your decision: an email that is kept (case {about.case})", _join(parts))


def _commands(case: str) -> str:
    who = "--by YOUR-NAME --why 'YOUR REASON'"
    hold = "outgate hold"
    return f"To see it: {hold} show {case}\nTo let it go: {hold} release {case} {who}\nTo refuse it: {hold} refuse {case} {who}"


def undelivered(house: House, failed: tuple[tuple[str, Reply], ...], others: int, sent_at: datetime) -> Letter:
    """The words of a DSN about recipients whose own server refused."""
    rows = "\n".join(f"- {address}: their mail system answered: {reply}" for address, reply in failed)
    went = f" It has gone to your other {_people(others)}." if others else ""
    return Letter(
        f"Not sent to {_listed(tuple(address for address, _ in failed))}: their mail system refused it",
        _join(
            (
                f"**Your email of {house.clock(sent_at)} has not gone to {_listed(tuple(address for address, _ in failed))}.**{went}",
                rows,
                "Check the address for a slip. If it is right, ask the person another way: only their mail system can tell more.",
                f"Help: {house.help}" if house.help else "",
            )
        ),
    )


def ended(about: About, how: str, why: str = "") -> Letter:
    """The last word on a case: `how` is expired | refused."""
    first = f"**Your email of {about.house.clock(about.sent_at)} has not gone to {_listed(about.refused)}, and it will not.**"
    then = {
        "expired": "Nobody let it go in time, so we have deleted our copy.",
        "refused": f"{about.decider or 'The person responsible'} decided that it may not go. We have deleted our copy.",
    }[how]
    parts = (
        first,
        then + (f" They said: {why}" if why else ""),
        "If it is still needed, send it again in a way that the rules allow.",
        *_endings(about)[1:],
    )
    return Letter(f"Not sent: {'no answer came in time' if how == 'expired' else 'it was refused'} (case {about.case})", _join(parts))


# --- the frame ------------------------------------------------------------------------------------------------------------


def _opening(about: About) -> str:
    yet = "" if about.decision.verdict is Verdict.REFUSE else " yet"
    others = f" It is on its way to your other {_people(about.others)}." if about.others else ""
    return f"**Your email of {about.house.clock(about.sent_at)} has not gone to {_listed(about.refused)}{yet}.**{others}"


def _endings(about: About) -> tuple[str, ...]:
    decision = about.decision
    waits = ""
    if decision.verdict is Verdict.HOLD:
        by = f" They have until {about.house.day(about.answer_by)}." if about.answer_by else ""
        waits = f"{about.decider or 'The postmaster'} decides whether it may go.{by} You hear either way."
    kept = f"We keep it until {about.house.day(about.keep_until)}, then delete it" + (
        "." if decision.verdict is Verdict.REFUSE else " and tell you."
    )
    pass_if = "It would pass:\n" + "\n".join(f"- {change}" for change in decision.would_pass_if) if decision.would_pass_if else ""
    clause = next((reason.clause for reason in decision.reasons if reason.clause), "")
    rule = f"The rule: {about.source}, {clause}." if clause and about.source else ""
    help_ = (
        f"Help: {about.house.help} Say case {about.case}."
        if about.house.help
        else f"Help: {about.house.postmaster}. Say case {about.case}."
    )
    return (f"{waits} {kept}".strip(), pass_if, rule, help_)


def _reasons(about: About) -> str:
    rows = tuple(dict.fromkeys(reason.text for reason in about.decision.reasons if reason.text))
    return "\n".join(f"- {row}" for row in rows)


def _table(about: About) -> str:
    """The outermost files with their sizes; for the sender's and the decider's eyes only."""
    files = about.findings.outermost if about.findings else ()
    if not files:
        return ""
    rows = [f"- {_file(file)}, {human(file.octets)}" for file in files]
    if len(files) > 1:
        rows.append(f"- Together {human(sum(file.octets for file in files))}")
    return "Files:\n" + "\n".join(rows)


def _fill(body: str, about: About) -> str:
    decision = about.decision
    clause = next((reason.clause for reason in decision.reasons if reason.clause), "")
    values = {
        "recipients": _listed(about.refused),
        "files": _table(about),
        "together": human(sum(file.octets for file in about.findings.outermost)) if about.findings else "",
        "why": _why(about),
        "case": about.case,
        "keep_until": about.house.day(about.keep_until),
        "answer_by": about.house.day(about.answer_by) if about.answer_by else "",
        "decider": about.decider,
        "organisation": about.house.name,
        "help": about.house.help or about.house.postmaster,
        "would_pass": "\n".join(f"- {change}" for change in decision.would_pass_if),
        "clause": clause,
        "pack_source": about.source,
    }
    return _PLACEHOLDER.sub(lambda match: values.get(match[1], ""), body)


def _why(about: About) -> str:
    """What was found, as a sentence: "Report.docx is marked RESTRICTED (page 1 header)"."""
    said: list[str] = []
    for file in about.findings.files if about.findings else ():
        said += [f"{_file(file)} {_found(item, about)}" for item in file.evidence if item.kind is not EvidenceKind.UNMARKED]
    said += [
        f"Your email {_found(item, about)}"
        for item in (about.findings.words if about.findings else ())
        if item.kind is not EvidenceKind.UNMARKED
    ]
    return ". ".join(dict.fromkeys(said)) + "." if said else ""


def _found(item: Evidence, about: About) -> str:
    name = about.names.get(item.id, item.id)
    where = f" ({item.where})" if item.where else ""
    match item.kind:
        case EvidenceKind.LABEL | EvidenceKind.MARKING:
            return f"is marked {name}{where}"
        case EvidenceKind.DETECTOR:
            return f"has {item.count} {name}{where}"
        case EvidenceKind.UNREADABLE:
            return f"could not be read ({name})"
        case EvidenceKind.UNMARKED:
            return "is not marked"


def _file(file: FileFinding) -> str:
    return file.names[0] if file.names else "a file without a name"


def _listed(addresses: tuple[str, ...], most: int = 10) -> str:
    if len(addresses) > most:
        return f"{', '.join(addresses[:most])} and {len(addresses) - most} more"
    return " and ".join((", ".join(addresses[:-1]), addresses[-1])) if len(addresses) > 1 else "".join(addresses)


def _people(count: int) -> str:
    return "recipient" if count == 1 else f"{count} recipients"


def _join(parts: tuple[str, ...]) -> str:
    return "\n\n".join(part for part in parts if part) + "\n"


def _placeholder_problems(file: str, text: str) -> list[Problem]:
    return [
        Problem(file, number, match.start() + 1, f"unknown placeholder `{match[0]}`; there are: {', '.join(sorted(PLACEHOLDERS))}")
        for number, line in enumerate(text.splitlines(), 1)
        for match in _PLACEHOLDER.finditer(line)
        if match[1] not in PLACEHOLDERS
    ]
