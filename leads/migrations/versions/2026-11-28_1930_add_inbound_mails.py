"""add the mail that comes in."""

import sqlalchemy as sa
from alembic import op

revision = "b83d5f20a7c4"
down_revision = "a3f1c8d05e77"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "inbound_mails",
        sa.Column("fingerprint", sa.LargeBinary(), nullable=False),
        sa.Column("channel", sa.String(length=20), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=True),
        sa.Column("reason", sa.String(length=60), nullable=True),
        sa.Column("urgent", sa.Boolean(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("look_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("handled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("handled_by", sa.String(length=80), nullable=True),
        sa.Column("message_id", sa.Uuid(), nullable=True),
        sa.Column("person_id", sa.Uuid(), nullable=True),
        sa.Column("lead_id", sa.Uuid(), nullable=True),
        sa.Column("referral_id", sa.Uuid(), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("sender", sa.LargeBinary(), nullable=True),
        sa.Column("recipient", sa.LargeBinary(), nullable=True),
        sa.Column("raw", sa.LargeBinary(), nullable=True),
        sa.Column("said", sa.LargeBinary(), nullable=True),
        sa.CheckConstraint("state IN ('waiting', 'done', 'ignored', 'unmatched', 'failed')", name=op.f("ck_inbound_mails_state")),
        sa.ForeignKeyConstraint(["lead_id"], ["leads.id"], name=op.f("fk_inbound_mails_lead_id")),
        sa.ForeignKeyConstraint(["message_id"], ["messages.id"], name=op.f("fk_inbound_mails_message_id")),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_inbound_mails_person_id")),
        sa.ForeignKeyConstraint(["referral_id"], ["referrals.id"], name=op.f("fk_inbound_mails_referral_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_inbound_mails")),
        sa.UniqueConstraint("fingerprint", name=op.f("uq_inbound_mails_fingerprint")),
    )
    op.create_index("ix_inbound_mails_waiting", "inbound_mails", ["look_at", "id"], postgresql_where=sa.text("state = 'waiting'"))
    still_open = sa.text("state IN ('unmatched', 'failed')")
    op.create_index("ix_inbound_mails_open", "inbound_mails", ["urgent", "received_at"], postgresql_where=still_open)
    op.create_index("ix_inbound_mails_lead", "inbound_mails", ["lead_id", "received_at"], postgresql_where=sa.text("lead_id IS NOT NULL"))
    op.create_index("ix_inbound_mails_kept", "inbound_mails", ["handled_at"], postgresql_where=sa.text("raw IS NOT NULL"))
    op.create_index(op.f("ix_inbound_mails_person_id"), "inbound_mails", ["person_id"])


def downgrade() -> None:
    op.drop_table("inbound_mails")
