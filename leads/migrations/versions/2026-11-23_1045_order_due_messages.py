"""Order due messages down to the id, so that a claim can begin where the last one ended; find suspects without a search."""

import sqlalchemy as sa
from alembic import op

revision = "c41d07be1045"
down_revision = "a97e36414598"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    planned = sa.text("state = 'planned'")
    op.create_index("ix_messages_due_next", "messages", ["lane", "due_at", "id"], postgresql_where=planned)
    suspect = sa.text("state = 'planned' AND lost_leases > 0")
    op.create_index("ix_messages_suspect", "messages", ["lane", "due_at", "id"], postgresql_where=suspect)
    under_way = sa.text("state IN ('sending', 'unknown')")
    op.create_index("ix_messages_under_way", "messages", ["person_id"], postgresql_where=under_way)
    op.drop_index("ix_messages_due", table_name="messages")


def downgrade() -> None:
    op.create_index("ix_messages_due", "messages", ["lane", "due_at"], postgresql_where=sa.text("state = 'planned'"))
    op.drop_index("ix_messages_under_way", table_name="messages")
    op.drop_index("ix_messages_suspect", table_name="messages")
    op.drop_index("ix_messages_due_next", table_name="messages")
