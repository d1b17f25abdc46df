"""Files that travel by link, and what the portal keeps of those who open them."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "portal_limit",
        sa.Column("name", sa.LargeBinary(length=32), nullable=False),
        sa.Column("full_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_portal_limit")),
    )
    with op.batch_alter_table("portal_limit", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_portal_limit_full_at"), ["full_at"], unique=False)

    op.create_table(
        "portal_session",
        sa.Column("hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("share_id", sa.Text(), nullable=False),
        sa.Column("grant_id", sa.Text(), nullable=False),
        sa.Column("csrf", sa.Text(), nullable=False),
        sa.Column("network", sa.Text(), nullable=False),
        sa.Column("made_at", sa.BigInteger(), nullable=False),
        sa.Column("idle_until", sa.BigInteger(), nullable=False),
        sa.Column("ends_at", sa.BigInteger(), nullable=False),
        sa.Column("proved_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("hash", name=op.f("pk_portal_session")),
    )
    with op.batch_alter_table("portal_session", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_portal_session_ends_at"), ["ends_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_portal_session_grant_id"), ["grant_id"], unique=False)

    op.create_table(
        "share",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("key", sa.LargeBinary(length=32), nullable=False),
        sa.Column("message_id", sa.Text(), nullable=False),
        sa.Column("sender", sa.Text(), nullable=False),
        sa.Column("route", sa.Text(), nullable=False),
        sa.Column("place", sa.Text(), nullable=False),
        sa.Column("pack", sa.Text(), nullable=False),
        sa.Column("pack_version", sa.Text(), nullable=False),
        sa.Column("made_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("idle", sa.BigInteger(), nullable=True),
        sa.Column("download_limit", sa.Integer(), nullable=True),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("used_at", sa.BigInteger(), nullable=True),
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.Column("ended_by", sa.Text(), nullable=True),
        sa.Column("ended_why", sa.Text(), nullable=True),
        sa.Column("withdrawn_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_share")),
    )
    with op.batch_alter_table("share", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_share_key"), ["key"], unique=True)
        batch_op.create_index(batch_op.f("ix_share_made_at"), ["made_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_share_message_id"), ["message_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_share_state_expires_at"), ["state", "expires_at"], unique=False)

    op.create_table(
        "share_access",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("share_id", sa.Text(), nullable=False),
        sa.Column("grant_id", sa.Text(), nullable=False),
        sa.Column("file_id", sa.Text(), nullable=False),
        sa.Column("session", sa.LargeBinary(length=32), nullable=False),
        sa.Column("network", sa.Text(), nullable=False),
        sa.Column("began_at", sa.BigInteger(), nullable=False),
        sa.Column("octets", sa.BigInteger(), nullable=False),
        sa.Column("is_whole", sa.Boolean(), nullable=False),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.Column("noted_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_share_access")),
    )
    with op.batch_alter_table("share_access", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_share_access_grant_id_file_id"), ["grant_id", "file_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_share_access_noted_at"), ["noted_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_share_access_share_id_began_at"), ["share_id", "began_at"], unique=False)

    op.create_table(
        "share_code",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("grant_id", sa.Text(), nullable=False),
        sa.Column("session", sa.LargeBinary(length=32), nullable=False),
        sa.Column("key_id", sa.Text(), nullable=False),
        sa.Column("hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("made_at", sa.BigInteger(), nullable=False),
        sa.Column("until", sa.BigInteger(), nullable=False),
        sa.Column("used_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_share_code")),
    )
    with op.batch_alter_table("share_code", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_share_code_grant_id_made_at"), ["grant_id", "made_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_share_code_session_made_at"), ["session", "made_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_share_code_until"), ["until"], unique=False)

    op.create_table(
        "share_file",
        sa.Column("share_id", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("name", sa.LargeBinary(), nullable=False),
        sa.Column("media_type", sa.Text(), nullable=False),
        sa.Column("octets", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("object_id", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("share_id", "id", name=op.f("pk_share_file")),
    )
    with op.batch_alter_table("share_file", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_share_file_object_id"), ["object_id"], unique=False)

    op.create_table(
        "share_grant",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("share_id", sa.Text(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("files", sa.Text(), nullable=False),
        sa.Column("audiences", sa.Text(), nullable=False),
        sa.Column("token_hash", sa.LargeBinary(length=32), nullable=True),
        sa.Column("links_key", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("opened_at", sa.BigInteger(), nullable=True),
        sa.Column("downloads", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_share_grant")),
    )
    with op.batch_alter_table("share_grant", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_share_grant_share_id_key_role"), ["share_id", "key", "role"], unique=True)
        batch_op.create_index(batch_op.f("ix_share_grant_token_hash"), ["token_hash"], unique=True)

    op.create_table(
        "share_intent",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("share_id", sa.Text(), nullable=False),
        sa.Column("grant_id", sa.Text(), nullable=False),
        sa.Column("session", sa.LargeBinary(length=32), nullable=False),
        sa.Column("asked_by", sa.Text(), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("leased_until", sa.BigInteger(), nullable=False),
        sa.Column("result", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_share_intent")),
    )
    with op.batch_alter_table("share_intent", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_share_intent_grant_id_kind_at"), ["grant_id", "kind", "at"], unique=False)
        batch_op.create_index(batch_op.f("ix_share_intent_state_at"), ["state", "at"], unique=False)
