"""Inviting a colleague by e-mail: the account is there at once, and good for nothing until a password is chosen."""

from collections.abc import Iterable

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from leads.accounts.models import Account
from leads.accounts.passwords import scramble
from leads.accounts.sessions import Opened, end_sessions, open_session
from leads.accounts.staff import create_account, wrong_password
from leads.audit.trail import SYSTEM, record
from leads.clock import now, real_now
from leads.errors import Conflict, FieldError, Invalid
from leads.messages.models import Message
from leads.messages.outbox import cancel, post
from leads.security.tokens import INVITATION_FOR, Token, no_such_link, read, use

TEMPLATE = "staff-invitation"


def invite(session: Session, *, email: str, name: str, roles: Iterable[str], actor: str = SYSTEM) -> Account:
    """Return a new account and mail it a link to choose a password; raises Invalid, naming each field that cannot be accepted."""
    account = create_account(session, email=email, name=name, password=None, roles=roles, actor=actor)
    _mail(session, account, actor)
    return account


def invite_again(session: Session, account: Account, *, actor: str = SYSTEM) -> None:
    """Mail another link, and make those before void; raises Conflict for who has a password, or is closed."""
    if account.password_hash is not None or account.disabled_at is not None:
        raise Conflict("This account is in use, or closed: there is nothing to invite to.")
    _void(session, account, actor)
    _mail(session, account, actor)


def reset_password(session: Session, account: Account, *, actor: str = SYSTEM) -> None:
    """Take an account's password, sign it out and mail it a link to choose another; raises Conflict for who is closed.

    Whoever resets never knows the new password: it is chosen behind a link to the account's own address.
    """
    if account.disabled_at is not None:
        raise Conflict("This account is closed. Open it again first.")
    account.password_hash = None
    end_sessions(session, account.id)
    record(session, "account.password_reset", account, actor=actor)
    _void(session, account, actor)
    _mail(session, account, actor)


def invited_by(session: Session, link: str) -> Account:
    """Return whom a link invites, without acting on it; raises NotFound for a link that opens nothing any more."""
    return _whose(session, read(session, "invitation", link))


def accept(session: Session, link: str, password: str, *, opened: Opened | None = None) -> tuple[Account, str]:
    """Set the password, use the link up and return the account with the secret of its session; raises Invalid or NotFound."""
    account = invited_by(session, link)
    wrong = wrong_password(password, email=account.email or "")
    if wrong:
        raise Invalid(wrong[0].message, errors=tuple(wrong))
    _whose(session, use(session, "invitation", link))
    account.password_hash = scramble(password)
    record(session, "account.invitation_accepted", account, actor=f"account:{account.id}")
    return account, open_session(session, account, method="invitation", opened=opened)


def check_same(password: str, again: str) -> None:
    """Raise Invalid where a password was typed two ways."""
    if password != again:
        told = "The two passwords differ. Type the same one twice."
        raise Invalid(told, errors=(FieldError("again", "differs", told),))


def _whose(session: Session, token: Token) -> Account:
    message = session.get(Message, token.message_id) if token.message_id else None
    account = (
        session.get(Account, message.account_id, with_for_update=True, populate_existing=True) if message and message.account_id else None
    )
    # Once a password stands, no older link may set another; the mailbox of somebody who left opens nothing.
    if message is None or account is None or account.disabled_at is not None or account.password_hash is not None:
        raise no_such_link()
    if message.address_index != account.email_index or account.oidc_subject is not None:
        raise no_such_link()
    return account


def _mail(session: Session, account: Account, actor: str) -> None:
    post(session, None, TEMPLATE, cause="invitation", actor=actor, account_id=account.id, useful_until=now() + INVITATION_FOR)
    record(session, "account.invited", account, actor=actor)


def _void(session: Session, account: Account, actor: str) -> None:
    mine = (Message.account_id == account.id, Message.template == TEMPLATE)
    cancel(session, *mine, reason="superseded", actor=actor)
    sent = select(Message.id).where(*mine)
    session.execute(update(Token).where(Token.message_id.in_(sent), Token.used_at.is_(None)).values(used_at=real_now()))
