"""What a lead needs, worked out the long way from everything that is known of it: what the lists must agree with."""

from datetime import datetime, time, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from leads.appointments.models import Appointment
from leads.clinic.profile import clinic
from leads.clock import local_to_utc, now
from leads.consent.models import Confirmation, Hold
from leads.loop.models import Referral
from leads.people.models import Person
from leads.pipeline.listed import CALL_SOON
from leads.pipeline.models import Lead
from leads.providers.models import Claim
from leads.screening.models import Screening
from leads.todos.models import Todo

CALLS = ("call", "unheard", "unheard-referrer")
OUTLIVE = ("tell-referrer", "unheard", "unheard-referrer")


def needed(session: Session, lead: Lead) -> tuple[str, datetime] | None:
    """Return the need of a lead and when it is due; None for a closed one with nothing left to do."""
    todos = session.scalars(select(Todo).where(Todo.lead_id == lead.id, Todo.done_at.is_(None))).all()
    if lead.closed_at and not any(todo.urgent or todo.kind in OUTLIVE for todo in todos):
        return None
    dangers, calls, first = _dangers(session, lead), [todo.due_at for todo in todos if todo.kind in CALLS], _earliest(todos)
    promised = lead.expected_by if lead.reached_at is None and lead.closed_at is None else None
    call = min(calls, default=promised)
    if dangers:
        return "safety", dangers[0]
    if call and call <= now() + CALL_SOON:
        return "call-now", call
    soonest = min((each for each in (first, call) if each), default=None)
    kinds = {todo.kind for todo in todos}
    for kind, need in (("review-screening", "to-review"), ("phone-instead", "phone-instead"), ("settle-unknown", "unknown")):
        if kind in kinds:
            return need, soonest or lead.opened_at
    if _has_stranger(session, lead):
        return "to-verify", soonest or lead.opened_at
    waits = _waits_for_referrer(session, lead)
    matters = first if waits else soonest
    if matters and matters < _midnight():
        return "today", matters
    if waits:
        return "for-referrer", waits
    if lead.stage == "new" and call:
        return "new", call
    return _at_leisure(session, lead), soonest or lead.opened_at


def _at_leisure(session: Session, lead: Lead) -> str:
    person = session.get_one(Person, lead.person_id)
    proven = session.scalar(
        select(Confirmation).where(Confirmation.person_id == person.id, Confirmation.address_index == person.email_index)
    )
    if lead.closed_at:
        return "under-way"
    if person.email_index and proven is None:
        return "to-confirm"
    unsent = select(Screening).where(Screening.lead_id == lead.id, Screening.submitted_at.is_(None), Screening.ended_at.is_(None))
    offered = select(Appointment).where(Appointment.lead_id == lead.id, Appointment.state == "offered")
    return "for-patient" if session.scalars(unsent).first() or session.scalars(offered).first() else "under-way"


def _dangers(session: Session, lead: Lead) -> list[datetime]:
    urgent = select(Todo.due_at).where(Todo.person_id == lead.person_id, Todo.urgent, Todo.done_at.is_(None)).order_by(Todo.due_at)
    held = select(Hold.raised_at).where(Hold.person_id == lead.person_id, Hold.released_at.is_(None)).order_by(Hold.raised_at)
    return [*session.scalars(urgent), *session.scalars(held)]


def _has_stranger(session: Session, lead: Lead) -> bool:
    open_ones = session.scalars(select(Referral).where(Referral.lead_id == lead.id, Referral.closed_at.is_(None))).all()
    claims = [session.get_one(Claim, referral.claim_id) for referral in open_ones]
    return any(claim.verified_at is None and claim.refused_at is None for claim in claims)


def _waits_for_referrer(session: Session, lead: Lead) -> datetime | None:
    asked = session.scalars(select(Referral).where(Referral.lead_id == lead.id, Referral.state == "needs_information")).all()
    return min((each.their_promise for each in asked if each.their_promise), default=None)


def _earliest(todos: object) -> datetime | None:
    return min((todo.due_at for todo in todos), default=None)  # type: ignore[attr-defined]


def _midnight() -> datetime:
    zone = clinic().office(None).zone
    # Up to and with midnight itself: what is due as the day ends is due today.
    return local_to_utc(now().astimezone(zone).date() + timedelta(days=1), time(), zone) + timedelta(microseconds=1)
