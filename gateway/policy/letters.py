"""Letters about mail that is kept or refused, to its sender and to the person who decides: the pack's texts, in a frame. Pure.

Every letter begins with whether the email was sent and to whom, then why, then what to do. One case number, in subject and text; no blame,
no jargon, works read aloud. File names stand only in what the sender and the person who decides get.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from gateway.model.decision import Decision, Verdict
from gateway.policy.guidance import Guidance, text_for
from gateway.policy.rules import Override
from gateway.policy.wording import (
    About,
    Letter,
    Told,
    fill,
    help_at,
    help_line,
    in_line,
    join,
    listed,
    people,
    reasons_of,
    rule_line,
    table,
    values_of,
    words_of,
)
from gateway.ports import Because

_BY_SIZE = (" takes ", " takes; assumed ")  # how routes say that something is too large (routes.py)


def to_sender(about: About, texts: Mapping[str, Guidance]) -> Letter:
    """The notice to the sender of a message that is kept or refused."""
    found = text_for(about.decision, texts)
    refused = about.decision.verdict is Verdict.REFUSE
    title = found.title if found else "the rules stopped it" if refused else "it needs to be checked first"
    body = fill(found.body, values_of(about)) if found else reasons_of(about)
    parts = (
        _opening(about),
        body,
        "" if found and "{files}" in found.body else table(about),
        _limits(about),
        "" if found and "{would_pass}" in found.body else _would_pass(about),
        _what_now(about),
        _keeping(about),
        rule_line(about),
        help_line(about),
    )
    return Letter(f"{'Not sent' if refused else 'Not sent yet'}{_to_how_many(about)}: {title} (case {about.case})", join(parts))


def to_decider(about: About, sender: str, texts: Mapping[str, Guidance]) -> Letter:
    """The notice to the person who decides. Of the content it tells file names and what was found in them."""
    found = text_for(about.decision, texts)
    by = f" Please answer by {about.house.day(about.answer_by)}." if about.answer_by else ""
    parts = (
        f"**An email from {sender} has not gone to {listed(about.recipients)}. It waits for your decision.**{by}",
        f"Why: {found.title}." if found else "",
        reasons_of(about),
        values_of(about)["why"],
        table(about),
        _commands(about.case),
        f"We keep it until {about.house.day(about.keep_until)}, then delete it, and the sender is told.",
        rule_line(about),
    )
    return Letter(f"For your decision: an email that is kept (case {about.case})", join(parts))


def let_go(about: About, told: Told | None = None, texts: Mapping[str, Guidance] = MappingProxyType({})) -> Letter:
    """To the sender, when mail that was kept goes after all, with what rules have to `told` them of it."""
    parts = (
        f"**{about.which} is on its way to {listed(about.recipients)}.**",
        "It was kept, and has now been let go. You need do nothing. You hear from us again only if it does not arrive.",
        *(words_of(about, told, texts) if told is not None else ()),
        help_line(about),
    )
    whose = "an" if about.author else "your"
    return Letter(f"On its way: {whose} email that was kept (case {about.case})", join(parts))


def overridden(about: About, override: Override, because: Because, sender: str, going: tuple[str, ...]) -> Letter:
    """To whom a pack names: an override was used, by whom, and what they answered. `going`: who gets the mail because of it."""
    waits = tuple(address for address in about.recipients if address not in going)
    went = [f"is on its way to {listed(going)}"] if going else []
    went += [f"stays kept for {listed(waits)}"] if waits else []
    answers = "\n".join(f"- {ask.replace('-', ' ').capitalize()}: {in_line(text)}" for ask, text in because.answers)
    rows = tuple(dict.fromkeys(reason.text or reason.rule for reason in about.decision.reasons if reason.rule in override.lifts))
    lifted = "\n".join(("It was kept because:", *(f"- {row}" for row in rows))) if rows else ""
    where = ", ".join(text for text in (about.source, override.clause) if text)
    parts = (
        f"**An email from {sender} {' and '.join(went)}: the override {override.id} was used.**",
        f"{in_line(because.by)} noted it: {in_line(because.why)}",
        f"What was answered:\n{answers}",
        lifted,
        "What these rules require was not lifted: it travels as protected as before.",
        table(about),
        f"The rule: {where}." if override.clause else "",
        help_line(about),
    )
    return Letter(f"Override used: {override.id.replace('-', ' ')} (case {about.case})", join(parts))


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
        reasons_of(about) if how == "not-allowed" else "",
        "If it is still needed, send it again in a way that the rules allow.",
        rule_line(about),
        help_line(about),
    )
    return Letter(f"Not sent: {title} (case {about.case})", join(parts))


# --- the frame ------------------------------------------------------------------------------------------------------------


def _to_how_many(about: About) -> str:
    total = max(about.total, len(about.recipients))
    return f" to {len(about.recipients)} of {total} people" if total > 1 else ""


def _opening(about: About) -> str:
    yet = "" if about.decision.verdict is Verdict.REFUSE else " yet"
    going = f" It is on its way to {'its' if about.author else 'your'} other {people(about.going)}." if about.going else ""
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
        return f"It waits for you. {_asked(decision)}: {help_at(about.house)}, case {about.case}.{by}"
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


def _commands(case: str) -> str:
    who = "--by YOUR-NAME --why 'YOUR REASON'"
    hold = "outgate hold"
    return f"To see it: {hold} show {case}\nTo let it go: {hold} release {case} {who}\nTo refuse it: {hold} refuse {case} {who}"
