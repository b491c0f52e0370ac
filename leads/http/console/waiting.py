"""What waits for a person, on every page: urgent to-dos, quarantine, suspected doubles, unknown deliveries, mail and scans of nobody."""

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from leads.inbound.mail_models import InboundMail
from leads.inquiries.models import QuarantinedInquiry
from leads.messages.models import Message
from leads.people.models import MergeSuggestion
from leads.scans.models import Scan
from leads.todos.models import Todo


def waiting(session: Session) -> dict[str, int]:
    """Return the counts for the tabs of every page."""
    quarantined = select(func.count()).where(QuarantinedInquiry.decided_at.is_(None)).scalar_subquery()
    doubles = select(func.count()).where(MergeSuggestion.decided_at.is_(None)).scalar_subquery()
    urgent = select(func.count()).where(Todo.urgent, Todo.done_at.is_(None)).scalar_subquery()
    unknown = select(func.count()).where(Message.state == "unknown").scalar_subquery()
    unread = select(func.count()).where(InboundMail.state.in_(("unmatched", "failed"))).scalar_subquery()
    nameless = select(func.count()).where(Scan.settled_at.is_(None)).scalar_subquery()
    counts = session.execute(select(urgent, quarantined, doubles, unknown, unread, nameless)).one()
    return dict(zip(("safety", "quarantine", "merges", "unknown", "inbox", "scans"), counts, strict=True))
