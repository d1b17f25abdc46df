"""Letters about mail that has gone, or could not: what rules have to say of it, and reports of delivery. Pure. Nothing is kept."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from gateway.model.outcome import Reply
from gateway.policy.guidance import Guidance, House
from gateway.policy.wording import (
    About,
    Letter,
    Told,
    help_at,
    help_line,
    join,
    listed,
    people,
    quoted,
    words_of,
)

TAKEN_BACK = (
    "The links to its files were taken back before it reached them, so neither it nor its files go to them any other way. "
    "If they should have them after all, send the email again as a new one."
)

ENDED = (
    "The links to its files had ended before it could be sent, so it would have brought nothing that can be opened. "
    "If they should still have the files, send the email again as a new one."
)


def advised(about: About, told: Told, texts: Mapping[str, Guidance]) -> Letter:
    """To the sender of mail that has gone: what rules have to say of it. Nothing is kept, so there is no case."""
    gone, waiting = ([one for one in told.recipients if (one in told.waiting) is waits] for waits in (False, True))
    went = [f"has gone to {listed(tuple(gone))}"] if gone else []
    went += [f"is on its way to {listed(tuple(waiting))}"] if waiting else []
    opening = f"{about.which} {' and '.join(went)}."
    return Letter(
        f"{'Sent' if gone else 'On its way'}: {_title(told, texts)}", join((opening, *words_of(about, told, texts), help_line(about)))
    )


def to_told(about: About, told: Told, sender: str, texts: Mapping[str, Guidance]) -> Letter:
    """To the person whom a rule names, about mail that has gone or, with a case, was kept."""
    email = f"An email from {sender} to {listed(told.recipients)}"
    state, went = ("Not sent", "has not gone") if told.kept else ("On its way", "is on its way") if told.waiting else ("Sent", "has gone")
    subject = f"{state}: {_title(told, texts)}" + (f" (case {about.case})" if about.case else "")
    return Letter(subject, join((f"{email} {went}.", *words_of(about, told, texts), help_line(about))))


def undelivered(
    house: House,
    failed: tuple[tuple[str, Reply], ...],
    delivered: int,
    sent_at: datetime | None,
    case: str = "",
    *,
    subject: str = "",
    gave_up: bool = False,
) -> Letter:
    """The words of a DSN about recipients whose own mail system refused, or (`gave_up`) did not take it for days."""
    rows = "\n".join(f"- {address}: their mail system answered: {reply}" for address, reply in failed)
    addresses = tuple(address for address, _ in failed)
    went = f" It has gone to your other {people(delivered)}." if delivered else ""
    which = _which(house, subject, sent_at)
    why = "their mail system did not take it in five days" if gave_up else "their mail system refused it"
    tail = f" (case {case})" if case else ""
    parts = (
        f"{which} has not gone to {listed(addresses)}.{went}",
        rows,
        "Check the address for a slip. If it is right, ask the person another way: only their mail system can tell more.",
        f"Help: {help_at(house)}." + (f" Say case {case}." if case else ""),
    )
    whom = addresses[0] if len(addresses) == 1 else people(len(addresses))
    return Letter(f"Not sent to {whom}: {why}{tail}", join(parts))


def link_over(house: House, recipients: tuple[str, ...], case: str = "", subject: str = "", *, taken_back: bool) -> Letter:
    """The words of a DSN about a copy in our outbox whose link is over: somebody has taken it back, or it has ended by itself."""
    why = "were taken back" if taken_back else "had ended"
    parts = (
        f"{_which(house, subject, None)} is not sent to {listed(recipients)}.",
        TAKEN_BACK if taken_back else ENDED,
        f"Help: {help_at(house)}." + (f" Say case {case}." if case else ""),
    )
    whom = recipients[0] if len(recipients) == 1 else people(len(recipients))
    return Letter(f"Not sent to {whom}: the links to its files {why}" + (f" (case {case})" if case else ""), join(parts))


def delayed(house: House, waiting: tuple[tuple[str, Reply], ...], until: datetime, case: str = "", subject: str = "") -> Letter:
    """The words of a DSN about mail in our outbox that no next hop has taken for hours."""
    addresses = tuple(address for address, _ in waiting)
    rows = "\n".join(f"- {address}: the next mail system answered: {reply}" for address, reply in waiting)
    tail = f" (case {case})" if case else ""
    parts = (
        f"{_which(house, subject, None)} has not gone to {listed(addresses)} yet.",
        rows,
        f"We go on trying until {house.day(until)}, and tell you if it has not gone by then. You need not send it again.",
        f"Help: {help_at(house)}." + (f" Say case {case}." if case else ""),
    )
    whom = addresses[0] if len(addresses) == 1 else people(len(addresses))
    return Letter(f"Not sent yet to {whom}: the next mail system has not taken it{tail}", join(parts))


def relayed(house: House, recipients: tuple[str, ...], sent_at: datetime | None, subject: str = "") -> Letter:
    """The words of a DSN for a sender who asked to be told of success, about recipients whose mail system cannot be asked to tell."""
    which = _which(house, subject, sent_at)
    parts = (
        f"{which} has gone on to the mail system of {listed(recipients)}.",
        "You asked to hear when it is delivered. That mail system cannot tell us, so this is the last you hear of it unless it fails.",
    )
    whom = recipients[0] if len(recipients) == 1 else people(len(recipients))
    return Letter(f"Sent on to {whom}: their mail system does not confirm delivery", join(parts))


def _which(house: House, subject: str, sent_at: datetime | None) -> str:
    return f"Your email{quoted(subject)}" + (f" of {house.clock(sent_at)}" if sent_at is not None else "")


def _title(told: Told, texts: Mapping[str, Guidance]) -> str:
    found = (texts.get(reason.guidance or "") for reason, _ in told.words)
    return next((text.title for text in found if text is not None), "a rule speaks of this email")
