"""Letters about mail that is kept or refused, to its sender and to the person who decides: the pack's texts, in a frame. Pure.

Every letter begins with whether the email was sent and to whom, then why, then what to do. One case number, in subject and text; no blame,
no jargon, works read aloud. File names stand only in what the sender and the person who decides get.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from gateway.model.decision import Decision, Verdict
from gateway.model.kept import Because
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
    is_stuck,
    join,
    listed,
    people,
    reasons_of,
    rule_line,
    table,
    values_of,
    why,
    words_of,
)

_SHOULD_IT_WAIT = "If the next mail system does not take it, we try again for five days, and tell you that it waits."
_BY_SIZE = (" takes ", " takes, and assume ")  # how routes say that something is too large (routes.py)


def to_sender(about: About, texts: Mapping[str, Guidance]) -> Letter:
    """The notice to the sender of a message that is kept or refused."""
    found = text_for(about.decision, texts)
    refused = about.decision.verdict is Verdict.REFUSE
    title = found.title if found else "the rules stopped it" if refused else "it needs to be checked first"
    body = fill(found.body, values_of(about)) if found else reasons_of(about)
    parts = (
        _opening(about),
        body,
        "" if found and "{why}" in found.body else why(about),
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
        f"An email from {sender} has not gone to {listed(about.recipients)}. It waits for your decision.{by}",
        f"Why: {found.title}." if found else "",
        reasons_of(about),
        why(about),
        table(about),
        _limits(about) if is_stuck(about.decision) else "",
        _would_pass(about) if is_stuck(about.decision) else "",
        _commands(about),
        f"We keep it until {about.house.day(about.keep_until)}, then delete it, and the sender is told.",
        rule_line(about),
    )
    return Letter(f"For your decision: an email that is kept (case {about.case})", join(parts))


def let_go(
    about: About, told: Told | None = None, texts: Mapping[str, Guidance] = MappingProxyType({}), links: tuple[str, ...] = ()
) -> Letter:
    """To the sender, when mail that was kept goes after all, with what rules have to `told` them of it, and what is said of its links."""
    parts = (
        f"{about.which_then} is on its way to {listed(about.recipients)}.",
        f"It was kept, and has now been let go. {_SHOULD_IT_WAIT} You need do nothing.",
        *links,
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
        f"An email from {sender} {' and '.join(went)}: the override {override.id} was used.",
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
        f"{about.which_then} has not gone to {listed(about.recipients)}, and it will not.",
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
    return f"{about.which} has not gone to {listed(about.recipients)}{yet}.{_others(about)}"


def _others(about: About) -> str:
    """What becomes of the other copies. Whoever reads for a system learns how many: who they are is not theirs to know."""
    going, stopped = about.others.going, about.others.stopped
    if about.author:
        whom = f"{len(going)} of its other recipients" if stopped else f"its other {people(len(going))}"
        return f" It is on its way to {whom}." if going else ""
    said = f" It is on its way to {listed(going)}." if going else ""
    return said + (f" It has not gone to {listed(stopped)} either: another notice tells you why." if stopped else "")


def _what_now(about: About) -> str:
    """Who is to do something, by when, and how the sender reaches them if it is urgent."""
    decision = about.decision
    if decision.verdict is Verdict.CONFIRM:
        by = (
            f" If you have not answered by {about.house.day(about.answer_by)}, {_inside(about.then or 'the postmaster')} decides."
            if about.answer_by
            else ""
        )
        if is_stuck(decision):
            ways = "send it again, changed in one of the ways above" if decision.would_pass_if else "we know of no small change that helps"
            return f"Nobody can let it go as it is: {ways}; where a word from you is enough, tell us."
        return f"It waits for you. {_asked(decision)}: {help_at(about.house)}, case {about.case}.{by}"
    if decision.verdict is Verdict.HOLD:
        # Out of hours they may be asked already.
        after = f"; from then on {_inside(about.then)} decides" if about.then and about.then != about.decider else ""
        by = f" They have until {about.house.day(about.answer_by)}{after}." if about.answer_by else ""
        by = f" They are there {about.hours}.{by}" if about.hours else by
        urgent = f" Urgent? Ring {about.phone}, case {about.case}." if about.phone else ""
        return f"{about.decider or 'The postmaster'} decides whether it may go.{by} You hear either way.{urgent}"
    return ""


def _inside(name: str) -> str:
    """The name of somebody who decides, inside a sentence."""
    return f"the {name[4:]}" if name.startswith("The ") else name


def _asked(decision: Decision) -> str:
    declares = next((reason.declares for reason in decision.reasons if reason.declares), None)
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
    """What failed by size: what it weighs, and what is taken. Whose limit it is, a person says; the method is named where it is its own."""
    large = [tried for tried in about.decision.routes_tried if any(say in tried.why_not for say in _BY_SIZE)]
    if not large:
        return ""
    rows = [tried.why_not.replace("; it takes ", f"; the method {tried.route.replace('-', ' ')} takes ") for tried in large]
    lines = ["It is too big:", *(f"- {row}" for row in dict.fromkeys(rows))]
    if any(" as mail;" in row for row in rows):
        lines.append("Email adds about a third to every file on its way: that is why it weighs more as mail.")
    return "\n".join(lines)


def _commands(about: About) -> str:
    """How to decide. Who has only the mailbox is told whom to ask; that a refusal is quoted stands where it is written."""
    house, case = about.house, about.case
    who = "--by 'YOUR NAME' --why 'YOUR REASON'"
    lines = [
        f"To decide, run one of these where the gateway runs, or ask {house.postmaster} to run it for you with your name and reason.",
        f"To see all we know: {house.command(f'hold show {case}')}",
        f"To read the email itself: {house.command(f'hold show {case} --message FILE {who}')}",
    ]
    if is_stuck(about.decision):
        lines.append("Nobody can let it go as it is. What a file really is can be corrected, and it is decided again:")
        lines.append(house.command(f"hold declare {case} --classification FILE=LEVEL --as ROLE {who}"))
    else:
        lines.append(f"To let it go: {house.command(f'hold release {case} {who}')}")
    lines += [
        f"To refuse it: {house.command(f'hold refuse {case} {who}')}",
        "Your name and reason are recorded. The reason for a refusal is told to the sender, word for word.",
    ]
    return "\n".join(lines)
