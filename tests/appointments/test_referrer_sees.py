"""What whoever referred sees of the visit: that it is, when the patient agreed; its time only where the wording says so."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from leads.appointments.arrive import no_show
from leads.appointments.models import Appointment
from leads.appointments.move import move
from leads.clinic.profile import clinic
from leads.clock import now
from leads.loop.disclosure import seen
from leads.loop.models import Referral
from leads.messages.models import Message
from leads.pipeline.models import Lead
from tests.appointments.links import booked_visit
from tests.appointments.visits import slot
from tests.cast import ACTOR
from tests.referrals.cast import granting, make_referral


def booked_for(session: Session, *grants: str) -> tuple[Referral, Appointment]:
    """A referral whose patient agreed to these, and has a visit now."""
    referral = make_referral(session, patient=granting("contact", *grants), submitted_by=None)
    lead = session.get_one(Lead, referral.lead_id)
    lead.stage = "qualified"
    session.flush()
    return referral, booked_visit(session, lead)


def told(session: Session, referral: Referral) -> list[str]:
    session.flush()
    mine = select(Message.template).where(Message.referral_id == referral.id, Message.provider_id.is_not(None))
    return list(session.scalars(mine.order_by(Message.id)))


@pytest.fixture
def referred(session: Session, tuesday: object) -> tuple[Referral, Appointment]:
    """A booked visit of somebody who agreed that the referrer hears."""
    return booked_for(session, "status_to_referrer")


def test_with_a_grant_they_see_that_it_is_booked_but_not_for_when(session: Session, referred: tuple[Referral, Appointment]) -> None:
    referral, _ = referred
    # What patients agree to by default speaks of a visit, not of its time.
    assert (seen(session, referral).state, seen(session, referral).appointment_at) == ("booked", None)
    assert told(session, referral)[-1] == "referral-booked"


def test_where_the_wording_says_so_they_see_its_time(
    session: Session, referred: tuple[Referral, Appointment], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(clinic().__dict__, "disclosure_with_grant", "stage")
    referral, visit = referred
    assert seen(session, referral).appointment_at == visit.starts_at
    move(session, visit.id, slot(11), version=visit.version, actor=ACTOR)
    assert seen(session, referral).appointment_at == slot(11).starts_at


def test_without_one_they_see_nothing_of_it(session: Session, tuesday: object) -> None:
    referral, _ = booked_for(session)
    assert seen(session, referral).appointment_at is None
    assert "referral-booked" not in told(session, referral)


def test_they_hear_once_of_a_move(session: Session, referred: tuple[Referral, Appointment]) -> None:
    referral, visit = referred
    move(session, visit.id, slot(11), version=visit.version, actor=ACTOR)
    assert told(session, referral).count("referral-moved") == 1


def test_a_missed_visit_is_told_and_its_time_is_gone(
    session: Session, referred: tuple[Referral, Appointment], tuesday: Callable[[timedelta], None]
) -> None:
    referral, visit = referred
    tuesday(visit.ends_at - now())
    no_show(session, visit.id, version=visit.version, actor=ACTOR)
    assert (seen(session, referral).state, seen(session, referral).appointment_at) == ("missed", None)
    assert told(session, referral)[-1] == "referral-missed"
