"""Stop means stop, at once; and what only rested goes on where it would have been."""

import uuid
from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy.orm import Session

from leads.clock import now
from leads.pipeline.models import Lead
from leads.sequences.models import Enrolment
from leads.sequences.replan import Diff, replan
from leads.sequences.retime import facts_changed
from leads.sequences.stop import resume, stop_for
from tests.cast import make_lead
from tests.sequences.conftest import enrolled, make_sequence, make_step, publish_only, rows_of, states_of

Advance = Callable[[timedelta], None]
DAY = timedelta(days=1)


@pytest.fixture
def lead(session: Session, tuesday: Advance) -> Lead:
    return make_lead(session)


@pytest.fixture
def inquiry(session: Session, lead: Lead) -> Enrolment:
    return enrolled(session, lead)


def hold(session: Session, lead: Lead) -> int:
    return stop_for(session, "hold", person_id=lead.person_id, actor="system")


def wake(session: Session, lead: Lead) -> int:
    return resume(session, lead.person_id, after="hold", actor="system")


@pytest.mark.parametrize("event", ["stage:booked", "stage:closed", "withdrawal:education", "withdrawal:contact", "hold", "asked-to-stop"])
def test_an_event_ends_the_sequence_and_cancels_its_mails(session: Session, lead: Lead, inquiry: Enrolment, event: str) -> None:
    assert stop_for(session, event, lead_id=lead.id, actor="system") == 1
    assert set(states_of(session, inquiry).values()) == {("cancelled", event)}
    assert (inquiry.ended_why, inquiry.ended_at) == (event, now())


def test_an_event_that_is_not_listed_stops_nothing(session: Session, lead: Lead, inquiry: Enrolment) -> None:
    assert stop_for(session, "stage:contacted", lead_id=lead.id, actor="system") == 0
    assert set(states_of(session, inquiry).values()) == {("planned", None)}


def test_withdrawing_education_leaves_the_screening_reminders(session: Session, lead: Lead, inquiry: Enrolment) -> None:
    screening = enrolled(session, lead, "screening")
    assert stop_for(session, "withdrawal:education", person_id=lead.person_id, actor="system") == 1
    assert set(states_of(session, screening).values()) == {("planned", None)}


def test_a_step_that_became_pointless_is_cancelled_alone(session: Session, lead: Lead, inquiry: Enrolment) -> None:
    assert stop_for(session, "stage:screening", lead_id=lead.id, actor="system") == 0
    states = states_of(session, inquiry)
    assert states.pop("screening-call") == ("cancelled", "stage:screening")
    assert set(states.values()) == {("planned", None)}


def test_nobody_elses_sequence_ends(session: Session, inquiry: Enrolment) -> None:
    assert stop_for(session, "hold", person_id=uuid.uuid4(), actor="system") == 0
    assert stop_for(session, "hold", actor="system") == 0
    assert inquiry.ended_at is None


def test_a_mail_that_a_worker_just_claimed_is_stopped_too(session: Session, lead: Lead, inquiry: Enrolment) -> None:
    rows_of(session, inquiry)[0].state = "claimed"
    hold(session, lead)
    assert set(states_of(session, inquiry).values()) == {("cancelled", "hold")}


def test_what_has_gone_stays_gone(session: Session, lead: Lead, inquiry: Enrolment) -> None:
    rows_of(session, inquiry)[0].state = "sent"
    hold(session, lead)
    assert states_of(session, inquiry)["office-location"] == ("sent", None)


def test_a_reason_of_its_own_may_be_given(session: Session, lead: Lead, inquiry: Enrolment) -> None:
    stop_for(session, "asked-to-stop", lead_id=lead.id, actor="system", reason="reply")
    assert inquiry.ended_why == "reply"


def test_stopping_twice_ends_nothing_twice(session: Session, lead: Lead, inquiry: Enrolment) -> None:
    assert [hold(session, lead), hold(session, lead)] == [1, 0]


