"""What a variant is judged by: answers and bookings after it."""

import uuid
from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from leads.clock import now
from leads.messages.models import Message
from leads.pipeline.models import Lead, StageChange
from leads.reports.variants import Outcome, outcomes
from leads.sequences.answer import replied
from tests.cast import make_confirmed_person, make_lead
from tests.sequences.conftest import enrolled, make_sequence, make_step, publish_only, rows_of, send

TRIED = [{"template": "iv-and-im", "weight": 1000}, {"template": "who-it-is-for", "weight": 1}]
STORY = make_sequence(make_step("one", wait="0 minutes"), make_step("two", wait="1 day", template=None, variants=TRIED))


@pytest.fixture
def story(session: Session, tuesday: Callable[[timedelta], None], monkeypatch: pytest.MonkeyPatch) -> None:
    publish_only(session, monkeypatch, STORY)


def told(session: Session, name: str) -> Lead:
    lead = make_lead(session, make_confirmed_person(session, email=f"{name}@example.com"))
    for row in rows_of(session, enrolled(session, lead, "story")):
        row.template = "office-location" if row.step == "one" else "iv-and-im"
        send(session, row)
    return lead


def book(session: Session, lead: Lead, later: timedelta) -> None:
    session.add(StageChange(lead_id=lead.id, from_stage="qualified", to_stage="booked", actor="system", at=now() + later))
    session.flush()


def test_each_variant_is_counted_by_answers_and_bookings(session: Session, story: None) -> None:
    answers, books, _ = (told(session, name) for name in ("ana", "ben", "cleo"))
    replied(session, answers.person_id, lead_id=answers.id, message_id=second_mail(session, answers), actor="system")
    book(session, books, timedelta(days=1))
    assert outcomes(session, "story") == [
        Outcome("one", "office-location", False, 3, 0, 1),
        Outcome("two", "iv-and-im", True, 3, 1, 1),
        Outcome("two", "who-it-is-for", True, 0, 0, 0),
    ]


def second_mail(session: Session, lead: Lead) -> uuid.UUID:
    session.flush()
    return session.scalars(select(Message.id).where(Message.lead_id == lead.id, Message.step == "two")).one()


def test_a_booking_before_the_mail_is_none_of_its_doing(session: Session, story: None) -> None:
    book(session, told(session, "ana"), -timedelta(days=1))
    assert {each.booked for each in outcomes(session, "story")} == {0}


def test_two_answers_of_one_person_are_one(session: Session, story: None) -> None:
    lead = told(session, "ana")
    for _ in range(2):
        replied(session, lead.person_id, lead_id=lead.id, message_id=second_mail(session, lead), actor="system")
    assert [each.replied for each in outcomes(session, "story")] == [0, 1, 0]
