"""add which move a move takes back. A worker of the commit before leaves it empty: its moves take nothing back."""

import sqlalchemy as sa
from alembic import op

revision = "8b2f6d04c1a7"
down_revision = "5c0e7a91f3d8"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("stage_changes", sa.Column("takes_back", sa.Uuid(), nullable=True))
    op.create_foreign_key(op.f("fk_stage_changes_takes_back"), "stage_changes", "stage_changes", ["takes_back"], ["id"])
    taken = sa.text("takes_back IS NOT NULL")
    op.create_index("ix_stage_changes_taken_back", "stage_changes", ["takes_back"], unique=True, postgresql_where=taken)


def downgrade() -> None:
    op.drop_column("stage_changes", "takes_back")
