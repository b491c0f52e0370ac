"""That somebody used one of our signed pages: on the record of access once a person, page and day, and counted nowhere."""

import uuid
from datetime import datetime, time
from typing import Literal

from sqlalchemy import select
from sqlalchemy.orm import Session

from leads.audit.models import AuditEntry
from leads.audit.trail import record_about
from leads.clinic.profile import clinic
from leads.clock import local_to_utc, now
from leads.db import lock

Page = Literal["confirm", "unsubscribe", "preferences", "screening", "visit"]
USED = "page.used"


def page_used(session: Session, person_id: uuid.UUID, page: Page) -> bool:
    """Write down that a person's page was used; returns False where this day's use is on record already."""
    # Two tabs of one person at the same moment would each find nothing yet.
    lock(session, "page-use", person_id)
    mine = select(AuditEntry.id).where(AuditEntry.subject_id == person_id, AuditEntry.at >= _today(), AuditEntry.action == USED)
    if session.scalar(mine.where(AuditEntry.detail["page"].astext == page).limit(1)) is not None:
        return False
    record_about(session, USED, "people", person_id, actor=f"person:{person_id}", page=page)
    return True


def _today() -> datetime:
    zone = clinic().office(None).zone
    return local_to_utc(now().astimezone(zone).date(), time(), zone)
