"""let lists be counted and filtered from their indexes alone, without looking up each lead passed over; and list who waits for a place."""

from collections.abc import Mapping, Sequence

import sqlalchemy as sa
from alembic import op

revision = "4e8a06c2d9f3"
down_revision = "1d7e52b09c64"
branch_labels = None
depends_on = None

CHOSEN_BY = ["office", "stage", "source", "assigned_to"]
INDEXES: Mapping[str, tuple[Sequence[str], str | None, Sequence[str]]] = {
    "need": (["need", "due_at", "id"], None, ["call_at", "act_at", *CHOSEN_BY]),
    "idle": (["need", "due_at", "id"], "call_at IS NULL AND act_at IS NULL", CHOSEN_BY),
    "call": (["call_at", "id"], "call_at IS NOT NULL", ["act_at", *CHOSEN_BY]),
    "act": (["act_at", "id"], "act_at IS NOT NULL AND (call_at IS NULL OR act_at < call_at)", ["call_at", *CHOSEN_BY]),
    "stage": (["stage", "due_at", "id"], None, ["office", "source", "assigned_to"]),
}
WAITS = sa.text("kind = 'look-again' AND done_at IS NULL")
CALLED = sa.text("act_at IS NOT NULL AND act_at >= call_at")


def upgrade() -> None:
    for name, (columns, where, more) in INDEXES.items():
        _make_anew(name, columns, where, postgresql_include=more)
    more = ["call_at", *CHOSEN_BY]
    op.create_index("ix_standings_called", "standings", ["act_at", "id"], postgresql_where=CALLED, postgresql_include=more)
    op.create_index("ix_todos_waitlist", "todos", ["opened_at", "lead_id"], postgresql_where=WAITS)


def downgrade() -> None:
    op.drop_index("ix_todos_waitlist", table_name="todos")
    op.drop_index("ix_standings_called", table_name="standings")
    for name, (columns, where, _) in INDEXES.items():
        _make_anew(name, columns, where)


def _make_anew(name: str, columns: Sequence[str], where: str | None, **options: Sequence[str]) -> None:
    op.drop_index(f"ix_standings_{name}", table_name="standings")
    condition = sa.text(where) if where else None
    op.create_index(f"ix_standings_{name}", "standings", list(columns), postgresql_where=condition, **options)
