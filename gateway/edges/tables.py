"""The tables of the database, the same on SQLite and PostgreSQL. Data only: journal, holds, outbox, intents, records and audit write them.

Moments are whole microseconds since 1970 UTC: exact, comparable, the same everywhere. JSON is text: the database never looks inside.
Limits: a table stands here when something uses it; shares, approvals, snapshots, trust and sessions come with what needs them.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from sqlalchemy import BigInteger, Boolean, Column, Index, Integer, LargeBinary, MetaData, Table, Text

metadata = MetaData(naming_convention={"ix": "ix_%(table_name)s_%(column_0_N_name)s", "pk": "pk_%(table_name)s"})

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def micros(moment: datetime) -> int:
    """A moment as the tables keep it."""
    return (moment - _EPOCH) // _MICROSECOND


def moment(value: int) -> datetime:
    """A moment as the nouns keep it: aware, UTC."""
    return _EPOCH + timedelta(microseconds=value)


# --- who has finished what (DESIGN section 6) -------------------------------------------------------------------------

transaction = Table(
    "transaction",
    metadata,
    Column("identity", LargeBinary(32), primary_key=True),
    Column("first_at", BigInteger, nullable=False),  # partial patience counts from here
    sqlite_with_rowid=False,
)

step = Table(
    "step",
    metadata,
    Column("identity", LargeBinary(32), primary_key=True),
    Column("recipient", Text, primary_key=True),  # Address.key
    Column("ending", Text, nullable=False),
    Column("code", Integer, nullable=False),  # the reply, as it was or would have been given
    Column("status", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("case_number", Text),
    Column("at", BigInteger, nullable=False),
    sqlite_with_rowid=False,
)

# --- decision records: facts, never content ---------------------------------------------------------------------------

facts = Table(
    "facts",
    metadata,
    Column(
        "key", LargeBinary(32), primary_key=True
    ),  # their hour (Facts.at) and SHA-256 of `facts`: neighbours in time are neighbours here
    Column("facts", Text, nullable=False),  # canonical JSON
)

decision = Table(
    "decision",
    metadata,
    Column("id", LargeBinary(16), primary_key=True),  # begins with the moment: new rows go to the end of the tree
    Column("at", BigInteger, nullable=False),
    Column("message_id", Text, nullable=False),
    Column("listener", Text, nullable=False),
    Column("pack", Text, nullable=False),
    Column("pack_version", Text, nullable=False),
    Column("sender", Text, nullable=False),  # keyed hash
    Column("recipient", Text, nullable=False),  # keyed hash
    Column("recipient_domain", Text, nullable=False),
    Column("facts_key", LargeBinary(32), nullable=False),
    Column("decision", Text, nullable=False),  # JSON
    Column("ending", Text),
    Column("route", Text),
    Column("case_number", Text),
    Index(None, "message_id"),
)

# --- what is kept -----------------------------------------------------------------------------------------------------

hold = Table(
    "hold",
    metadata,
    Column("case_number", Text, primary_key=True),
    Column("object_id", Text, nullable=False),
    Column("message_id", Text, nullable=False),
    Column("listener", Text, nullable=False),
    Column("envelope", Text, nullable=False),  # JSON of the noun
    Column("decision", Text, nullable=False),  # JSON of the noun
    Column("state", Text, nullable=False),  # open | released | refused | ended | expired, as model.kept.Held says
    Column("kept_at", BigInteger, nullable=False),
    Column("answer_by", BigInteger),
    Column("keep_until", BigInteger, nullable=False),
    Column("held_for", Text, nullable=False),
    Column("pack", Text, nullable=False),
    Column("pack_version", Text, nullable=False),
    Column("protocol", Text, nullable=False),
    Column("client", Text, nullable=False),
    Column("lifted", Text, nullable=False),  # JSON list
    Column("certificate", Text),
    Column("defects", Text, nullable=False),  # JSON list
    Column("declared", Text, nullable=False, server_default="[]"),  # JSON list of the nouns
    Column("ended_at", BigInteger),
    Column("ended_by", Text),
    Column("ended_why", Text),
    Index(None, "state", "kept_at"),
    Index(None, "state", "answer_by"),
    Index(None, "state", "keep_until"),
    Index(None, "object_id"),
)

outbox = Table(
    "outbox",
    metadata,
    Column("id", Text, primary_key=True),
    Column("object_id", Text, nullable=False),
    Column("reverse_path", Text, nullable=False),
    Column("recipients", Text, nullable=False),  # JSON list of the nouns still to be served
    Column("next_hop", Text, nullable=False),
    Column("kind", Text, nullable=False),  # notice | release | rest
    Column("case_number", Text),
    Column("message_id", Text, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("next_at", BigInteger, nullable=False),
    Column("expires_at", BigInteger),
    Column("leased_until", BigInteger, nullable=False),  # 0: nobody works on it
    Column("smtputf8", Boolean, nullable=False),
    Column("ret", Text),
    Column("envid", Text),
    Column("why", Text, nullable=False),  # of the last retry, for the operator
    Index(None, "next_at"),
    Index(None, "object_id"),
)

intent = Table(
    "intent",
    metadata,
    Column("id", Text, primary_key=True),
    Column("kind", Text, nullable=False),  # release | refuse | redecide | declare
    Column("case_number", Text, nullable=False),
    Column("asked_by", Text, nullable=False),
    Column("why", Text, nullable=False),
    Column("lifts", Text, nullable=False),  # JSON list of rule ids
    Column("declared", Text, nullable=False, server_default="[]"),  # JSON list of the nouns
    Column("answers", Text, nullable=False, server_default="[]"),  # JSON list of questions and answers
    Column("state", Text, nullable=False),  # new | running | done | failed
    Column("at", BigInteger, nullable=False),
    Column("leased_until", BigInteger, nullable=False),
    Column("result", Text, nullable=False),
    Index(None, "state", "at"),
)

# --- what happened and by which policy --------------------------------------------------------------------------------

policy_version = Table(
    "policy_version",
    metadata,
    Column("version", Text, primary_key=True),  # "sha256:..."
    Column("pack", Text, nullable=False),
    Column("first_at", BigInteger, nullable=False),
    Column("last_at", BigInteger, nullable=False),
)

audit = Table(
    "audit",
    metadata,
    Column("writer", Text, primary_key=True),
    Column("number", BigInteger, primary_key=True, autoincrement=False),  # from 1, without gaps
    Column("at", BigInteger, nullable=False),
    Column("event", Text, nullable=False),  # hold.kept | hold.released | ... | policy.loaded
    Column("details", Text, nullable=False),  # JSON
    Column("hash", LargeBinary(32), nullable=False),  # over this row and the hash before it
)

setting = Table(
    "setting",
    metadata,
    Column("name", Text, primary_key=True),
    Column("value", Text, nullable=False),
    sqlite_with_rowid=False,
)
