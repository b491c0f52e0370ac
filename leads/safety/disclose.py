"""Raising: hold, cancelled mails, an urgent to-do for a clinician and a page to who is on call, in the transaction of the disclosure."""

import uuid
from collections.abc import Iterable

from sqlalchemy.orm import Session

from leads.audit.trail import SYSTEM, record_about
from leads.clock import now
from leads.consent.ledger import hold
from leads.messages.models import Message
from leads.messages.outbox import cancel
from leads.safety.page import raise_alarm
from leads.safety.phrases import found
from leads.sequences.stop import stop_for
from leads.todos.models import Todo
from leads.todos.open import open_todo


def disclose(session: Session, person_id: uuid.UUID, lead_id: uuid.UUID, *, source: str, actor: str = SYSTEM) -> Todo:
    """Put the person on hold, stop every planned mail, page who is on call, and return the urgent to-do that only a clinician closes."""
    hold(session, person_id, reason=source, actor=actor)
    stop_for(session, "hold", person_id=person_id, actor=actor)
    # Also what belongs to no sequence, such as an acknowledgement that has not gone out yet.
    cancel(session, Message.person_id == person_id, reason="hold", actor=actor)
    record_about(session, "safety.disclosed", "leads", lead_id, actor=actor, source=source)
    raise_alarm(session, person_id, lead_id, source=source, actor=actor)
    return open_todo(session, "safety", person_id=person_id, lead_id=lead_id, due_at=now(), role="clinician", urgent=True, actor=actor)


def listen(session: Session, person_id: uuid.UUID, lead_id: uuid.UUID, texts: Iterable[str | None], *, source: str) -> bool:
    """Look for a disclosure in what a patient wrote, and act on it; returns whether there was one."""
    is_disclosure = found(texts)
    if is_disclosure:
        disclose(session, person_id, lead_id, source=source)
    return is_disclosure
