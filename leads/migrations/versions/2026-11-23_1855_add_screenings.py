"""add screenings, their answers page by page, and the tries to open one."""

import sqlalchemy as sa
from alembic import op

revision = "7c90de41a855"
down_revision = "5c2e90d71840"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "screenings",
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("lead_id", sa.Uuid(), nullable=False),
        sa.Column("questionnaire", sa.String(length=40), nullable=False),
        sa.Column("definition", sa.String(length=64), nullable=False),
        sa.Column("language", sa.String(length=5), nullable=False),
        sa.Column("channel", sa.String(length=10), nullable=False),
        sa.Column("begun_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("begun_by", sa.String(length=80), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("submitted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("submitted_by", sa.String(length=80), nullable=True),
        sa.Column("staffed", sa.Boolean(), nullable=True),
        sa.Column("finding", sa.String(length=20), nullable=True),
        sa.Column("result", sa.LargeBinary(), nullable=True),
        sa.Column("reviewed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reviewed_by", sa.String(length=80), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("channel IN ('link', 'phone')", name=op.f("ck_screenings_channel")),
        sa.ForeignKeyConstraint(["lead_id"], ["leads.id"], name=op.f("fk_screenings_lead_id")),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_screenings_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_screenings")),
    )
    unsent = sa.text("submitted_at IS NULL AND ended_at IS NULL")
    op.create_index("uq_screenings_open", "screenings", ["lead_id"], unique=True, postgresql_where=unsent)
    op.create_index(op.f("ix_screenings_person_id_screenings_submitted_at"), "screenings", ["person_id", "submitted_at"], unique=False)
    unreviewed = sa.text("submitted_at IS NOT NULL AND reviewed_at IS NULL")
    op.create_index("ix_screenings_unreviewed", "screenings", ["submitted_at"], unique=False, postgresql_where=unreviewed)
    op.create_table(
        "screening_answers",
        sa.Column("screening_id", sa.Uuid(), nullable=False),
        sa.Column("page", sa.String(length=40), nullable=False),
        sa.Column("answers", sa.LargeBinary(), nullable=True),
        sa.Column("saved_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("saved_by", sa.String(length=80), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["screening_id"], ["screenings.id"], name=op.f("fk_screening_answers_screening_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_screening_answers")),
    )
    op.create_index(
        op.f("ix_screening_answers_screening_id_screening_answers_saved_at"), "screening_answers", ["screening_id", "saved_at"], unique=False
    )
    op.create_table(
        "screening_tries",
        sa.Column("token_id", sa.Uuid(), nullable=False),
        sa.Column("outcome", sa.String(length=10), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["token_id"], ["tokens.id"], name=op.f("fk_screening_tries_token_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_screening_tries")),
    )
    op.create_index(op.f("ix_screening_tries_token_id"), "screening_tries", ["token_id"], unique=False)
