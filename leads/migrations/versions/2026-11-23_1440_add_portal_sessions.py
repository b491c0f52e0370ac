"""add the referrers' sessions, and each opening of a status link. A worker of the commit before touches neither."""

import sqlalchemy as sa
from alembic import op

revision = "c3f4a91e1440"
down_revision = "5b7f0a2c1430"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.create_table(
        "portal_sessions",
        sa.Column("provider_id", sa.Uuid(), sa.ForeignKey("providers.id", name=op.f("fk_portal_sessions_provider_id")), nullable=True),
        sa.Column("delegate_id", sa.Uuid(), sa.ForeignKey("delegates.id", name=op.f("fk_portal_sessions_delegate_id")), nullable=True),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("num_nonnulls(provider_id, delegate_id) = 1", name=op.f("ck_portal_sessions_one_holder")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_portal_sessions")),
        sa.UniqueConstraint("hash", name=op.f("uq_portal_sessions_hash")),
    )
    op.create_table(
        "status_openings",
        sa.Column("token_id", sa.Uuid(), sa.ForeignKey("tokens.id", name=op.f("fk_status_openings_token_id")), nullable=False),
        sa.Column("referral_id", sa.Uuid(), sa.ForeignKey("referrals.id", name=op.f("fk_status_openings_referral_id")), nullable=False),
        sa.Column("recipient", sa.String(80), nullable=False),
        sa.Column("outcome", sa.String(10), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("outcome IN ('looked', 'shown', 'refused')", name=op.f("ck_status_openings_outcome")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_status_openings")),
    )
    for table, column in (
        ("portal_sessions", "provider_id"),
        ("portal_sessions", "delegate_id"),
        ("status_openings", "token_id"),
        ("status_openings", "referral_id"),
    ):
        op.create_index(f"ix_{table}_{column}", table, [column])


def downgrade() -> None:
    op.drop_table("status_openings")
    op.drop_table("portal_sessions")
