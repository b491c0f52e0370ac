"""add alarms, their pages, calls to a pager service, tests of who is on call, and the code of a disposition."""

import sqlalchemy as sa
from alembic import op

revision = "b41f7a90c2d6"
down_revision = "7c90de41a855"
branch_labels = None
depends_on = None

OPEN = sa.text("taken_at IS NULL AND ended_at IS NULL")


def moment(name: str, *, nullable: bool = False) -> sa.Column:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def upgrade() -> None:
    op.create_table(
        "safety_alarms",
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("lead_id", sa.Uuid(), nullable=False),
        sa.Column("source", sa.String(length=40), nullable=False),
        moment("raised_at"),
        sa.Column("step", sa.Integer(), nullable=False),
        moment("next_at"),
        moment("taken_at", nullable=True),
        sa.Column("taken_by", sa.String(length=80), nullable=True),
        moment("ended_at", nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["lead_id"], ["leads.id"], name=op.f("fk_safety_alarms_lead_id")),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_safety_alarms_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_safety_alarms")),
    )
    op.create_index("ix_safety_alarms_due", "safety_alarms", ["next_at"], unique=False, postgresql_where=OPEN)
    op.create_index("uq_safety_alarms_open", "safety_alarms", ["lead_id"], unique=True, postgresql_where=OPEN)
    op.create_index(op.f("ix_safety_alarms_lead_id_safety_alarms_raised_at"), "safety_alarms", ["lead_id", "raised_at"], unique=False)
    op.create_index(op.f("ix_safety_alarms_person_id"), "safety_alarms", ["person_id"], unique=False)
    op.create_table(
        "safety_pages",
        sa.Column("alarm_id", sa.Uuid(), nullable=False),
        sa.Column("step", sa.Integer(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=True),
        sa.Column("desk_id", sa.Uuid(), nullable=True),
        sa.Column("message_id", sa.Uuid(), nullable=False),
        moment("at"),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_safety_pages_account_id")),
        sa.ForeignKeyConstraint(["alarm_id"], ["safety_alarms.id"], name=op.f("fk_safety_pages_alarm_id")),
        sa.ForeignKeyConstraint(["desk_id"], ["desks.id"], name=op.f("fk_safety_pages_desk_id")),
        sa.ForeignKeyConstraint(["message_id"], ["messages.id"], name=op.f("fk_safety_pages_message_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_safety_pages")),
        sa.UniqueConstraint(
            "alarm_id", "step", "account_id", "desk_id", name=op.f("uq_safety_pages_alarm_id_step_account_id_desk_id"), postgresql_nulls_not_distinct=True
        ),
    )
    op.create_table(
        "pager_calls",
        sa.Column("alarm_id", sa.Uuid(), nullable=True),
        sa.Column("step", sa.Integer(), nullable=False),
        moment("at"),
        moment("due_at"),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("last", sa.String(length=80), nullable=True),
        moment("ended_at", nullable=True),
        sa.Column("taken", sa.Boolean(), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["alarm_id"], ["safety_alarms.id"], name=op.f("fk_pager_calls_alarm_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pager_calls")),
        sa.UniqueConstraint("alarm_id", "step", name=op.f("uq_pager_calls_alarm_id_step")),
    )
    op.create_index("ix_pager_calls_due", "pager_calls", ["due_at"], unique=False, postgresql_where=sa.text("ended_at IS NULL"))
    op.create_table(
        "contact_tests",
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("message_id", sa.Uuid(), nullable=False),
        moment("sent_at"),
        sa.Column("sent_by", sa.String(length=80), nullable=False),
        moment("answered_at", nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_contact_tests_account_id")),
        sa.ForeignKeyConstraint(["message_id"], ["messages.id"], name=op.f("fk_contact_tests_message_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contact_tests")),
    )
    op.create_index(
        op.f("ix_contact_tests_account_id_contact_tests_answered_at"), "contact_tests", ["account_id", "answered_at"], unique=False
    )
    op.add_column("holds", sa.Column("disposition_code", sa.String(length=20), nullable=True))
