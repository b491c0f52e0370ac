"""A human's turn in a sequence: the clock opens it once, what follows waits, and whoever does it lets the rest go on."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from leads.clock import now
from leads.consent.ledger import pause
from leads.pipeline.contact import log_call
from leads.pipeline.models import Lead
from leads.sequences.hand_over import due, finish, open_due
from leads.sequences.models import Enrolment
from leads.sequences.replan import Diff, replan
from leads.sequences.stop import resume, stop_for
from leads.todos.models import Todo
from leads.todos.open import open_todo
from tests.cast import ACTOR, make_lead
from tests.sequences.conftest import enrolled, make_sequence, make_step, publish_only, rows_of, send, states_of

Advance = Callable[[timedelta], None]
DAY = timedelta(days=1)
CALL = {
    "key": "call-them",
    "todo": "call",
    "words": "Ask whether the mails were of help.",
    "wait": "3 days",
    "stops_on": ["stage:contacted"],
}
STORY = make_sequence(
    make_step("first", wait="0 minutes"),
    CALL,
    make_step("then", wait="5 days", useful_for="60 days"),
    stops_on=["stage:closed", "hold"],
)


@pytest.fixture
def lead(session: Session, tuesday: Advance) -> Lead:
    return make_lead(session)


@pytest.fixture
def story(session: Session, lead: Lead, monkeypatch: pytest.MonkeyPatch) -> Enrolment:
    publish_only(session, monkeypatch, STORY)
    enrolment = enrolled(session, lead, "story")
    send(session, rows_of(session, enrolment)[0])
    return enrolment


def tick(session: Session) -> int:
    session.flush()
    return sum(len(open_due(session, each)) for each in due(session))


def todos(session: Session) -> list[Todo]:
    return list(session.scalars(select(Todo).order_by(Todo.opened_at)))


def test_before_its_time_there_is_no_to_do_and_what_follows_waits(session: Session, story: Enrolment) -> None:
    assert tick(session) == 0
    assert story.next_todo_at == now() + 3 * DAY
    assert states_of(session, story) == {"first": ("sent", None), "then": ("skipped", "waits-for-todo")}


def test_when_its_time_comes_it_opens_once_however_many_clocks_tick(session: Session, story: Enrolment, tuesday: Advance) -> None:
    tuesday(3 * DAY)
    assert (tick(session), tick(session)) == (1, 0)
    assert open_due(session, story.id) == []
    todo = todos(session)[0]
    assert (todo.kind, todo.step, todo.note, todo.opened_by) == ("call", "call-them", CALL["words"], "sequence:story")
    assert todo.due_at.isoformat() == "2026-10-13T22:00:00+00:00"


def test_what_follows_waits_however_long_nobody_calls(session: Session, story: Enrolment, tuesday: Advance) -> None:
    tuesday(3 * DAY)
    tick(session)
    tuesday(30 * DAY)
    replan(session, story, actor="system")
    assert states_of(session, story)["then"] == ("skipped", "waits-for-todo")


def test_done_late_the_rest_is_placed_from_then(session: Session, story: Enrolment, tuesday: Advance) -> None:
    tuesday(3 * DAY)
    tick(session)
    tuesday(7 * DAY)
    finish(session, todos(session)[0].id, actor=ACTOR, outcome="done")
    row = rows_of(session, story)[1]
    assert (row.state, row.reason, row.due_at) == ("planned", None, now() + 2 * DAY)


def test_done_in_time_nothing_comes_earlier_than_planned(session: Session, story: Enrolment, tuesday: Advance) -> None:
    planned = rows_of(session, story)[1].planned_for
    tuesday(3 * DAY)
    tick(session)
    finish(session, todos(session)[0].id, actor=ACTOR, outcome="done")
    assert rows_of(session, story)[1].due_at == planned
    assert replan(session, story, actor="system") == Diff(unchanged=1)


def test_nobody_reached_keeps_the_rest_waiting(session: Session, lead: Lead, story: Enrolment, tuesday: Advance) -> None:
    tuesday(3 * DAY)
    tick(session)
    log_call(session, lead.id, result="no-answer", actor=ACTOR)
    assert [todo.done_at for todo in todos(session)] == [None]
    assert states_of(session, story)["then"] == ("skipped", "waits-for-todo")


def test_a_logged_call_that_reached_somebody_lets_the_rest_go_on(session: Session, lead: Lead, story: Enrolment, tuesday: Advance) -> None:
    tuesday(3 * DAY)
    tick(session)
    lead.stage = "contacted"
    log_call(session, lead.id, result="reached", actor=ACTOR)
    assert states_of(session, story)["then"] == ("planned", None)


def test_the_call_somebody_owes_them_anyway_is_the_same_one(session: Session, lead: Lead, story: Enrolment, tuesday: Advance) -> None:
    owed = open_todo(session, "call", person_id=lead.person_id, lead_id=lead.id, due_at=now(), actor=ACTOR)
    tuesday(3 * DAY)
    tick(session)
    assert [(todo.id, todo.step) for todo in todos(session)] == [(owed.id, "call-them")]
    stop_for(session, "stage:closed", lead_id=lead.id, actor="system")
    assert (owed.done_at, owed.enrolment_id) == (None, None)


def test_a_stop_ends_the_to_do_and_what_waited_for_it(session: Session, lead: Lead, story: Enrolment, tuesday: Advance) -> None:
    tuesday(3 * DAY)
    tick(session)
    stop_for(session, "stage:closed", lead_id=lead.id, actor="system")
    assert [(todo.outcome, todo.done_at) for todo in todos(session)] == [("stopped", now())]
    assert states_of(session, story)["then"] == ("cancelled", "stage:closed")


def test_a_stopped_sequence_opens_no_to_do(session: Session, lead: Lead, story: Enrolment, tuesday: Advance) -> None:
    stop_for(session, "stage:closed", lead_id=lead.id, actor="system")
    tuesday(3 * DAY)
    assert (tick(session), open_due(session, story.id)) == (0, [])


def test_after_a_hold_the_to_do_opens_again_and_the_rest_waits_on(session: Session, lead: Lead, story: Enrolment, tuesday: Advance) -> None:
    tuesday(3 * DAY)
    tick(session)
    stop_for(session, "hold", person_id=lead.person_id, actor="system")
    resume(session, lead.person_id, after="hold", actor="system")
    assert states_of(session, story)["then"] == ("skipped", "waits-for-todo")
    assert tick(session) == 1
    assert [(todo.done_at, todo.outcome) for todo in todos(session)] == [(None, None)]


def test_what_was_done_for_another_reason_counts_as_done(session: Session, lead: Lead, story: Enrolment, tuesday: Advance) -> None:
    tuesday(DAY)
    stop_for(session, "stage:contacted", lead_id=lead.id, actor="system")
    assert states_of(session, story)["then"] == ("planned", None)
    tuesday(3 * DAY)
    assert tick(session) == 0


def test_who_rests_is_not_called_either(session: Session, lead: Lead, story: Enrolment, tuesday: Advance) -> None:
    pause(session, lead.person_id, now() + 10 * DAY, reason="asked", actor=ACTOR)
    replan(session, story, actor="system")
    tuesday(3 * DAY)
    assert tick(session) == 0
    assert story.next_todo_at == now() + 7 * DAY
