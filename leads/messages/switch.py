"""Stopping all sending, or one lane: by a person until they say otherwise, by a breaker for a while."""

import uuid
from collections.abc import Collection
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, and_, exists, or_, select
from sqlalchemy.orm import Session

from leads.audit.trail import SYSTEM, record
from leads.clock import now
from leads.db import lock
from leads.errors import Conflict
from leads.messages.models import SendingStop

BREAKER_OPEN_FOR = timedelta(minutes=10)


def pause_sending(session: Session, *, reason: str, actor: str) -> SendingStop:
    """Stop every lane until `resume_sending`; raises Conflict when it is stopped already. What is `sending` finishes."""
    lock(session, "sending", "switch")
    if is_paused(session):
        raise Conflict("Sending is paused already.")
    return _stop(session, None, None, reason, actor)


def resume_sending(session: Session, *, actor: str) -> int:
    """Let every lane go again, open breakers too; returns how many stops that ended."""
    ended = stops(session)
    for stop in ended:
        _end(session, stop, actor)
    return len(ended)


def end_pause(session: Session, stop_id: uuid.UUID, *, actor: str) -> None:
    """End one stop that was made by mistake, and no other; raises Conflict where mail goes again already."""
    lock(session, "sending", "switch")
    stop = session.get(SendingStop, stop_id, with_for_update=True, populate_existing=True)
    if stop is None or stop.ended_at is not None:
        raise Conflict("Mail goes again already.")
    _end(session, stop, actor)


def pause_again(session: Session, stop_ids: Collection[uuid.UUID], *, actor: str) -> None:
    """Let stops hold again that one ended by mistake; raises Conflict where somebody has stopped all mail since."""
    lock(session, "sending", "switch")
    if is_paused(session):
        raise Conflict("All mail was stopped anew since.")
    for stop in session.scalars(select(SendingStop).where(SendingStop.id.in_(stop_ids), SendingStop.ended_by == actor).with_for_update()):
        stop.ended_at = stop.ended_by = None
        record(session, "sending.stopped_again", stop, actor=actor, lane=stop.lane)


def open_breaker(session: Session, lane: str, *, reason: str) -> datetime:
    """Rest a lane for a while, for the fault is ours and not a recipient's; returns until when. An open breaker stays as it is."""
    # Several workers may be refused in the same second; one breaker is enough.
    lock(session, "sending", lane)
    running = next((stop.until for stop in stops(session) if stop.lane == lane and stop.until), None)
    return running or _stop(session, lane, now() + BREAKER_OPEN_FOR, reason, SYSTEM).until or now()


def rest(session: Session, lane: str, until: datetime, *, reason: str) -> None:
    """Rest a lane until a moment, unless it rests as long already."""
    lock(session, "sending", lane)
    if not any(stop.lane == lane and stop.until and stop.until >= until for stop in stops(session)):
        _stop(session, lane, until, reason, SYSTEM)


def stops(session: Session) -> list[SendingStop]:
    """Return what stops sending now, the oldest first."""
    return list(session.scalars(select(SendingStop).where(_in_force(now())).order_by(SendingStop.at)))


def is_paused(session: Session) -> bool:
    """True while a person has stopped every lane."""
    return any(stop.until is None for stop in stops(session))


def is_open(lane: ColumnElement[str], at: ColumnElement[datetime]) -> ColumnElement[bool]:
    """Return the condition under which a lane may be claimed from at a moment."""
    return ~exists().where(_in_force(at), or_(SendingStop.lane.is_(None), SendingStop.lane == lane))


def _end(session: Session, stop: SendingStop, actor: str) -> None:
    stop.ended_at, stop.ended_by = now(), actor
    record(session, "sending.resumed", stop, actor=actor)


def _in_force(at: ColumnElement[datetime] | datetime) -> ColumnElement[bool]:
    return and_(SendingStop.ended_at.is_(None), or_(SendingStop.until.is_(None), SendingStop.until > at))


def _stop(session: Session, lane: str | None, until: datetime | None, reason: str, actor: str) -> SendingStop:
    stop = SendingStop(lane=lane, until=until, reason=reason, actor=actor, at=now())
    session.add(stop)
    session.flush()
    record(session, "sending.stopped", stop, actor=actor, lane=lane, reason=reason)
    return stop
