"""add what comes back by mail: notices as they came, the events in them, and what their signatures rest on."""

import sqlalchemy as sa
from alembic import op

revision = "c4a1e07b92d5"
down_revision = "b41f7a90c2d6"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "mail_notices",
        sa.Column("carrier", sa.String(length=20), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("trouble", sa.String(length=40), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("raw", sa.LargeBinary(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mail_notices")),
    )
    op.create_index(op.f("ix_mail_notices_received_at"), "mail_notices", ["received_at"])
    op.create_table(
        "mail_events",
        sa.Column("carrier", sa.String(length=20), nullable=False),
        sa.Column("provider_id", sa.String(length=200), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("message_id", sa.Uuid(), nullable=True),
        sa.Column("status", sa.String(length=12), nullable=True),
        sa.Column("notice_id", sa.Uuid(), nullable=True),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("look_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("applied_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("outcome", sa.String(length=40), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("address", sa.LargeBinary(), nullable=True),
        sa.Column("detail", sa.LargeBinary(), nullable=True),
        sa.CheckConstraint(
            "kind IN ('delivered', 'deferred', 'bounced', 'complained', 'unsubscribed', 'rejected')", name=op.f("ck_mail_events_kind")
        ),
        sa.ForeignKeyConstraint(["notice_id"], ["mail_notices.id"], name=op.f("fk_mail_events_notice_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mail_events")),
        sa.UniqueConstraint("carrier", "provider_id", name=op.f("uq_mail_events_carrier_provider_id")),
    )
    op.create_index(op.f("ix_mail_events_message_id"), "mail_events", ["message_id"])
    op.create_index("ix_mail_events_waiting", "mail_events", ["look_at"], postgresql_where=sa.text("applied_at IS NULL"))
    op.create_table(
        "signing_certificates",
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("fetched_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("pem", sa.Text(), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_signing_certificates")),
        sa.UniqueConstraint("name", name=op.f("uq_signing_certificates_name")),
    )
    op.create_table(
        "spent_tokens",
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.Column("event", sa.LargeBinary(), nullable=False),
        sa.Column("spent_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_spent_tokens")),
        sa.UniqueConstraint("hash", name=op.f("uq_spent_tokens_hash")),
    )
    op.create_index(op.f("ix_spent_tokens_spent_at"), "spent_tokens", ["spent_at"])


def downgrade() -> None:
    op.drop_table("spent_tokens")
    op.drop_table("signing_certificates")
    op.drop_table("mail_events")
    op.drop_table("mail_notices")
