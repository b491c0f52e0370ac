"""A patient asks for another time: a colleague calls, and what was written is listened to."""

import uuid
from typing import NamedTuple

from sqlalchemy.orm import Session

from leads.appointments.expire import find_another_time
from leads.appointments.find import held
from leads.appointments.models import Appointment
from leads.appointments.record import put_down
from leads.errors import Conflict
from leads.safety.disclose import listen

LONGEST = 2000


class Asked(NamedTuple):
    """The appointment, and whether what came with the wish was a disclosure of self-harm."""

    appointment: Appointment
    disclosed: bool


def ask_to_move(session: Session, appointment_id: uuid.UUID, text: str, *, actor: str) -> Asked:
    """Open the to-do to find another time, with the patient's words; the visit stands until then. Raises Conflict once they came."""
    _, visit = held(session, appointment_id)
    if visit.state == "attended":
        raise Conflict("This visit has taken place.", code="not_allowed_now")
    said = text.strip()[:LONGEST]
    put_down(session, visit, "asked", actor=actor)
    find_another_time(session, visit, actor=actor, note=said or None)
    return Asked(visit, listen(session, visit.person_id, visit.lead_id, [said], source="visit"))
