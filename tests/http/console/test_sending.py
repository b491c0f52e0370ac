"""The page on which mail is stopped, let go, and settled where nobody knows."""

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy.orm import Session

from leads.clock import now
from leads.messages.decide import RESTORED
from leads.messages.models import Message
from leads.messages.outbox import post
from leads.messages.switch import stops
from leads.pipeline.models import Lead
from leads.sequences.enroll import enroll
from leads.sequences.publish import publish
from tests.cast import ACTOR, make_lead
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


@pytest.fixture
def restored(session: Session, unknown: Message) -> Message:
    unknown.reason = RESTORED
    session.commit()
    return unknown


def test_what_a_restore_left_in_doubt_is_shown_apart_and_sent_after_all(
    signed_in: Callable[..., Browser], session: Session, restored: Message
) -> None:
    browser = signed_in("coordinator")
    assert "From before the restore" in browser.get(PAGE).text
    assert browser.form(f"{PAGE}/{restored.id}/decide", page=PAGE, verdict="again").status_code == 303
    session.refresh(restored)
    assert restored.state == "planned"


def test_a_supervisor_settles_all_of_it_at_once(signed_in: Callable[..., Browser], session: Session, restored: Message) -> None:
    browser = signed_in("supervisor", "coordinator")
    assert browser.form(f"{PAGE}/restored", page=PAGE, verdict="again").status_code in (400, 422)
    assert browser.form(f"{PAGE}/restored", page=PAGE, verdict="failed").status_code == 303
    session.refresh(restored)
    assert restored.state == "failed"


def test_a_coordinator_does_not_settle_all_of_it(signed_in: Callable[..., Browser], restored: Message) -> None:
    assert signed_in("coordinator").form(f"{PAGE}/restored", page=PAGE, verdict="sent").status_code == 403


def test_a_step_of_a_stopped_sequence_is_not_sent_once_more(signed_in: Callable[..., Browser], session: Session, restored: Message) -> None:
    publish(session)
    assert restored.lead_id
    anchor: dict[str, Any] = {"anchor": now(), "actor": ACTOR, "facts": {"office": "woodbury"}}
    enrolment = enroll(session, "new-inquiry", person_id=restored.person_id, lead_id=restored.lead_id, **anchor)
    restored.enrolment_id, restored.step, enrolment.ended_at = enrolment.id, "planted", now()
    session.commit()
    browser = signed_in("coordinator")
    assert "Send it after all: its sequence has been stopped since." in browser.get(PAGE).text
    answer = browser.form(f"{PAGE}/{restored.id}/decide", page=PAGE, verdict="again")
    assert answer.status_code == 409
    assert "has been stopped since" in answer.text


def test_one_in_doubt_says_at_each_of_its_places_why_it_goes_no_more(
    signed_in: Callable[..., Browser], session: Session, unknown: Message
) -> None:
    publish(session)
    assert unknown.lead_id
    anchor: dict[str, Any] = {"anchor": now(), "actor": ACTOR, "facts": {"office": "woodbury"}}
    enrolment = enroll(session, "new-inquiry", person_id=unknown.person_id, lead_id=unknown.lead_id, **anchor)
    unknown.enrolment_id, unknown.step, enrolment.ended_at = enrolment.id, "planted", now()
    session.commit()
    browser, at = signed_in("coordinator"), f"/console/leads/{session.get_one(Lead, unknown.lead_id).number}"
    for page in (PAGE, at, f"{at}/messages/{unknown.id}"):
        shown = browser.get(page).text.lower()
        assert "end it once more: its sequence has been stopped since." in shown
        assert 'value="again"' not in shown
