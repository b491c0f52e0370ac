"""add appointments, what happened to each, and blocked stretches. A worker of the commit before knows none of them and leaves them."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "a4c17b9e1815"
down_revision = "5d0c2a7e9b41"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.create_table(
        "appointments",
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("lead_id", sa.Uuid(), nullable=False),
        sa.Column("office", sa.String(length=40), nullable=False),
        sa.Column("calendar", sa.String(length=40), nullable=True),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("ics_sequence", sa.Integer(), nullable=False),
        sa.Column("offered_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("booked_by", sa.String(length=80), nullable=True),
        sa.Column("booked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("confirmed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_by", sa.String(length=80), nullable=True),
        sa.Column("reason", sa.LargeBinary(), nullable=True),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint(
            "state IN ('offered', 'booked', 'cancelled', 'attended', 'no_show')", name=op.f("ck_appointments_state")
        ),
        sa.CheckConstraint("starts_at < ends_at", name=op.f("ck_appointments_in_order")),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_appointments_person_id")),
        sa.ForeignKeyConstraint(["lead_id"], ["leads.id"], name=op.f("fk_appointments_lead_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_appointments")),
    )
    live = sa.text("state IN ('offered', 'booked')")
    op.create_index("uq_appointments_slot", "appointments", ["calendar", "starts_at"], unique=True, postgresql_where=live)
    op.create_index("uq_appointments_live", "appointments", ["lead_id"], unique=True, postgresql_where=live)
    op.create_index("ix_appointments_offers", "appointments", ["offered_until"], postgresql_where=sa.text("state = 'offered'"))
    op.create_index(op.f("ix_appointments_person_id"), "appointments", ["person_id"])
    op.create_index(op.f("ix_appointments_lead_id_appointments_starts_at"), "appointments", ["lead_id", "starts_at"])
    op.create_index(op.f("ix_appointments_office_appointments_starts_at"), "appointments", ["office", "starts_at"])
    op.create_index(op.f("ix_appointments_changed_at_appointments_id"), "appointments", ["changed_at", "id"])
    op.create_table(
        "appointment_events",
        sa.Column("appointment_id", sa.Uuid(), nullable=False),
        sa.Column("event", sa.String(length=20), nullable=False),
        sa.Column("by", sa.String(length=80), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("details", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["appointment_id"], ["appointments.id"], name=op.f("fk_appointment_events_appointment_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_appointment_events")),
    )
    op.create_index(op.f("ix_appointment_events_appointment_id"), "appointment_events", ["appointment_id"])
    op.create_table(
        "calendar_blocks",
        sa.Column("calendar", sa.String(length=40), nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reason", sa.LargeBinary(), nullable=True),
        sa.Column("blocked_by", sa.String(length=80), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("lifted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("lifted_by", sa.String(length=80), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("starts_at < ends_at", name=op.f("ck_calendar_blocks_in_order")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_calendar_blocks")),
    )
    op.create_index(
        "ix_calendar_blocks_in_force", "calendar_blocks", ["calendar", "ends_at"], postgresql_where=sa.text("lifted_at IS NULL")
    )


def downgrade() -> None:
    op.drop_table("calendar_blocks")
    op.drop_table("appointment_events")
    op.drop_table("appointments")
