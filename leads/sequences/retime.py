"""A fact that plans depend on has changed: what hangs on it is planned anew, in the same transaction."""

import uuid
from collections.abc import Mapping
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from leads.db import lock
from leads.sequences.definitions import Sequence
from leads.sequences.enroll import start_for
from leads.sequences.keep_time import keep_in_line
from leads.sequences.models import Enrolment
from leads.sequences.place import Appointment
from leads.sequences.publish import definition_of
from leads.sequences.stop import RESTS, stop_for


def facts_changed(session: Session, lead_id: uuid.UUID, facts: Mapping[str, Any], *, actor: str) -> int:
    """Let the running sequences of a lead know these facts, and plan again those that knew others; returns how many."""
    changed = [enrolment for enrolment in _alive(session, lead_id) if enrolment.facts != enrolment.facts | dict(facts)]
    for enrolment in changed:
        enrolment.facts = enrolment.facts | dict(facts)
        keep_in_line(session, enrolment, actor=actor)
    return len(changed)


def appointment_changed(
    session: Session, visit: Appointment | None, *, person_id: uuid.UUID, lead_id: uuid.UUID, facts: Mapping[str, Any], actor: str
) -> None:
    """Plan a lead's mails around its visit: booked, moved (a higher version of the same one), or, for None, cancelled.

    `facts` are those a sequence begins with that the booking starts. News older than what is known changes nothing.
    """
    lock(session, "person", person_id)
    if visit is None:
        _cancelled(session, lead_id, actor=actor)
        return
    known = {"id": visit.id, "version": visit.version, "starts_at": visit.starts_at.isoformat()}
    around = [each for each in _alive(session, lead_id) if _hangs_on_a_visit(definition_of(session, each.version_id))]
    for enrolment in around:
        if _is_news(enrolment.facts.get("appointment"), visit):
            enrolment.facts = enrolment.facts | {"appointment": known}
            keep_in_line(session, enrolment, actor=actor)
    if not around:
        # Only the first booking of a visit ends what a booking ends: that a visit moved is no news to the sequences before it.
        stop_for(session, "appointment:booked", lead_id=lead_id, actor=actor)
        begun = dict(facts) | {"appointment": known}
        start_for(session, "appointment:booked", person_id=person_id, lead_id=lead_id, facts=begun, actor=actor)


def _cancelled(session: Session, lead_id: uuid.UUID, *, actor: str) -> None:
    stop_for(session, "appointment:cancelled", lead_id=lead_id, actor=actor)
    for enrolment in _alive(session, lead_id):
        if "appointment" in enrolment.facts:
            enrolment.facts = {name: value for name, value in enrolment.facts.items() if name != "appointment"}
            keep_in_line(session, enrolment, actor=actor)


def _alive(session: Session, lead_id: uuid.UUID) -> list[Enrolment]:
    # What rests during a hold must know the newest facts on the day it wakes, and until then colleagues call by its times.
    alive = or_(Enrolment.ended_at.is_(None), Enrolment.ended_why.in_(RESTS))
    return list(session.scalars(select(Enrolment).where(Enrolment.lead_id == lead_id, alive).order_by(Enrolment.id)))


def _hangs_on_a_visit(definition: Sequence) -> bool:
    return any(step.wait is None for step in definition.steps)


def _is_news(known: Mapping[str, Any] | None, visit: Appointment) -> bool:
    # Two desks move one visit; the one that committed first may be heard last.
    return known is None or known["id"] != visit.id or known["version"] < visit.version
