"""keep what stood before a deed, encrypted and for as long as it can be taken back."""

import sqlalchemy as sa
from alembic import op

revision = "c4a81d07e93f"
down_revision = "93c5e1d80b4f"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("deeds", sa.Column("stood", sa.LargeBinary(), nullable=True))
    op.create_index("ix_deeds_stood", "deeds", ["at"], postgresql_where=sa.text("stood IS NOT NULL"))


def downgrade() -> None:
    op.drop_index("ix_deeds_stood", table_name="deeds")
    op.drop_column("deeds", "stood")
