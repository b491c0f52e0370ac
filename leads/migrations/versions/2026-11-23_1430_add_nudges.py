"""add when a referrer who owes us an answer is reminded next. A worker of the commit before leaves it empty: nobody is reminded twice."""

import sqlalchemy as sa
from alembic import op

revision = "5b7f0a2c1430"
down_revision = "8e41c7b3d260"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.add_column("referrals", sa.Column("nudge_at", sa.DateTime(timezone=True), nullable=True))
    op.create_index("ix_referrals_nudge", "referrals", ["nudge_at"], postgresql_where=sa.text("nudge_at IS NOT NULL"))


def downgrade() -> None:
    op.drop_index("ix_referrals_nudge", table_name="referrals")
    op.drop_column("referrals", "nudge_at")
