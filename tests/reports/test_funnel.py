"""How far leads come: each counted once at every stage it came to or beyond."""

from datetime import timedelta

import pytest
from sqlalchemy.orm import Session

from leads.clock import now
from leads.inquiries.models import Inquiry
from leads.pipeline.models import StageChange
from leads.reports.funnel import funnel
from leads.reports.period import Period
from tests.reports.cast import OCTOBER, journeys

pytestmark = pytest.mark.usefixtures("tuesday")


def october() -> Period:
    return Period.read("2026-10", "2026-10")


def test_who_came_further_is_counted_on_the_way(session: Session) -> None:
    journeys(session, 20)
    journeys(session, 12, to="qualified")
    assert funnel(session, "office", october()).rows == {"woodbury": [32, 12, 12, 12, 0, 0]}


def test_who_was_closed_stays_where_they_had_come_to(session: Session) -> None:
    for lead in journeys(session, 11, to="screening"):
        lead.stage = "closed"
        session.add(StageChange(lead_id=lead.id, from_stage="screening", to_stage="closed", actor="system", at=now()))
    assert funnel(session, "office", october()).totals == [11, 11, 11, 0, 0, 0]


def test_who_was_moved_by_mistake_never_came_there(session: Session) -> None:
    for lead in journeys(session, 11, to="contacted"):
        change = StageChange(lead_id=lead.id, from_stage="contacted", to_stage="screening", actor="system", at=now())
        back = {"lead_id": lead.id, "from_stage": "screening", "to_stage": "contacted", "takes_back": change.id}
        session.add_all((change, StageChange(**back, actor="system", at=now())))
    assert funnel(session, "office", october()).totals == [11, 11, 0, 0, 0, 0]


def test_only_those_who_began_in_the_period_count(session: Session) -> None:
    journeys(session, 11)
    journeys(session, 15, at=OCTOBER - timedelta(days=30))
    assert funnel(session, "office", october()).totals[0] == 11


def test_small_groups_are_hidden_with_the_one_that_would_give_them_away(session: Session) -> None:
    journeys(session, 40, office="woodbury")
    journeys(session, 20, office="new-haven")
    journeys(session, 3, office="none")
    found = funnel(session, "office", october())
    assert ({office: counts[0] for office, counts in found.rows.items()}, found.totals[0]) == (
        {"woodbury": 40, "new-haven": None, "none": None},
        63,
    )


def test_a_source_is_told_by_its_channel(session: Session) -> None:
    for lead in journeys(session, 11):
        session.add(Inquiry(person_id=lead.person_id, lead_id=lead.id, channel="embed", received={}, received_at=now()))
    journeys(session, 11, source="import")
    assert set(funnel(session, "source", october()).rows) == {"inquiry:embed", "import"}


def test_an_empty_clinic_has_an_empty_funnel(session: Session) -> None:
    found = funnel(session, "referrer", october())
    assert (found.rows, found.totals) == ({}, [])
