"""say the states and lanes of messages as one value: each UPDATE reads its table's checks anew, and a value a word took it long."""

from alembic import op

revision = "6c0d94be2f37"
down_revision = "4e8a06c2d9f3"
branch_labels = None
depends_on = None

STATES = "planned,claimed,sending,sent,delivered,bounced,complained,failed,unknown,skipped,cancelled,expired"
LANES = "safety,transactional,reminder,education"


def upgrade() -> None:
    _check("state", f"state = ANY ('{{{STATES}}}')")
    _check("lane", f"lane = ANY ('{{{LANES}}}')")


def downgrade() -> None:
    for name, words in (("state", STATES), ("lane", LANES)):
        _check(name, f"{name} IN ('" + "', '".join(words.split(",")) + "')")


def _check(name: str, rule: str) -> None:
    # The same rule in other words: that every row keeps it is seen in a moment.
    op.execute(f"ALTER TABLE messages DROP CONSTRAINT ck_messages_{name}, ADD CONSTRAINT ck_messages_{name} CHECK ({rule})")
