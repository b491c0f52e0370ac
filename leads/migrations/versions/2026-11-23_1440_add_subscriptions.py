"""add subscriptions to news of referrals, and the knocks they bring. A worker of the commit before knows neither and leaves them."""

import sqlalchemy as sa
from alembic import op

revision = "3d9a6be21440"
down_revision = "c3f4a91e1440"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.create_table(
        "referral_subscriptions",
        sa.Column("practice_id", sa.Uuid(), nullable=False),
        sa.Column("api_key_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("endpoint", sa.LargeBinary(), nullable=True),
        sa.Column("headers", sa.LargeBinary(), nullable=True),
        sa.Column("provider_id", sa.Uuid(), nullable=True),
        sa.Column("delegate_id", sa.Uuid(), nullable=True),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("why", sa.String(length=80), nullable=True),
        sa.Column("events", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("kind IN ('rest-hook', 'email')", name=op.f("ck_referral_subscriptions_kind")),
        sa.CheckConstraint("state IN ('requested', 'active', 'error', 'off')", name=op.f("ck_referral_subscriptions_state")),
        sa.ForeignKeyConstraint(["practice_id"], ["practices.id"], name=op.f("fk_referral_subscriptions_practice_id")),
        sa.ForeignKeyConstraint(["api_key_id"], ["api_keys.id"], name=op.f("fk_referral_subscriptions_api_key_id")),
        sa.ForeignKeyConstraint(["provider_id"], ["providers.id"], name=op.f("fk_referral_subscriptions_provider_id")),
        sa.ForeignKeyConstraint(["delegate_id"], ["delegates.id"], name=op.f("fk_referral_subscriptions_delegate_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_referral_subscriptions")),
    )
    op.create_index("ix_referral_subscriptions_of_practice", "referral_subscriptions", ["practice_id"])
    op.create_table(
        "referral_knocks",
        sa.Column("subscription_id", sa.Uuid(), nullable=False),
        sa.Column("referral_id", sa.Uuid(), nullable=True),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("last", sa.String(length=80), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("taken", sa.Boolean(), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["subscription_id"], ["referral_subscriptions.id"], name=op.f("fk_referral_knocks_subscription_id")),
        sa.ForeignKeyConstraint(["referral_id"], ["referrals.id"], name=op.f("fk_referral_knocks_referral_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_referral_knocks")),
        sa.UniqueConstraint("subscription_id", "number", name=op.f("uq_referral_knocks_subscription_id_number")),
    )
    op.create_index("ix_referral_knocks_due", "referral_knocks", ["due_at"], postgresql_where=sa.text("ended_at IS NULL"))


def downgrade() -> None:
    op.drop_table("referral_knocks")
    op.drop_table("referral_subscriptions")
