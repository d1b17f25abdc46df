"""A case as people and programs read it: its state, its history, how its copies fare. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from gateway.app.share_words import in_short
from gateway.edges.audit import Event
from gateway.model.decision import Decision
from gateway.model.facts import Declared
from gateway.model.kept import Held, Intent, ToSend
from gateway.model.share import Share
from gateway.policy.guidance import House

_STATES = {"refused": "refused by the rules", "ended": "refused by a person", "expired": "ended without an answer"}
_ASKED = {"release": "let it go", "refuse": "refused it", "redecide": "had it decided again", "declare": "noted what was said of it"}
_COPIES = {"hold.handed_over": "handed over to", "hold.not_taken": "not taken, for good, by"}
_BY_ITSELF = "time"  # Because.by of what nobody asked for


@dataclass(frozen=True, slots=True)
class Case:
    """What the database knows of one."""

    held: Held
    copies: tuple[ToSend, ...] = ()  # of what was released, those that no next hop has taken yet
    wishes: tuple[Intent, ...] = ()
    events: tuple[Event, ...] = ()
    shares: tuple[Share, ...] = ()  # what the same message left behind for others

    @property
    def state(self) -> str:
        """In words: "released, waiting for next hop encrypted (attempt 1: 451 4.4.1 ...)"."""
        return ", ".join((self._word, *dict.fromkeys(_waits(row) for row in self.copies)))

    @property
    def state_in_short(self) -> str:
        """The same for a column: "released, waiting (attempt 1)"."""
        waiting = max((row.attempts for row in self.copies), default=None)
        return self._word if waiting is None else f"{self._word}, waiting (attempt {waiting})"

    @property
    def _word(self) -> str:
        return _STATES.get(self.held.state, self.held.state)


@dataclass(frozen=True, slots=True)
class Happened:
    """One thing that happened to a case."""

    at: datetime
    what: str
    by: str = ""
    why: str = ""
    said: tuple[str, ...] = ()  # what was declared and answered
    result: str = ""


def history(case: Case) -> tuple[Happened, ...]:
    """Who did what, when and why; what happened by itself; how the copies fared. The oldest first."""
    asked = [_asked(wish) for wish in case.wishes]
    return tuple(sorted((*asked, *_by_itself(case.events), *_copies(case.events)), key=lambda one: one.at))


def of_copies(waiting: Iterable[ToSend], events: Iterable[Event], house: House) -> Iterator[str]:
    """How copies of released mail fare, a sentence each."""
    yield from (one.what for one in _copies(events))
    for row in waiting:
        yield _waits(row) + (f"; it is tried again until {house.moment(row.expires_at)}" if row.expires_at else "")


def as_text(case: Case, house: House) -> str:
    """In full."""
    held, when = case.held, house.moment
    lines = [
        f"Case      {held.case}: {case.state}",
        f"From      {held.envelope.reverse_path.wire or '(a bounce)'}",
        f"To        {', '.join(recipient.address.wire for recipient in held.envelope.recipients)}",
        f"Kept      {when(held.kept_at)}" + (f", until {when(held.keep_until)}" if held.state in ("open", "refused") else ""),
        *_decides(held, house),
        f"Verdict   {held.decision.verdict.word}",
        f"Policy    {held.pack} {held.pack_version[:19]}",
        f"Message   {held.message_id} by [listen.{held.listener}]",
        *(f"Share     {in_short(one, house)}: {house.command(f'share show {one.id}')}" for one in case.shares),
        "Reasons",
        *(f"  {row}" for row in _reasons(held.decision)),
        *(f"Declared  {_declared(said)}" for said in held.declared),
    ]
    if held.state == "open":
        lines += [f"Asked     {house.command(f'hold declare {held.case} {word} --by NAME --why TEXT')}" for word in _options(held.decision)]
    if held.decision.routes_tried:
        lines += ["Routes tried", *(f"  {tried.route}: {tried.why_not}" for tried in held.decision.routes_tried)]
    if held.decision.would_pass_if:
        lines += ["It would pass", *(f"  {change}" for change in held.decision.would_pass_if)]
    return "\n".join((*lines, "History", *_history(case, house)))


def as_json(case: Case) -> dict[str, object]:
    """For programs; `history` only of a case that was asked for by itself."""
    held = case.held
    found: dict[str, object] = {
        "case": held.case,
        "state": held.state,
        "verdict": held.decision.verdict.word,
        "kept_at": held.kept_at.isoformat(),
        "answer_by": held.answer_by.isoformat() if held.answer_by else None,
        "keep_until": held.keep_until.isoformat(),
        "held_for": held.held_for,
        "sender": held.envelope.reverse_path.wire,
        "recipients": [recipient.address.wire for recipient in held.envelope.recipients],
        "message_id": held.message_id,
        "pack": held.pack,
        "pack_version": held.pack_version,
        "declared": [{"what": said.what, "value": said.value, "by": said.by, "about": said.about} for said in held.declared],
        "reasons": [{"rule": reason.rule, "effect": reason.effect, "text": reason.text} for reason in held.decision.reasons],
        "ended_at": held.ended_at.isoformat() if held.ended_at else None,
        "ended_by": held.ended_by,
        "ended_why": held.ended_why,
        "shares": [one.id for one in case.shares],
        "waiting": [
            {"recipients": [one.address.wire for one in row.recipients], "next_hop": row.next_hop, "attempts": row.attempts, "why": row.why}
            for row in case.copies
        ],
    }
    if case.events:
        found["history"] = [
            {"at": one.at.isoformat(), "what": one.what, "by": one.by, "why": one.why, "said": list(one.said), "result": one.result}
            for one in history(case)
        ]
    return found


def as_rows(cases: Iterable[Case], house: House) -> list[tuple[str, ...]]:
    """Of a list: the head, then a row for each."""
    return [("CASE", "STATE", "KEPT", "ANSWER BY", "DELETED", "DECIDES", "FROM", "TO"), *(_row(case, house) for case in cases)]


def table(rows: list[tuple[str, ...]]) -> str:
    """Columns under one another."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return "\n".join("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows)


