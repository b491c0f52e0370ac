"""A colleague says whose a mail is that nobody could tell, or that nothing need come of it."""

import base64
import uuid

from sqlalchemy import select
from sqlalchemy.orm import Session

from leads.errors import Conflict, NotFound
from leads.inbound.answered import person_answered
from leads.inbound.mail import parse
from leads.inbound.mail_models import InboundMail
from leads.inbound.read import settle
from leads.inbound.whose import Whose
from leads.pipeline.models import Lead

OPEN = ("unmatched", "failed")


def give_to(session: Session, mail_id: uuid.UUID, lead: Lead, *, actor: str) -> InboundMail:
    """Take a mail as the answer of a lead's person, with all that follows but for proof of the address; raises NotFound, Conflict."""
    row = _held(session, mail_id)
    mail = parse(base64.b64decode(row.raw or ""))
    kind = person_answered(session, row, mail, Whose("staff", None, lead.person_id), by_machine=True)
    row.lead_id = lead.id
    settle(session, row, kind=kind, state="done", reason="given-by-hand", actor=actor)
    return row


def put_aside(session: Session, mail_id: uuid.UUID, *, actor: str) -> InboundMail:
    """Let nothing come of a mail; it stays on record. Raises NotFound, Conflict."""
    row = _held(session, mail_id)
    settle(session, row, kind=row.kind or "unknown", state="ignored", reason="put-aside", actor=actor)
    return row


def _held(session: Session, mail_id: uuid.UUID) -> InboundMail:
    row = session.scalar(select(InboundMail).where(InboundMail.id == mail_id).with_for_update())
    if row is None:
        raise NotFound("There is no such mail.")
    if row.state not in OPEN:
        raise Conflict("Somebody has already decided about this mail.")
    return row
