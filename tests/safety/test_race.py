"""At the same moment: a hold and a mail on its way, two clocks, a button and a clock; real transactions on connections of their own."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from leads.clock import now
from leads.db import transaction
from leads.errors import Conflict
from leads.messages.carriers.smtp import SmtpCarrier
from leads.messages.claim import claim
from leads.messages.deliver import drain
from leads.messages.models import DeliveryAttempt, Message
from leads.messages.outbox import post
from leads.pipeline.models import Lead
from leads.round_trips import round_trips
from leads.safety.disclose import disclose
from leads.safety.models import Alarm, Page
from leads.safety.page import due, escalate
from leads.safety.take import take
from tests.cast import make_lead
from tests.smtp_server import ScriptedServer

pytestmark = pytest.mark.committed


@pytest.fixture
def lead(database: None, tuesday: object) -> Lead:
    """Somebody who is about to get a mail."""
    with transaction() as session:
        lead = make_lead(session)
        post(session, lead.person_id, "office-location", cause="test", facts={"office": "woodbury"}, lead_id=lead.id)
    return lead


@pytest.fixture
def server() -> Any:
    server = ScriptedServer()
    yield server
    server.stop()


def raise_hold(lead: Lead) -> None:
    with transaction() as session:
        disclose(session, lead.person_id, lead.id, source="reply")


def interrupted(act: Callable[[Session], object], by: BaseException) -> None:
    """Do something in a transaction that never comes to its commit."""
    with transaction() as session:
        act(session)
        session.flush()
        raise by


def mail() -> tuple[str, str | None, int]:
    """What became of the person's mail, and how many attempts were begun."""
    with transaction() as session:
        state, reason = session.execute(select(Message.state, Message.reason).where(Message.template == "office-location")).one()
        return state, reason, session.scalar(select(func.count()).select_from(DeliveryAttempt)) or 0


class Meanwhile(SmtpCarrier):
    """Lets something happen while a mail lies open before its dot."""

    def __init__(self, server: ScriptedServer, happens: Callable[[], object]) -> None:
        super().__init__(server.url, helo="x.test")
        self.happens = happens

    def offer(self, *offered: Any) -> None:
        super().offer(*offered)
        self.happens()


def test_a_disclosure_between_claim_and_dot_stops_the_mail(lead: Lead, server: ScriptedServer) -> None:
    drain(("transactional",), carrier=Meanwhile(server, lambda: raise_hold(lead)))
    assert mail() == ("cancelled", "hold", 0)
    assert not server.mails


def test_a_disclosure_right_after_the_claim_stops_the_mail(lead: Lead, server: ScriptedServer) -> None:
    with round_trips() as trips:
        assert len(claim(trips, "transactional", limit=10)) == 1
        raise_hold(lead)
    drain(("transactional",), carrier=SmtpCarrier(server.url, helo="x.test"))
    assert mail() == ("cancelled", "hold", 0)
    assert not server.mails


def test_the_dot_waits_for_a_disclosure_that_is_being_written(lead: Lead, server: ScriptedServer) -> None:
    written, go_on = threading.Event(), threading.Event()

    def write() -> None:
        with transaction() as session:
            disclose(session, lead.person_id, lead.id, source="reply")
            session.flush()
            written.set()
            go_on.wait(5)

    def begin() -> None:
        writing.append(pool.submit(write))
        assert written.wait(5)
        # The disclosure is not committed yet, and the next question is the permit's.
        threading.Timer(0.3, go_on.set).start()

    writing: list[Any] = []
    with ThreadPoolExecutor(1) as pool:
        drain(("transactional",), carrier=Meanwhile(server, begin))
        writing[0].result()
    assert mail() == ("cancelled", "hold", 0)
    assert not server.mails


def test_two_clocks_at_once_take_one_step(lead: Lead, tuesday: Callable[[timedelta], None]) -> None:
    raise_hold(lead)
    tuesday(timedelta(minutes=15))
    both = threading.Barrier(2)

    def tick() -> int:
        with transaction() as session:
            waiting = due(session)
            both.wait(5)
            return sum(escalate(session, alarm_id) for alarm_id in waiting)

    with ThreadPoolExecutor(2) as pool:
        steps = sorted(each.result() for each in [pool.submit(tick) for _ in range(2)])
    with transaction() as session:
        assert (steps, session.scalars(select(Page.step).order_by(Page.step)).all()) == ([0, 1], [1, 2])


def test_of_two_who_press_at_once_one_has_it(lead: Lead) -> None:
    raise_hold(lead)
    with transaction() as session:
        alarm_id = session.scalars(select(Alarm.id)).one()
    both = threading.Barrier(2)

    def press(who: str) -> bool:
        both.wait(5)
        try:
            with transaction() as session:
                take(session, alarm_id, actor=who)
        except Conflict:
            return False
        return True

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(press, ("account:a", "account:b"))) == [False, True]


def test_a_clock_that_dies_between_two_steps_leaves_them_to_the_next(lead: Lead, tuesday: Callable[[timedelta], None]) -> None:
    raise_hold(lead)
    tuesday(timedelta(minutes=15))
    with pytest.raises(KeyboardInterrupt):
        interrupted(lambda session: escalate(session, due(session)[0]), KeyboardInterrupt())
    with transaction() as session:
        assert escalate(session, due(session)[0]) == 1
        assert session.scalar(select(Alarm.next_at)) == now() + timedelta(minutes=15)


def test_a_disclosure_whose_transaction_fails_pages_nobody_and_holds_nobody(lead: Lead) -> None:
    with pytest.raises(RuntimeError):
        interrupted(lambda session: disclose(session, lead.person_id, lead.id, source="reply"), RuntimeError("the disk is full"))
    with transaction() as session:
        assert session.scalars(select(Alarm.id)).all() == []
    assert mail()[0] == "planned"
