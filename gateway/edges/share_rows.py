"""Shares as rows and back. The names of files go sealed, as share_secrets.py says; a row without its key still has everything else."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Table, select

from gateway.edges.nouns import decode, encode
from gateway.edges.operations import Payload
from gateway.edges.share_secrets import Secrets
from gateway.edges.tables import MICROSECOND, micros, moment, share, share_file, share_grant
from gateway.errors import WillNotDo
from gateway.model.share import Access, Grant, Share, SharedFile, Standing, Wish, WishKind

UNREADABLE = "?"  # a name whose key is gone


def share_row(one: Share) -> Payload:
    """JSON-able: octets as hexadecimal digits."""
    return {
        "id": one.id,
        "key": one.key.hex(),
        "message_id": one.message_id,
        "sender": one.sender,
        "route": one.route,
        "place": one.place,
        "pack": one.pack,
        "pack_version": one.pack_version,
        "made_at": micros(one.made_at),
        "expires_at": micros(one.expires_at),
        "idle": None if one.idle is None else one.idle // MICROSECOND,
        "download_limit": one.download_limit,
        "language": one.language,
        "reference": one.reference,
    }


def file_rows(one: Share, secrets: Secrets) -> list[Payload]:
    return [
        {
            "id": file.id,
            "name": secrets.seal_name(one.id, file.id, file.name).hex(),
            "media_type": file.media_type,
            "octets": file.octets,
            "sha256": file.sha256,
            "object_id": file.object_id,
        }
        for file in one.files
    ]


def grant_row(one: Grant, token_hash: bytes | None, links_key: str) -> Payload:
    return {
        "id": one.id,
        "address": one.address,
        "key": one.key,
        "role": one.role,
        "files": encode(list(one.files)),
        "audiences": encode(list(one.audiences)),
        "token_hash": None if token_hash is None else token_hash.hex(),
        "links_key": links_key,
    }


# --- back -------------------------------------------------------------------------------------------------------------


def read_shares(connection: Connection, secrets: Secrets, where: Any, limit: int = 1000) -> tuple[Share, ...]:
    """Those that match, newest first, with their files and grants."""
    query = select(share).where(where).order_by(share.c.made_at.desc(), share.c.id).limit(limit)
    rows = connection.execute(query).mappings().all()
    ids = [row["id"] for row in rows]
    files, grants = _by_share(connection, share_file, ids), _by_share(connection, share_grant, ids)
    return tuple(_to_share(row, files.get(row["id"], ()), grants.get(row["id"], ()), secrets) for row in rows)


def to_access(row: Any) -> Access:
    return Access(
        id=row["id"],
        share=row["share_id"],
        grant=row["grant_id"],
        file=row["file_id"],
        network=row["network"],
        began_at=moment(row["began_at"]),
        octets=row["octets"],
        is_whole=row["is_whole"],
        ended_at=when(row["ended_at"]),
    )


def to_wish(row: Any) -> Wish:
    return Wish(
        id=row["id"],
        kind=WishKind(row["kind"]),
        share=row["share_id"],
        by=row["asked_by"],
        at=moment(row["at"]),
        grant=row["grant_id"],
        cookie_hash=bytes(row["session"]),
        why=row["why"],
        state=row["state"],
        result=row["result"],
    )


def when(value: int | None) -> datetime | None:
    return None if value is None else moment(value)


def _by_share(connection: Connection, table: Table, ids: list[str]) -> dict[str, list[Any]]:
    found: dict[str, list[Any]] = {}
    for start in range(0, len(ids), 500):
        query = select(table).where(table.c.share_id.in_(ids[start : start + 500])).order_by(table.c.share_id, table.c.id)
        for row in connection.execute(query).mappings():
            found.setdefault(row["share_id"], []).append(row)
    return found


def _to_share(row: Any, files: Iterable[Any], grants: Iterable[Any], secrets: Secrets) -> Share:
    return Share(
        id=row["id"],
        key=bytes(row["key"]),
        message_id=row["message_id"],
        sender=row["sender"],
        route=row["route"],
        place=row["place"],
        pack=row["pack"],
        pack_version=row["pack_version"],
        made_at=moment(row["made_at"]),
        expires_at=moment(row["expires_at"]),
        idle=None if row["idle"] is None else row["idle"] * MICROSECOND,
        download_limit=row["download_limit"],
        language=row["language"],
        files=tuple(_to_file(one, secrets) for one in files),
        grants=tuple(_to_grant(one) for one in grants),
        state=Standing(row["state"]),
        used_at=when(row["used_at"]),
        reference=row["reference"],
        ended_at=when(row["ended_at"]),
        ended_by=row["ended_by"] or "",
        ended_why=row["ended_why"] or "",
    )


def _to_file(row: Any, secrets: Secrets) -> SharedFile:
    try:
        name = secrets.open_name(row["share_id"], row["id"], bytes(row["name"]))
    except WillNotDo:  # the rest of the share is there all the same
        name = UNREADABLE
    return SharedFile(row["id"], name, row["media_type"], row["octets"], row["sha256"], row["object_id"])


def _to_grant(row: Any) -> Grant:
    return Grant(
        id=row["id"],
        address=row["address"],
        key=row["key"],
        role=row["role"],
        files=tuple(decode(row["files"])),
        audiences=tuple(decode(row["audiences"])),
        state=Standing(row["state"]),
        opened_at=when(row["opened_at"]),
        downloads=row["downloads"],
        is_told=row["is_told"],
    )
