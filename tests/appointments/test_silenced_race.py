"""A visit is moved at the very moment at which somebody was to be asked to call about its old time."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import select

from leads.appointments.models import Appointment
from leads.appointments.move import move
from leads.appointments.silenced import due, hand_over
from leads.clock import now
from leads.db import transaction
from leads.messages.models import Message
from leads.safety.disclose import disclose
from tests.appointments.visits import NEXT_WEEK, booked, slot
from tests.cast import ACTOR

pytestmark = pytest.mark.committed


@pytest.fixture
def visit(database: None, tuesday: Callable[[timedelta], None]) -> Appointment:
    """A visit of somebody on hold, a minute after its reminder would have gone."""
    with transaction() as session:
        visit = booked(session)
        session.flush()
        session.scalars(select(Message).where(Message.template == "visit-booked")).one().state = "sent"
        disclose(session, visit.person_id, visit.lead_id, source="reply")
        at = session.scalars(select(Message.due_at).where(Message.template == "visit-tomorrow")).one()
    tuesday(at - now() + timedelta(minutes=1))
    return visit


def test_a_hand_over_waits_for_the_move_and_then_asks_nobody(visit: Appointment) -> None:
    moved, go_on = threading.Event(), threading.Event()

    def move_it() -> None:
        with transaction() as session:
            move(session, visit.id, slot(day=NEXT_WEEK + timedelta(days=7)), version=visit.version, actor=ACTOR)
            session.flush()
            moved.set()
            go_on.wait(5)

    with ThreadPoolExecutor(1) as pool:
        moving = pool.submit(move_it)
        assert moved.wait(30)
        with transaction() as session:
            waiting = due(session)
            threading.Timer(0.3, go_on.set).start()
            assert [hand_over(session, each) for each in waiting] == [None] * len(waiting)
        moving.result()
    assert waiting
