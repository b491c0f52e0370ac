"""Mail to whoever refers: to the address on file, about a patient and never to them, and past what silences the patient."""

import pytest
from sqlalchemy import func, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from leads.consent.ledger import hold, suppress
from leads.loop.models import Referral
from leads.messages.carriers.smtp import SmtpCarrier
from leads.messages.deliver import drain
from leads.messages.models import LANES, Message
from leads.messages.outbox import post
from leads.providers.models import Claim, Provider, email_index
from leads.providers.trust import distrust
from leads.referrals.receive import Arrival, receive
from leads.security.tokens import Token
from leads.todos.models import Todo
from tests.cast import ACTOR
from tests.referrals.cast import granting, make_referral, referral
from tests.smtp_server import ScriptedServer

ADDRESS = "rivera@riverside.test"


@pytest.fixture
def kept(session: Session) -> Referral:
    """A referral whose patient gets no mail."""
    return make_referral(session, patient=granting("status_to_referrer"), submitted_by=None)


def deliver(session: Session, carrier: SmtpCarrier) -> int:
    session.flush()
    return drain(LANES, carrier=carrier)


def only(session: Session) -> tuple[str, str | None]:
    session.expire_all()
    mail = session.scalars(select(Message)).one()
    return mail.state, mail.reason


def test_it_goes_to_the_clinician_with_a_link_that_works(
    session: Session, kept: Referral, carrier: SmtpCarrier, server: ScriptedServer
) -> None:
    assert deliver(session, carrier) == 1
    assert server.recipients == [ADDRESS]
    assert kept.number in server.mails[0].as_string()
    assert session.scalars(select(Token.purpose)).all() == ["referrer"]


def test_it_names_nobody(session: Session, kept: Referral, carrier: SmtpCarrier, server: ScriptedServer) -> None:
    deliver(session, carrier)
    mail = server.mails[0].as_string()
    assert not [word for word in ("Jordan", "Doe", "depress", "sertraline", "0123", "List-Unsubscribe") if word in mail]


def test_the_patients_hold_does_not_stop_it(session: Session, kept: Referral, carrier: SmtpCarrier) -> None:
    hold(session, kept.person_id, reason="inquiry", actor="test")
    deliver(session, carrier)
    assert only(session) == ("sent", None)


def test_belief_withdrawn_stops_what_waits(session: Session, kept: Referral, carrier: SmtpCarrier) -> None:
    distrust(session, session.get_one(Provider, kept.provider_id), why="left", actor=ACTOR)
    deliver(session, carrier)
    assert only(session) == ("skipped", "no-address")


def test_an_address_that_bounced_gets_nothing_more(session: Session, kept: Referral, carrier: SmtpCarrier) -> None:
    suppress(session, address_index=email_index(ADDRESS), reason="bounced", actor="system")
    deliver(session, carrier)
    assert only(session) == ("skipped", "suppressed-address")


def test_an_address_that_does_not_exist_becomes_a_call_to_the_referrer(
    session: Session, kept: Referral, carrier: SmtpCarrier, server: ScriptedServer
) -> None:
    server.answer["RCPT"].append("550 5.1.1 no such user")
    deliver(session, carrier)
    assert only(session) == ("failed", "bad-address")
    assert "phone-referrer" in session.scalars(select(Todo.kind).where(Todo.person_id == kept.person_id)).all()


def test_a_strangers_acknowledgement_carries_no_link(session: Session, carrier: SmtpCarrier, server: ScriptedServer) -> None:
    receive(session, referral(submitted_by=None), Arrival("form"))
    deliver(session, carrier)
    assert server.recipients == [ADDRESS]
    assert "/r/" not in server.mails[0].as_string()
    assert session.scalar(select(func.count()).select_from(Token)) == 0


def test_a_refused_claim_is_not_answered_any_more(session: Session, carrier: SmtpCarrier) -> None:
    receive(session, referral(), Arrival("form"))
    session.execute(update(Claim).values(refused_at=func.now()))
    deliver(session, carrier)
    assert only(session) == ("skipped", "not-verified")


def test_a_mail_without_a_recipient_cannot_be_kept(session: Session) -> None:
    with pytest.raises(IntegrityError, match="one_recipient"), session.begin_nested():
        post(session, None, "referral-digest", cause="test", facts={"numbers": []})
