"""The link in a mail about a referral: a state for whoever has it, a name only for who knows the patient."""

import threading
from collections.abc import Sequence

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from leads.consent.ledger import Spoken, withdraw
from leads.db import transaction
from leads.errors import NotFound
from leads.loop.models import Referral, ReferralEvent, StatusOpening
from leads.messages.models import Message
from leads.providers.models import Practice, Provider
from leads.providers.trust import distrust
from leads.referrals.open_link import Opened, look, name_detail
from leads.security.tokens import Grant, issue
from leads.todos.models import Todo
from tests.cast import ACTOR
from tests.referrals.cast import granting, make_referral


def link_of(session: Session, referral: Referral) -> str:
    """The link of the mail the clinician got, working as it does once that went out."""
    session.flush()
    to_clinician = (Message.referral_id == referral.id, Message.provider_id.is_not(None))
    mail = session.scalars(select(Message).where(*to_clinician).order_by(Message.id)).first()
    assert mail
    mail.address_index = session.get_one(Provider, mail.provider_id).email_index
    return issue(session, mail.id, Grant("referrer", None, mail.id))


@pytest.fixture
def kept(session: Session) -> Referral:
    """A referral whose sender may hear of it."""
    return make_referral(session)


@pytest.fixture
def link(session: Session, kept: Referral) -> str:
    return link_of(session, kept)


def outcomes(session: Session) -> Sequence[str]:
    session.flush()
    return session.scalars(select(StatusOpening.outcome).order_by(StatusOpening.id)).all()


def guess(session: Session, link: str, times: int) -> Opened:
    for _ in range(times):
        opened = name_detail(session, link, last_four="0000")
    return opened


def test_looking_shows_a_state_and_is_on_record(session: Session, kept: Referral, link: str) -> None:
    before = session.scalars(select(ReferralEvent.id)).all()
    opened = look(session, link)
    assert (opened.seen.state, opened.is_shown, opened.tries_left) == ("received", False, 5)
    assert outcomes(session) == ["looked"]
    assert session.scalars(select(ReferralEvent.id)).all() == before


@pytest.mark.parametrize("detail", [{"birth_date": "1985-07-21"}, {"last_four": "0123"}, {"last_four": " 01-23 "}])
def test_one_detail_of_the_patient_opens_it(session: Session, link: str, detail: dict[str, str]) -> None:
    assert name_detail(session, link, **detail).is_shown
    assert outcomes(session) == ["shown"]


@pytest.mark.parametrize("detail", [{"birth_date": "1985-07-22"}, {"last_four": "3210"}, {"last_four": "123"}, {"birth_date": "0123"}])
def test_a_wrong_one_does_not(session: Session, link: str, detail: dict[str, str]) -> None:
    opened = name_detail(session, link, **detail)
    assert (opened.is_shown, opened.tries_left) == (False, 4)


def test_nothing_typed_is_no_try(session: Session, link: str) -> None:
    assert name_detail(session, link, birth_date=" ").tries_left == 5


def test_after_five_wrong_ones_it_is_closed_and_somebody_phones(session: Session, link: str) -> None:
    assert guess(session, link, 5).tries_left == 0
    assert not name_detail(session, link, last_four="0123").is_shown
    assert outcomes(session) == ["refused"] * 5
    assert session.scalars(select(Todo.kind).where(Todo.kind == "help-referrer")).all() == ["help-referrer"]


@pytest.mark.committed
def test_tries_that_come_at_once_are_five_too(session: Session, link: str) -> None:
    session.commit()

    def press() -> None:
        with transaction() as mine:
            name_detail(mine, link, last_four="0000")

    threads = [threading.Thread(target=press) for _ in range(9)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert outcomes(session) == ["refused"] * 5


def test_without_the_grant_no_detail_opens_anything(session: Session) -> None:
    link = link_of(session, make_referral(session, patient=granting("contact")))
    opened = name_detail(session, link, birth_date="1985-07-21")
    assert (opened.seen.level, opened.may_ask, opened.is_shown) == ("acknowledged", False, False)


def test_a_grant_that_ends_closes_it(session: Session, kept: Referral, link: str) -> None:
    spoken = Spoken("phone", "call", "2026-11", evidence="said so", referral_id=kept.id)
    withdraw(session, kept.person_id, "status_to_referrer", spoken, actor=ACTOR)
    assert not name_detail(session, link, birth_date="1985-07-21").is_shown


@pytest.mark.parametrize("of", [Provider, Practice])
def test_a_link_of_somebody_we_believe_no_more_leads_nowhere(session: Session, link: str, of: type[Provider] | type[Practice]) -> None:
    believed = session.scalars(select(of).where(of.verified_at.is_not(None))).one()
    distrust(session, believed, why="left", actor=ACTOR)
    with pytest.raises(NotFound):
        look(session, link)
