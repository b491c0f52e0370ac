"""keep merges of people so that they can be undone. A worker of the commit before knows none of it and merges nobody."""

import sqlalchemy as sa
from alembic import op

revision = "b71c5e0d1930"
down_revision = "b41f6e0c9a27"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.add_column("people", sa.Column("merged_into", sa.Uuid(), nullable=True))
    op.create_foreign_key(op.f("fk_people_merged_into"), "people", "people", ["merged_into"], ["id"])
    op.create_index("ix_people_merged", "people", ["merged_into"], unique=False, postgresql_where=sa.text("merged_into IS NOT NULL"))
    op.add_column("leads", sa.Column("joined_to", sa.Uuid(), nullable=True))
    op.create_foreign_key(op.f("fk_leads_joined_to"), "leads", "leads", ["joined_to"], ["id"])
    op.create_table(
        "merges",
        sa.Column("kept_id", sa.Uuid(), nullable=False),
        sa.Column("other_id", sa.Uuid(), nullable=False),
        sa.Column("before", sa.LargeBinary(), nullable=True),
        sa.Column("actor", sa.String(length=80), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("undone_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("undone_by", sa.String(length=80), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["kept_id"], ["people.id"], name=op.f("fk_merges_kept_id")),
        sa.ForeignKeyConstraint(["other_id"], ["people.id"], name=op.f("fk_merges_other_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_merges")),
    )
    op.create_index("ix_merges_kept", "merges", ["kept_id"], unique=False, postgresql_where=sa.text("undone_at IS NULL"))
    op.create_index("ix_merges_other", "merges", ["other_id"], unique=False, postgresql_where=sa.text("undone_at IS NULL"))
    op.create_table(
        "merge_moves",
        sa.Column("merge_id", sa.Uuid(), nullable=False),
        sa.Column("table_name", sa.String(length=63), nullable=False),
        sa.Column("column_name", sa.String(length=63), nullable=False),
        sa.Column("from_id", sa.Uuid(), nullable=False),
        sa.Column("to_id", sa.Uuid(), nullable=False),
        sa.Column("row_ids", sa.ARRAY(sa.Uuid()), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["merge_id"], ["merges.id"], name=op.f("fk_merge_moves_merge_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_merge_moves")),
    )
    op.create_index(op.f("ix_merge_moves_merge_id"), "merge_moves", ["merge_id"], unique=False)


def downgrade() -> None:
    op.drop_table("merge_moves")
    op.drop_table("merges")
    op.drop_column("leads", "joined_to")
    op.drop_column("people", "merged_into")