def test_after_a_hold_what_is_to_come_comes_and_what_was_missed_does_not(
    session: Session, lead: Lead, inquiry: Enrolment, tuesday: Advance
) -> None:
    times = {row.step: row.due_at for row in rows_of(session, inquiry)}
    hold(session, lead)
    tuesday(6 * DAY)
    assert wake(session, lead) == 1
    states = states_of(session, inquiry)
    assert [step for step, state in states.items() if state == ("skipped", "held")] == ["office-location", "how-ketamine-works"]
    assert [step for step, state in states.items() if state == ("planned", None)] == list(times)[2:]
    assert {row.step: row.due_at for row in rows_of(session, inquiry)} == times


def test_what_a_hold_swallowed_is_not_planned_again_later(session: Session, lead: Lead, inquiry: Enrolment, tuesday: Advance) -> None:
    hold(session, lead)
    tuesday(3 * DAY)
    wake(session, lead)
    assert replan(session, inquiry, actor="system") == Diff(unchanged=5)


def test_what_went_before_the_hold_does_not_go_again(session: Session, lead: Lead, inquiry: Enrolment, tuesday: Advance) -> None:
    sent = rows_of(session, inquiry)[0]
    sent.state, sent.sent_at = "sent", now()
    hold(session, lead)
    tuesday(DAY)
    wake(session, lead)
    assert states_of(session, inquiry)["office-location"] == ("sent", None)


def test_a_lead_closed_during_a_hold_does_not_wake(session: Session, lead: Lead, inquiry: Enrolment) -> None:
    hold(session, lead)
    assert stop_for(session, "stage:closed", lead_id=lead.id, actor="system") == 1
    assert wake(session, lead) == 0
    assert inquiry.ended_why == "stage:closed"


def test_what_began_anew_in_the_meantime_is_not_doubled(session: Session, lead: Lead, inquiry: Enrolment) -> None:
    hold(session, lead)
    enrolled(session, lead)
    assert wake(session, lead) == 0


def test_a_visit_that_moved_during_the_hold_is_planned_at_its_new_time(session: Session, lead: Lead) -> None:
    appointment = {"id": "visit", "version": 1, "starts_at": (now() + 9 * DAY).isoformat()}
    visit = enrolled(session, lead, "visit", appointment=appointment)
    hold(session, lead)
    visit.facts = visit.facts | {"appointment": appointment | {"version": 2, "starts_at": (now() + 16 * DAY).isoformat()}}
    wake(session, lead)
    assert rows_of(session, visit)[0].due_at > now() + 10 * DAY
    assert rows_of(session, visit)[0].state == "planned"


def pointless_once_screened(session: Session, monkeypatch: pytest.MonkeyPatch, lead: Lead, **known: object) -> Enrolment:
    asks = make_step("asks", wait="3 days", only_if="grants.education", stops_on=["screening:submitted"], useful_for="30 days")
    publish_only(session, monkeypatch, make_sequence(asks, make_step("always", wait="5 days"), stops_on=["hold"]))
    return enrolled(session, lead, "story", **known)


def test_a_step_left_out_and_then_pointless_is_not_taken_up_when_the_facts_change(
    session: Session, lead: Lead, monkeypatch: pytest.MonkeyPatch
) -> None:
    story = pointless_once_screened(session, monkeypatch, lead, grants=["contact"])
    stop_for(session, "screening:submitted", lead_id=lead.id, actor="system")
    facts_changed(session, lead.id, {"grants": ["contact", "education"]}, actor="system")
    assert states_of(session, story)["asks"] == ("cancelled", "screening:submitted")


def test_a_step_that_became_pointless_during_a_hold_does_not_wake(session: Session, lead: Lead, monkeypatch: pytest.MonkeyPatch) -> None:
    story = pointless_once_screened(session, monkeypatch, lead, grants=["education"])
    hold(session, lead)
    stop_for(session, "screening:submitted", lead_id=lead.id, actor="system")
    assert wake(session, lead) == 1
    assert states_of(session, story) == {"asks": ("cancelled", "screening:submitted"), "always": ("planned", None)}