# --- parts ------------------------------------------------------------------------------------------------------------


def _row(case: Case, house: House) -> tuple[str, ...]:
    held, is_open = case.held, case.held.state == "open"
    recipients = [recipient.address.wire for recipient in held.envelope.recipients]
    to = recipients[0] + (f" and {len(recipients) - 1} more" if len(recipients) > 1 else "")
    answer_by = house.moment(held.answer_by) if is_open and held.answer_by else "-"
    deleted = house.moment(held.keep_until) if held.state in ("open", "refused") else "-"
    sender = held.envelope.reverse_path.wire or "<>"
    return held.case, case.state_in_short, house.moment(held.kept_at), answer_by, deleted, held.held_for if is_open else "-", sender, to


def _decides(held: Held, house: House) -> Iterator[str]:
    if held.state == "open":
        yield f"Decides   {held.held_for}" + (f", by {house.moment(held.answer_by)}" if held.answer_by else "")
    elif held.ended_at is not None:
        why = f': "{held.ended_why}"' if held.ended_why else ""
        yield f"Decided   {'nobody, in time' if held.ended_by == _BY_ITSELF else held.ended_by}{why}, {house.moment(held.ended_at)}"


def _waits(row: ToSend) -> str:
    if not row.attempts:
        return f"waiting for next hop {row.next_hop}"
    return f"waiting for next hop {row.next_hop} (attempt {row.attempts}: {row.why or 'under way'})"


def _copies(events: Iterable[Event]) -> Iterator[Happened]:
    """What became of copies: there is an event for each recipient, and a line for all that fared alike."""
    alike: dict[str, list[Event]] = {}
    for event in events:
        if event.event in _COPIES:
            alike.setdefault(_copy(event), []).append(event)
    for what, some in alike.items():
        yield Happened(some[0].at, what + (f", for {len(some)} recipients" if len(some) > 1 else ""))


def _copy(event: Event) -> str:
    said = event.details
    return f"{_COPIES[event.event]} next hop {said['next_hop']} ({said['code']} {said['status']})"


def _asked(wish: Intent) -> Happened:
    what = _ASKED.get(wish.kind, wish.kind) if wish.state == "done" else f"asked for {wish.kind}"
    result = wish.result if wish.state == "done" else f"not done: {wish.result}" if wish.state == "failed" else "not done yet"
    said = (*(_declared(one) for one in wish.declared), *(f"{ask}: {answer}" for ask, answer in wish.answers))
    return Happened(wish.at, what, wish.by, wish.why, said, result)


def _by_itself(events: Iterable[Event]) -> Iterator[Happened]:
    """What nobody asked for by a wish, and who looked."""
    for event in events:
        said = event.details
        match event.event:
            case "hold.kept":
                what = "kept, for " + said["held_for"] if said["state"] == "open" else "refused by the rules, and kept"
                yield Happened(event.at, what)
            case "hold.passed_on":
                yield Happened(event.at, f"passed on to {said['held_for']}")
            case "hold.looked_at":
                yield Happened(event.at, "took the message out to read it", said["by"], said["why"])
            case "hold.expired":
                yield Happened(event.at, "ended: nobody answered in time")
            case "hold.redecided" | "hold.released" if said["by"] == _BY_ITSELF:
                ways = f"; goes by next hop {', '.join(said['next_hops'])}" if said.get("next_hops") else ""
                yield Happened(event.at, f"decided again: {said['why']}{ways}")
            case _:
                pass  # it is there as what somebody asked for


def _history(case: Case, house: House) -> Iterator[str]:
    for one in history(case):
        why = f': "{one.why}"' if one.why else ""
        yield f"  {house.moment(one.at)}  {f'{one.by} ' if one.by else ''}{one.what}{why}"
        yield from (f"      {line}" for text in (*one.said, one.result) for line in text.splitlines())


def _reasons(decision: Decision) -> list[str]:
    return [
        f"{reason.effect}: {reason.rule}" + (f" - {reason.text}" if reason.text else "") + (f" ({reason.clause})" if reason.clause else "")
        for reason in decision.reasons
    ]


def _declared(said: Declared) -> str:
    about = f" of {said.about}" if said.about else ""
    return f"{said.what}{about}: {said.value} (by {said.by})"


def _options(decision: Decision) -> list[str]:
    """How to note the answer to what the sender is asked."""
    asked = dict.fromkeys(reason.declares for reason in decision.reasons if reason.declares)
    return ["--purpose PURPOSE" if word == "purpose" else f"--word {word}" for word in asked]
