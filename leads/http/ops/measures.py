"""How the mail is doing: what waits, for how long, and who showed signs of life."""

from collections.abc import Mapping

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from leads.clock import now, real_now, speed
from leads.messages.models import LANES, Heartbeat, Message


def waiting(session: Session) -> Mapping[str, float]:
    """Return, for each lane, how many real seconds its oldest due message has been waiting; 0 when none is."""
    rows = session.execute(
        select(Message.lane, func.min(Message.due_at).label("since"))
        .where(Message.state == "planned", Message.due_at <= now())
        .group_by(Message.lane)
    )
    since = {row.lane: row.since for row in rows}
    # A stretched clock makes minutes of a second; how long something hangs is a matter of real time.
    return {lane: (now() - since[lane]).total_seconds() / speed() if lane in since else 0.0 for lane in LANES}


def silence(session: Session) -> Mapping[str, float | None]:
    """Return, for each worker, the real seconds since its last sign of life; None for a lane nobody ever worked."""
    rows = {beat.worker: beat.at for beat in session.scalars(select(Heartbeat))}
    return {name: max(0.0, (real_now() - rows[name]).total_seconds()) if name in rows else None for name in sorted({*LANES, *rows})}


def by_state(session: Session) -> Mapping[tuple[str, str], int]:
    """Return the number of messages by (state, lane)."""
    rows = session.execute(select(Message.state, Message.lane, func.count()).group_by(Message.state, Message.lane))
    return {(state, lane): count for state, lane, count in rows}
