"""Beginning a screening, or going on with the one that is open; it stays open for two weeks."""

import uuid
from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from leads.audit.trail import record
from leads.clock import now, real_now
from leads.db import lock
from leads.errors import Conflict, NotFound
from leads.pipeline.find import locked
from leads.pipeline.models import Lead
from leads.screening.models import Screening
from leads.screening.questionnaire import MAIN, definition

OPEN_FOR = timedelta(days=14)


def open_screening(session: Session, lead_id: uuid.UUID) -> Screening | None:
    """Return the screening of a lead that can be gone on with; None where there is none, or its time is over."""
    found = _unsent(session, lead_id)
    return found if found is not None and found.expires_at >= real_now() else None


def begin(session: Session, lead_id: uuid.UUID, *, channel: str, actor: str, language: str) -> Screening:
    """Return the lead's open screening, or a new one; raises NotFound, or Conflict for a closed lead."""
    lead = locked(session, lead_id)
    if lead.closed_at is not None:
        raise Conflict(f"{lead.number} is closed. Reopen it first.", code="not_allowed_now")
    # Two devices at the same moment would begin two, and each would miss what was typed into the other.
    lock(session, "person", lead.person_id)
    known = _unsent(session, lead_id)
    if known is not None and known.expires_at >= real_now():
        return known
    if known is not None:
        known.ended_at = now()
        session.flush()
    return _new(session, lead, channel=channel, actor=actor, language=language)


def held(session: Session, screening_id: uuid.UUID) -> Screening:
    """Return a screening that can still be written to, its person held; raises NotFound, or Conflict where it cannot."""
    known = session.get(Screening, screening_id)
    if known is None:
        raise NotFound("There is no such screening.")
    screening = take_hold(session, known)
    if screening.submitted_at is not None:
        raise Conflict("This has been sent already. Thank you. Please call us if something has changed.", code="already_sent")
    if screening.ended_at is not None or screening.expires_at < real_now():
        raise Conflict("This form has been open for too long. Please ask us for a new link.", code="expired")
    return screening


def take_hold(session: Session, known: Screening) -> Screening:
    """Return a screening as it stands now, held with its lead and its person until the transaction ends."""
    # The lead before its person, as whoever moves it does: two who held one each would wait for each other, and a disclosure be lost.
    locked(session, known.lead_id)
    lock(session, "person", known.person_id)
    return session.get_one(Screening, known.id, with_for_update=True, populate_existing=True)


def _unsent(session: Session, lead_id: uuid.UUID) -> Screening | None:
    return session.scalar(
        select(Screening).where(Screening.lead_id == lead_id, Screening.submitted_at.is_(None), Screening.ended_at.is_(None))
    )


def _new(session: Session, lead: Lead, *, channel: str, actor: str, language: str) -> Screening:
    screening = Screening(
        person_id=lead.person_id,
        lead_id=lead.id,
        questionnaire=MAIN,
        definition=definition().version,
        language=language,
        channel=channel,
        begun_at=now(),
        begun_by=actor,
        expires_at=real_now() + OPEN_FOR,
        version=1,
    )
    session.add(screening)
    session.flush()
    record(session, "screening.begun", screening, actor=actor, channel=channel)
    return screening
