"""add whose a to-do is, notes taken back, and what a lead's page looks up by. A worker of the commit before leaves both columns empty."""

import sqlalchemy as sa
from alembic import op

revision = "a94d17c3e6b8"
down_revision = "6c0d94be2f37"
branch_labels = None
depends_on = None

# Of these there was an index for what is still running only; a lead's page shows what has ended, too.
WHOSE = (("enrolments", "lead_id"), ("holds", "person_id"), ("pauses", "person_id"), ("suppressions", "person_id"))
MERGED = (("merges", "kept_id"), ("merges", "other_id"))


def upgrade() -> None:
    op.add_column("notes", sa.Column("taken_back_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("todos", sa.Column("for_account", sa.Uuid(), nullable=True))
    op.create_foreign_key(op.f("fk_todos_for_account"), "todos", "accounts", ["for_account"], ["id"])
    own = sa.text("done_at IS NULL AND for_account IS NOT NULL")
    op.create_index("ix_todos_own", "todos", ["for_account"], postgresql_where=own)
    for table, column in WHOSE + MERGED:
        op.create_index(op.f(f"ix_{table}_{column}"), table, [column])


def downgrade() -> None:
    for table, column in WHOSE + MERGED:
        op.drop_index(op.f(f"ix_{table}_{column}"), table_name=table)
    op.drop_column("todos", "for_account")
    op.drop_column("notes", "taken_back_at")
