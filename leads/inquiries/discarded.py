"""What tripped a trap and was discarded: found again, and taken up again where somebody sees a person in it after all."""

import uuid
from collections.abc import Sequence

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from leads.audit.trail import record
from leads.errors import Conflict, NotFound
from leads.inquiries.models import QuarantinedInquiry

A_PAGE = 25
DISCARDED = "discarded"
Kept = Sequence[QuarantinedInquiry]


def waiting(session: Session, *, after: uuid.UUID | None = None) -> tuple[Kept, uuid.UUID | None]:
    """Return a page of what waits for a person, the oldest first, and behind which one the next page begins, if there is one."""
    wanted = select(QuarantinedInquiry).where(QuarantinedInquiry.decided_at.is_(None)).order_by(QuarantinedInquiry.id)
    return _page(session, wanted.where(QuarantinedInquiry.id > after) if after else wanted)


def discarded(session: Session, *, after: uuid.UUID | None = None) -> tuple[Kept, uuid.UUID | None]:
    """Return a page of what was discarded, the newest arrival first, and behind which one the next page begins, if there is one."""
    wanted = select(QuarantinedInquiry).where(QuarantinedInquiry.decision == DISCARDED).order_by(QuarantinedInquiry.id.desc())
    return _page(session, wanted.where(QuarantinedInquiry.id < after) if after else wanted)


def take_up_again(session: Session, quarantined_id: uuid.UUID, *, actor: str) -> QuarantinedInquiry:
    """Let a discarded submission wait for a decision again; raises NotFound or Conflict."""
    kept = session.get(QuarantinedInquiry, quarantined_id, with_for_update=True, populate_existing=True)
    if kept is None:
        raise NotFound("There is no such submission.")
    if kept.decision != DISCARDED:
        raise Conflict("This one is not discarded any more.")
    kept.decided_at, kept.decided_by, kept.decision = None, None, None
    record(session, "inquiry.waits_again", kept, actor=actor)
    return kept


def _page(session: Session, wanted: Select[QuarantinedInquiry]) -> tuple[Kept, uuid.UUID | None]:
    found = session.scalars(wanted.limit(A_PAGE + 1)).all()
    return found[:A_PAGE], found[A_PAGE - 1].id if len(found) > A_PAGE else None
