"""The tables of the database, the same on SQLite and PostgreSQL. Data only: their neighbours here write them.

Moments are whole microseconds since 1970 UTC: exact, comparable, the same everywhere. JSON is text: the database never looks inside.
Limits: a table stands here when something uses it; approvals, snapshots and trust come with what needs them.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from sqlalchemy import BigInteger, Boolean, Column, Index, Integer, LargeBinary, MetaData, Table, Text, false, true

metadata = MetaData(naming_convention={"ix": "ix_%(table_name)s_%(column_0_N_name)s", "pk": "pk_%(table_name)s"})

MICROSECOND = timedelta(microseconds=1)  # what moments and durations are counted in

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def micros(moment: datetime) -> int:
    """A moment as the tables keep it."""
    return (moment - _EPOCH) // MICROSECOND


def moment(value: int) -> datetime:
    """A moment as the nouns keep it: aware, UTC."""
    return _EPOCH + value * MICROSECOND


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
    Column("kind", Text, nullable=False),  # notice | code | release | rest
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
    Column("share_id", Text),  # of a copy with a link
    Column("is_fresh", Boolean, nullable=False, server_default=true()),  # with `share_id`: it is known that nobody was handed that link
    Index(None, "next_hop", "kind", "next_at"),
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

share_taken_back = Table(
    "share_taken_back",
    metadata,
    Column("hash", LargeBinary(32), primary_key=True),  # of a share that is forgotten, and of whom: edges/share_memory.py
    Column("at", BigInteger, nullable=False),  # when it was forgotten
    Index(None, "at"),
)

# --- files that travel by link: all that the portal may see, and no more (README, "The portal's role in PostgreSQL") --------

share = Table(
    "share",
    metadata,
    Column("id", Text, primary_key=True),
    Column("key", LargeBinary(32), nullable=False),
    Column("message_id", Text, nullable=False),
    Column("sender", Text, nullable=False),
    Column("route", Text, nullable=False),
    Column("place", Text, nullable=False),
    Column("pack", Text, nullable=False),
    Column("pack_version", Text, nullable=False),
    Column("made_at", BigInteger, nullable=False),
    Column("expires_at", BigInteger, nullable=False),
    Column("idle", BigInteger),  # microseconds
    Column("download_limit", Integer),
    Column("language", Text, nullable=False),
    Column("state", Text, nullable=False),  # as model.share.Standing says
    Column("used_at", BigInteger),
    Column("reference", Text, nullable=False),
    Column("ended_at", BigInteger),
    Column("ended_by", Text),
    Column("ended_why", Text),
    Column("withdrawn_at", BigInteger),  # of one that is purged: its place has confirmed that the files are gone
    Index(None, "key", unique=True),
    Index(None, "state", "expires_at"),
    Index(None, "made_at"),
    Index(None, "message_id"),
)

share_file = Table(
    "share_file",
    metadata,
    Column("share_id", Text, primary_key=True),
    Column("id", Text, primary_key=True),
    Column("name", LargeBinary, nullable=False),  # sealed by a key of the family `shares`: edges/share_names.py
    Column("media_type", Text, nullable=False),
    Column("octets", BigInteger, nullable=False),
    Column("sha256", Text, nullable=False),
    Column("object_id", Text, nullable=False),
    Index(None, "object_id"),
)

share_grant = Table(
    "share_grant",
    metadata,
    Column("id", Text, primary_key=True),
    Column("share_id", Text, nullable=False),
    Column("address", Text, nullable=False),
    Column("key", Text, nullable=False),  # Address.key
    Column("role", Text, nullable=False),  # recipient | sender
    Column("files", Text, nullable=False),  # JSON list
    Column("audiences", Text, nullable=False),  # JSON list
    Column("token_hash", LargeBinary(32)),  # SHA-256; none where the place gives links of its own
    Column("links_key", Text, nullable=False),  # the key that its token was derived by: a retry derives it again
    Column("state", Text, nullable=False),
    Column("opened_at", BigInteger),
    Column("downloads", Integer, nullable=False),
    Column("is_told", Boolean, nullable=False, server_default=false()),  # a receipt has told the sender of it
    Index(None, "token_hash", unique=True),
    Index(None, "share_id", "key", "role", unique=True),
)

share_access = Table(
    "share_access",
    metadata,
    Column("id", Text, primary_key=True),
    Column("share_id", Text, nullable=False),
    Column("grant_id", Text, nullable=False),
    Column("file_id", Text, nullable=False),
    Column("session", LargeBinary(32), nullable=False),
    Column("network", Text, nullable=False),
    Column("began_at", BigInteger, nullable=False),
    Column("octets", BigInteger, nullable=False),
    Column("is_whole", Boolean, nullable=False),
    Column("ended_at", BigInteger),
    Column("noted_at", BigInteger),  # when the keeper put it into the audit
    Index(None, "share_id", "began_at"),
    Index(None, "grant_id", "file_id"),
    Index(None, "noted_at"),
)

share_code = Table(
    "share_code",
    metadata,
    Column("id", Text, primary_key=True),
    Column("grant_id", Text, nullable=False),
    Column("session", LargeBinary(32), nullable=False),  # the browser that asked for it: good for no other
    Column("key_id", Text, nullable=False),  # of the family `shares`, by which it was hashed: eight digits are guessed from a bare hash
    Column("hash", LargeBinary(32), nullable=False),
    Column("tries", Integer, nullable=False),
    Column("made_at", BigInteger, nullable=False),
    Column("until", BigInteger, nullable=False),
    Column("used_at", BigInteger),
    Index(None, "session", "made_at"),
    Index(None, "grant_id", "made_at"),
    Index(None, "until"),
)

share_intent = Table(
    "share_intent",
    metadata,
    Column("id", Text, primary_key=True),
    Column("kind", Text, nullable=False),  # share-code | share-ask | share-revoke
    Column("share_id", Text, nullable=False),
    Column("grant_id", Text, nullable=False),
    Column("session", LargeBinary(32), nullable=False),
    Column("asked_by", Text, nullable=False),
    Column("why", Text, nullable=False),
    Column("state", Text, nullable=False),  # new | running | done | failed
    Column("at", BigInteger, nullable=False),
    Column("leased_until", BigInteger, nullable=False),
    Column("result", Text, nullable=False),
    Column("is_known", Boolean, nullable=False, server_default=false()),  # from a network where the mailbox was proved before
    Index(None, "state", "at"),
    Index(None, "grant_id", "kind", "at"),
)

portal_session = Table(
    "portal_session",
    metadata,
    Column("hash", LargeBinary(32), primary_key=True),  # SHA-256 of the cookie
    Column("share_id", Text, nullable=False),
    Column("grant_id", Text, nullable=False),
    Column("csrf", Text, nullable=False),
    Column("network", Text, nullable=False),
    Column("made_at", BigInteger, nullable=False),
    Column("idle_until", BigInteger, nullable=False),
    Column("ends_at", BigInteger, nullable=False),
    Column("proved_at", BigInteger),
    Index(None, "grant_id"),
    Index(None, "ends_at"),
)

portal_limit = Table(
    "portal_limit",
    metadata,
    Column("name", LargeBinary(32), primary_key=True),  # hash of what is limited and for whom
    Column("full_at", BigInteger, nullable=False),  # when all that was taken has been given back (GCRA)
    Index(None, "full_at"),
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
