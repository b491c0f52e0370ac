"""What waits for a person, on every page: urgent to-dos, quarantine, suspected doubles, unknown deliveries, what is nobody's, places."""

from functools import lru_cache
from typing import Any

from sqlalchemy import ScalarSelect, Select, func, literal_column, select
from sqlalchemy.orm import Session

from leads.inbound.mail_models import InboundMail
from leads.inquiries.models import QuarantinedInquiry
from leads.messages.models import Message
from leads.people.models import MergeSuggestion
from leads.pipeline.worklist import COUNTED, Filters, count_waitlisted
from leads.round_trips import Statement, together
from leads.scans.models import Scan
from leads.todos.models import Todo

TABS = ("safety", "quarantine", "merges", "unknown", "inbox", "scans", "waitlist")


def waiting(session: Session) -> dict[str, int]:
    """Return the counts for the tabs of every page; one more than COUNTED stands for any larger number."""
    ((counts,),) = together(session, (_counting(), {}))
    return dict(zip(TABS, counts, strict=True))


def among(session: Session, filters: Filters) -> dict[str, int]:
    """Return those of the counts that filters narrow, where any are given: `waiting` has the others."""
    return {"waitlist": count_waitlisted(session, filters)} if filters.given else {}


# Made once: to put it together took longer than to answer it, on every page.
@lru_cache
def _counting() -> Statement:
    waits = (
        (Todo.urgent, Todo.done_at.is_(None)),
        (QuarantinedInquiry.decided_at.is_(None),),
        (MergeSuggestion.decided_at.is_(None),),
        (Message.state == literal_column("'unknown'"),),
        (InboundMail.state.in_((literal_column("'unmatched'"), literal_column("'failed'"))),),
        (Scan.settled_at.is_(None),),
        (Todo.kind == literal_column("'look-again'"), Todo.done_at.is_(None)),
    )
    return Statement.of(select(*(_count(*each).label(name) for name, each in zip(TABS, waits, strict=True))))


def _count(*conditions: Any) -> ScalarSelect[int]:
    # Every page asks: what no tab shows is not read either.
    waits: Select[int] = select(literal_column("1")).where(*conditions).limit(literal_column(str(COUNTED + 1)))
    return select(func.count()).select_from(waits.subquery()).scalar_subquery()
