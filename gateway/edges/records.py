"""Decision records: what was known and what was decided, for each recipient; facts, never content.

In: an entry as pipeline.py makes it: message_id, at, listener, pack, pack_version, and facts, decisions and outcomes for each recipient.
Out: rows. Names and addresses become keyed hashes before anything is written: whoever has the database alone learns no name, whoever
has the key can still find what happened to an address. Domains stay, because rules are about them. Equal facts are stored once.
"""

from __future__ import annotations

import dataclasses
import hashlib
import hmac
import logging
import secrets
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from enum import Enum
from functools import cache
from itertools import count
from operator import attrgetter
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, delete, select

from gateway.edges.keys import RECORDS_FAMILY, load_keys
from gateway.edges.nouns import encode
from gateway.edges.operations import Insert, Payload, many, operation
from gateway.edges.store import Store
from gateway.edges.tables import decision, facts, micros, moment
from gateway.errors import WillNotDo
from gateway.model.decision import Decision
from gateway.model.facts import Facts, mask_address
from gateway.model.facts_json import to_json
from gateway.model.outcome import Outcome

log = logging.getLogger(__name__)

_PROCESS = secrets.randbits(63)  # with a number and a moment: an id that no other process makes
_numbers = count(step=1000)  # room for the recipients

PURGE_ROWS = 2000  # in one commit: others wait meanwhile


