"""A colleague says whose a mail is that nobody could tell, or that nothing need come of it."""

import base64
import uuid

from sqlalchemy import select
from sqlalchemy.orm import Session

from leads.audit.trail import record
from leads.errors import Conflict, NotFound
from leads.inbound.answered import person_answered
from leads.inbound.mail import parse
from leads.inbound.mail_models import InboundMail
from leads.inbound.read import settle
from leads.inbound.whose import Whose
from leads.pipeline.models import Lead

OPEN = ("unmatched", "failed")
# Behind it stands why it had waited, for whoever takes it up again.
ASIDE, UNREADABLE = "put-aside", "unreadable"


def give_to(session: Session, mail_id: uuid.UUID, lead: Lead, *, actor: str) -> InboundMail:
    """Take a mail as the answer of a lead's person, with all that follows but for proof of the address; raises NotFound, Conflict."""
    row = _held(session, mail_id)
    mail = parse(base64.b64decode(row.raw or ""))
    kind = person_answered(session, row, mail, Whose("staff", None, lead.person_id), by_machine=True)
    row.lead_id = lead.id
    settle(session, row, kind=kind, state="done", reason="given-by-hand", actor=actor)
    return row


def put_aside(session: Session, mail_id: uuid.UUID, *, actor: str) -> InboundMail:
    """Let nothing come of a mail; it stays on record, and can be taken up again. Raises NotFound, Conflict."""
    row = _held(session, mail_id)
    settle(session, row, kind=row.kind or "unknown", state="ignored", reason=f"{ASIDE}:{row.reason or ''}", actor=actor)
    return row


def take_up_again(session: Session, mail_id: uuid.UUID, *, actor: str) -> InboundMail:
    """Let a mail that was put aside wait again, for why it had waited; raises NotFound, or Conflict where it cannot any more."""
    row = _locked(session, mail_id)
    aside, _, why = (row.reason or "").partition(":")
    if row.state != "ignored" or aside != ASIDE:
        raise Conflict("This mail is not put aside any more.")
    if row.raw is None:
        raise Conflict("This mail was put aside so long ago that its words are not kept any more.")
    row.state, row.reason, row.handled_at, row.handled_by = "failed" if why == UNREADABLE else "unmatched", why or None, None, None
    record(session, "mail.waits_again", row, actor=actor, reason=row.reason)
    return row


def _held(session: Session, mail_id: uuid.UUID) -> InboundMail:
    row = _locked(session, mail_id)
    if row.state not in OPEN:
        raise Conflict("Somebody has already decided about this mail.")
    return row


def _locked(session: Session, mail_id: uuid.UUID) -> InboundMail:
    wanted = select(InboundMail).where(InboundMail.id == mail_id)
    row = session.scalar(wanted.with_for_update().execution_options(populate_existing=True))
    if row is None:
        raise NotFound("There is no such mail.")
    return row
