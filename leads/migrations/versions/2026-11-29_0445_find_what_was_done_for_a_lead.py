"""find what was done for a lead without looking through everything that was ever done."""

import sqlalchemy as sa
from alembic import op

revision = "7a1f4be90d36"
down_revision = "0c5d82e4f1a9"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_todos_done_lead", "todos", ["lead_id", "done_at"], postgresql_where=sa.text("done_at IS NOT NULL"))


def downgrade() -> None:
    op.drop_index("ix_todos_done_lead", table_name="todos")
