"""Claiming due messages: many at once, each with a lease and a fencing token, none by two workers."""

import time
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ARRAY,
    BigInteger,
    DateTime,
    Integer,
    String,
    Update,
    Uuid,
    and_,
    bindparam,
    func,
    literal_column,
    or_,
    select,
    tuple_,
    update,
)

from config.settings import settings
from leads.clock import now
from leads.messages.due import JUST_CLAIMED, Due
from leads.messages.models import Message
from leads.messages.switch import is_open
from leads.round_trips import RoundTrips, Statement

START_ANEW_AFTER = 10.0
AT = bindparam("at", type_=DateTime(timezone=True))


@dataclass(frozen=True)
class Claim:
    """The right to send one message: void as soon as the row's fence has risen."""

    message_id: uuid.UUID
    fence: int


@dataclass(frozen=True)
class HighWater:
    """How far into the lane's due rows this process has claimed, and since when (monotonic seconds) it counts from the front."""

    due_at: datetime
    message_id: uuid.UUID
    since: float


_reached: dict[str, HighWater] = {}


def claim(trips: RoundTrips, lane: str, *, limit: int) -> list[Due]:
    """Claim up to `limit` due messages of a lane and commit, the longest due first, none while it rests; the lane `safety` never does.

    Leases run on the database's clock.
    """
    mark = _reached.get(lane)
    rows = _claim_from(trips, lane, mark, limit)
    if mark and len(rows) < limit:
        # Behind the mark may lie what was put back or planned late: with the rest done, it is the front's turn again.
        rows += _claim_from(trips, lane, None, limit - len(rows))
    return rows


def claim_suspect(trips: RoundTrips, lane: str) -> list[Due]:
    """Claim the longest due of those whose worker was lost, and it alone: should it be what kills workers, it takes no neighbour along."""
    return _claimed(trips, SUSPECT, {"lane": lane, "limit": 1})


def claim_outlived(trips: RoundTrips, *, limit: int) -> list[Due]:
    """Claim up to `limit` of those that have outlived their use in lanes that rest, to be ended and not to be sent."""
    return _claimed(trips, OUTLIVED, {"limit": limit})


def give_back(trips: RoundTrips, claims: Sequence[Due]) -> None:
    """Return claims that were not begun, so that another worker may take them at once."""
    trips.commit((GIVE_BACK, {"ids": [each.id for each in claims], "fences": [each.fence for each in claims]}))


def _claim_from(trips: RoundTrips, lane: str, mark: HighWater | None, limit: int) -> list[Due]:
    asked: dict[str, Any] = {"lane": lane, "limit": limit}
    if mark:
        asked |= {"due_after": mark.due_at, "id_after": mark.message_id}
    rows = _claimed(trips, ONWARD if mark else FRONT, asked)
    since = mark.since if mark else time.monotonic()
    if len(rows) == limit and time.monotonic() - since < START_ANEW_AFTER:
        _reached[lane] = HighWater(rows[-1].due_at, rows[-1].id, since)
    else:
        _reached.pop(lane, None)
    return rows


def _claimed(trips: RoundTrips, statement: Statement, asked: dict[str, Any]) -> list[Due]:
    asked |= {"at": now(), "lease": settings().handoff_lease_seconds}
    (ids,) = trips.ask((statement, asked))
    if not ids:
        trips.commit()
        return []
    (rows,) = trips.commit((READ, {"ids": [row[0] for row in ids], "at": now()}))
    return [Due(*row) for row in rows]


def _claim(*which: Any) -> Update:
    # The literal makes PostgreSQL see that the partial index fits; a parameter there would not.
    planned = Message.state == literal_column("'planned'")
    due = (
        select(Message.id)
        .where(planned, Message.due_at <= AT, *which)
        .order_by(Message.due_at, Message.id)
        .limit(bindparam("limit", type_=Integer()))
        # Rows that another worker is just claiming are passed over, not waited for.
        .with_for_update(skip_locked=True)
        .cte("due")
        .prefix_with("MATERIALIZED", dialect="postgresql")
    )
    # The database's clock, for the worker's own may be wrong, stretched or stopped; a lease must mean the same to all of them.
    lease = func.now() + func.make_interval(0, 0, 0, 0, 0, 0, bindparam("lease", type_=Integer()))
    return (
        update(Message)
        .where(Message.id == due.c.id)
        .values(state="claimed", state_at=AT, reason=None, fence=Message.fence + 1, lease_until=lease)
        .returning(Message.id)
    )


def _give_back() -> Update:
    ids, fences = bindparam("ids", type_=ARRAY(Uuid())), bindparam("fences", type_=ARRAY(BigInteger()))
    mine = func.unnest(ids, fences).table_valued("id", "fence").render_derived()
    return (
        update(Message)
        .where(Message.id == mine.c.id, Message.fence == mine.c.fence, Message.state == "claimed")
        .values(state="planned", lease_until=None)
    )


def _past_the_mark() -> Any:
    mark = tuple_(bindparam("due_after", type_=DateTime(timezone=True)), bindparam("id_after", type_=Uuid()))
    return tuple_(Message.due_at, Message.id) > mark


LANE = bindparam("lane", type_=String())
GOES = and_(Message.lane == LANE, or_(literal_column("'safety'") == LANE, is_open(LANE, AT)))
RESTS = and_(Message.lane != literal_column("'safety'"), ~is_open(Message.__table__.c.lane, AT))
INNOCENT = Message.lost_leases == 0
FRONT = Statement.of(_claim(GOES, INNOCENT))
# While some transaction keeps an old snapshot, the dead entries of what was claimed pile up at the index's front: begin behind them.
ONWARD = Statement.of(_claim(GOES, INNOCENT, _past_the_mark()))
SUSPECT = Statement.of(_claim(GOES, Message.lost_leases > literal_column("0")))
OUTLIVED = Statement.of(_claim(RESTS, Message.useful_until < AT))
READ = Statement.of(JUST_CLAIMED)
GIVE_BACK = Statement.of(_give_back())
