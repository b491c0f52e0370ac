"""The last question before the dot: one exchange where nothing has changed since the guards were asked, all of them anew where it has."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select

from leads.clock import now
from leads.consent.ledger import Spoken, grant, hold
from leads.db import transaction
from leads.messages.carriers.smtp import SmtpCarrier
from leads.messages.deliver import drain
from leads.messages.models import DeliveryAttempt, Message
from leads.messages.outbox import post
from leads.people.models import Person
from leads.round_trips import OwnRoundTrips
from leads.security.tokens import Token
from tests.cast import make_confirmed_person
from tests.smtp_server import ScriptedServer

pytestmark = pytest.mark.committed


@pytest.fixture(autouse=True)
def message(database: None, tuesday: object) -> None:
    with transaction() as session:
        post(session, make_confirmed_person(session).id, "office-location", cause="test", facts={"office": "woodbury"})


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many statements were asked each time without a commit; a claim asks for one."""
    counted, ask = list[int](), OwnRoundTrips.ask

    def count(trips: OwnRoundTrips, *statements: Any) -> Any:
        counted.append(len(statements))
        return ask(trips, *statements)

    monkeypatch.setattr(OwnRoundTrips, "ask", count)
    return counted


class Meanwhile(SmtpCarrier):
    """Lets something happen in the world while the mail lies open before its dot."""

    def __init__(self, server: ScriptedServer, happens: Callable[..., Any]) -> None:
        super().__init__(server.url, helo="x.test")
        self.happens = happens

    def offer(self, *offered: Any) -> None:
        super().offer(*offered)
        with transaction() as session:
            self.happens(session, session.scalars(select(Person.id)).one())


def standing() -> tuple[str, int, int]:
    """Return the message's state, how many attempts were begun, and how many links work."""
    with transaction() as session:
        counts = (session.scalar(select(func.count()).select_from(table)) or 0 for table in (DeliveryAttempt, Token))
        return session.scalars(select(Message.state)).one(), *counts  # type: ignore[return-value]


def test_where_nothing_has_changed_one_exchange_is_enough(server: ScriptedServer, asked: list[int]) -> None:
    drain(("transactional",), carrier=SmtpCarrier(server.url, helo="x.test"))
    assert standing() == ("sent", 1, 2)
    assert 2 not in asked


@pytest.mark.parametrize(
    ("until", "as_it_ends"),
    [({"useful_until": timedelta(minutes=1)}, ("expired", 0, 0)), ({"closes": "10:01"}, ("planned", 0, 0))],
    ids=["of no use any more", "its window shut"],
)
def test_what_came_too_late_while_it_lay_open_does_not_go(
    server: ScriptedServer, tuesday: Callable[[timedelta], None], until: dict[str, Any], as_it_ends: tuple[str, int, int]
) -> None:
    with transaction() as session:
        message = session.scalars(select(Message)).one()
        message.lane = "education"
        message.useful_until = now() + until["useful_until"] if "useful_until" in until else None
        message.window = {"office": "woodbury", "rule": {"from": "09:00", "to": until.get("closes", "18:00")}}
    drain(("education",), carrier=Meanwhile(server, lambda *_: tuesday(timedelta(minutes=2))))
    assert standing() == as_it_ends
    assert server.mails == []


def test_what_changed_and_hinders_nothing_is_judged_anew_and_goes(server: ScriptedServer, asked: list[int]) -> None:
    spoken = Spoken(source="call", method="phone", wording="2026-11")
    drain(("transactional",), carrier=Meanwhile(server, lambda session, who: grant(session, who, "status_to_referrer", spoken, actor="x")))
    assert standing() == ("sent", 1, 2)
    assert asked.count(2) == 1


def test_a_hold_raised_at_the_last_moment_stops_it(server: ScriptedServer) -> None:
    drain(("transactional",), carrier=Meanwhile(server, lambda session, who: hold(session, who, reason="test", actor="x")))
    assert standing() == ("skipped", 0, 0)
    assert not server.mails


def test_a_row_that_was_cancelled_at_the_last_moment_stays_so(server: ScriptedServer) -> None:
    def cancel(session: Any, _: Any) -> None:
        session.scalars(select(Message)).one().state = "cancelled"

    drain(("transactional",), carrier=Meanwhile(server, cancel))
    assert standing() == ("cancelled", 0, 0)
    assert not server.mails
