"""Staff accounts: made, given another password, and disabled."""

import uuid
from collections.abc import Iterable, Sequence

from email_validator import EmailNotValidError, validate_email
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from config.settings import settings
from leads.accounts.models import ROLES, Account, StaffSession
from leads.accounts.passwords import LONGEST, SHORTEST, scramble
from leads.audit.trail import SYSTEM, record
from leads.clock import now, real_now
from leads.errors import FieldError, Invalid, NotFound
from leads.security.fields import blind_index

LONGEST_NAME = 80


def create_account(session: Session, *, email: str, name: str, password: str, roles: Iterable[str], actor: str = SYSTEM) -> Account:
    """Return a new account; raises Invalid, naming each field that cannot be accepted."""
    chosen, shown = sorted(set(roles)), " ".join(name.split())
    wrong = [*_wrong_email(session, email), *_wrong_name(shown), *wrong_password(password, email=email), *_wrong_roles(chosen)]
    if wrong:
        raise Invalid(" ".join(each.message for each in wrong), errors=tuple(wrong))
    account = Account(
        email=email.strip(),
        email_index=account_index(email),
        name=shown,
        password_hash=scramble(password),
        roles=chosen,
        created_at=now(),
    )
    session.add(account)
    session.flush()
    record(session, "account.created", account, actor=actor, roles=chosen)
    return account


def change_password(session: Session, account: Account, password: str, *, actor: str = SYSTEM) -> None:
    """Give an account another password and end its sessions; raises Invalid."""
    wrong = wrong_password(password, email=account.email or "")
    if wrong:
        raise Invalid(" ".join(each.message for each in wrong), errors=tuple(wrong))
    account.password_hash = scramble(password)
    _end_sessions(session, account)
    record(session, "account.password_changed", account, actor=actor)


def disable_account(session: Session, account: Account, *, actor: str = SYSTEM) -> None:
    """Close an account and end its sessions at once; what it did stays on record."""
    account.disabled_at = account.disabled_at or now()
    _end_sessions(session, account)
    record(session, "account.disabled", account, actor=actor)


def find_account(session: Session, email: str) -> Account:
    """Return the account of an e-mail address; raises NotFound."""
    account = session.scalar(select(Account).where(Account.email_index == account_index(email)))
    if account is None:
        raise NotFound(f"There is no account {email}. `handoff users list` shows those there are.")
    return account


def all_accounts(session: Session) -> Sequence[Account]:
    """Return every account, the oldest first."""
    return session.scalars(select(Account).order_by(Account.id)).all()


def working(session: Session, roles: Iterable[str]) -> Sequence[Account]:
    """Return the accounts in use that hold one of these roles, by name."""
    found = session.scalars(select(Account).where(Account.disabled_at.is_(None), Account.roles.overlap(list(roles)))).all()
    return sorted(found, key=lambda account: (account.name or "").casefold())


def names_of(session: Session, ids: Iterable[uuid.UUID]) -> dict[uuid.UUID, str]:
    """Return the names of accounts by id."""
    return {account.id: account.name or "" for account in session.scalars(select(Account).where(Account.id.in_(set(ids))))}


def account_index(email: str) -> bytes:
    """Return the blind index of an account's address; a patient's index of the same address differs."""
    return blind_index("account-email", email.strip().casefold())


def wrong_password(password: str, *, email: str) -> list[FieldError]:
    """Return why a password cannot be accepted: length counts, not composition (NIST SP 800-63B)."""
    if len(password) < SHORTEST:
        return [FieldError("password", "too_short", f"A password needs at least {SHORTEST} characters.")]
    if len(password) > LONGEST:
        return [FieldError("password", "too_long", f"A password may have at most {LONGEST} characters.")]
    if len(set(password)) < 5 or password.strip().casefold() == email.strip().casefold():
        return [FieldError("password", "too_plain", "This password is guessed at once. Four unrelated words make a good one.")]
    return []


def _wrong_email(session: Session, email: str) -> list[FieldError]:
    try:
        validate_email(email.strip(), check_deliverability=False, test_environment=settings().is_local)
    except EmailNotValidError:
        return [FieldError("email", "no_email", "This is not a complete e-mail address.")]
    if session.scalar(select(Account.id).where(Account.email_index == account_index(email))) is not None:
        return [FieldError("email", "taken", "There is an account with this e-mail address already.")]
    return []


def _wrong_name(name: str) -> list[FieldError]:
    if name and len(name) <= LONGEST_NAME:
        return []
    return [FieldError("name", "length", f"A name is needed, of at most {LONGEST_NAME} characters.")]


def _wrong_roles(roles: list[str]) -> list[FieldError]:
    if roles and set(roles) <= set(ROLES):
        return []
    return [FieldError("roles", "unknown_choice", f"Choose one or more of {', '.join(ROLES)}.")]


def _end_sessions(session: Session, account: Account) -> None:
    running = (StaffSession.account_id == account.id, StaffSession.ended_at.is_(None))
    session.execute(update(StaffSession).where(*running).values(ended_at=real_now()))
