"""Cancelling: the slot is free, the lead goes back, and everybody hears of it."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from leads.appointments.book import book, offer
from leads.appointments.cancel import cancel
from leads.appointments.find import live_of
from leads.consent.ledger import hold
from leads.errors import Conflict, Invalid, StaleVersion
from leads.messages.models import Message
from leads.pipeline.models import Lead, StageChange
from leads.todos.models import Todo
from tests.appointments.visits import at_once, booked, ready, slot, templates, todos
from tests.cast import ACTOR
from tests.loop.cast import bring_to, make_referral

Advance = Callable[[timedelta], None]


def test_the_lead_is_qualified_again_and_says_why(session: Session, tuesday: Advance) -> None:
    visit = booked(session)
    cancel(session, visit.id, version=1, actor=ACTOR, reason="Clinician ill")
    session.flush()
    change = session.scalars(select(StageChange).order_by(StageChange.id.desc())).first()
    assert change
    assert (change.to_stage, change.reason) == ("qualified", "Clinician ill")
    assert (visit.state, visit.reason, visit.ended_by) == ("cancelled", "Clinician ill", ACTOR)


def test_one_mail_says_so_and_no_reminder_is_left(session: Session, tuesday: Advance) -> None:
    visit = booked(session)
    cancel(session, visit.id, version=1, actor=ACTOR, reason="Ill")
    assert templates(session) == ["visit-cancelled"]


def test_the_calendar_lets_go_by_a_higher_sequence(session: Session, tuesday: Advance) -> None:
    visit = booked(session)
    cancel(session, visit.id, version=1, actor=ACTOR, reason="Ill")
    mail = session.scalars(select(Message).where(Message.template == "visit-cancelled")).one()
    assert (mail.facts or {})["ics_sequence"] == 1


def test_the_slot_is_free(session: Session, tuesday: Advance) -> None:
    visit = booked(session)
    cancel(session, visit.id, version=1, actor=ACTOR, reason="Ill")
    assert book(session, visit.lead_id, slot(), actor=ACTOR).id != visit.id


def test_the_referrer_hears_of_it(session: Session, tuesday: Advance) -> None:
    lead = ready(session)
    referral = bring_to(session, make_referral(session, lead=lead), "accepted")
    visit = book(session, lead.id, slot(), actor=ACTOR)
    cancel(session, visit.id, version=1, actor=ACTOR, reason="Ill")
    assert (referral.state, referral.appointment_at) == ("visit_cancelled", None)


def test_a_colleague_says_why(session: Session, tuesday: Advance) -> None:
    with pytest.raises(Invalid, match="Say why"):
        cancel(session, booked(session).id, version=1, actor=ACTOR, reason="  ")


def test_a_patient_need_not_and_is_called(session: Session, tuesday: Advance) -> None:
    visit = booked(session)
    cancel(session, visit.id, version=1, actor=f"person:{visit.person_id}")
    todo = session.scalars(select(Todo).where(Todo.kind == "rebook")).one()
    assert (visit.state, todo.done_at) == ("cancelled", None)


def test_an_offer_is_taken_back_without_a_mail(session: Session, tuesday: Advance) -> None:
    lead = ready(session)
    visit = offer(session, lead.id, slot(), actor=ACTOR)
    cancel(session, visit.id, version=1, actor=ACTOR, reason="Taken by phone")
    assert (at_once(session), lead.stage, live_of(session, lead.id)) == ([], "qualified", None)


def test_during_a_hold_somebody_calls(session: Session, tuesday: Advance) -> None:
    visit = booked(session)
    hold(session, visit.person_id, reason="test")
    cancel(session, visit.id, version=1, actor=ACTOR, reason="Ill")
    assert "call-visit" in todos(session)
    assert at_once(session) == []


def test_what_is_off_stays_off(session: Session, tuesday: Advance) -> None:
    visit = booked(session)
    cancel(session, visit.id, version=1, actor=ACTOR, reason="Ill")
    with pytest.raises(Conflict, match="cancelled already"):
        cancel(session, visit.id, version=2, actor=ACTOR, reason="Ill")


def test_a_visit_that_was_moved_meanwhile_is_not_cancelled(session: Session, tuesday: Advance) -> None:
    with pytest.raises(StaleVersion):
        cancel(session, booked(session).id, version=7, actor=ACTOR, reason="Ill")


def test_a_patient_cannot_cancel_what_has_begun(session: Session, tuesday: Advance) -> None:
    visit = booked(session)
    tuesday(timedelta(days=7))
    with pytest.raises(Conflict, match="Please call us"):
        cancel(session, visit.id, version=1, actor=f"person:{visit.person_id}")


def test_the_lead_keeps_its_version_rising(session: Session, tuesday: Advance) -> None:
    visit = booked(session)
    before = session.get_one(Lead, visit.lead_id).version
    cancel(session, visit.id, version=1, actor=ACTOR, reason="Ill")
    assert session.get_one(Lead, visit.lead_id).version == before + 1
