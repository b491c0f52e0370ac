"""However many colleagues, partners and patients press at once, a slot is had by one."""

import uuid
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import func, select

from leads.appointments.book import book, confirm, offer
from leads.appointments.cancel import cancel
from leads.appointments.models import Appointment
from leads.appointments.move import move
from leads.appointments.slots import Slot, free_slots
from leads.audit.models import AuditEntry
from leads.clock import now
from leads.db import transaction
from leads.errors import Conflict, LeadsError
from leads.people.models import Person
from leads.pipeline.deadlines import expected_by
from leads.pipeline.models import Lead, StageChange
from tests.appointments.visits import booked, ready, slot
from tests.cast import ACTOR, make_confirmed_person

pytestmark = [pytest.mark.committed, pytest.mark.timeout(300)]
SLOTS, WISHES, HANDS = 100, 1000, 16


@pytest.fixture
def wishes(database: None, tuesday: object) -> list[tuple[uuid.UUID, Slot]]:
    """A thousand qualified leads, ten for each of a hundred slots, and the ten not one after another."""
    with transaction() as session:
        people = [Person(language="en", safe_voicemail=True, safe_email=True, discreet=False, created_at=now()) for _ in range(WISHES)]
        session.add_all(people)
        session.flush()
        known = {"stage": "qualified", "office": "new-haven", "source": "inquiry", "for_whom": "self", "opened_at": now(), "version": 1}
        leads = [Lead(person_id=person.id, expected_by=expected_by("new-haven", now()), **known) for person in people]
        session.add_all(leads)
        free = free_slots(session, limit=SLOTS)
    return [(lead.id, free[place % SLOTS]) for place, lead in enumerate(leads)]


def press(wish: tuple[uuid.UUID, Slot]) -> str:
    try:
        with transaction() as session:
            book(session, wish[0], wish[1], actor=ACTOR)
    except Conflict as refusal:
        return refusal.code
    return "booked"


def test_a_thousand_bookings_of_a_hundred_slots_give_exactly_a_hundred(wishes: list[tuple[uuid.UUID, Slot]]) -> None:
    with ThreadPoolExecutor(HANDS) as hands:
        answers = Counter(hands.map(press, wishes))
    assert answers == {"booked": SLOTS, "slot_taken": WISHES - SLOTS}
    with transaction() as session:
        assert session.scalar(select(func.count(func.distinct(func.row(Appointment.calendar, Appointment.starts_at))))) == SLOTS
        # Who was refused left nothing behind: neither a stage nor a line on record.
        assert session.scalar(select(func.count()).select_from(StageChange)) == SLOTS
        assert session.scalar(select(func.count()).where(AuditEntry.action == "appointment.booked")) == SLOTS


def test_two_who_move_a_visit_at_once_are_one_and_a_refusal(database: None, tuesday: object) -> None:
    with transaction() as session:
        visit = booked(session)

    def go(hour: int) -> str:
        try:
            with transaction() as session:
                move(session, visit.id, slot(hour), version=1, actor=ACTOR)
        except LeadsError as refusal:
            return refusal.code
        return "moved"

    with ThreadPoolExecutor(2) as hands:
        assert sorted(hands.map(go, (10, 11))) == ["moved", "stale_version"]


def test_a_yes_and_a_taking_back_at_once_leave_one_of_them(database: None, tuesday: object) -> None:
    with transaction() as session:
        visit = offer(session, ready(session, person=make_confirmed_person(session)).id, slot(), actor=ACTOR)

    def go(yes: bool) -> str:
        try:
            with transaction() as session:
                if yes:
                    return confirm(session, visit.id, version=1, actor=ACTOR).state
                return cancel(session, visit.id, version=1, actor=ACTOR, reason="Taken by phone").state
        except LeadsError as refusal:
            return refusal.code

    with ThreadPoolExecutor(2) as hands:
        answers = list(hands.map(go, (True, False)))
    with transaction() as session:
        state = session.get_one(Appointment, visit.id).state
    assert sorted(answers) == sorted([state, "stale_version"])


def test_two_who_swap_calendars_do_not_wait_for_each_other_for_ever(database: None, tuesday: object) -> None:
    with transaction() as session:
        one, other = booked(session, 9), booked(session, 10)

    def go(what: tuple[uuid.UUID, int]) -> str:
        try:
            with transaction() as session:
                return move(session, what[0], slot(what[1]), version=1, actor=ACTOR).state
        except Conflict as refusal:
            return refusal.code

    with ThreadPoolExecutor(2) as hands:
        assert list(hands.map(go, ((one.id, 10), (other.id, 9)))) == ["slot_taken", "slot_taken"]