class Records:
    """ports.Records, and forgetting."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def record(self, entry: Mapping[str, object]) -> None:
        """Hand over one record. Never blocks, never raises."""
        try:
            payload = to_payload(entry)
        except Exception:
            log.exception("a decision record is lost")
            return
        self._store.tell("records.put", payload, soon=False)

    async def purge(self, before: datetime) -> int:
        """Forget decisions made before, and facts that no later one rests on; how many decisions. Raises TryLater."""
        total = 0
        while True:
            gone = await self._store.run("records.purge", {"before": micros(before)})
            total += int(gone["decisions"])
            if not (gone["decisions"] or gone["facts"]):
                return total


def writing_options(keys: Path | None) -> dict[str, Any]:
    """What open_engine or PostgresqlStore needs so that records can be written: the hash keyed by the newest records key.

    Raises:
        WillNotDo: there is no such key.
    """
    if keys is None:
        return {}
    family = load_keys(keys).get(RECORDS_FAMILY)
    if family is None:
        raise WillNotDo(f"{keys} holds no {RECORDS_FAMILY}-1.key")
    return {"hashed": keyed_hash(family.keys[family.newest])}


def keyed_hash(key: bytes) -> Callable[[str], str]:
    """Text to 96 bits of HMAC-SHA-256, as text. Case does not count: addresses are compared case folded."""

    def hashed(text: str) -> str:
        return "~" + hmac.digest(key, text.casefold().encode("utf-8", "surrogatepass"), "sha256")[:12].hex()

    return hashed


# --- in the process that decides --------------------------------------------------------------------------------------


def to_payload(entry: Mapping[str, object]) -> Payload:
    """The entry as plain values: the facts of the message once, then each recipient with what was decided and how it ended."""
    judged: Any = entry["facts"]
    decided: Any = entry["decisions"]
    ended: dict[str, Outcome] = {outcome.recipient.address.wire: outcome for outcome in _outcomes(entry)}
    recipients = [_recipient(one, verdict, ended.get(one.recipient)) for one, verdict in zip(judged, decided, strict=True)]
    return {
        "id": _PROCESS + next(_numbers),
        "at": micros(datetime.fromisoformat(str(entry["at"]))),
        **{name: entry[name] for name in ("message_id", "listener", "pack", "pack_version")},
        "message": [one["facts"].pop("message") for one in recipients][:1],
        "recipients": recipients,
    }


def _outcomes(entry: Mapping[str, object]) -> tuple[Outcome, ...]:
    outcomes: Any = entry["outcomes"]
    return tuple(outcomes)


def _recipient(judged: Facts, decided: Decision, outcome: Outcome | None) -> Payload:
    # Not the text of the reply: hops like to quote the address in it.
    ending = [outcome.ending.value, outcome.route, outcome.case, outcome.reply.code, outcome.reply.status] if outcome else None
    return {"facts": to_json(judged), "decision": _plain(decided), "ending": ending}


def _plain(value: Any) -> Any:
    """Nouns as dicts; what has its default is left out."""
    kind = type(value)
    if kind in _AS_THEY_ARE:
        return value
    if kind is tuple:
        return [_plain(item) for item in value]
    if kind is frozenset:
        return sorted(value)
    if isinstance(value, Enum):
        return value.value
    if kind is timedelta:
        return value.total_seconds()
    shape: Any = kind
    names, fields, defaults = _shape(shape)
    return {
        name: _plain(item)
        for name, item, default in zip(names, fields(value), defaults, strict=True)
        if item is not default and item != default
    }


_AS_THEY_ARE = frozenset({str, int, float, bool, type(None)})


@cache
def _shape(kind: Any) -> tuple[tuple[str, ...], Callable[[object], tuple[object, ...]], tuple[object, ...]]:
    fields = dataclasses.fields(kind)
    names = tuple(field.name for field in fields)
    return names, attrgetter(*names), tuple(field.default for field in fields)


# --- in the process that writes ---------------------------------------------------------------------------------------

_insert_facts = Insert(facts)
_insert_decision = Insert(decision)


@operation("records.put", repeatable=True)
def put(connection: Connection, payload: Payload) -> Payload:
    put_many(connection, [("records.put", payload)])
    return {}


@many("records")
def put_many(connection: Connection, told: list[tuple[str, Payload]]) -> None:
    """A series of records in two statements."""
    hashed: Callable[[str], str] = connection.get_execution_options()["hashed"]
    known: dict[bytes, Payload] = {}
    rows: list[Payload] = []
    for _, payload in told:
        message = [_masked_message(one, hashed) for one in payload["message"]]
        for number, one in enumerate(payload["recipients"]):
            masked = _masked_facts(one["facts"], message[0], hashed)
            text = encode(masked)
            key = _hour(datetime.fromisoformat(masked["at"])) + hashlib.sha256(text.encode("ascii")).digest()[:28]
            known[key] = {"key": key, "facts": text}
            rows.append(_row(payload, number, one, masked, key, hashed))
    _insert_facts(connection, [known[key] for key in sorted(known)])  # sorted: two machines never wait for one another crosswise
    _insert_decision(connection, rows)


def _row(payload: Payload, number: int, one: Payload, known: Payload, facts_key: bytes, hashed: Callable[[str], str]) -> Payload:
    ending, route, case, code, status = one["ending"] or (None, None, None, None, None)
    return {
        "id": payload["at"].to_bytes(8, "big") + ((payload["id"] + number) % 2**64).to_bytes(8, "big"),
        "at": payload["at"],
        "message_id": payload["message_id"],
        "listener": payload["listener"],
        "pack": payload["pack"],
        "pack_version": payload["pack_version"],
        "sender": known["message"]["sender"]["address"],
        "recipient": known["address"],
        "recipient_domain": known["domain"],
        "facts_key": facts_key,
        "decision": encode({**_masked_decision(one["decision"], hashed), "reply": [code, status]}),
        "ending": ending,
        "route": route,
        "case_number": case,
    }


def _masked_message(message: Payload, hashed: Callable[[str], str]) -> Payload:
    """As model.facts.redacted has it, over the plain form."""
    sender = message["sender"]
    files = [{**file, "name": hashed(file["name"])} if file["name"] else file for file in message["files"]]
    return {**message, "sender": {**sender, "address": mask_address(sender["address"], hashed)}, "files": files}


def _masked_facts(one: Payload, message: Payload, hashed: Callable[[str], str]) -> Payload:
    address = mask_address(one["address"], hashed)
    masked = {**one, "message": message, "recipient": address, "address": address}
    known = one.get("list")
    if isinstance(known, dict):
        owner = mask_address(known["owner"], hashed) if known["owner"] else None
        masked["list"] = {**known, "address": mask_address(known["address"], hashed), "owner": owner}
    if one.get("registers"):
        masked["registers"] = {name: _masked_row(row, hashed) for name, row in one["registers"].items()}
    return masked


_NAMING = frozenset({"recipient", "would_pass_if"})


def _masked_decision(decided: Payload, hashed: Callable[[str], str]) -> Payload:
    """Without its recipient and what would have let it pass, which names files; where a person is named by an address, the hash of it."""
    masked = {name: value for name, value in decided.items() if name not in _NAMING}
    for one in (masked, *masked.get("reasons", ())):
        if "@" in (one.get("held_for") or ""):
            one["held_for"] = mask_address(one["held_for"], hashed)
    return masked


def _masked_row(row: Any, hashed: Callable[[str], str]) -> Any:
    return [row[0], mask_address(row[1], hashed), *row[2:]] if isinstance(row, list) and row[1] else row


@operation("records.purge", repeatable=True)
def purge(connection: Connection, payload: Payload) -> Payload:
    """Some of what is older; asked again until nothing is."""
    before = payload["before"]
    oldest = select(decision.c.id).where(decision.c.id < before.to_bytes(8, "big")).order_by(decision.c.id).limit(PURGE_ROWS)
    gone = connection.execute(delete(decision).where(decision.c.id.in_(oldest))).rowcount
    unused = select(facts.c.key).where(facts.c.key < _hour(moment(before))).order_by(facts.c.key).limit(PURGE_ROWS)
    also = connection.execute(delete(facts).where(facts.c.key.in_(unused))).rowcount
    return {"decisions": gone, "facts": also}


def _hour(at: datetime) -> bytes:
    """The whole hour that Facts.at is: a decision rests on facts of its own hour, or of the one before."""
    return int(at.timestamp() // 3600).to_bytes(4, "big")
