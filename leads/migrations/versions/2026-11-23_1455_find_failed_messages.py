"""Find failed messages without a search, for the page on which a colleague settles them."""

import sqlalchemy as sa
from alembic import op

revision = "e7a35c0d1455"
down_revision = "3d9a6be21440"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.create_index("ix_messages_failed", "messages", ["state_at", "id"], postgresql_where=sa.text("state = 'failed'"))


def downgrade() -> None:
    op.drop_index("ix_messages_failed", table_name="messages")
