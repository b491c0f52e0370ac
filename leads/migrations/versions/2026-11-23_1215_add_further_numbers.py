"""add further numbers of leads."""

import sqlalchemy as sa
from alembic import op

revision = "d2a90b7c1215"
down_revision = "5c1f7d20b9e4"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "further_numbers",
        sa.Column("serial", sa.BigInteger(), nullable=False),
        sa.Column("lead_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["lead_id"], ["leads.id"], name=op.f("fk_further_numbers_lead_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_further_numbers")),
        sa.UniqueConstraint("serial", name=op.f("uq_further_numbers_serial")),
    )
    op.create_index(op.f("ix_further_numbers_lead_id"), "further_numbers", ["lead_id"])


def downgrade() -> None:
    op.drop_table("further_numbers")
