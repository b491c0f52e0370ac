"""What hangs on a visit hears of it in the same transaction: the patient's mails, the sequences around it, whoever referred."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from leads.appointments.models import Appointment
from leads.consent.ledger import open_holds
from leads.db import lock
from leads.messages.models import Message
from leads.messages.outbox import STOPPABLE, cancel, post
from leads.pipeline.facts import facts_about
from leads.pipeline.models import Lead
from leads.safety.silenced import call_instead
from leads.sequences.place import Appointment as Planned
from leads.sequences.retime import appointment_changed, facts_changed

MAILS = ("visit-offered", "visit-booked", "visit-moved", "visit-cancelled")
# How an earlier visit went says nothing of the one that is ahead.
AHEAD = {"visit.missed": False, "visit.attended": False}


def write_to_patient(session: Session, visit: Appointment, template: str, *, actor: str) -> None:
    """Post a visit's mail, due at once; what was still to go out about it does not. During a hold somebody calls instead."""
    unheard = take_back(session, visit, actor=actor)
    # Who has not yet read of the first time need not read that it has moved.
    template = "visit-booked" if template == "visit-moved" and "visit-booked" in unheard else template
    if open_holds(session, visit.person_id):
        call_instead(session, visit.person_id, visit.lead_id, template=template, actor=actor)
        return
    post(
        session,
        visit.person_id,
        template,
        cause="appointment",
        lead_id=visit.lead_id,
        facts={
            "visit_at": visit.starts_at.isoformat(),
            "visit_ends": visit.ends_at.isoformat(),
            "office": visit.office,
            "appointment": str(visit.id),
            "ics_sequence": visit.ics_sequence,
        },
        depends_on={"appointment": str(visit.id), "version": visit.version},
        useful_until=visit.offered_until or visit.starts_at,
        actor=actor,
    )


def take_back(session: Session, visit: Appointment, *, actor: str) -> set[str]:
    """Stop what has not gone out yet about a lead's visit; returns the templates."""
    # The person's lock comes before any row of theirs, as in delivery: whatever is not `sending` now stays with us.
    lock(session, "person", visit.person_id)
    mine = (Message.lead_id == visit.lead_id, Message.template.in_(MAILS), Message.enrolment_id.is_(None))
    unheard = set(session.scalars(select(Message.template).where(*mine, Message.state.in_(STOPPABLE))))
    cancel(session, *mine, reason="overtaken", actor=actor)
    return unheard


def retime(session: Session, lead: Lead, visit: Appointment, *, actor: str) -> None:
    """Plan the mails around a visit anew: it was booked, or it has another time."""
    # The office of the visit is where its mails lead to, whatever was asked for in the beginning.
    facts_changed(session, lead.id, {"office": visit.office} | AHEAD, actor=actor)
    planned = Planned(str(visit.id), visit.version, visit.starts_at)
    facts = facts_about(session, lead) | AHEAD
    appointment_changed(session, planned, person_id=lead.person_id, lead_id=lead.id, facts=facts, actor=actor)


def let_go(session: Session, lead: Lead, *, actor: str) -> None:
    """Stop the mails around a visit that is off."""
    appointment_changed(session, None, person_id=lead.person_id, lead_id=lead.id, facts={}, actor=actor)
