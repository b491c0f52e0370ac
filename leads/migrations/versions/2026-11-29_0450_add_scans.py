"""add scans that name nobody yet. A worker of the commit before reads none of them."""

import sqlalchemy as sa
from alembic import op

revision = "5c0e7a91f3d8"
down_revision = "7a1f4be90d36"
branch_labels = None
depends_on = None

OUTCOMES = ("inquiry", "referral", "given", "aside")


def upgrade() -> None:
    op.create_table(
        "scans",
        sa.Column("name", sa.LargeBinary(), nullable=True),
        sa.Column("media_type", sa.String(length=40), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=True),
        sa.Column("fingerprint", sa.LargeBinary(), nullable=False),
        sa.Column("part2", sa.Boolean(), nullable=False),
        sa.Column("channel", sa.String(length=20), nullable=False),
        sa.Column("sender", sa.LargeBinary(), nullable=True),
        sa.Column("note", sa.LargeBinary(), nullable=True),
        sa.Column("office", sa.String(length=40), nullable=False),
        sa.Column("urgent", sa.Boolean(), nullable=False),
        sa.Column("brought_by", sa.String(length=80), nullable=False),
        sa.Column("brought_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expected_by", sa.DateTime(timezone=True), nullable=False),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("settled_by", sa.String(length=80), nullable=True),
        sa.Column("outcome", sa.String(length=20), nullable=True),
        sa.Column("reason", sa.LargeBinary(), nullable=True),
        sa.Column("lead_id", sa.Uuid(), nullable=True),
        sa.Column("referral_id", sa.Uuid(), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint(f"outcome IN {OUTCOMES}", name=op.f("ck_scans_outcome")),
        sa.ForeignKeyConstraint(["lead_id"], ["leads.id"], name=op.f("fk_scans_lead_id")),
        sa.ForeignKeyConstraint(["referral_id"], ["referrals.id"], name=op.f("fk_scans_referral_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_scans")),
    )
    waits = sa.text("settled_at IS NULL")
    op.create_index("ix_scans_waiting", "scans", ["expected_by", "id"], postgresql_where=waits)
    op.create_index("uq_scans_waiting", "scans", ["fingerprint"], unique=True, postgresql_where=waits)
    op.create_index("ix_scans_aside", "scans", ["settled_at", "id"], postgresql_where=sa.text("outcome = 'aside'"))
    op.create_index("ix_scans_lead", "scans", ["lead_id"], postgresql_where=sa.text("lead_id IS NOT NULL"))
    op.create_index(op.f("ix_scans_referral_id"), "scans", ["referral_id"])


def downgrade() -> None:
    op.drop_table("scans")
