"""Paging: whoever is on call at once, the next of them where nobody answers, then everybody each hour, until somebody has it."""

import uuid
from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from config.settings import settings
from leads.accounts.desks import desk_of
from leads.audit.trail import SYSTEM, record
from leads.clinic.in_words import in_words
from leads.clinic.profile import clinic
from leads.clock import now
from leads.messages.outbox import post
from leads.pipeline.models import Lead
from leads.safety.models import Alarm, Page
from leads.safety.oncall import Contact, Roster, roster
from leads.safety.pager import call_pager

HOUR = timedelta(hours=1)
BATCH = 200
OPEN = (Alarm.taken_at.is_(None), Alarm.ended_at.is_(None))


def raise_alarm(session: Session, person_id: uuid.UUID, lead_id: uuid.UUID, *, source: str, actor: str = SYSTEM) -> Alarm:
    """Page whoever is on call and return the alarm; where one of this lead is ringing still, that one. Holds the person's lock already."""
    ringing = session.scalar(select(Alarm).where(Alarm.lead_id == lead_id, *OPEN).with_for_update())
    if ringing is not None:
        return ringing
    alarm = Alarm(person_id=person_id, lead_id=lead_id, source=source, raised_at=now(), step=0, next_at=now())
    session.add(alarm)
    session.flush()
    record(session, "safety.alarm", alarm, actor=actor, source=source, lead=str(lead_id))
    _take_step(session, alarm)
    return alarm


def due(session: Session) -> Sequence[uuid.UUID]:
    """Return the alarms whose next step is due, the longest waiting first."""
    return session.scalars(select(Alarm.id).where(*OPEN, Alarm.next_at <= now()).order_by(Alarm.next_at, Alarm.id).limit(BATCH)).all()


def escalate(session: Session, alarm_id: uuid.UUID) -> int:
    """Take every step of one alarm that is due and return how many; none where somebody has it, or another clock was quicker."""
    # A second clock, or somebody's button, waits here and then reads what the first has done.
    alarm = session.get_one(Alarm, alarm_id, with_for_update=True, populate_existing=True)
    before = alarm.step
    while alarm.taken_at is None and alarm.ended_at is None and alarm.next_at <= now():
        _take_step(session, alarm)
    return alarm.step - before


def next_step(alarm: Alarm) -> datetime:
    """Return when the step after this one is due: 15, 30 and 60 minutes after the disclosure, then each full hour after those."""
    minutes = clinic().on_call.escalate_after_minutes
    if alarm.step <= len(minutes):
        return alarm.raised_at + timedelta(minutes=minutes[alarm.step - 1])
    last = alarm.raised_at + timedelta(minutes=minutes[-1])
    # After an outage the hours that were missed are one page to everybody, not a heap of them.
    missed = (now() - last) // HOUR if _is_hourly(alarm.step) else 0
    return last + HOUR * (missed + 1)


def _take_step(session: Session, alarm: Alarm) -> None:
    alarm.step += 1
    alarm.next_at = next_step(alarm)
    lead = session.get_one(Lead, alarm.lead_id)
    people = roster(session)
    told = [each.account_id for each in _whom(people, alarm.step) if each.account_id is not None]
    for account_id in dict.fromkeys(told):
        _mail(session, alarm, lead, account_id=account_id)
    # Where nobody is known to be reached, the address that somebody always reads gets it too.
    with_desk = not people.answers or not told or _is_hourly(alarm.step)
    if with_desk:
        _mail(session, alarm, lead, desk_id=desk_of(session, lead.office).id)
    called = call_pager(session, alarm_id=alarm.id, step=alarm.step)
    record(session, "safety.paged", alarm, step=alarm.step, accounts=[str(each) for each in told], desk=with_desk, pager=called)


def _whom(people: Roster, step: int) -> Sequence[Contact]:
    if _is_hourly(step):
        return people.everybody
    # Whoever has no account any more cannot be paged: the next in the order is asked in their place.
    order = [each for each in people.now if each.account_id is not None]
    # A short roster is gone through again: the first of them may have woken up meanwhile.
    return [order[(step - 1) % len(order)]] if order else []


def _is_hourly(step: int) -> bool:
    return step > len(clinic().on_call.escalate_after_minutes) + 1


def _mail(session: Session, alarm: Alarm, lead: Lead, *, account_id: uuid.UUID | None = None, desk_id: uuid.UUID | None = None) -> None:
    facts = {
        "number": lead.number,
        "raised": in_words(alarm.raised_at, clinic().office(lead.office).zone, "en"),
        "step": alarm.step,
        "page_url": f"{settings().public_url}/console/safety",
    }
    message = post(
        session,
        None,
        "safety-page",
        cause="safety",
        facts=facts,
        account_id=account_id,
        desk_id=desk_id,
        about_id=alarm.person_id,
        lead_id=lead.id,
        # A page that came twice costs a glance; one that never came may cost a life.
        on_unknown="resend_once",
    )
    session.add(Page(alarm_id=alarm.id, step=alarm.step, account_id=account_id, desk_id=desk_id, message_id=message.id, at=now()))
