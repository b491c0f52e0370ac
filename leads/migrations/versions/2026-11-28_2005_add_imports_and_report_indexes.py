"""add imports with their lines, and the indexes that reports ask periods of."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "1f6b9c2e1915"
down_revision = "b83d5f20a7c4"
branch_labels = None
depends_on = None

STATES = ("uploaded", "checking", "running", "undoing", "checked", "done", "undone", "discarded")
LINES = ("waiting", "ready", "wrong", "left-out", "made", "undone", "closed", "kept")


def upgrade() -> None:
    op.create_table(
        "imports",
        sa.Column("file_name", sa.LargeBinary(), nullable=True),
        sa.Column("headings", sa.LargeBinary(), nullable=True),
        sa.Column("encoding", sa.String(length=20), nullable=False),
        sa.Column("separator", sa.String(length=1), nullable=False),
        sa.Column("mapping", postgresql.JSONB(), nullable=False),
        sa.Column("office", sa.String(length=40), nullable=False),
        sa.Column("leave_out_known", sa.Boolean(), nullable=False),
        sa.Column("call_by", sa.DateTime(timezone=True), nullable=True),
        sa.Column("lines", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("reached", sa.Integer(), nullable=False),
        sa.Column("stumbles", sa.Integer(), nullable=False),
        sa.Column("uploaded_by", sa.String(length=80), nullable=False),
        sa.Column("uploaded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("set_off_by", sa.String(length=80), nullable=False),
        sa.Column("state_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("forgotten_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint(f"state IN {STATES}", name=op.f("ck_imports_state")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_imports")),
    )
    under_way = sa.text("state IN ('checking', 'running', 'undoing')")
    op.create_index("ix_imports_under_way", "imports", ["id"], unique=False, postgresql_where=under_way)
    op.create_table(
        "import_lines",
        sa.Column("import_id", sa.Uuid(), nullable=False),
        sa.Column("line", sa.Integer(), nullable=False),
        sa.Column("cells", sa.LargeBinary(), nullable=True),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("errors", postgresql.JSONB(), nullable=False),
        sa.Column("notices", postgresql.JSONB(), nullable=False),
        sa.Column("suspects", sa.Integer(), nullable=False),
        sa.Column("twin", sa.Integer(), nullable=True),
        sa.Column("email_index", sa.LargeBinary(), nullable=True),
        sa.Column("phone_index", sa.LargeBinary(), nullable=True),
        sa.Column("person_id", sa.Uuid(), nullable=True),
        sa.Column("lead_id", sa.Uuid(), nullable=True),
        sa.Column("why", sa.String(length=40), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint(f"state IN {LINES}", name=op.f("ck_import_lines_state")),
        sa.ForeignKeyConstraint(["import_id"], ["imports.id"], name=op.f("fk_import_lines_import_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_import_lines")),
        sa.UniqueConstraint("import_id", "line", name=op.f("uq_import_lines_import_id_line")),
    )
    op.create_index(op.f("ix_import_lines_import_id_import_lines_state_import_lines_line"), "import_lines", ["import_id", "state", "line"])
    for name in ("email", "phone"):
        given = sa.text(f"{name}_index IS NOT NULL")
        op.create_index(f"ix_import_lines_{name}", "import_lines", ["import_id", f"{name}_index"], unique=False, postgresql_where=given)
    op.create_index(op.f("ix_leads_opened_at"), "leads", ["opened_at"], unique=False)
    op.create_index(op.f("ix_referrals_received_at"), "referrals", ["received_at"], unique=False)
    enrolled = sa.text("enrolment_id IS NOT NULL")
    op.create_index("ix_messages_of_sequences", "messages", ["cause", "due_at"], unique=False, postgresql_where=enrolled)
    op.create_index("ix_enrolments_of_version", "enrolments", ["version_id", "id"], unique=False, postgresql_where=sa.text("ended_at IS NULL"))
    op.create_index(op.f("ix_enrolments_sequence_key_enrolments_started_at"), "enrolments", ["sequence_key", "started_at"], unique=False)
