"""add todos of sequences and replies."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "c41f7d0a9e52"
down_revision = "c41d07be1045"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("enrolments", sa.Column("next_todo_at", sa.DateTime(timezone=True), nullable=True))
    op.create_index(
        "ix_enrolments_next_todo",
        "enrolments",
        ["next_todo_at"],
        unique=False,
        postgresql_where=sa.text("ended_at IS NULL AND next_todo_at IS NOT NULL"),
    )
    op.add_column("todos", sa.Column("enrolment_id", sa.Uuid(), nullable=True))
    op.add_column("todos", sa.Column("step", sa.String(length=60), nullable=True))
    op.add_column("todos", sa.Column("occurrence", sa.Integer(), nullable=True))
    op.add_column("todos", sa.Column("depends_on", postgresql.JSONB(astext_type=sa.Text()), nullable=True))
    op.create_foreign_key(op.f("fk_todos_enrolment_id"), "todos", "enrolments", ["enrolment_id"], ["id"])
    op.create_index(
        "uq_todos_step",
        "todos",
        ["enrolment_id", "step", "occurrence"],
        unique=True,
        postgresql_where=sa.text("enrolment_id IS NOT NULL"),
    )
    op.create_table(
        "replies",
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("message_id", sa.Uuid(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["message_id"], ["messages.id"], name=op.f("fk_replies_message_id")),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_replies_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_replies")),
    )
    op.create_index(op.f("ix_replies_message_id"), "replies", ["message_id"], unique=False)
    op.create_index(op.f("ix_replies_person_id_replies_at"), "replies", ["person_id", "at"], unique=False)


def downgrade() -> None:
    raise NotImplementedError("Restore a backup instead: going back would lose what has arrived since.")
