"""find names by two beginnings at once: those that are hashed without are known by the edition they lack, and hashed anew."""

import sqlalchemy as sa
from alembic import op

revision = "b4f8d19c60a3"
down_revision = "e93a4c71f0d8"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.drop_index("ix_people_unhashed", table_name="people")
    op.create_index("ix_people_unhashed", "people", ["id"], postgresql_where=sa.text("name_buckets[1] IS DISTINCT FROM -2"))


def downgrade() -> None:
    # What is hashed with pairs is found by its beginnings as before: nothing needs to be hashed anew.
    op.drop_index("ix_people_unhashed", table_name="people")
    op.create_index("ix_people_unhashed", "people", ["id"], postgresql_where=sa.text("name_buckets IS NULL"))
