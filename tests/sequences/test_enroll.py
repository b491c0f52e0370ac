"""Enrolling puts down every mail at once, and once."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from leads.clock import now
from leads.errors import NotFound
from leads.messages.models import Message
from leads.pipeline.models import Lead
from leads.sequences.definitions import sequences
from leads.sequences.enroll import enroll, start_for
from leads.sequences.models import Enrolment, SequenceVersion
from leads.sequences.publish import publish
from leads.sequences.simulate import simulate
from tests.cast import make_lead
from tests.sequences.conftest import enrolled, rows_of

pytestmark = pytest.mark.usefixtures("tuesday")


@pytest.fixture
def lead(session: Session) -> Lead:
    return make_lead(session)


def test_a_confirmation_plans_the_whole_sequence_at_once(session: Session, lead: Lead) -> None:
    started = start_for(session, "confirmation", person_id=lead.person_id, lead_id=lead.id, facts={"office": "woodbury"}, actor="system")
    assert [enrolment.sequence_key for enrolment in started] == ["new-inquiry"]
    assert [row.step for row in rows_of(session, started[0])] == [step.key for step in sequences()["new-inquiry"].steps]


def test_what_is_put_down_is_what_was_simulated(session: Session, lead: Lead) -> None:
    rows = rows_of(session, enrolled(session, lead))
    simulated = simulate("new-inquiry", office="woodbury", start=now())
    assert [(row.step, row.due_at, row.local_due, tuple(row.moved_by)) for row in rows] == [
        (step.step, step.due_at, step.local_due, step.moved_by) for step in simulated
    ]


def test_each_row_knows_its_cause_its_window_and_until_when_it_is_of_use(session: Session, lead: Lead) -> None:
    row = rows_of(session, enrolled(session, lead))[1]
    assert (row.cause, row.state, row.lane) == ("sequence:new-inquiry", "planned", "education")
    assert row.window == {"office": "woodbury", "rule": {"from": "09:00", "to": "18:00", "business_days": True}}
    assert row.useful_until == row.due_at + timedelta(days=5)


def test_enrolling_twice_gives_the_running_enrolment(session: Session, lead: Lead) -> None:
    assert enrolled(session, lead) is enrolled(session, lead)
    assert session.scalar(select(func.count()).select_from(Message)) == len(sequences()["new-inquiry"].steps)


def test_a_skipped_step_is_kept_with_its_reason(session: Session, lead: Lead) -> None:
    rows = rows_of(session, enrolled(session, lead, "visit"))
    assert {(row.state, row.reason) for row in rows} == {("skipped", "no-appointment")}


def test_a_visit_is_planned_around_its_appointment(session: Session, lead: Lead) -> None:
    visit = {"id": "visit", "version": 1, "starts_at": (now() + timedelta(days=10)).isoformat()}
    row = rows_of(session, enrolled(session, lead, "visit", appointment=visit))[0]
    assert row.depends_on == {"appointment": "visit", "version": 1}
    assert row.facts == {"office": "woodbury", "visit_at": visit["starts_at"], "appointment": visit["id"]}


def test_nobody_gets_a_step_twice_even_through_a_second_enrolment(session: Session, lead: Lead) -> None:
    first = enrolled(session, lead)
    sent = rows_of(session, first)[0]
    sent.state, sent.sent_at, first.ended_at = "sent", now(), now()
    session.flush()
    assert sent.step not in [row.step for row in rows_of(session, enrolled(session, lead))]


def test_after_half_a_year_somebody_may_hear_it_all_again(session: Session, lead: Lead, tuesday: Callable[[timedelta], None]) -> None:
    first = enrolled(session, lead)
    sent = rows_of(session, first)[0]
    sent.state, sent.sent_at, first.ended_at = "sent", now(), now()
    session.flush()
    tuesday(timedelta(days=181))
    assert rows_of(session, enrolled(session, lead))[0].step == sent.step


def test_an_unknown_sequence_is_refused_with_the_names_there_are(session: Session, lead: Lead) -> None:
    with pytest.raises(NotFound, match="there are new-inquiry, referral-received"):
        enrolled(session, lead, "newsletter")


def test_publishing_freezes_each_definition_once(session: Session) -> None:
    assert {version.key for version in publish(session)} == set(sequences())
    assert publish(session) == []


def test_a_changed_file_becomes_the_next_version_and_old_enrolments_stay(
    session: Session, lead: Lead, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = enrolled(session, lead)
    changed = sequences()["new-inquiry"].model_copy(update={"title": "Another title"})
    monkeypatch.setattr("leads.sequences.publish.sequences", lambda: {"new-inquiry": changed})
    assert [version.number for version in publish(session)] == [2]
    assert session.get_one(SequenceVersion, before.version_id).number == 1
    assert enrolled(session, make_lead(session)).version_id != before.version_id


def test_going_back_to_an_old_definition_makes_no_third_version(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    publish(session)
    changed = sequences()["visit"].model_copy(update={"title": "Another title"})
    with monkeypatch.context() as patched:
        patched.setattr("leads.sequences.publish.sequences", lambda: {"visit": changed})
        publish(session)
    assert publish(session) == []


def all_of(session: Session) -> list[Any]:
    return list(session.scalars(select(Enrolment)))


def test_an_event_that_begins_nothing_begins_nothing(session: Session, lead: Lead) -> None:
    assert start_for(session, "stage:contacted", person_id=lead.person_id, lead_id=lead.id, facts={}, actor="system") == []
    assert all_of(session) == []


def test_an_enrolment_counts_from_its_anchor(session: Session, lead: Lead) -> None:
    yesterday = now() - timedelta(days=1)
    enrolment = enroll(
        session, "new-inquiry", person_id=lead.person_id, lead_id=lead.id, facts={"office": "new-haven"}, anchor=yesterday, actor="system"
    )
    assert rows_of(session, enrolment)[1].planned_for == yesterday + timedelta(days=2)
