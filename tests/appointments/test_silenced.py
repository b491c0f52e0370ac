"""A hold silences the mails about a visit, and a colleague calls instead, when each would have gone."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from leads.appointments.arrive import no_show
from leads.appointments.cancel import cancel
from leads.appointments.models import Appointment
from leads.appointments.move import move
from leads.appointments.silenced import due, hand_over
from leads.appointments.slots import outside
from leads.clock import now
from leads.messages.models import Message
from leads.messages.outbox import MOVED_BY_STAFF
from leads.safety.disclose import disclose
from leads.safety.release import Disposition, release
from leads.sequences.retime import facts_changed
from leads.todos.models import Todo
from leads.todos.open import finish
from tests.appointments.visits import NEXT_WEEK, booked, moment, slot
from tests.cast import ACTOR

Advance = Callable[[timedelta], None]
WEEK_AFTER = NEXT_WEEK + timedelta(days=7)


@pytest.fixture
def visit(session: Session, tuesday: object) -> Appointment:
    """A visit next week; its confirmation is out, and then the person discloses."""
    visit = booked(session)
    session.flush()
    confirmation = session.scalars(select(Message).where(Message.template == "visit-booked")).one()
    confirmation.state = "sent"
    disclose(session, visit.person_id, visit.lead_id, source="reply")
    session.flush()
    return visit


def tick(session: Session) -> list[str | None]:
    """What the clock does; returns what the open to-dos to call say."""
    for message_id in due(session):
        hand_over(session, message_id)
    session.flush()
    return [todo.note for todo in session.scalars(select(Todo).where(Todo.kind == "call-visit", Todo.done_at.is_(None)))]


def until_a_minute_after(session: Session, template: str, tuesday: Advance) -> None:
    at = session.scalars(select(Message.due_at).where(Message.template == template)).one()
    tuesday(at - now() + timedelta(minutes=1))


def at_what_time(session: Session, template: str) -> datetime:
    session.flush()
    return session.scalars(select(Message.due_at).where(Message.template == template)).one()


def done(session: Session) -> None:
    for todo in session.scalars(select(Todo).where(Todo.kind == "call-visit", Todo.done_at.is_(None))):
        finish(session, todo.id, actor=ACTOR, outcome="called")
    session.flush()


def free(session: Session, visit: Appointment) -> None:
    release(session, visit.person_id, actor=ACTOR, roles=("clinician",), disposition=Disposition("no-danger", "Spoke."))
    session.flush()


def test_before_its_time_nobody_needs_to_call(session: Session, visit: Appointment) -> None:
    assert tick(session) == []


def test_when_a_reminder_would_have_gone_somebody_is_to_call(session: Session, visit: Appointment, tuesday: Advance) -> None:
    until_a_minute_after(session, "visit-tomorrow", tuesday)
    (note,) = tick(session)
    assert "visit-tomorrow" in (note or "")
    assert session.scalars(select(Message.state).where(Message.template == "visit-tomorrow")).one() == "skipped"


def test_the_clock_asks_once(session: Session, visit: Appointment, tuesday: Advance) -> None:
    until_a_minute_after(session, "visit-tomorrow", tuesday)
    first = tick(session)
    assert (due(session), tick(session)) == ([], first)


def test_the_next_one_is_another_word_on_the_same_todo(session: Session, visit: Appointment, tuesday: Advance) -> None:
    until_a_minute_after(session, "visit-tomorrow", tuesday)
    tick(session)
    until_a_minute_after(session, "visit-today", tuesday)
    (note,) = tick(session)
    assert {"visit-tomorrow", "visit-today"} <= set((note or "").split("\n"))


def test_after_a_release_the_reminder_goes_by_mail_again(session: Session, visit: Appointment, tuesday: Advance) -> None:
    free(session, visit)
    until_a_minute_after(session, "visit-tomorrow", tuesday)
    assert tick(session) == []
    assert session.scalars(select(Message.state).where(Message.template == "visit-tomorrow")).one() == "planned"


def test_what_a_colleague_was_asked_to_say_is_not_mailed_after_the_release(session: Session, visit: Appointment, tuesday: Advance) -> None:
    until_a_minute_after(session, "visit-tomorrow", tuesday)
    tick(session)
    free(session, visit)
    states = dict(session.execute(select(Message.template, Message.state).where(Message.step.is_not(None))).all())
    assert (states["visit-tomorrow"], states["visit-today"]) == ("skipped", "planned")


def test_nobody_is_to_remind_them_of_a_visit_that_was_called_off(session: Session, visit: Appointment, tuesday: Advance) -> None:
    cancel(session, visit.id, version=visit.version, actor=ACTOR, reason="They asked.")
    until_a_minute_after(session, "visit-tomorrow", tuesday)
    (note,) = tick(session)
    assert note == "visit-cancelled"


def test_a_visit_that_moves_takes_the_call_along(session: Session, visit: Appointment, tuesday: Advance) -> None:
    old = at_what_time(session, "visit-tomorrow")
    move(session, visit.id, slot(day=WEEK_AFTER), version=visit.version, actor=ACTOR)
    assert at_what_time(session, "visit-tomorrow") == old + timedelta(days=7)
    tuesday(old - now() + timedelta(minutes=1))
    assert tick(session) == ["visit-moved"]
    tuesday(timedelta(days=7))
    (note,) = tick(session)
    assert "visit-tomorrow" in (note or "").split("\n")


def test_who_was_called_about_the_old_time_is_called_about_the_new_one_too(session: Session, visit: Appointment, tuesday: Advance) -> None:
    until_a_minute_after(session, "visit-tomorrow", tuesday)
    tick(session)
    done(session)
    move(session, visit.id, slot(day=WEEK_AFTER), version=visit.version, actor=ACTOR)
    done(session)
    tuesday(timedelta(days=7))
    assert "visit-tomorrow" in (tick(session)[0] or "").split("\n")


def test_nobody_calls_the_day_before_a_visit_that_was_brought_forward_to_today(
    session: Session, visit: Appointment, tuesday: Advance
) -> None:
    move(session, visit.id, outside("new-haven", now() + timedelta(hours=5)), version=visit.version, actor=ACTOR)
    session.flush()
    assert tick(session) == ["visit-moved\nvisit-today"]
    assert session.scalars(select(Message.reason).where(Message.template == "visit-tomorrow")).one() == "too-late"


def test_after_a_move_and_a_release_the_reminder_goes_once_at_the_new_time(session: Session, visit: Appointment) -> None:
    move(session, visit.id, slot(day=WEEK_AFTER), version=visit.version, actor=ACTOR)
    free(session, visit)
    due_at = session.scalars(select(Message.due_at).where(Message.template == "visit-tomorrow", Message.state == "planned")).all()
    assert due_at == [moment(WEEK_AFTER - timedelta(days=1), 9)]


def test_a_time_a_colleague_gave_a_mail_stands_while_the_visit_does(session: Session, visit: Appointment) -> None:
    mail = session.scalars(select(Message).where(Message.template == "visit-tomorrow")).one()
    mail.moved_by, mail.due_at = [MOVED_BY_STAFF], mail.due_at - timedelta(hours=2)
    facts_changed(session, visit.lead_id, {"heard_from": "friend"}, actor=ACTOR)
    assert mail.due_at == moment(NEXT_WEEK - timedelta(days=1), 7)


def test_who_missed_a_visit_during_a_hold_is_called_when_the_mail_would_have_gone(
    session: Session, visit: Appointment, tuesday: Advance
) -> None:
    tuesday(timedelta(days=7))
    no_show(session, visit.id, version=visit.version, actor=ACTOR)
    session.flush()
    until_a_minute_after(session, "visit-missed", tuesday)
    assert "visit-missed" in (tick(session)[0] or "").split("\n")


def test_a_confirmation_the_hold_overtook_is_called_for_at_once(session: Session, tuesday: object) -> None:
    visit = booked(session)
    session.flush()
    disclose(session, visit.person_id, visit.lead_id, source="reply")
    session.flush()
    assert [set((note or "").split("\n")) for note in tick(session)] == [{"visit-booked"}]
