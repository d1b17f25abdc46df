"""Files into their place, and a copy with a link for each person. Both the mail path and the keeper go this way.

The share is durable before any copy leaves, and there is one for each message and route: a later attempt finds it by its key, and everybody
keeps the link that they had.
INVARIANT: on an exception nobody has been told of a link that this attempt has made, and it is undone.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import partial

from gateway.act.going import Going
from gateway.act.links import linked
from gateway.act.pen import address_of
from gateway.act.readers import As
from gateway.act.ready import Ready
from gateway.errors import OutgateError, Revoked, TryLater, Unusable
from gateway.mime.decode import decode
from gateway.mime.language import language_of
from gateway.mime.replace import Edit, edit_of, read_bodies
from gateway.model.decision import Decision, Reason
from gateway.model.envelope import Recipient
from gateway.model.finding import FileFinding
from gateway.model.message import Content
from gateway.model.share import Grant, Offer, Parcel, Placed, Share, SharedFile, Standing
from gateway.policy.news import TAKEN_BACK
from gateway.policy.rules import Route
from gateway.policy.share_words import known_languages
from gateway.ports.places import Shares
from gateway.ports.world import World
from gateway.waiting import look

LIFETIME = timedelta(days=14)  # of a share whose route does not say it
LINKS_ENDED = Reason("links-ended", "refuse", text=TAKEN_BACK)

People = tuple[tuple[Recipient, Decision], ...]
Edits = Mapping[tuple[str, ...], Edit]  # by the ids of the files that are taken out


@dataclass(slots=True)
class Shared:
    """One route's share, with the copies for everybody; and who may have theirs by now."""

    share: Share
    ready: tuple[Ready, ...]  # one for each person
    sender: Offer | None  # the sender's own: who fetched what
    fresh: frozenset[str]  # Address.keys who have a link since this attempt: it can be undone while they have not been handed it
    told: frozenset[str]  # Address.keys of whom an earlier attempt has told the sender
    linked: set[str] = field(default_factory=set)  # Address.keys who have their copy, or may have it

    async def undo(self, world: World) -> None:
        """It is known that all others were handed nothing."""
        await _undo(self.share.id, self.fresh - self.linked, world)


async def share(name: str, people: People, going: Going, world: World) -> Shared:
    """Put the files that these people get by this route into its place, and make their copies.

    Raises:
        TryLater: not now.
        Unusable: this route cannot serve them, or those whom it names.
        Revoked: somebody has taken the files back from them, or from those whom it names.
    """
    route = going.policy.route(name)
    if world.shares is None:
        raise Unusable("what is known of shares is not there")
    key = _key(going, route)
    await _may(key, people, world.shares)  # before anything can be unusable, which gives way to the next route
    if route.place not in world.places:
        raise Unusable(f"place `{route.place}` is not there")
    edits = await look(lambda: _edits(people, going))
    there = await world.shares.find(key)
    wanted = await _wanted(route, key, people, going, world, there)
    fresh = frozenset(recipient.address.key for recipient, _ in people) - _open(there)
    try:
        placed = await _placed(wanted, going, world)
        ready = tuple(_each(people, placed, edits, going, world))
    except BaseException:
        # Whether the place has made a link is not known for sure: it was told to nobody.
        with suppress(OutgateError):
            made = await world.shares.find(key)
            await _undo(made.id if made is not None else wanted.id, fresh, world)
        raise
    world.counters.count("shares", place=wanted.place)
    return Shared(placed.share, ready, placed.sender, fresh, _told(there))


async def _may(key: bytes, people: People, shares: Shares) -> None:
    """Raises Revoked: an earlier attempt at this message made links, and somebody has ended them."""
    gone = await shares.taken_back(key, frozenset(recipient.address.key for recipient, _ in people))
    if gone:
        raise Revoked("the links to its files were taken back", tuple(sorted(gone)))


def _told(share: Share | None) -> frozenset[str]:
    grants = share.grants if share is not None else ()
    return frozenset(grant.key for grant in grants if grant.role == "recipient" and grant.is_told)


def _open(share: Share | None) -> frozenset[str]:
    """Who of them may have had their link."""
    grants = share.grants if share is not None else ()
    return frozenset(grant.key for grant in grants if grant.role == "recipient" and grant.state is Standing.OPEN)


def named_in(error: Unusable | Revoked, people: People) -> frozenset[str]:
    """The Address.keys of those whom a route cannot serve, or may not: all of them, where it names none of them."""
    mine = frozenset(recipient.address.key for recipient, _ in people)
    return mine.intersection(error.recipients) or mine


async def _undo(share_id: str, keys: frozenset[str], world: World) -> None:
    """What fails here leaves links that nobody knows, until they expire."""
    if keys and world.shares is not None:
        try:
            await world.shares.undo(share_id, keys)
        except OutgateError:
            world.counters.count("alarms", what="share not undone")


# --- what can be taken ------------------------------------------------------------------------------------------------


