"""add versions of e-mails, what reviewers said of them, notices to staff that go once, and who wants the daily brief."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "d27c40be2010"
down_revision = "e2c85a41f09d"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "template_versions",
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("language", sa.String(length=5), nullable=False),
        sa.Column("version", sa.String(length=64), nullable=False),
        sa.Column("sources", postgresql.JSONB(), nullable=False),
        sa.Column("kept_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_template_versions")),
        sa.UniqueConstraint("name", "language", "version", name=op.f("uq_template_versions_name_language_version")),
    )
    op.create_table(
        "template_reviews",
        sa.Column("version_id", sa.Uuid(), nullable=False),
        sa.Column("submitted_by", sa.Uuid(), nullable=False),
        sa.Column("submitted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("verdict", sa.String(length=10), nullable=True),
        sa.Column("decided_by", sa.Uuid(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("words", sa.String(length=2000), nullable=True),
        sa.Column("claims", postgresql.JSONB(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("withdrawn_by", sa.Uuid(), nullable=True),
        sa.Column("told_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("decided_by <> submitted_by", name=op.f("ck_template_reviews_two_people")),
        sa.CheckConstraint("(verdict IS NULL) = (decided_by IS NULL)", name=op.f("ck_template_reviews_decided_by_somebody")),
        sa.CheckConstraint("verdict IN ('approved', 'refused')", name=op.f("ck_template_reviews_verdict")),
        sa.ForeignKeyConstraint(["version_id"], ["template_versions.id"], name=op.f("fk_template_reviews_version_id")),
        sa.ForeignKeyConstraint(["submitted_by"], ["accounts.id"], name=op.f("fk_template_reviews_submitted_by")),
        sa.ForeignKeyConstraint(["decided_by"], ["accounts.id"], name=op.f("fk_template_reviews_decided_by")),
        sa.ForeignKeyConstraint(["withdrawn_by"], ["accounts.id"], name=op.f("fk_template_reviews_withdrawn_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_template_reviews")),
    )
    op.create_index(
        "uq_template_reviews_open", "template_reviews", ["version_id"], unique=True, postgresql_where=sa.text("verdict IS NULL")
    )
    in_force = sa.text("verdict = 'approved' AND withdrawn_at IS NULL")
    op.create_index("ix_template_reviews_in_force", "template_reviews", ["version_id"], unique=False, postgresql_where=in_force)
    op.create_table(
        "staff_notices",
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("key", sa.String(length=80), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_staff_notices")),
        sa.UniqueConstraint("kind", "key", name=op.f("uq_staff_notices_kind_key")),
    )
    op.create_table(
        "brief_readers",
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_brief_readers_account_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_brief_readers")),
        sa.UniqueConstraint("account_id", name=op.f("uq_brief_readers_account_id")),
    )
