"""find people by two beginnings of their names at once, clinicians by the words of theirs, and what practices sent last.

Whose names are hashed without the pairs is known by the edition they lack, and hashed anew by the clock.
"""

import sqlalchemy as sa
from alembic import op

revision = "b4f8d19c60a3"
down_revision = "e93a4c71f0d8"
branch_labels = None
depends_on = None

NAME = "(coalesce(given_name, '') || ' ') || coalesce(family_name, '')"


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.drop_index("ix_people_unhashed", table_name="people")
    op.create_index("ix_people_unhashed", "people", ["id"], postgresql_where=sa.text("name_buckets[1] IS DISTINCT FROM -2"))
    op.create_index("ix_referrals_sent_by_practice", "referrals", ["practice_id", "received_at", "lead_id"])
    words = sa.text(f"to_tsvector('simple', translate({NAME}, '-.,/()', '      '))")
    op.create_index("ix_providers_name_words", "providers", [words], postgresql_using="gin")
    op.create_index("ix_providers_other_signs", "providers", ["id"], postgresql_where=sa.text(f"({NAME}) ~ '[^A-Za-z .,/()-]'"))


def downgrade() -> None:
    op.drop_index("ix_referrals_sent_by_practice", table_name="referrals")
    op.drop_index("ix_providers_other_signs", table_name="providers")
    op.drop_index("ix_providers_name_words", table_name="providers")
    # What is hashed with pairs is found by its beginnings as before: nothing needs to be hashed anew.
    op.drop_index("ix_people_unhashed", table_name="people")
    op.create_index("ix_people_unhashed", "people", ["id"], postgresql_where=sa.text("name_buckets IS NULL"))
