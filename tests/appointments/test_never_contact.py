"""Somebody has died: nothing more goes to them, and whoever sent them hears it once, in a mail that still goes."""

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from leads.appointments.never_contact import never_contact
from leads.loop.models import Referral
from leads.messages.models import Message
from leads.pipeline.models import Lead
from tests.appointments.links import booked_visit
from tests.cast import ACTOR
from tests.referrals.cast import make_referral


@pytest.fixture
def referral(session: Session, tuesday: object) -> Referral:
    """Jordan's referral, of somebody with a visit ahead."""
    made = make_referral(session, submitted_by=None)
    lead = session.get_one(Lead, made.lead_id)
    lead.stage = "qualified"
    session.flush()
    booked_visit(session, lead)
    return made


def stop(session: Session, referral: Referral) -> None:
    lead = session.get_one(Lead, referral.lead_id, populate_existing=True)
    said = {"version": lead.version, "evidence": "His sister called.", "actor": ACTOR, "roles": ("coordinator",)}
    never_contact(session, lead.id, "deceased", **said)
    session.flush()


def to_the_referrer(session: Session, referral: Referral) -> list[tuple[str, str]]:
    mine = (Message.referral_id == referral.id, Message.provider_id.is_not(None))
    return [(mail.template, mail.state) for mail in session.scalars(select(Message).where(*mine).order_by(Message.id))]


def test_the_referrer_hears_of_the_end_exactly_once(session: Session, referral: Referral) -> None:
    before = len(to_the_referrer(session, referral))
    stop(session, referral)
    assert to_the_referrer(session, referral)[before:] == [("referral-closed", "planned")]


def test_the_patient_is_sent_nothing_more(session: Session, referral: Referral) -> None:
    stop(session, referral)
    mine = (Message.person_id == referral.person_id, Message.provider_id.is_(None), Message.delegate_id.is_(None))
    assert set(session.scalars(select(Message.state).where(*mine))) <= {"cancelled", "skipped"}
