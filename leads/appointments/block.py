"""Blocking a stretch of a calendar, and lifting it: holidays, illness, a training day."""

import uuid
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from leads.appointments.models import LIVE, Appointment, CalendarBlock
from leads.appointments.slots import calendars_of
from leads.audit.trail import record
from leads.clock import now
from leads.db import lock
from leads.errors import Conflict, FieldError, Invalid, NotFound


def block(session: Session, calendar: str, starts_at: datetime, ends_at: datetime, *, actor: str, reason: str = "") -> CalendarBlock:
    """Keep a stretch of a calendar free of new visits; those it holds already stay, see `caught_by`. Raises Invalid."""
    calendars_of(None, calendar)
    if starts_at >= ends_at or ends_at <= now():
        words = "A block ends after it begins, and lies ahead of us."
        raise Invalid(words, errors=(FieldError("ends_at", "too_early", words),))
    # Behind the same lock as booking: nobody takes a slot while we say that it is none.
    lock(session, "calendar", calendar)
    made = CalendarBlock(calendar=calendar, starts_at=starts_at, ends_at=ends_at, reason=reason.strip() or None, blocked_by=actor, at=now())
    session.add(made)
    record(session, "calendar.blocked", made, actor=actor, calendar=calendar)
    session.flush()
    return made


def lift(session: Session, block_id: uuid.UUID, *, actor: str) -> CalendarBlock:
    """End a block; raises NotFound, or Conflict when somebody already did."""
    known = session.get(CalendarBlock, block_id, with_for_update=True, populate_existing=True)
    if known is None:
        raise NotFound("There is no such block.")
    if known.lifted_at is not None:
        raise Conflict("Somebody has lifted this block already.")
    known.lifted_at, known.lifted_by = now(), actor
    record(session, "calendar.lifted", known, actor=actor, calendar=known.calendar)
    return known


def blocks_ahead(session: Session, calendars: Sequence[str]) -> Sequence[CalendarBlock]:
    """Return the blocks of these calendars that are not over, the earliest first."""
    ahead = (CalendarBlock.calendar.in_(calendars), CalendarBlock.lifted_at.is_(None), CalendarBlock.ends_at > now())
    return session.scalars(select(CalendarBlock).where(*ahead).order_by(CalendarBlock.starts_at, CalendarBlock.id)).all()


def caught_by(session: Session, known: CalendarBlock) -> Sequence[Appointment]:
    """Return the visits inside a block that were there before it: somebody must move them."""
    inside = (Appointment.starts_at < known.ends_at, Appointment.ends_at > known.starts_at)
    mine = select(Appointment).where(Appointment.calendar == known.calendar, Appointment.state.in_(LIVE), *inside)
    return session.scalars(mine.order_by(Appointment.starts_at)).all()
