"""The page on which mail is stopped, let go, and settled where nobody knows."""

from collections.abc import Callable

import pytest
from sqlalchemy.orm import Session

from leads.clock import now
from leads.messages.models import Message
from leads.messages.outbox import post
from leads.messages.switch import stops
from tests.cast import make_lead
from tests.http.console.conftest import Browser

PAGE = "/console/sending"


@pytest.fixture
def unknown(session: Session) -> Message:
    lead = make_lead(session)
    message = post(session, lead.person_id, "office-location", cause="test", lead_id=lead.id)
    message.state, message.state_at = "unknown", now()
    session.commit()
    return message


def test_a_supervisor_stops_all_mail_and_lets_it_go(signed_in: Callable[..., Browser], session: Session) -> None:
    browser = signed_in("supervisor")
    assert browser.form(f"{PAGE}/pause", page=PAGE, reason="Wrong phone number in a text").status_code == 303
    assert "Wrong phone number" in browser.get(PAGE).text
    assert browser.form(f"{PAGE}/resume", page=PAGE).status_code == 303
    assert not stops(session)


def test_stopping_needs_a_reason(signed_in: Callable[..., Browser], session: Session) -> None:
    answer = signed_in("supervisor").form(f"{PAGE}/pause", page=PAGE, reason=" ")
    assert answer.status_code == 422
    assert not stops(session)


def test_a_coordinator_cannot_stop_all_mail(signed_in: Callable[..., Browser]) -> None:
    browser = signed_in("coordinator")
    assert "A supervisor or a clinician can stop all mail here." in browser.get(PAGE).text
    csrf = browser.form(f"{PAGE}/pause", page="/console", reason="because")
    assert csrf.status_code == 403


def test_an_unknown_delivery_is_counted_and_settled(signed_in: Callable[..., Browser], session: Session, unknown: Message) -> None:
    browser = signed_in("coordinator")
    assert "Send it once more" in browser.get(PAGE).text
    assert browser.form(f"{PAGE}/{unknown.id}/decide", page=PAGE, verdict="sent").status_code == 303
    session.refresh(unknown)
    assert unknown.state == "sent"


def test_settling_twice_says_what_it_is_now(signed_in: Callable[..., Browser], session: Session, unknown: Message) -> None:
    browser = signed_in("coordinator")
    browser.form(f"{PAGE}/{unknown.id}/decide", page=PAGE, verdict="failed")
    answer = browser.form(f"{PAGE}/{unknown.id}/decide", page=PAGE, verdict="again")
    assert answer.status_code == 409
    assert "it is failed" in answer.text
