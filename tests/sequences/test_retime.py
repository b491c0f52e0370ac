"""What a plan depends on changes: a visit is booked, moved, cancelled, a grant comes late; the mails follow in the same transaction."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from leads.clock import now
from leads.messages.models import Message
from leads.people.models import Person
from leads.pipeline.facts import facts_about
from leads.pipeline.models import Lead
from leads.pipeline.preferences import TOPICS, Wishes, change_wishes
from leads.sequences.models import Enrolment
from leads.sequences.place import Appointment
from leads.sequences.replan import Diff, replan
from leads.sequences.retime import appointment_changed
from leads.sequences.stop import resume, stop_for
from tests.cast import make_confirmed_person, make_lead
from tests.sequences.conftest import enrolled, make_sequence, make_step, publish_only, rows_of, send, states_of

Advance = Callable[[timedelta], None]
DAY = timedelta(days=1)


@pytest.fixture
def lead(session: Session, tuesday: Advance) -> Lead:
    return make_lead(session)


def tell(session: Session, lead: Lead, version: int = 1, day: datetime | None = None) -> None:
    visit = Appointment("visit", version, day) if day else None
    facts = facts_about(session, lead)
    appointment_changed(session, visit, person_id=lead.person_id, lead_id=lead.id, facts=facts, actor="system")
    session.flush()


def around_the_visit(session: Session) -> Enrolment:
    return session.scalars(select(Enrolment).where(Enrolment.sequence_key == "visit").order_by(Enrolment.id.desc())).first()  # type: ignore[return-value]


def told_time(row: Message) -> str:
    return str((row.facts or {})["visit_at"])


def test_a_booking_starts_what_is_said_around_a_visit(session: Session, lead: Lead) -> None:
    tell(session, lead, day=now() + 9 * DAY)
    states = states_of(session, around_the_visit(session))
    assert states["visit-tomorrow"] == ("planned", None)
    assert rows_of(session, around_the_visit(session))[0].depends_on == {"appointment": "visit", "version": 1}


def test_a_moved_visit_is_retimed_and_never_told_with_its_old_time(session: Session, lead: Lead) -> None:
    tell(session, lead, day=now() + 14 * DAY)
    before = {row.step: row.due_at for row in rows_of(session, around_the_visit(session)) if row.state == "planned"}
    tell(session, lead, 2, now() + 21 * DAY)
    rows = [row for row in rows_of(session, around_the_visit(session)) if row.state == "planned"]
    assert {row.step: row.due_at - before[row.step] for row in rows} == dict.fromkeys(before, 7 * DAY)
    assert {told_time(row) for row in rows} == {(now() + 21 * DAY).isoformat()}


def test_a_visit_moved_and_moved_back_has_the_times_it_had(session: Session, lead: Lead) -> None:
    tell(session, lead, day=now() + 9 * DAY)
    before = [(row.step, row.due_at, row.local_due, row.state) for row in rows_of(session, around_the_visit(session))]
    tell(session, lead, 2, now() + 16 * DAY)
    tell(session, lead, 3, now() + 9 * DAY)
    assert [(row.step, row.due_at, row.local_due, row.state) for row in rows_of(session, around_the_visit(session))] == before


def test_news_that_comes_late_does_not_undo_newer_news(session: Session, lead: Lead) -> None:
    tell(session, lead, 2, now() + 16 * DAY)
    due = rows_of(session, around_the_visit(session))[0].due_at
    tell(session, lead, 1, now() + 9 * DAY)
    assert rows_of(session, around_the_visit(session))[0].due_at == due


def test_the_same_news_twice_changes_nothing(session: Session, lead: Lead) -> None:
    tell(session, lead, day=now() + 9 * DAY)
    fences = [row.fence for row in rows_of(session, around_the_visit(session))]
    tell(session, lead, day=now() + 9 * DAY)
    assert [row.fence for row in rows_of(session, around_the_visit(session))] == fences


def test_nobody_is_reminded_of_a_cancelled_visit(session: Session, lead: Lead) -> None:
    tell(session, lead, day=now() + 9 * DAY)
    tell(session, lead)
    assert {state for state, _ in states_of(session, around_the_visit(session)).values()} == {"cancelled", "skipped"}
    assert around_the_visit(session).ended_why == "appointment:cancelled"


def test_a_reminder_in_a_workers_hands_is_taken_back_when_the_visit_is_cancelled(session: Session, lead: Lead) -> None:
    tell(session, lead, day=now() + 9 * DAY)
    row = rows_of(session, around_the_visit(session))[0]
    row.state, row.lease_until = "claimed", now() + DAY
    tell(session, lead)
    assert (row.state, row.reason) == ("cancelled", "appointment:cancelled")


def test_a_visit_booked_again_is_told_of_again(session: Session, lead: Lead, tuesday: Advance) -> None:
    tell(session, lead, day=now() + 9 * DAY)
    send(session, next(row for row in rows_of(session, around_the_visit(session)) if row.step == "visit-prepare"))
    tell(session, lead)
    tell(session, lead, 2, now() + 16 * DAY)
    assert states_of(session, around_the_visit(session))["visit-prepare"] == ("planned", None)


def test_a_visit_moved_during_a_hold_is_known_on_the_day_it_ends(session: Session, lead: Lead) -> None:
    tell(session, lead, day=now() + 9 * DAY)
    stop_for(session, "hold", person_id=lead.person_id, actor="system")
    tell(session, lead, 2, now() + 16 * DAY)
    resume(session, lead.person_id, after="hold", actor="system")
    rows = [row for row in rows_of(session, around_the_visit(session)) if row.state == "planned"]
    assert rows[0].due_at > now() + 10 * DAY
    assert {told_time(row) for row in rows} == {(now() + 16 * DAY).isoformat()}


def wish(session: Session, lead: Lead, **wishes: object) -> None:
    choices = {"topics": frozenset(TOPICS), "language": "en"} | wishes
    change_wishes(session, session.get_one(Person, lead.person_id), Wishes(**choices))  # type: ignore[arg-type]
    session.flush()


def test_a_grant_given_later_lets_the_steps_go_that_asked_for_it(
    session: Session, tuesday: Advance, monkeypatch: pytest.MonkeyPatch
) -> None:
    asks = make_step("asks", wait="3 days", only_if="grants.education")
    publish_only(session, monkeypatch, make_sequence(asks, make_step("always", wait="5 days")))
    lead = make_lead(session, make_confirmed_person(session, grants=("contact",)))
    story = enrolled(session, lead, "story", **facts_about(session, lead))
    assert states_of(session, story)["asks"] == ("skipped", "only-if")
    wish(session, lead)
    assert states_of(session, story)["asks"] == ("planned", None)


def test_a_rest_moves_what_falls_into_it_behind_it_a_day_apart(session: Session, lead: Lead) -> None:
    inquiry = enrolled(session, lead)
    wish(session, lead, pause_until=now().date() + 6 * DAY)
    rows = [row for row in rows_of(session, inquiry) if row.lane == "education"]
    assert [row.local_due[:16] for row in rows[:3]] == ["2026-10-13T09:00", "2026-10-14T10:00", "2026-10-16T09:00"]
    assert "a rest until Mon 12 Oct 00:00" in rows[0].moved_by
    assert replan(session, inquiry, actor="system").updated == 0


def test_a_rest_that_ends_early_gives_the_old_times_back(session: Session, lead: Lead) -> None:
    inquiry = enrolled(session, lead)
    before = [(row.step, row.due_at, row.moved_by) for row in rows_of(session, inquiry)]
    wish(session, lead, pause_until=now().date() + 6 * DAY)
    wish(session, lead)
    assert [(row.step, row.due_at, row.moved_by) for row in rows_of(session, inquiry)] == before
    assert replan(session, inquiry, actor="system") == Diff(unchanged=7)
