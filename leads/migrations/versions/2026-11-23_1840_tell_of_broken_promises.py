"""remember of which broken promises the supervisors were told.

What was broken before this came is no news: it is marked as told, so that the first minute after an update mails nobody about the past.
"""

import sqlalchemy as sa
from alembic import op

revision = "9b1f4c60d218"
down_revision = "a4c17b9e1815"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("leads", sa.Column("promise_told_at", sa.DateTime(timezone=True), nullable=True))
    op.execute("UPDATE leads SET promise_told_at = now() WHERE reached_at IS NULL AND closed_at IS NULL AND expected_by < now()")
    unkept = sa.text("closed_at IS NULL AND reached_at IS NULL AND promise_told_at IS NULL")
    op.create_index("ix_leads_promised", "leads", ["expected_by", "id"], unique=False, postgresql_where=unkept)
