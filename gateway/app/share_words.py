"""A share as people and programs read it: who may have which files until when, who fetched what, what has happened to it. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from gateway.edges.audit import Event
from gateway.mime.sizes import human
from gateway.model.share import Access, Grant, Share, SharedFile, Standing
from gateway.policy.guidance import House

_STATES = {
    Standing.UNDONE: "undone: nobody was handed its link",
    Standing.REVOKED: "revoked, its files are being deleted",
    Standing.EXPIRED: "over, its files are being deleted",
    Standing.PURGED: "over, its files are deleted",
}


@dataclass(frozen=True, slots=True)
class Known:
    """What the database has of one."""

    share: Share
    accesses: tuple[Access, ...] = ()
    events: tuple[Event, ...] = ()


def as_rows(shares: Iterable[Share], house: House) -> list[tuple[str, ...]]:
    """Of a list: the head, then a row for each."""
    return [("SHARE", "STATE", "MADE", "UNTIL", "FILES", "SIZE", "FETCHED", "FROM", "TO"), *(_row(one, house) for one in shares)]


def as_text(known: Known, house: House) -> str:
    """In full."""
    one, when = known.share, house.moment
    is_sooner = one.state is Standing.OPEN and one.ends_at < one.expires_at
    latest = f" if nobody fetches anything until then, {when(one.expires_at)} at the latest" if is_sooner else ""
    often = f"; each person may fetch a file {one.download_limit} times" if one.download_limit else ""
    lines = (
        f"Share     {one.id}: {_state(one)}",
        f"From      {one.sender or '(a bounce)'}",
        f"Made      {when(one.made_at)}",
        f"Until     {when(one.ends_at)}{latest}{often}",
        *_ended(one, house),
        f"Place     {one.place}" + (f" ({one.reference})" if one.reference else ""),
        f"Route     {one.route}, of {one.pack} {one.pack_version[:19]}",
        f"Message   {one.message_id}",
        "Files",
        *(f"  {file.id}: {file.name}, {human(file.octets)}, {file.media_type}" for file in one.files),
        "People",
        *(f"  {line}" for line in _people(known, house)),
        "Fetched",
        *(f"  {line}" for line in _fetched(known, house) or ("nothing",)),
        "History",
        *(f"  {when(event.at)}  {line}" for event in known.events for line in _happened(event)),
    )
    return "\n".join(lines)


def as_json(known: Known) -> dict[str, object]:
    """For programs; `fetched` and `history` only of a share that was asked for by itself."""
    one = known.share
    found: dict[str, object] = {
        "share": one.id,
        "state": one.state.value,
        "sender": one.sender,
        "made_at": one.made_at.isoformat(),
        "expires_at": one.expires_at.isoformat(),
        "idle_seconds": one.idle.total_seconds() if one.idle else None,
        "download_limit": one.download_limit,
        "place": one.place,
        "reference": one.reference,
        "route": one.route,
        "pack": one.pack,
        "pack_version": one.pack_version,
        "message_id": one.message_id,
        "used_at": one.used_at.isoformat() if one.used_at else None,
        "ended_at": one.ended_at.isoformat() if one.ended_at else None,
        "ended_by": one.ended_by,
        "ended_why": one.ended_why,
        "files": [
            {"id": file.id, "name": file.name, "type": file.media_type, "octets": file.octets, "sha256": file.sha256} for file in one.files
        ],
        "people": [
            {
                "address": grant.address,
                "role": grant.role,
                "state": grant.state.value,
                "files": list(grant.files),
                "opened_at": grant.opened_at.isoformat() if grant.opened_at else None,
                "downloads": grant.downloads,
            }
            for grant in one.grants
        ],
    }
    if known.events:
        people = {grant.id: grant.address for grant in one.grants}
        found["fetched"] = [
            {
                "at": access.began_at.isoformat(),
                "by": people.get(access.grant),
                "file": access.file,
                "network": access.network,
                "octets": access.octets,
                "whole": access.is_whole,
            }
            for access in known.accesses
        ]
        found["history"] = [{"at": event.at.isoformat(), "event": event.event, **event.details} for event in known.events]
    return found


def in_short(one: Share, house: House) -> str:
    """A line of its case: "7KQ-403, open until 2026-12-01 10:00 GMT"."""
    return f"{one.id}, " + (f"open until {house.moment(one.expires_at)}" if one.state is Standing.OPEN else _state(one))


# --- parts ------------------------------------------------------------------------------------------------------------


def _row(one: Share, house: House) -> tuple[str, ...]:
    people = [grant.address for grant in one.grants if grant.role == "recipient"]
    to = (people[0] if people else "-") + (f" and {len(people) - 1} more" if len(people) > 1 else "")
    until = house.moment(one.ends_at) if one.state is Standing.OPEN else "-"
    fetched = sum(grant.downloads for grant in one.grants if grant.role == "recipient")
    size = human(sum(file.octets for file in one.files))
    return one.id, one.state.value, house.moment(one.made_at), until, str(len(one.files)), size, str(fetched), one.sender or "<>", to


def _state(one: Share) -> str:
    return _STATES.get(one.state, "open")


def _ended(one: Share, house: House) -> Iterator[str]:
    if one.ended_at is not None:
        by = f"by {one.ended_by}" if one.ended_by not in ("time", "gateway") else "by itself"
        yield f"Ended     {house.moment(one.ended_at)}, {by}" + (f': "{one.ended_why}"' if one.ended_why else "")


def _people(known: Known, house: House) -> Iterator[str]:
    for grant in known.share.grants:
        opened = f"first opened {house.moment(grant.opened_at)}" if grant.opened_at else "not opened"
        state = "" if grant.state is Standing.OPEN else f", {grant.state.value}"
        if grant.role == "sender":
            yield f"{grant.address} (sender): {opened}{state}"
        else:
            yield f"{grant.address}: files {', '.join(grant.files)}; {opened}, {_count(grant)}{state}"


def _count(grant: Grant) -> str:
    return f"{grant.downloads} download{'' if grant.downloads == 1 else 's'}"


def _fetched(known: Known, house: House) -> list[str]:
    people = {grant.id: grant.address for grant in known.share.grants}
    files = {file.id: file for file in known.share.files}
    return [_access(access, people, files, house) for access in known.accesses]


def _access(access: Access, people: dict[str, str], files: dict[str, SharedFile], house: House) -> str:
    file = files.get(access.file)
    how = "whole" if access.is_whole else f"{access.octets:,} of {file.octets:,} octets" if file else f"{access.octets:,} octets"
    what = f"file {access.file}" + (f" ({file.name})" if file else "")
    return f"{house.moment(access.began_at)}  {people.get(access.grant, '?')}  {what}, {how}, from {access.network or '?'}"


def _happened(event: Event) -> Iterator[str]:
    said = event.details
    why = f': "{said["why"]}"' if said.get("why") else ""
    match event.event:
        case "share.made":
            yield "made"
        case "share.made_again":
            yield "made again for a retry of the same message"
        case "share.undone":
            yield "undone: nobody was handed its link" if said["is_all"] else "undone for some: they were not handed their link"
        case "share.revoked":
            yield f"revoked by {said['by']}{why}" + ("" if said["is_all"] else ", for one person")
        case "share.expired":
            yield f"over: {said['why']}"
        case "share.purged":
            yield "its files may go"
        case "share.withdrawn":
            yield "its files are deleted"
        case _:
            pass  # what was fetched stands above
