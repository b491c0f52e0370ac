"""The link of a visit's mail: one for each mail, until a day after the visit, and none where there is no visit."""

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from leads.clock import now, real_now
from leads.messages.carriers.smtp import SmtpCarrier
from leads.messages.deliver import drain
from leads.messages.models import LANES, Message
from leads.security.tokens import Token, read
from tests.messages.test_calendar_file import FACTS
from tests.smtp_server import ScriptedServer

LINK = re.compile(r"/a/([\w-]{43})")


@pytest.fixture
def arrived(
    due: Callable[..., Message], server: ScriptedServer, carrier: SmtpCarrier, tuesday: Callable[[timedelta], None]
) -> Callable[..., str]:
    """Send a mail about a visit in three days and return the text that arrived."""

    def send(template: str, **changed: Any) -> str:
        at = now() + timedelta(days=3)
        due(template, facts=FACTS | {"visit_at": at.isoformat(), "visit_ends": (at + timedelta(hours=1)).isoformat()} | changed)
        assert drain(LANES, carrier=carrier) == 1
        body = server.mails[-1].get_body(("plain",))
        assert body is not None
        return str(body.get_content())

    return send


def token_of(session: Session, text: str) -> Token:
    found = LINK.search(text)
    assert found is not None
    return read(session, "visit", found[1])


def test_it_opens_the_visit_until_a_day_after_it(session: Session, arrived: Callable[..., str]) -> None:
    token = token_of(session, arrived("visit-tomorrow"))
    assert token.expires_at is not None
    assert abs(token.expires_at - real_now() - timedelta(days=4)) < timedelta(minutes=1)


def test_after_the_visit_it_still_leads_to_another_one(session: Session, arrived: Callable[..., str]) -> None:
    token = token_of(session, arrived("visit-missed", visit_at=(now() - timedelta(days=1)).isoformat()))
    assert token.expires_at is not None
    assert token.expires_at - real_now() > timedelta(days=13)


def test_each_mail_has_a_link_of_its_own(session: Session, arrived: Callable[..., str]) -> None:
    assert token_of(session, arrived("visit-booked")).id != token_of(session, arrived("visit-moved")).id


def test_a_mail_that_knows_no_visit_goes_without_a_link(session: Session, arrived: Callable[..., str]) -> None:
    assert not LINK.search(arrived("visit-tomorrow", appointment=None))
    assert not session.scalars(select(Token).where(Token.purpose == "visit")).all()


def test_a_confirmation_that_knows_no_visit_does_not_go(session: Session, due: Callable[..., Message], carrier: SmtpCarrier) -> None:
    message = due("visit-booked", facts=FACTS | {"appointment": None})
    drain(LANES, carrier=carrier)
    session.refresh(message)
    assert (message.state, message.reason) == ("failed", "no_visit")


@pytest.mark.parametrize(("template", "method"), [("visit-booked", "REQUEST"), ("visit-moved", "REQUEST"), ("visit-cancelled", "CANCEL")])
def test_the_mail_brings_its_calendar_file(arrived: Callable[..., str], server: ScriptedServer, template: str, method: str) -> None:
    arrived(template)
    part = next(part for part in server.mails[-1].walk() if part.get_content_type() == "text/calendar")
    assert part.get_param("method") == method
    assert "ATTENDEE" in part.get_content()
