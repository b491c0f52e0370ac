"""find what failed and waits for a word, without passing over all that failed in years and was settled."""

import sqlalchemy as sa
from alembic import op

revision = "93c5e1d80b4f"
down_revision = "e51c0a7f2b94"
branch_labels = None
depends_on = None

WAITS = sa.text("state = 'failed' AND reason IS DISTINCT FROM 'decided'")


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.create_index("ix_messages_unsettled", "messages", ["state_at", "id"], postgresql_where=WAITS)


def downgrade() -> None:
    op.drop_index("ix_messages_unsettled", table_name="messages")
