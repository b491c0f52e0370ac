"""The visit's day has come: the patient came, or did not."""

import uuid

from sqlalchemy.orm import Session

from leads.appointments.expire import find_another_time
from leads.appointments.find import IN_WORDS, held
from leads.appointments.models import Appointment
from leads.appointments.record import end
from leads.appointments.tell import take_back
from leads.clinic.profile import clinic
from leads.clock import now
from leads.errors import Conflict
from leads.loop.follow import visit_changed
from leads.pipeline.stages import COORDINATORS
from leads.pipeline.stages import move as move_lead
from leads.sequences.hand_over import finish_all
from leads.sequences.retime import facts_changed


def attended(session: Session, appointment_id: uuid.UUID, *, version: int, actor: str) -> Appointment:
    """Write down that the patient came, and move the lead into care; also where it was taken for missed.

    Raises Conflict before the visit's day or for a visit that is off, StaleVersion, NotFound.
    """
    lead, visit = held(session, appointment_id, version)
    if visit.state not in ("booked", "no_show"):
        raise Conflict(f"This visit is {IN_WORDS[visit.state]}: nobody can have come to it.", code="not_allowed_now")
    zone = clinic().office(visit.office).zone
    if now().astimezone(zone).date() < visit.starts_at.astimezone(zone).date():
        raise Conflict("This visit is still to come. Say on its day whether the patient came.", code="not_allowed_now")
    end(session, visit, "attended", actor=actor)
    take_back(session, visit, actor=actor)
    finish_all(session, "rebook", lead_id=lead.id, actor=actor, outcome="attended")
    facts_changed(session, lead.id, {"visit.missed": False, "visit.attended": True}, actor=actor)
    if lead.stage == "booked":
        move_lead(session, lead.id, "in_care", version=lead.version, actor=actor, roles=COORDINATORS)
    return visit


def no_show(session: Session, appointment_id: uuid.UUID, *, version: int, actor: str) -> Appointment:
    """Write down that the patient did not come: they are gently invited again, and a colleague finds another time with them.

    The lead stays `booked`. Raises Conflict before the visit begins or for one that is not booked, StaleVersion, NotFound.
    """
    lead, visit = held(session, appointment_id, version)
    if visit.state != "booked":
        raise Conflict(f"This visit is {IN_WORDS[visit.state]}: it cannot have been missed.", code="not_allowed_now")
    if now() < visit.starts_at:
        raise Conflict("This visit has not begun. Nobody is late for it yet.", code="not_allowed_now")
    end(session, visit, "no_show", actor=actor)
    lead.version += 1
    visit_changed(session, lead.id, "no_show", actor=actor)
    find_another_time(session, visit, actor=actor)
    facts_changed(session, lead.id, {"visit.missed": True}, actor=actor)
    return visit
