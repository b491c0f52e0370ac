"""A page goes out whatever else rests: the kill switch, a breaker, the caps, the warm-up, the day's quota, somebody's own stop."""

from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from leads.accounts.models import Account
from leads.clinic.profile import Mail, clinic
from leads.clock import now
from leads.messages.carriers.smtp import SmtpCarrier
from leads.messages.deliver import drain
from leads.messages.models import LANES, Message
from leads.messages.switch import open_breaker, pause_sending
from leads.people.models import Person
from leads.pipeline.unsubscribe import stop_topic
from leads.safety.disclose import disclose
from tests.cast import make_confirmed_person, make_lead
from tests.smtp_server import ScriptedServer


@pytest.fixture
def server() -> Iterator[ScriptedServer]:
    server = ScriptedServer()
    yield server
    server.stop()


def configure(monkeypatch: pytest.MonkeyPatch, **mail: object) -> None:
    monkeypatch.setitem(clinic().__dict__, "mail", Mail.model_validate(clinic().mail.model_dump() | mail))


def disclosed(session: Session, server: ScriptedServer, person: Person | None = None) -> list[str]:
    """Somebody discloses, and all that is due goes out; returns who got a mail."""
    lead = make_lead(session, person)
    disclose(session, lead.person_id, lead.id, source="inquiry")
    session.flush()
    carrier = SmtpCarrier(server.url, helo="x.test")
    drain(LANES, carrier=carrier)
    carrier.close()
    return server.recipients


def test_the_kill_switch(session: Session, roster: list[Account], server: ScriptedServer) -> None:
    pause_sending(session, reason="test", actor="test")
    assert disclosed(session, server) == ["alba@example.com"]


def test_a_breaker_of_every_lane(session: Session, roster: list[Account], server: ScriptedServer) -> None:
    for lane in LANES:
        open_breaker(session, lane, reason="test")
    assert disclosed(session, server) == ["alba@example.com"]


def test_the_caps(session: Session, roster: list[Account], server: ScriptedServer, monkeypatch: pytest.MonkeyPatch) -> None:
    configure(monkeypatch, caps={"a_day": 1, "a_week": 1})
    assert [disclosed(session, server)[-1] for _ in range(3)] == ["alba@example.com"] * 3
    assert len(server.mails) == 3


def test_the_first_day_of_a_warm_up(
    session: Session, roster: list[Account], server: ScriptedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    configure(monkeypatch, warm_up={"starts": now().date(), "first_day": 1, "growth": 1.5}, day_quota=1)
    assert [disclosed(session, server)[-1] for _ in range(3)] == ["alba@example.com"] * 3


def test_the_patients_own_stop_of_all_mail(session: Session, roster: list[Account], server: ScriptedServer) -> None:
    person = make_confirmed_person(session)
    stop_topic(session, person.id, None)
    assert disclosed(session, server, person) == ["alba@example.com"]


def test_a_page_that_is_hours_late_after_an_outage(
    session: Session, roster: list[Account], server: ScriptedServer, tuesday: Callable[[timedelta], None]
) -> None:
    lead = make_lead(session)
    disclose(session, lead.person_id, lead.id, source="inquiry")
    session.flush()
    tuesday(timedelta(hours=9))
    drain(("safety",), carrier=SmtpCarrier(server.url, helo="x.test"))
    session.expire_all()
    assert session.scalars(select(Message.state).where(Message.lane == "safety", Message.template == "safety-page")).all() == ["sent"]
