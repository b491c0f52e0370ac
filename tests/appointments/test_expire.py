"""An offer nobody answered: its slot is free again, and the person is not lost with it."""

from collections.abc import Callable
from datetime import timedelta

from sqlalchemy.orm import Session

from leads.appointments.book import book, offer
from leads.appointments.expire import due, expire
from leads.appointments.find import events_of
from leads.appointments.move import move
from leads.appointments.slots import free_slots
from leads.pipeline.models import Lead
from tests.appointments.visits import NEXT_WEEK, moment, ready, slot, todos
from tests.cast import ACTOR, make_confirmed_person

Advance = Callable[[timedelta], None]


def test_it_ends_and_somebody_calls(session: Session, tuesday: Advance) -> None:
    visit = offer(session, ready(session).id, slot(), actor=ACTOR)
    tuesday(timedelta(hours=48))
    assert due(session) == [visit.id]
    assert expire(session, visit.id)
    assert (visit.state, [each.event for each in events_of(session, visit.id)]) == ("cancelled", ["offered", "expired"])
    assert "rebook" in todos(session)


def test_before_its_time_nothing_ends(session: Session, tuesday: Advance) -> None:
    visit = offer(session, ready(session).id, slot(), actor=ACTOR)
    tuesday(timedelta(hours=47))
    assert (due(session), expire(session, visit.id)) == ([], False)


def test_two_clocks_end_it_once(session: Session, tuesday: Advance) -> None:
    visit = offer(session, ready(session).id, slot(), actor=ACTOR)
    tuesday(timedelta(hours=48))
    assert [expire(session, visit.id), expire(session, visit.id)] == [True, False]


def test_an_offer_that_was_renewed_goes_on(session: Session, tuesday: Advance) -> None:
    visit = offer(session, ready(session).id, slot(), actor=ACTOR)
    tuesday(timedelta(hours=40))
    move(session, visit.id, slot(10), version=1, actor=ACTOR)
    tuesday(timedelta(hours=9))
    assert not expire(session, visit.id)


def test_its_slot_is_had_before_the_clock_comes_round(session: Session, tuesday: Advance) -> None:
    visit = offer(session, ready(session).id, slot(), actor=ACTOR)
    tuesday(timedelta(hours=48))
    assert slot() in free_slots(session, calendar="clinician-a", until=moment(NEXT_WEEK, 12))
    other = ready(session, person=make_confirmed_person(session, email="other@example.com"))
    assert book(session, other.id, slot(), actor=ACTOR).state == "booked"
    assert (visit.state, "rebook" in todos(session)) == ("cancelled", True)


def test_who_let_it_pass_is_offered_another(session: Session, tuesday: Advance) -> None:
    lead = ready(session)
    first = offer(session, lead.id, slot(), actor=ACTOR)
    tuesday(timedelta(hours=48))
    second = offer(session, lead.id, slot(), actor=ACTOR)
    assert (first.state, second.state) == ("cancelled", "offered")
    assert session.get_one(Lead, lead.id).stage == "qualified"
