"""Taking an alarm: from that moment on nobody else is asked; the hold and its to-do stay until a clinician releases them."""

import uuid

from sqlalchemy import select
from sqlalchemy.orm import Session

from leads.audit.trail import record
from leads.clock import now
from leads.errors import Conflict, NotFound
from leads.messages.models import Message
from leads.messages.outbox import cancel
from leads.safety.models import Alarm, Page


def take(session: Session, alarm_id: uuid.UUID, *, actor: str) -> Alarm:
    """Note that somebody has it and end its paging; pressed again by the same person it changes nothing.

    Raises NotFound, or Conflict where a colleague has it already.
    """
    # Whoever escalates holds this row too: of a button and a clock at the same moment, one comes first and the other sees it.
    alarm = session.get(Alarm, alarm_id, with_for_update=True, populate_existing=True)
    if alarm is None:
        raise NotFound("There is no such alarm.")
    if alarm.taken_by not in (None, actor):
        raise Conflict("A colleague has it already.")
    if alarm.taken_at is None:
        alarm.taken_at, alarm.taken_by = now(), actor
        record(session, "safety.taken", alarm, actor=actor, step=alarm.step, lead=str(alarm.lead_id))
        call_off(session, alarm, reason="taken", actor=actor)
    return alarm


def end_all(session: Session, person_id: uuid.UUID, *, actor: str) -> int:
    """End every alarm of a person that is still ringing, because a clinician has released the hold; returns how many."""
    ringing = select(Alarm).where(Alarm.person_id == person_id, Alarm.taken_at.is_(None), Alarm.ended_at.is_(None))
    # In the order of their ids: two who release at once must not wait for each other's rows crosswise.
    ended = session.scalars(ringing.order_by(Alarm.id).with_for_update()).all()
    for alarm in ended:
        alarm.ended_at = now()
        record(session, "safety.ended", alarm, actor=actor, step=alarm.step, lead=str(alarm.lead_id))
        call_off(session, alarm, reason="released", actor=actor)
    return len(ended)


def call_off(session: Session, alarm: Alarm, *, reason: str, actor: str) -> int:
    """Take back the pages of an alarm that have not gone out yet; returns how many."""
    mails = select(Page.message_id).where(Page.alarm_id == alarm.id).scalar_subquery()
    return cancel(session, Message.id.in_(mails), reason=reason, actor=actor)
