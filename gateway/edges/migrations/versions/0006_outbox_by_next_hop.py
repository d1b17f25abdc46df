"""Mail that waits is found by its next hop and kind."""

from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # In this order: dropping wants all of the table, and a lock that grows while a keeper elsewhere claims is a deadlock (PostgreSQL).
    op.drop_index(op.f("ix_outbox_next_at"), "outbox")
    op.create_index(op.f("ix_outbox_next_hop_kind_next_at"), "outbox", ["next_hop", "kind", "next_at"])
