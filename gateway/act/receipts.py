"""One receipt for each message whose files went by link: who hears of which links, and of whom it says that they have theirs. Pure.

The first attempt that lets somebody have a link tells of all of them: who waits is on the way, and is told of only if it fails. Of whom it
has told stands with their grants, so that a later attempt tells of the others. Nobody is told where nobody may be (readers.py); to whom a
system wrote in their own name hears of it by the link itself.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, replace

from gateway.act.readers import As, Reader
from gateway.act.share import Shared
from gateway.model.envelope import Recipient
from gateway.model.kept import Linked
from gateway.model.outcome import Ending, Outcome
from gateway.model.share import SharedFile
from gateway.policy.receipt import Sent
from gateway.policy.wording import Told

Reads = Callable[[Recipient], Reader | None]

_People = list[tuple[Outcome, tuple[SharedFile, ...]]]  # each with the files that are theirs
_OfShare = tuple[Shared, _People]
_GONE = (Ending.DELIVERED, Ending.QUEUED)
_WAITING = (Ending.QUEUED, Ending.DEFERRED)


@dataclass(frozen=True, slots=True)
class Receipt:
    """What one reader is told of links."""

    told: Told  # of whom, and who of them has nothing yet
    sent: tuple[Sent, ...]  # each share, with those people
    links: frozenset[Linked]  # whose they are

    def with_words(self, words: Told | None) -> Told:
        """With what rules have to say, of these and of other recipients."""
        if words is None:
            return self.told
        recipients = tuple(dict.fromkeys((*self.told.recipients, *words.recipients)))
        return replace(words, recipients=recipients, waiting=self.told.waiting | words.waiting)


def receipts_of(outcomes: Collection[Outcome], shares: Iterable[Shared], reader: Reads) -> dict[Reader, Receipt]:
    """By reader, those who have got a link of this attempt, or wait for it."""
    found: dict[Reader, list[_OfShare]] = {}
    for rounds in _by_share(shares):
        for to, people in _people(outcomes, rounds, reader).items():
            if any(outcome.ending in _GONE for outcome, _ in people):
                found.setdefault(to, []).append((rounds[-1], people))
    return {to: _receipt(rows) for to, rows in found.items()}


def _receipt(rows: list[_OfShare]) -> Receipt:
    everybody = [outcome for _, people in rows for outcome, _ in people]
    recipients = tuple(dict.fromkeys(one.recipient.address.wire for one in everybody))
    waiting = frozenset(one.recipient.address.wire for one in everybody if one.ending in _WAITING)
    links = frozenset((shared.share.id, one.recipient.address.key) for shared, people in rows for one, _ in people)
    return Receipt(Told(recipients, (), waiting), tuple(_sent(shared, people) for shared, people in rows), links)


def _sent(shared: Shared, people: _People) -> Sent:
    share = shared.share
    return Sent(share.id, tuple((one.recipient.address.wire, files) for one, files in people), share.expires_at, shared.sender)


def _by_share(shares: Iterable[Shared]) -> list[list[Shared]]:
    """Rounds of one attempt at the same share are one."""
    found: dict[str, list[Shared]] = {}
    for shared in shares:
        found.setdefault(shared.share.id, []).append(shared)
    return list(found.values())


def _people(outcomes: Collection[Outcome], rounds: list[Shared], reader: Reads) -> dict[Reader, _People]:
    """Who may hear of whom; of those alone who are still on this way, and whom nobody has been told of."""
    files = {file.id: file for shared in rounds for file in shared.share.files}
    mine = {
        (ready.step.recipients[0].address.key, ready.step.route): ready.step.decisions[0] for shared in rounds for ready in shared.ready
    }
    told = frozenset().union(*(shared.told for shared in rounds))
    found: dict[Reader, _People] = {}
    for outcome in [one for one in outcomes if one.recipient.address.key not in told]:
        decision, to = mine.get((outcome.recipient.address.key, outcome.route)), reader(outcome.recipient)
        if decision is not None and to is not None and to.is_ in {As.SENDER, As.SYSTEM} and outcome.ending in (*_GONE, *_WAITING):
            found.setdefault(to, []).append((outcome, tuple(files[name] for name in decision.shared_files)))
    return found
