"""let a removed view be put away first, so that it can be taken back. A worker of the commit before shows it until it is forgotten."""

import sqlalchemy as sa
from alembic import op

revision = "e51c0a7f2b94"
down_revision = "7b30f4d91ce8"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("saved_views", sa.Column("removed_at", sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    op.execute("DELETE FROM saved_views WHERE removed_at IS NOT NULL")
    op.drop_column("saved_views", "removed_at")
