"""find the few restricted records without reading all of them, for the page on which supervisors see who looked."""

import sqlalchemy as sa
from alembic import op

revision = "1d7e52b09c64"
down_revision = "8b2f6d04c1a7"
branch_labels = None
depends_on = None


def upgrade() -> None:
    restricted = sa.text("restricted_at IS NOT NULL")
    op.create_index("ix_people_restricted", "people", ["id"], unique=False, postgresql_where=restricted)


def downgrade() -> None:
    op.drop_index("ix_people_restricted", table_name="people")
