"""A lead's mails by hand: sent now where every guard lets them, skipped, their sequence stopped, a note written; and a log of it."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from leads.clock import now
from leads.consent.ledger import hold, suppress, withdraw
from leads.http.console.lead_mail import CALLED_BACK_WITHIN
from leads.messages.models import Message
from leads.messages.outbox import post
from leads.messages.switch import pause_sending
from leads.pipeline.models import Lead
from leads.sequences.enroll import enroll
from leads.sequences.models import Enrolment
from leads.sequences.publish import publish
from leads.sequences.replan import replan
from tests.cast import ACTOR, BY_FORM, make_lead, make_person
from tests.http.console.conftest import Browser
from tests.http.console.test_mails import at

NOTE = "Thank you for your call.\n\nWe are glad you wrote."


@pytest.fixture
def mail(session: Session, lead: Lead) -> Message:
    due = now() + timedelta(days=1)
    made = post(session, lead.person_id, "office-location", cause="test", lead_id=lead.id, facts={"office": "woodbury"}, due_at=due)
    session.commit()
    return made


@pytest.fixture
def enrolled(session: Session, lead: Lead) -> Enrolment:
    publish(session)
    made = enroll(
        session, "new-inquiry", person_id=lead.person_id, lead_id=lead.id, anchor=now(), actor=ACTOR, facts={"office": "woodbury"}
    )
    session.commit()
    return made


def planned(session: Session, lead: Lead) -> list[Message]:
    """The mails to come."""
    wanted = select(Message).where(Message.lead_id == lead.id, Message.state == "planned").order_by(Message.due_at)
    return list(session.scalars(wanted.execution_options(populate_existing=True)))


def note(browser: Browser, lead: Lead, **typed: str) -> Any:
    """Write a note."""
    return browser.form(f"/console/leads/{lead.number}/mail-note", **({"note_text": NOTE} | typed))


def test_a_mail_is_sent_now_after_a_moment_in_which_it_can_be_called_back(
    coordinator: Browser, session: Session, lead: Lead, mail: Message
) -> None:
    answer = coordinator.form(at(lead, mail, "now"))
    session.refresh(mail)
    assert (mail.due_at, mail.state) == (now() + CALLED_BACK_WITHIN, "planned")
    assert "goes in ten seconds" in coordinator.get(answer.headers["location"]).text


def test_sent_by_hand_it_keeps_its_time_when_planned_again(coordinator: Browser, session: Session, lead: Lead, enrolled: Enrolment) -> None:
    first = planned(session, lead)[0]
    coordinator.form(at(lead, first, "now"))
    session.expire_all()
    assert replan(session, enrolled, actor=ACTOR).updated == 0
    assert first.due_at == now() + CALLED_BACK_WITHIN


@pytest.mark.parametrize(
    ("what", "words"),
    [("hold", "safety hold"), ("stop", "no more mails"), ("grant", "no consent to contact"), ("rest", "All sending is paused")],
)
def test_what_protects_the_person_is_never_passed_and_is_said(
    coordinator: Browser, session: Session, lead: Lead, mail: Message, what: str, words: str
) -> None:
    if what == "hold":
        hold(session, lead.person_id, reason="inquiry")
    if what == "stop":
        suppress(session, person_id=lead.person_id, reason="unsubscribed", actor="person")
    if what == "grant":
        withdraw(session, lead.person_id, "contact", BY_FORM, actor="person")
    if what == "rest":
        pause_sending(session, reason="a test", actor=ACTOR)
    session.commit()
    assert words in coordinator.get(at(lead, mail)).text
    assert "Send it now" not in coordinator.get(at(lead, mail)).text
    assert coordinator.form(at(lead, mail, "now")).status_code == 409
    session.refresh(mail)
    assert mail.due_at > now()


def test_outside_its_hours_it_waits_and_says_until_when(coordinator: Browser, session: Session, lead: Lead, enrolled: Enrolment) -> None:
    first = planned(session, lead)[0]
    first.lane, first.window, first.useful_until = "education", {"office": "woodbury", "rule": {"from": "18:00", "to": "19:00"}}, None
    session.commit()
    assert "It can go Tue Oct 6, 6:00 PM at the earliest" in coordinator.form(at(lead, first, "now")).text


def test_skipped_alone_the_sequence_goes_on(coordinator: Browser, session: Session, lead: Lead, enrolled: Enrolment) -> None:
    before = planned(session, lead)
    coordinator.form(at(lead, before[0], "cancel"))
    assert planned(session, lead) == before[1:]


def test_stopped_nothing_of_the_sequence_is_to_come(coordinator: Browser, session: Session, lead: Lead, enrolled: Enrolment) -> None:
    assert coordinator.form(at(lead, planned(session, lead)[0], "stop")).status_code == 303
    assert planned(session, lead) == []
    assert "A colleague stopped the sequence." in coordinator.get(f"/console/leads/{lead.number}").text


def test_a_mail_of_no_sequence_cannot_stop_one(coordinator: Browser, lead: Lead, mail: Message) -> None:
    assert coordinator.form(at(lead, mail, "stop")).status_code == 409


def test_a_note_stands_in_the_calendar_signed_by_its_author(coordinator: Browser, session: Session, lead: Lead) -> None:
    assert note(coordinator, lead).status_code == 303
    made = planned(session, lead)[0]
    page = coordinator.get(at(lead, made)).text
    assert "We are glad you wrote." in page
    assert "Casey" in page
    assert "Personal note" in coordinator.get(f"/console/leads/{lead.number}").text


def test_a_note_goes_by_day(coordinator: Browser, session: Session, lead: Lead) -> None:
    note(coordinator, lead, note_at="2026-10-07T23:30")
    assert planned(session, lead)[0].due_at == datetime.fromisoformat("2026-10-08T08:00-04:00")


@pytest.mark.parametrize("words", ["Your depression will pass.", "Ketamine cures.", "See https://example.com/x", "", "x" * 2001])
def test_what_no_mail_may_say_is_refused_and_kept(coordinator: Browser, session: Session, lead: Lead, words: str) -> None:
    answer = note(coordinator, lead, note_text=words)
    assert answer.status_code == 422
    assert words[:1900] in answer.text
    assert planned(session, lead) == []


def test_who_may_not_be_mailed_gets_no_note_and_the_page_says_why(coordinator: Browser, session: Session, lead: Lead) -> None:
    hold(session, lead.person_id, reason="inquiry")
    session.commit()
    assert "Write them a note: not now. The person is on a safety hold" in coordinator.get(f"/console/leads/{lead.number}").text
    assert note(coordinator, lead).status_code == 409


def test_a_waiting_note_is_mended(coordinator: Browser, session: Session, lead: Lead) -> None:
    note(coordinator, lead)
    made = planned(session, lead)[0]
    assert coordinator.form(at(lead, made, "rewrite"), note_text="Other words.").status_code == 303
    page = coordinator.get(at(lead, made)).text
    assert "Other words." in page
    assert "words changed" in page


def test_no_other_mail_is_rewritten(coordinator: Browser, lead: Lead, mail: Message) -> None:
    assert coordinator.form(at(lead, mail, "rewrite"), note_text="Other words.").status_code == 409


@pytest.mark.parametrize("verb", ["now", "stop", "rewrite"])
def test_on_an_old_page_nothing_is_done_to_a_mail(coordinator: Browser, session: Session, lead: Lead, mail: Message, verb: str) -> None:
    coordinator.form(f"/console/leads/{lead.number}/note", text="A colleague was here.")
    answer = coordinator.form(at(lead, mail, verb), version="1", note_text="x")
    assert answer.status_code == 409
    assert "Somebody changed this lead" in answer.text


def test_the_log_says_who_did_what(coordinator: Browser, lead: Lead, mail: Message) -> None:
    coordinator.form(at(lead, mail, "move"), at="2026-10-09T15:30")
    page = coordinator.get(at(lead, mail)).text.partition("Who did what with it")[2]
    assert "moved to" in page
    assert "Casey" in page


def test_anothers_mail_is_not_found(coordinator: Browser, session: Session, lead: Lead, mail: Message) -> None:
    other = make_lead(session, make_person(session, given_name="Bea", email="bea@example.com"))
    session.commit()
    assert coordinator.form(at(other, mail, "now")).status_code == 404
