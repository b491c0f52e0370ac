"""add recipients of mail who are our own: members of staff, and the mailboxes of our offices; and the lane of safety pages.

A worker of the commit before finds nobody to send such mail to, and never asks for the new lane.
"""

import sqlalchemy as sa
from alembic import op

revision = "5d0c2a7e9b41"
down_revision = "e7a35c0d1455"
branch_labels = None
depends_on = None

RECIPIENTS = "person_id, provider_id, delegate_id, claim_id"
LANES = "('safety', 'transactional', 'reminder', 'education')"


def upgrade() -> None:
    op.create_table(
        "desks",
        sa.Column("office", sa.String(length=40), nullable=False),
        sa.Column("email", sa.LargeBinary(), nullable=True),
        sa.Column("email_index", sa.LargeBinary(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_desks")),
        sa.UniqueConstraint("office", name=op.f("uq_desks_office")),
    )
    op.add_column("messages", sa.Column("account_id", sa.Uuid(), nullable=True))
    op.add_column("messages", sa.Column("desk_id", sa.Uuid(), nullable=True))
    op.create_foreign_key(op.f("fk_messages_account_id"), "messages", "accounts", ["account_id"], ["id"], postgresql_not_valid=True)
    op.create_foreign_key(op.f("fk_messages_desk_id"), "messages", "desks", ["desk_id"], ["id"], postgresql_not_valid=True)
    _check("one_recipient", f"num_nonnulls({RECIPIENTS}, account_id, desk_id) = 1")
    _check("lane", f"lane IN {LANES}")


def _check(name: str, rule: str) -> None:
    # Wider than what it replaces, so no row needs to be looked at, and the lock is over in a moment.
    op.drop_constraint(op.f(f"ck_messages_{name}"), "messages", type_="check")
    op.execute(f"ALTER TABLE messages ADD CONSTRAINT ck_messages_{name} CHECK ({rule}) NOT VALID")
    op.execute(f"ALTER TABLE messages VALIDATE CONSTRAINT ck_messages_{name}")
