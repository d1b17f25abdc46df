"""Outcomes to replies: one (SMTP) or one for each recipient (LMTP). Pure.

Standards: RFC 5321 section 4.2, RFC 2033 section 4.2, RFC 3463.
INVARIANT: 2yz only when no recipient is deferred or rejected; 5yz only when every recipient it answers is rejected (DESIGN section 5).
"""

from __future__ import annotations

from gateway.model.outcome import Ending, Outcome, Reply

_DONE = {
    Ending.DELIVERED: "sent",
    Ending.KEPT: "kept",
    Ending.REFUSED: "not sent; the sender is told",
    Ending.BOUNCED: "not sent; the sender is told",
    Ending.QUEUED: "queued",
}
_MIXED = Reply(451, "4.3.0", "try again later")


def answer(outcomes: tuple[Outcome, ...], *, each: bool, message_id: str) -> tuple[Reply, ...]:
    """The replies for the end of DATA. `each`: one for each recipient, in order (LMTP); otherwise one for all."""
    if each:
        return tuple(outcome.reply if not outcome.ending.is_final else _done(outcome, message_id) for outcome in outcomes)
    deferred = next((outcome for outcome in outcomes if outcome.ending is Ending.DEFERRED), None)
    if deferred is not None:
        return (deferred.reply,)
    rejected = tuple(outcome for outcome in outcomes if outcome.ending is Ending.REJECTED)
    if rejected:
        # No one reply is true of a mixture; act leaves none, and a retry settles it.
        return (rejected[0].reply if len(rejected) == len(outcomes) else _MIXED,)
    kept = tuple(dict.fromkeys(outcome.case for outcome in outcomes if outcome.case))
    return (Reply(250, "2.0.0", f"{message_id} accepted" + (f" (case {', '.join(kept[:5])})" if kept else "")),)


def _done(outcome: Outcome, message_id: str) -> Reply:
    case = f" (case {outcome.case})" if outcome.case else ""
    return Reply(250, "2.1.5", f"{message_id} {_DONE[outcome.ending]}{case}")
