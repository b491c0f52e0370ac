"""An invitation opens one account once, for three days, and a reset tells nobody the new password."""

from datetime import timedelta

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from leads.access.invite import accept, invite, invite_again, invited_by, reset_password
from leads.accounts.models import Account
from leads.accounts.sessions import sessions_of, signed_in
from leads.accounts.sign_in import Refused, SignedIn, sign_in
from leads.accounts.staff import disable_account
from leads.clock import real_now
from leads.errors import Conflict, Invalid, NotFound
from leads.messages.models import Message
from leads.security.tokens import INVITATION_FOR, Grant, Token, issue
from tests.accounts.cast import PASSWORD, make_account

WHO = {"email": "robin@example.com", "name": "Robin Vale", "roles": ["coordinator"]}


@pytest.fixture
def robin(session: Session, tuesday: object) -> Account:
    """Somebody who is invited."""
    return invite(session, **WHO)  # type: ignore[arg-type]


def link_to(session: Session, account: Account) -> str:
    """The link of the newest invitation, as the worker issues it when the mail goes."""
    newest = select(Message).where(Message.account_id == account.id).order_by(Message.id.desc()).limit(1)
    mail = session.scalars(newest).one()
    mail.address_index, mail.state = account.email_index, "sent"
    return issue(session, mail.id, Grant("invitation", None, mail.id, expires_at=real_now() + INVITATION_FOR))


def test_the_invitation_is_a_mail_to_the_account_that_expires_with_its_link(session: Session, robin: Account) -> None:
    mail = session.scalars(select(Message).where(Message.account_id == robin.id)).one()
    assert (mail.template, mail.level, mail.facts) == ("staff-invitation", 0, {})
    assert mail.useful_until - mail.created_at == timedelta(days=3)  # type: ignore[operator]


@pytest.mark.parametrize("password", ["", "nobody's password", PASSWORD])
def test_until_a_password_is_chosen_none_opens_the_account(session: Session, robin: Account, password: str) -> None:
    assert isinstance(sign_in(session, "robin@example.com", password, source=b"s"), Refused)


def test_choosing_a_password_signs_in_and_uses_the_link_up(session: Session, robin: Account) -> None:
    link = link_to(session, robin)
    _, secret = accept(session, link, PASSWORD)
    assert signed_in(session, secret) is not None
    with pytest.raises(NotFound):
        accept(session, link, "another four words here")


def test_a_weak_password_leaves_the_link_good(session: Session, robin: Account) -> None:
    link = link_to(session, robin)
    with pytest.raises(Invalid):
        accept(session, link, "short")
    assert invited_by(session, link) is robin


def test_after_three_days_the_link_opens_nothing(session: Session, robin: Account) -> None:
    link = link_to(session, robin)
    session.execute(update(Token).values(expires_at=real_now() - timedelta(seconds=1)))
    with pytest.raises(NotFound):
        accept(session, link, PASSWORD)


def test_another_invitation_voids_the_one_before(session: Session, robin: Account) -> None:
    old = link_to(session, robin)
    invite_again(session, robin)
    with pytest.raises(NotFound):
        accept(session, old, PASSWORD)
    accept(session, link_to(session, robin), PASSWORD)


def test_a_closed_account_is_not_opened_by_its_invitation(session: Session, robin: Account) -> None:
    link = link_to(session, robin)
    disable_account(session, robin)
    with pytest.raises(NotFound):
        invited_by(session, link)


def test_whoever_is_in_use_is_not_invited_again(session: Session) -> None:
    with pytest.raises(Conflict):
        invite_again(session, make_account(session))


def test_a_reset_ends_sessions_and_password_and_mails_a_link(session: Session) -> None:
    casey = make_account(session)
    sign_in(session, "casey@example.com", PASSWORD, source=b"s")
    reset_password(session, casey)
    assert sessions_of(session, casey.id) == []
    assert isinstance(sign_in(session, "casey@example.com", PASSWORD, source=b"s"), Refused)
    accept(session, link_to(session, casey), "another four words here")
    assert isinstance(sign_in(session, "casey@example.com", "another four words here", source=b"s"), SignedIn)
