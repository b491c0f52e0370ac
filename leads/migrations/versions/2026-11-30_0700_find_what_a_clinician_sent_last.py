"""find what a clinician sent last in an index alone: a search for a common name read all that its referrers had ever sent."""

from alembic import op

revision = "e93a4c71f0d8"
down_revision = "d70f2b6c18e5"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.create_index("ix_referrals_of_provider", "referrals", ["provider_id", "received_at", "lead_id"])
    op.drop_index("ix_referrals_provider_id", table_name="referrals")


def downgrade() -> None:
    op.create_index("ix_referrals_provider_id", "referrals", ["provider_id"])
    op.drop_index("ix_referrals_of_provider", table_name="referrals")
