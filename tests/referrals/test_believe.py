"""One call to the practice's listed number, and a stranger's referral is a clinician's; without it nobody outside hears a word."""

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from leads.consent.ledger import Spoken, granted, withdraw
from leads.errors import Conflict, Invalid
from leads.loop.models import Referral
from leads.messages.models import Message
from leads.pipeline.stages import move
from leads.providers.models import Claim
from leads.providers.trust import Call
from leads.referrals.believe import believe, disbelieve
from leads.referrals.find import of_practice
from leads.referrals.receive import Arrival, receive
from tests.cast import ACTOR
from tests.loop.cast import CALLED, ROLES, todos
from tests.referrals.cast import referral as submitted

RIVERA, FRONT = "rivera@riverside.test", "front@riverside.test"


@pytest.fixture
def strange(session: Session) -> Referral:
    """A referral that came through the public page."""
    return session.get_one(Referral, receive(session, submitted(), Arrival("form")).id)


def mails(session: Session, recipient: str) -> list[str]:
    """What one kind of recipient is sent."""
    session.flush()
    column = Message.__table__.c[f"{recipient}_id"]
    return list(session.scalars(select(Message.template).where(column.is_not(None)).order_by(Message.id)))


def test_the_referrer_hears_from_then_on_at_the_address_read_back(session: Session, strange: Referral) -> None:
    believe(session, strange, CALLED, email=RIVERA, actor=ACTOR)
    assert mails(session, "provider") == ["referral-received"]
    move(session, strange.lead_id, "contacted", version=1, actor=ACTOR, roles=ROLES)
    assert mails(session, "provider") == ["referral-received", "referral-accepted"]


def test_their_office_hears_too_once_its_address_was_read_back(session: Session, strange: Referral) -> None:
    believe(session, strange, CALLED, email=RIVERA, by_email=FRONT, actor=ACTOR)
    assert (mails(session, "provider"), mails(session, "delegate")) == (["referral-received"], ["referral-received"])


def test_what_happened_before_the_call_is_told_as_it_stands(session: Session, strange: Referral) -> None:
    move(session, strange.lead_id, "contacted", version=1, actor=ACTOR, roles=ROLES)
    assert mails(session, "claim") == ["referral-received"]
    believe(session, strange, CALLED, email=RIVERA, actor=ACTOR)
    assert mails(session, "provider") == ["referral-accepted"]


def test_the_patient_is_written_to_from_then_on_where_they_agreed(session: Session, strange: Referral) -> None:
    assert mails(session, "person") == []
    believe(session, strange, CALLED, email=RIVERA, actor=ACTOR)
    assert mails(session, "person") == ["referral-welcome"]
    assert granted(session, strange.person_id) == {"contact", "education", "status_to_referrer"}


def test_a_no_the_patient_said_meanwhile_stands(session: Session, strange: Referral) -> None:
    withdraw(session, strange.person_id, "education", Spoken("preferences", "page"), actor=f"person:{strange.person_id}")
    believe(session, strange, CALLED, email=RIVERA, actor=ACTOR)
    assert "education" not in granted(session, strange.person_id)


def test_it_is_the_practices_from_then_on(session: Session, strange: Referral) -> None:
    believe(session, strange, CALLED, email=RIVERA, actor=ACTOR)
    assert strange.practice_id
    assert session.scalars(of_practice(strange.practice_id)).one() is strange


def test_the_to_do_to_verify_is_done_with_the_last_of_them(session: Session, strange: Referral) -> None:
    other = session.get_one(Referral, receive(session, submitted(reason="A second opinion."), Arrival("form")).id)
    assert other.lead_id == strange.lead_id
    believe(session, strange, CALLED, email=RIVERA, actor=ACTOR)
    assert "verify-referrer" in todos(session, strange)
    disbelieve(session, other, actor=ACTOR)
    assert "verify-referrer" not in todos(session, strange)


def test_a_call_without_a_listed_number_believes_nobody(session: Session, strange: Referral) -> None:
    with pytest.raises(Invalid), session.begin_nested():
        believe(session, strange, Call("203-555-0140", "Front desk", ""), email=RIVERA, actor=ACTOR)
    session.refresh(strange)
    assert not strange.is_verified


def test_who_was_not_believed_hears_nothing_more_and_the_patient_is_still_called(session: Session, strange: Referral) -> None:
    disbelieve(session, strange, actor=ACTOR)
    move(session, strange.lead_id, "contacted", version=1, actor=ACTOR, roles=ROLES)
    assert (mails(session, "claim"), mails(session, "provider")) == (["referral-received"], [])
    assert session.get_one(Claim, strange.claim_id).refused_at


def test_two_colleagues_settle_it_once(session: Session, strange: Referral) -> None:
    disbelieve(session, strange, actor=ACTOR)
    with pytest.raises(Conflict):
        believe(session, strange, CALLED, email=RIVERA, actor=ACTOR)
