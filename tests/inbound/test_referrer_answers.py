"""Somebody who refers answers by mail: a colleague reads it, and nothing about the referral changes by itself."""

from collections.abc import Callable

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from leads.clock import now
from leads.consent.ledger import open_holds
from leads.loop.models import Referral
from leads.messages.addresses import reply_address
from leads.messages.models import Message
from leads.messages.outbox import post
from leads.todos.models import Todo
from tests.inbound.mails import bring, written
from tests.referrals.cast import make_referral


@pytest.fixture
def referral(session: Session, tuesday: Callable[..., None]) -> Referral:
    return make_referral(session)


@pytest.fixture
def told(session: Session, referral: Referral) -> Message:
    """What the referrer was told of it."""
    message = session.scalars(select(Message).where(Message.referral_id == referral.id)).first()
    if message is None:
        assert referral.provider_id
        whose = {"provider_id": referral.provider_id, "about_id": referral.person_id, "referral_id": referral.id}
        message = post(session, None, "referral-received", cause="test", facts={"number": referral.number}, **whose)  # type: ignore[arg-type]
    message.state, message.sent_at = "sent", now()
    session.flush()
    return message


def todos(session: Session) -> set[str]:
    return set(session.scalars(select(Todo.kind).where(Todo.done_at.is_(None))))


def test_a_colleague_reads_it_and_the_referral_stays_as_it_was(session: Session, referral: Referral, told: Message) -> None:
    before = (referral.state, referral.version)
    row = bring(session, written("The MRI is from May.", to=reply_address(told.id), sender="rivera@example.com"))
    assert (row.kind, row.referral_id, row.lead_id) == ("referrer", referral.id, referral.lead_id)
    assert (referral.state, referral.version) == before
    assert "read-answer" in todos(session)


def test_words_of_risk_are_read_by_a_clinician_without_a_hold(session: Session, referral: Referral, told: Message) -> None:
    bring(session, written("Denies suicidal ideation.", to=reply_address(told.id), sender="rivera@example.com"))
    assert "risk-review" in todos(session)
    assert not open_holds(session, referral.person_id)


def test_their_absence_note_is_nobodys_answer(session: Session, referral: Referral, told: Message) -> None:
    note = written("Back on October 19.", to=reply_address(told.id), sender="rivera@example.com", Auto_Submitted="auto-replied")
    assert bring(session, note).state == "ignored"
    assert "read-answer" not in todos(session)
