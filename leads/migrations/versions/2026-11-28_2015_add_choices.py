"""add choices: what somebody chose about our mails, with its proof, for good."""

import sqlalchemy as sa
from alembic import op

revision = "e2c85a41f09d"
down_revision = "1f6b9c2e1915"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "choices",
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("act", sa.String(length=10), nullable=False),
        sa.Column("what", sa.String(length=50), nullable=False),
        sa.Column("value", sa.String(length=40), nullable=True),
        sa.Column("wording", sa.String(length=40), nullable=True),
        sa.Column("source", sa.String(length=40), nullable=False),
        sa.Column("method", sa.String(length=40), nullable=False),
        sa.Column("actor", sa.String(length=80), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("evidence", sa.LargeBinary(), nullable=True),
        sa.CheckConstraint("act IN ('stop', 'allow', 'rest', 'resume', 'set')", name=op.f("ck_choices_act")),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_choices_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_choices")),
    )
    op.create_index(op.f("ix_choices_person_id_choices_at"), "choices", ["person_id", "at"])
    op.execute("CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON choices FOR EACH ROW EXECUTE FUNCTION refuse_change()")


def downgrade() -> None:
    op.drop_table("choices")
