"""The tabs say how many wait behind each, and are not slower to draw the more there are."""

from sqlalchemy import insert
from sqlalchemy.orm import Session

from leads.clock import now
from leads.db import new_id
from leads.http.console.waiting import waiting
from leads.inquiries.models import QuarantinedInquiry
from leads.pipeline.worklist import COUNTED
from tests.http.console.conftest import Browser


def quarantine(session: Session, count: int) -> None:
    """So many submissions that looked automated."""
    rows = [{"id": new_id(), "why": "honeypot", "channel": "page", "received_at": now()} for _ in range(count)]
    session.execute(insert(QuarantinedInquiry), rows)
    session.commit()


def test_a_tab_tells_how_many_wait(coordinator: Browser, session: Session) -> None:
    quarantine(session, 3)
    assert 'data-tab="quarantine">3</span>' in coordinator.get("/console").text


def test_beyond_999_a_tab_says_no_number_and_counts_no_further(coordinator: Browser, session: Session) -> None:
    quarantine(session, COUNTED + 3)
    assert waiting(session)["quarantine"] == COUNTED + 1
    assert 'data-tab="quarantine">999+</span>' in coordinator.get("/console").text
