"""What holds for the rows of every enrolment: they are the plan, planning again changes nothing, and a visit moved back leaves no trace."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.orm import Session

from leads.clock import frozen, now
from leads.pipeline.models import Lead
from leads.sequences.enroll import history, plan_facts
from leads.sequences.models import Enrolment
from leads.sequences.place import Appointment
from leads.sequences.plan import PlannedStep, plan
from leads.sequences.publish import definition_of
from leads.sequences.replan import replan
from leads.sequences.retime import appointment_changed
from tests.cast import make_lead
from tests.sequences.conftest import enrolled, make_sequence, make_step, publish_only, rows_of
from tests.sequences.test_properties import in_order, moments, several, windows

# Each example is a savepoint, undone: the fixtures may be shared.
some = settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
later = st.integers(0, 60 * 24 * 30).map(lambda minutes: timedelta(minutes=minutes))


@pytest.fixture
def lead(session: Session, tuesday: Callable[[timedelta], None]) -> Lead:
    return make_lead(session)


def story_of(
    session: Session, monkeypatch: pytest.MonkeyPatch, lead: Lead, rule: dict[str, Any], waits: list[str], to_do: int
) -> Enrolment:
    steps = [make_step(f"s{place}", wait=wait, useful_for="9 days") for place, wait in enumerate(in_order(waits))]
    if to_do < len(steps):
        steps[to_do] = {"key": "call-them", "todo": "call", "wait": steps[to_do]["wait"]}
    publish_only(session, monkeypatch, make_sequence(*steps, window=rule))
    return enrolled(session, lead, "story")


def as_stored(session: Session, enrolment: Enrolment) -> set[tuple[Any, ...]]:
    return {(row.step, row.due_at, row.local_due, tuple(row.moved_by), row.useful_until, row.reason) for row in rows_of(session, enrolment)}


def as_planned(steps: list[PlannedStep]) -> set[tuple[Any, ...]]:
    return {(each.step, each.due_at, each.local_due, each.moved_by, each.useful_until, each.skip) for each in steps if each.template}


@some
@given(windows(), several, moments, later, st.integers(0, 6))
def test_rows_are_the_plan_and_planning_twice_changes_nothing(
    session: Session, lead: Lead, rule: dict[str, Any], waits: list[str], at: datetime, ahead: timedelta, to_do: int
) -> None:
    with pytest.MonkeyPatch.context() as patched, session.begin_nested() as attempt:
        with frozen(at):
            story = story_of(session, patched, lead, rule, waits, to_do)
            planned = plan(definition_of(session, story.version_id), plan_facts(session, story), history(session, story), at)
            assert as_stored(session, story) == as_planned(planned)
        with frozen(at + ahead):
            replan(session, story, actor="system")
            again = replan(session, story, actor="system")
            assert (again.created, again.updated, again.cancelled) == (0, 0, 0)
        attempt.rollback()


@some
@given(st.integers(5, 60), st.integers(5, 60), st.sampled_from(("new-haven", "woodbury")))
def test_a_visit_moved_and_moved_back_leaves_the_same_rows(session: Session, lead: Lead, first: int, second: int, office: str) -> None:
    with session.begin_nested() as attempt:
        lead.office = office
        visit = enrolled(
            session, lead, "visit", appointment={"id": "v", "version": 1, "starts_at": (now() + timedelta(days=first)).isoformat()}
        )
        before = as_stored(session, visit)
        for version, day in ((2, second), (3, first)):
            moved = Appointment("v", version, now() + timedelta(days=day))
            appointment_changed(session, moved, person_id=lead.person_id, lead_id=lead.id, facts={}, actor="system")
            session.flush()
        assert as_stored(session, visit) == before
        attempt.rollback()
