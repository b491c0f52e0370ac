"""Mail to our own: to the address of the account or the office, past what silences patients, and pages past whatever stops mail."""

from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from leads.accounts.desks import desk_of
from leads.accounts.models import Account
from leads.clinic.profile import clinic
from leads.clock import now
from leads.consent.ledger import suppress
from leads.messages.carriers.base import Receipt
from leads.messages.carriers.smtp import SmtpCarrier
from leads.messages.claim import Claim
from leads.messages.deliver import drain
from leads.messages.models import LANES, Message, SendingStop
from leads.messages.outbox import post
from leads.messages.outcome import SLOW_DOWN, record_answer
from leads.messages.switch import open_breaker, pause_sending, stops
from leads.security.tokens import Token
from tests.accounts.cast import make_account
from tests.smtp_server import ScriptedServer

PAGE = {"number": "L-000042", "raised": "Tue Oct 6, 2:10 PM", "step": 1, "page_url": "http://127.0.0.1:8000/console/safety"}


@pytest.fixture
def account(session: Session, tuesday: object) -> Account:
    return make_account(session, "clinician", email="oncall@example.com")


def page(session: Session, **to: object) -> Message:
    return post(session, None, "safety-page", cause="safety", facts=PAGE, **to)  # type: ignore[arg-type]


def deliver(session: Session, carrier: SmtpCarrier) -> tuple[str, str | None]:
    session.flush()
    drain(LANES, carrier=carrier)
    session.expire_all()
    mail = session.scalars(select(Message)).one()
    return mail.state, mail.reason


def test_a_page_goes_to_the_account_and_its_link_carries_no_right(
    session: Session, account: Account, carrier: SmtpCarrier, server: ScriptedServer
) -> None:
    page(session, account_id=account.id)
    assert deliver(session, carrier) == ("sent", None)
    assert server.recipients == ["oncall@example.com"]
    assert not session.scalars(select(Token.purpose)).all()


def test_it_names_a_number_and_offers_no_way_out(session: Session, account: Account, carrier: SmtpCarrier, server: ScriptedServer) -> None:
    page(session, account_id=account.id)
    deliver(session, carrier)
    mail = server.mails[0]
    assert "L-000042" in mail.as_string()
    assert mail["List-Unsubscribe"] is None


def test_an_office_hears_at_the_address_it_has_today(
    session: Session, tuesday: object, carrier: SmtpCarrier, server: ScriptedServer
) -> None:
    page(session, desk_id=desk_of(session, "woodbury").id)
    deliver(session, carrier)
    assert server.recipients == [clinic().office("woodbury").email]


def test_an_offices_new_address_takes_the_place_of_the_old(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    before = desk_of(session, "woodbury")
    monkeypatch.setattr(clinic().office("woodbury"), "__dict__", {**clinic().office("woodbury").__dict__, "email": "new@example.com"})
    assert desk_of(session, "woodbury").id == before.id
    assert before.email == "new@example.com"


def test_a_colleague_who_has_left_gets_nothing(session: Session, account: Account, carrier: SmtpCarrier) -> None:
    page(session, account_id=account.id)
    account.disabled_at = now()
    assert deliver(session, carrier) == ("skipped", "not-verified")


def test_an_address_that_bounced_gets_nothing(session: Session, account: Account, carrier: SmtpCarrier) -> None:
    page(session, account_id=account.id)
    suppress(session, address_index=account.email_index, reason="bounced", actor="test")
    assert deliver(session, carrier) == ("skipped", "suppressed-address")


def test_a_page_goes_while_a_person_has_stopped_all_sending(session: Session, account: Account, carrier: SmtpCarrier) -> None:
    pause_sending(session, reason="test", actor="test")
    page(session, account_id=account.id)
    assert deliver(session, carrier) == ("sent", None)


@pytest.mark.parametrize("lane", LANES)
def test_a_page_goes_while_a_breaker_is_open(session: Session, account: Account, carrier: SmtpCarrier, lane: str) -> None:
    open_breaker(session, lane, reason="test")
    page(session, account_id=account.id)
    assert deliver(session, carrier) == ("sent", None)


@pytest.mark.parametrize("answer", [Receipt(550, "5.7.1"), Receipt(451, "4.3.0"), Receipt(421, "4.7.0")])
def test_a_refused_page_is_tried_again_in_a_minute_and_opens_no_breaker(session: Session, account: Account, answer: Receipt) -> None:
    mail = page(session, account_id=account.id)
    mail.state, mail.fence = "claimed", 1
    session.flush()
    record_answer(session, Claim(mail.id, 1), answer)
    assert (mail.state, mail.due_at) == ("planned", now() + SLOW_DOWN)
    assert not stops(session)


def test_an_old_page_does_not_wait_for_its_place_behind_an_outage(session: Session, account: Account, carrier: SmtpCarrier) -> None:
    page(session, account_id=account.id).due_at = now() - timedelta(hours=5)
    assert deliver(session, carrier) == ("sent", None)


def test_a_mail_has_one_recipient(session: Session, account: Account) -> None:
    desk = desk_of(session, None)
    with pytest.raises(IntegrityError), session.begin_nested():
        page(session, account_id=account.id, desk_id=desk.id)


def test_the_switch_itself_stays_as_it_was(session: Session, account: Account, carrier: SmtpCarrier) -> None:
    pause_sending(session, reason="test", actor="test")
    page(session, account_id=account.id)
    deliver(session, carrier)
    assert session.scalar(select(SendingStop.ended_at)) is None
