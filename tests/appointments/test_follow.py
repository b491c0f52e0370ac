"""A lead is moved by hand, and its visit goes along."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy.orm import Session

from leads.appointments.book import offer
from leads.appointments.find import of_lead
from leads.appointments.follow import move_lead
from leads.errors import Conflict, Forbidden, StaleVersion
from leads.pipeline.models import Lead
from tests.appointments.visits import at_once, booked, ready, slot, templates
from tests.cast import ACTOR, make_confirmed_person, make_lead

Advance = Callable[[timedelta], None]


def press(session: Session, lead: Lead, to: str, **asked: str) -> Lead:
    """A coordinator presses a stage."""
    return move_lead(session, lead.id, to, version=lead.version, actor=ACTOR, roles=("coordinator",), **asked)


def booked_lead(session: Session) -> Lead:
    return session.get_one(Lead, booked(session).lead_id)


def test_nobody_is_booked_without_a_visit(session: Session, tuesday: Advance) -> None:
    with pytest.raises(Conflict, match="becomes booked with its visit"):
        press(session, ready(session), "booked")


def test_back_to_qualified_cancels_the_visit(session: Session, tuesday: Advance) -> None:
    lead = press(session, booked_lead(session), "qualified", reason="Ill")
    assert (lead.stage, of_lead(session, lead.id)[0].state, templates(session)) == ("qualified", "cancelled", ["visit-cancelled"])


def test_into_care_says_that_the_patient_came(session: Session, tuesday: Advance) -> None:
    lead = booked_lead(session)
    tuesday(timedelta(days=7))
    press(session, lead, "in_care")
    assert (lead.stage, of_lead(session, lead.id)[0].state) == ("in_care", "attended")


def test_closing_calls_the_visit_off_and_tells_the_patient(session: Session, tuesday: Advance) -> None:
    lead = press(session, booked_lead(session), "closed", outcome="chose-other-care")
    assert (of_lead(session, lead.id)[0].state, templates(session)) == ("cancelled", ["visit-cancelled"])


def test_back_to_screening_takes_the_offer_back(session: Session, tuesday: Advance) -> None:
    lead = ready(session)
    visit = offer(session, lead.id, slot(), actor=ACTOR)
    press(session, lead, "screening", reason="A question is open")
    assert (visit.state, at_once(session)) == ("cancelled", [])


def test_a_lead_booked_before_there_were_calendars_goes_on_by_hand(session: Session, tuesday: Advance) -> None:
    lead = make_lead(session, make_confirmed_person(session), stage="booked")
    assert press(session, lead, "in_care").stage == "in_care"


def test_a_refusal_leaves_the_visit(session: Session, tuesday: Advance) -> None:
    lead = make_lead(session, make_confirmed_person(session), stage="screening")
    with pytest.raises(Forbidden):
        press(session, lead, "qualified")
    with pytest.raises(StaleVersion):
        move_lead(session, lead.id, "closed", version=9, actor=ACTOR, roles=("coordinator",), outcome="not-a-fit")
