"""Claiming due messages: many at once, each with a lease and a fencing token, none by two workers."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from config.settings import settings
from leads.clock import now
from leads.messages.models import Message
from leads.messages.switch import is_open


@dataclass(frozen=True)
class Claim:
    """The right to send one message: void as soon as the row's fence has risen."""

    message_id: uuid.UUID
    fence: int


def claim(session: Session, lane: str, *, limit: int) -> Sequence[Claim]:
    """Claim up to `limit` due messages of a lane, the longest due first, none while it rests; leases run on the database's clock."""
    due = (
        select(Message.id)
        .where(Message.state == "planned", Message.lane == lane, Message.due_at <= now(), is_open(lane))
        .order_by(Message.due_at)
        .limit(limit)
        # Rows that another worker is just claiming are passed over, not waited for.
        .with_for_update(skip_locked=True)
    )
    # The database's clock, for the worker's own may be wrong, stretched or stopped; a lease must mean the same to all of them.
    lease = func.now() + timedelta(seconds=settings().handoff_lease_seconds)
    claimed = (
        update(Message)
        .where(Message.id.in_(due.scalar_subquery()))
        .values(state="claimed", state_at=now(), reason=None, fence=Message.fence + 1, lease_until=lease)
        .returning(Message.id, Message.fence, Message.due_at)
        .execution_options(synchronize_session=False)
    )
    # RETURNING promises no order.
    rows = sorted(session.execute(claimed), key=lambda row: row.due_at)
    return [Claim(row.id, row.fence) for row in rows]


def give_back(session: Session, claims: Sequence[Claim]) -> None:
    """Return claims that were not begun, so that another worker may take them at once."""
    for each in claims:
        session.execute(
            update(Message)
            .where(Message.id == each.message_id, Message.fence == each.fence, Message.state == "claimed")
            .values(state="planned", lease_until=None)
        )