def _edits(people: People, going: Going) -> Edits:
    """How the message is changed for each choice of files. Raises Unusable: where it cannot be."""
    found: dict[tuple[str, ...], Edit | None] = {}
    with going.content.view() as buffer:
        for files in {decision.shared_files for _, decision in people}:
            known = all(going.file(name) is not None for name in files)
            found[files] = edit_of(buffer, going.message, files) if known else None
    cannot = tuple(recipient.address.key for recipient, decision in people if found[decision.shared_files] is None)
    if cannot:
        raise Unusable("the files cannot be taken out of this message", cannot if len(cannot) < len(people) else ())
    return {files: edit for files, edit in found.items() if edit is not None}


# --- the share --------------------------------------------------------------------------------------------------------


def _key(going: Going, route: Route) -> bytes:
    texts = (going.name, route.name.encode("utf-8"), (route.place or "").encode("utf-8"))
    return hashlib.sha256(b"".join(len(text).to_bytes(4, "big") + text for text in texts)).digest()


async def _wanted(route: Route, key: bytes, people: People, going: Going, world: World, there: Share | None) -> Share:
    """What is wanted: with the number and the grants of an earlier attempt, where there was one."""
    now, policy = world.clock.now(), going.policy
    known = {(grant.key, grant.role): grant.id for grant in there.grants} if there is not None else {}
    ids = tuple(dict.fromkeys(name for _, decision in people for name in decision.shared_files))
    grants = [
        _grant(recipient.address.wire, recipient.address.key, "recipient", decision.shared_files, decision.audiences)
        for recipient, decision in people
    ]
    sender = _sender(people, going)
    if sender is not None:
        grants.append(_grant(sender, address_of(sender).key, "sender", ids))
    return Share(
        id=there.id if there is not None else await world.new_case(),
        key=key,
        message_id=going.message_id,
        sender=going.envelope.reverse_path.wire,
        route=route.name,
        place=route.place or "",
        pack=policy.name,
        pack_version=policy.version,
        made_at=now,
        expires_at=now + (route.expires_after or LIFETIME),
        idle=route.expires_idle,
        download_limit=route.download_limit,
        language=await look(lambda: _language(going)),
        files=tuple(_file(file) for name in ids if (file := going.file(name)) is not None),
        grants=tuple(replace(grant, id=known.get((grant.key, grant.role)) or world.new_id()) for grant in grants),
    )


def _grant(wire: str, key: str, role: str, files: tuple[str, ...], audiences: tuple[str, ...] = ()) -> Grant:
    return Grant("", wire, key, role, files, audiences)


def _file(file: FileFinding) -> SharedFile:
    return SharedFile(file.id, file.names[0] if file.names else "", file.detected_type or file.declared_type, file.octets, file.sha256)


def _sender(people: People, going: Going) -> str | None:
    """Whose the sender's page is: the sender's, or who answers for the system that sent it."""
    readers = (going.reader(recipient) for recipient, _ in people)
    return next((reader.mailbox for reader in readers if reader is not None and reader.is_ in {As.SENDER, As.SYSTEM}), None)


def _language(going: Going) -> str:
    with going.content.view() as buffer:
        return language_of(buffer, going.message, read_bodies(going.message), known_languages(going.policy))


# --- into its place ---------------------------------------------------------------------------------------------------


async def _placed(wanted: Share, going: Going, world: World) -> Placed:
    with ExitStack() as spools:
        contents: dict[str, Content] = {}
        files: list[SharedFile] = []
        for file in wanted.files:
            contents[file.id], sha256 = await look(partial(_decoded, file, going, world))
            spools.callback(contents[file.id].close)
            files.append(replace(file, octets=contents[file.id].octets, sha256=sha256))
        parcel = Parcel(replace(wanted, files=tuple(files)), contents)
        return await world.places[wanted.place].put(parcel, going.deadline)


def _each(people: People, placed: Placed, edits: Edits, going: Going, world: World) -> Iterator[Ready]:
    recipients = (grant.key for grant in placed.share.grants if grant.role == "recipient")
    offers = dict(zip(recipients, placed.offers, strict=True))
    for recipient, decision in people:
        yield linked(recipient, decision, placed.share, offers[recipient.address.key], edits[decision.shared_files], going, world)


def _decoded(file: SharedFile, going: Going, world: World) -> tuple[Content, str]:
    """The file in a spool of its own, never whole in memory, and its SHA-256. Raises TryLater: also where it is not what was examined."""
    part = next(part for part in going.message.parts if part.id == file.id)
    writer, digest = world.spool(), hashlib.sha256()
    try:
        with going.content.view() as buffer:
            for piece in decode(buffer, part.body, part.encoding):
                digest.update(piece)
                writer.write(piece)
        return _examined(file, digest.hexdigest(), writer.finish())
    except BaseException:
        writer.discard()
        raise


def _examined(file: SharedFile, sha256: str, content: Content) -> tuple[Content, str]:
    if file.sha256 and file.sha256 != sha256:
        content.close()
        raise TryLater(f"file {file.id} is not what was examined")
    return content, sha256
