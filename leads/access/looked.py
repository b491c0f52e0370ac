"""Who looked at a person's record, and which rows of the record of access belong to a lead."""

import uuid
from collections.abc import Collection

from sqlalchemy import select, union_all
from sqlalchemy.orm import Session

from leads.access.page_use import USED
from leads.appointments.models import Appointment
from leads.inquiries.models import Inquiry
from leads.loop.models import Attachment, Referral
from leads.messages.models import Message
from leads.pipeline.models import Lead
from leads.scans.models import Scan
from leads.screening.models import Screening
from leads.todos.models import Todo

# What opens somebody's words or whereabouts to whoever looks; lists are on record too, each with the numbers it showed.
LOOKS = (
    "person.read",
    "person.opened",
    "message.read",
    "message.shown",
    "referral.read",
    "attachment.read",
    "scan.read",
    "appointment.read",
    "screening.read",
    "screening.exported",
    "referral.link_opened",
    "inquiry.read",
    USED,
)


def all_about(session: Session, lead: Lead) -> Collection[uuid.UUID]:
    """Return the ids under which the record speaks of the person behind a lead: theirs, and those of all that hangs on their leads."""
    theirs = select(Lead.id).where(Lead.person_id == lead.person_id)
    parts = (Message, Inquiry, Referral, Appointment, Screening, Todo, Scan)
    hanging = union_all(theirs, *(select(each.id).where(each.lead_id.in_(theirs)) for each in parts))
    sent_along = select(Attachment.id).join(Referral, Referral.id == Attachment.referral_id).where(Referral.lead_id.in_(theirs))
    return {lead.person_id, *session.scalars(hanging), *session.scalars(sent_along)}
