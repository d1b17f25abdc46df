"""Of whose link the sender has been told, which copy waits with a link, and who asks for a code from where they were before."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("outbox", sa.Column("share_id", sa.Text(), nullable=True))
    op.add_column("share_grant", sa.Column("is_told", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.execute("UPDATE share_grant SET is_told = true")  # all that there are: none of them is told a second time
    op.add_column("share_intent", sa.Column("is_known", sa.Boolean(), nullable=False, server_default=sa.false()))
