"""Planning again changes only what differs, and nothing that has gone."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from sqlalchemy.orm import Session

from leads.clock import now
from leads.messages.models import Message
from leads.sequences.models import Enrolment
from leads.sequences.replan import Diff, replan
from tests.cast import make_lead
from tests.sequences.conftest import enrolled, rows_of, states_of

Advance = Callable[[timedelta], None]


def visit_on(day: datetime, version: int = 1) -> dict[str, object]:
    return {"appointment": {"id": "visit", "version": version, "starts_at": day.isoformat()}}


@pytest.fixture
def inquiry(session: Session, tuesday: Advance) -> Enrolment:
    return enrolled(session, make_lead(session))


@pytest.fixture
def visit(session: Session, tuesday: Advance) -> Enrolment:
    return enrolled(session, make_lead(session), "visit", **visit_on(now() + timedelta(days=9)))


def move(session: Session, visit: Enrolment, day: datetime | None, version: int = 2) -> Diff:
    visit.facts = {"office": "woodbury"} | (visit_on(day, version) if day else {})
    return replan(session, visit, actor="system")


def test_planning_again_changes_nothing(session: Session, inquiry: Enrolment) -> None:
    assert replan(session, inquiry, actor="system") == Diff(unchanged=7)


def test_planning_again_later_changes_nothing_that_is_to_come(session: Session, inquiry: Enrolment, tuesday: Advance) -> None:
    tuesday(timedelta(days=1))
    assert replan(session, inquiry, actor="system") == Diff(unchanged=7)


def test_a_moved_visit_moves_its_reminders(session: Session, visit: Enrolment) -> None:
    before = rows_of(session, visit)[0].due_at
    assert move(session, visit, now() + timedelta(days=10)).updated == 5
    assert rows_of(session, visit)[0].due_at > before
    assert replan(session, visit, actor="system") == Diff(unchanged=5)


def test_a_cancelled_visit_ends_its_reminders(session: Session, visit: Enrolment) -> None:
    assert move(session, visit, None).cancelled == 3
    assert set(states_of(session, visit).values()) == {("skipped", "no-appointment")}


def test_a_visit_booked_again_takes_its_reminders_up_again(session: Session, visit: Enrolment) -> None:
    move(session, visit, None)
    move(session, visit, now() + timedelta(days=10), version=3)
    assert states_of(session, visit)["visit-prepare"] == ("planned", None)


def test_what_has_gone_is_never_touched(session: Session, visit: Enrolment) -> None:
    sent = rows_of(session, visit)[0]
    sent.state, sent.sent_at = "sent", now()
    session.flush()
    due = sent.due_at
    assert move(session, visit, now() + timedelta(days=10)).created == 1
    assert (sent.state, sent.due_at) == ("sent", due)


@pytest.mark.parametrize("state", ["sending", "unknown", "failed", "expired", "cancelled"])
def test_a_row_in_other_hands_stays_as_it_is(session: Session, inquiry: Enrolment, state: str) -> None:
    row = rows_of(session, inquiry)[1]
    row.state = state
    session.flush()
    assert replan(session, inquiry, actor="system") == Diff(unchanged=6)
    assert row.state == state


def test_a_worker_that_holds_a_moved_row_loses_it(session: Session, visit: Enrolment) -> None:
    row = rows_of(session, visit)[0]
    row.state, row.fence, row.lease_until = "claimed", 4, now()
    move(session, visit, now() + timedelta(days=10))
    assert (row.state, row.fence, row.lease_until) == ("planned", 5, None)


def test_a_worker_keeps_a_row_that_did_not_move(session: Session, inquiry: Enrolment) -> None:
    row = rows_of(session, inquiry)[0]
    row.state, row.fence = "claimed", 4
    assert replan(session, inquiry, actor="system") == Diff(unchanged=7)
    assert (row.state, row.fence) == ("claimed", 4)


def test_a_retry_that_waits_is_not_pulled_forward(session: Session, inquiry: Enrolment, tuesday: Advance) -> None:
    row = rows_of(session, inquiry)[0]
    row.due_at, row.reason = now() + timedelta(minutes=20), "retry"
    tuesday(timedelta(minutes=1))
    replan(session, inquiry, actor="system")
    assert (row.due_at, row.reason) == (now() + timedelta(minutes=19), "retry")


def test_a_row_the_plan_no_longer_has_is_cancelled(session: Session, inquiry: Enrolment) -> None:
    row: Message = rows_of(session, inquiry)[-1]
    row.step = "a-step-of-old"
    session.flush()
    assert replan(session, inquiry, actor="system") == Diff(created=1, cancelled=1, unchanged=6)


def test_an_ended_enrolment_is_not_planned(session: Session, inquiry: Enrolment) -> None:
    inquiry.ended_at = now()
    assert replan(session, inquiry, actor="system") == Diff()
