"""find all enrolments of a person, not only those that run: what they had before is asked with each one that begins."""

import sqlalchemy as sa
from alembic import op

revision = "d70f2b6c18e5"
down_revision = "c4a81d07e93f"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.create_index("ix_enrolments_person_id", "enrolments", ["person_id"])
    op.drop_index("ix_enrolments_person_running", table_name="enrolments")


def downgrade() -> None:
    op.create_index("ix_enrolments_person_running", "enrolments", ["person_id"], postgresql_where=sa.text("ended_at IS NULL"))
    op.drop_index("ix_enrolments_person_id", table_name="enrolments")
