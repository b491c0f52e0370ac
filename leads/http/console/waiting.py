"""How many submissions and suspected doubles wait for a decision."""

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from leads.inquiries.models import QuarantinedInquiry
from leads.people.models import MergeSuggestion


def waiting(session: Session) -> dict[str, int]:
    """Return the counts for the tabs of every page."""
    quarantined = select(func.count()).where(QuarantinedInquiry.decided_at.is_(None)).scalar_subquery()
    doubles = select(func.count()).where(MergeSuggestion.decided_at.is_(None)).scalar_subquery()
    in_quarantine, to_merge = session.execute(select(quarantined, doubles)).one()
    return {"quarantine": in_quarantine, "merges": to_merge}
