"""Parts out of a message: which octets to leave out, so that what stays is well formed. Pure.

Standards: RFC 2046 section 5.1.1.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable

from gateway.model.message import Message, Part, Role, Span


def removal(message: Message, removed: Collection[str]) -> tuple[Span, ...]:
    """The octets to leave out so that these parts are gone, each with one delimiter; sorted, disjoint.

    A multipart that loses all its members goes with them, but the outermost, of which an empty member stays; a message that is one single
    part loses its body.
    """
    if not removed:
        return ()
    containers, members = _containers(message), _members(message)
    gone = with_emptied(message, removed)
    return _outermost([span for parent, parts in members.items() for span in _runs(parts, gone, whole=parent not in containers)])


def with_emptied(message: Message, removed: Collection[str]) -> frozenset[str]:
    """These parts, and every multipart within another that they leave empty: some programs would show it as an attachment."""
    containers, members, gone = _containers(message), _members(message), set(removed)
    for part in reversed(message.parts):  # what it holds comes behind it
        if {part.id, part.parent} <= containers and gone.issuperset(member.id for member in members.get(part.id, (part,))):
            gone.add(part.id)
    return frozenset(gone)


def _containers(message: Message) -> set[str | None]:
    return {part.id for part in message.parts if part.role is Role.CONTAINER}


def _members(message: Message) -> dict[str | None, list[Part]]:
    members: dict[str | None, list[Part]] = {}
    for part in message.parts:
        members.setdefault(part.parent, []).append(part)
    return members


def _runs(parts: list[Part], removed: Collection[str], *, whole: bool) -> Iterable[Span]:
    """Neighbours that go are one span."""
    if whole:
        yield from (part.body for part in parts if part.id in removed)
        return
    first = 0
    while first < len(parts):
        last = first
        while last < len(parts) and parts[last].id in removed:
            last += 1
        if last > first:
            if last < len(parts):
                yield Span(parts[first].header.start, parts[last].header.start)
            elif first:
                yield Span(parts[first - 1].body.end, parts[-1].body.end)
            else:
                yield Span(parts[0].header.start, parts[-1].body.end)
        first = last + 1


def _outermost(spans: list[Span]) -> tuple[Span, ...]:
    done: list[Span] = []
    for span in sorted(spans, key=lambda span: (span.start, -span.end)):
        if not done or span.start >= done[-1].end:
            done.append(span)
    return tuple(done)
