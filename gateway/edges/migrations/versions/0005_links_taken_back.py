"""What was taken back stays so when its share is forgotten, and a copy that waits always says whose link it carries."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # A share that stood there was one whose link nobody had been handed: else it was forgotten.
    op.add_column("outbox", sa.Column("is_fresh", sa.Boolean(), nullable=False, server_default=sa.true()))
    op.create_table(
        "share_taken_back",
        sa.Column("hash", sa.LargeBinary(32), primary_key=True),
        sa.Column("at", sa.BigInteger(), nullable=False),
    )
    op.create_index(None, "share_taken_back", ["at"])
