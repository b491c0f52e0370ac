"""A patient asks for another time: nothing is lost, and what was written is listened to."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from leads.appointments.arrive import attended
from leads.appointments.ask import ask_to_move
from leads.appointments.cancel import cancel
from leads.consent.ledger import open_holds
from leads.errors import Conflict
from leads.todos.models import Todo
from tests.appointments.visits import booked, todos
from tests.cast import ACTOR

Advance = Callable[[timedelta], None]


def test_somebody_calls_by_the_next_business_day_and_reads_the_words(session: Session, tuesday: Advance) -> None:
    visit = booked(session)
    asked = ask_to_move(session, visit.id, " Mornings are hard. ", actor=f"person:{visit.person_id}")
    todo = session.scalars(select(Todo).where(Todo.kind == "rebook")).one()
    assert (todo.note, asked.disclosed, visit.state) == ("Mornings are hard.", False, "booked")
    assert todo.due_at.isoformat() == "2026-10-07T21:00:00+00:00"


def test_a_second_wish_does_not_replace_the_first(session: Session, tuesday: Advance) -> None:
    visit = booked(session)
    for words in ("Mornings are hard.", "Or a Friday."):
        ask_to_move(session, visit.id, words, actor=ACTOR)
    todo = session.scalars(select(Todo).where(Todo.kind == "rebook")).one()
    assert todo.note == "Mornings are hard.\nOr a Friday."


def test_without_a_word_it_is_a_wish_too(session: Session, tuesday: Advance) -> None:
    ask_to_move(session, booked(session).id, "", actor=ACTOR)
    assert "rebook" in todos(session)


def test_a_disclosure_reaches_a_clinician_and_nothing_is_lost(session: Session, tuesday: Advance) -> None:
    visit = booked(session)
    asked = ask_to_move(session, visit.id, "I want to die", actor=f"person:{visit.person_id}")
    assert asked.disclosed
    assert {"safety", "rebook"} <= set(todos(session))
    assert open_holds(session, visit.person_id)


def test_who_cancelled_may_ask_for_another_time(session: Session, tuesday: Advance) -> None:
    visit = booked(session)
    cancel(session, visit.id, version=1, actor=f"person:{visit.person_id}")
    assert ask_to_move(session, visit.id, "In November?", actor=f"person:{visit.person_id}").appointment.state == "cancelled"


def test_who_came_has_nothing_to_move(session: Session, tuesday: Advance) -> None:
    visit = booked(session)
    tuesday(timedelta(days=7))
    attended(session, visit.id, version=1, actor=ACTOR)
    with pytest.raises(Conflict, match="has taken place"):
        ask_to_move(session, visit.id, "", actor=ACTOR)
