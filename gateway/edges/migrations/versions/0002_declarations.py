"""What people declare of kept mail."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("hold", sa.Column("declared", sa.Text(), nullable=False, server_default="[]"))
    op.add_column("intent", sa.Column("declared", sa.Text(), nullable=False, server_default="[]"))
    op.add_column("intent", sa.Column("answers", sa.Text(), nullable=False, server_default="[]"))
