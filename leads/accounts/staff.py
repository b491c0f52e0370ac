"""Staff accounts: made, given other roles or another password, closed and opened again."""

import uuid
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import NamedTuple

from email_validator import EmailNotValidError, validate_email
from sqlalchemy import bindparam, delete, select
from sqlalchemy.orm import Session

from config.settings import settings
from leads.accounts import second_factor
from leads.accounts.factor_models import Passkey
from leads.accounts.models import ROLES, Account
from leads.accounts.passwords import LONGEST, SHORTEST, scramble
from leads.accounts.sessions import end_sessions
from leads.audit.trail import SYSTEM, record
from leads.clock import now
from leads.db import lock
from leads.errors import Conflict, FieldError, Invalid, NotFound
from leads.round_trips import Statement, together
from leads.security.fields import blind_index

LONGEST_NAME = 80


def create_account(session: Session, *, email: str, name: str, password: str | None, roles: Iterable[str], actor: str = SYSTEM) -> Account:
    """Return a new account, without a password where it is to be invited; raises Invalid, naming each field that cannot be accepted."""
    chosen, shown = sorted(set(roles)), " ".join(name.split())
    weak = wrong_password(password, email=email) if password is not None else []
    wrong = [*_wrong_email(session, email), *_wrong_name(shown), *weak, *_wrong_roles(chosen)]
    if wrong:
        raise Invalid(" ".join(each.message for each in wrong), errors=tuple(wrong))
    account = Account(
        email=email.strip(),
        email_index=account_index(email),
        name=shown,
        password_hash=scramble(password) if password is not None else None,
        roles=chosen,
        created_at=now(),
    )
    session.add(account)
    session.flush()
    record(session, "account.created", account, actor=actor, roles=chosen)
    return account


def change_password(session: Session, account: Account, password: str, *, actor: str = SYSTEM, but: uuid.UUID | None = None) -> None:
    """Give an account another password and end its sessions, all but one where one is named; raises Invalid."""
    wrong = wrong_password(password, email=account.email or "")
    if wrong:
        raise Invalid(" ".join(each.message for each in wrong), errors=tuple(wrong))
    account.password_hash = scramble(password)
    end_sessions(session, account.id, but=but)
    record(session, "account.password_changed", account, actor=actor)


def change_roles(session: Session, account: Account, roles: Iterable[str], *, actor: str = SYSTEM) -> None:
    """Give an account other roles, which count from its next click; raises Invalid, or Conflict for the last administrator."""
    chosen = sorted(set(roles))
    if wrong := _wrong_roles(chosen):
        raise Invalid(wrong[0].message, errors=tuple(wrong))
    if "administrator" not in chosen:
        _keep_an_administrator(session, account)
    before, account.roles = account.roles, chosen
    record(session, "account.roles_changed", account, actor=actor, before=before, roles=chosen)


def disable_account(session: Session, account: Account, *, actor: str = SYSTEM) -> None:
    """Close an account and end its sessions at once; what it did stays on record. Raises Conflict for the last administrator."""
    _keep_an_administrator(session, account)
    account.disabled_at = account.disabled_at or now()
    end_sessions(session, account.id)
    record(session, "account.disabled", account, actor=actor)


def enable_account(session: Session, account: Account, *, actor: str = SYSTEM) -> None:
    """Open a closed account again, with the password and factors it had."""
    account.disabled_at = None
    record(session, "account.enabled", account, actor=actor)


def reset_second_factor(session: Session, account: Account, *, actor: str = SYSTEM) -> None:
    """Forget an account's app, recovery codes and passkeys, and sign it out: at its next sign-in it sets up a new one."""
    second_factor.remove(session, account, actor=actor)
    session.execute(delete(Passkey).where(Passkey.account_id == account.id))
    end_sessions(session, account.id)
    record(session, "account.second_factor_reset", account, actor=actor)


def _keep_an_administrator(session: Session, account: Account) -> None:
    # Two administrators who close each other's account at one moment would both see the other one left.
    lock(session, "administrators", "last")
    others = (Account.roles.any_() == "administrator", Account.disabled_at.is_(None), Account.id != account.id)
    is_one = "administrator" in account.roles and account.disabled_at is None
    if is_one and session.scalar(select(Account.id).where(*others).limit(1)) is None:
        raise Conflict("This is the last administrator: make somebody else one first, or nobody could let colleagues in any more.")


def find_account(session: Session, email: str) -> Account:
    """Return the account of an e-mail address; raises NotFound."""
    account = session.scalar(select(Account).where(Account.email_index == account_index(email)))
    if account is None:
        raise NotFound(f"There is no account {email}. `handoff users list` shows those there are.")
    return account


def all_accounts(session: Session) -> Sequence[Account]:
    """Return every account, the oldest first."""
    return session.scalars(select(Account).order_by(Account.id)).all()


class Colleague(NamedTuple):
    """An account in use, as lists name it."""

    id: uuid.UUID
    name: str


def working(session: Session, roles: Iterable[str]) -> Sequence[Colleague]:
    """Return who has an account in use that holds one of these roles, by name."""
    (found,) = together(session, (_working(), {"roles": list(roles)}))
    named = (Colleague(account_id, Account.name.opened(cell, account_id) or "") for account_id, cell in found)
    return sorted(named, key=lambda each: each.name.casefold())


@lru_cache
def _working() -> Statement:
    one_of = bindparam("roles", type_=Account.roles.type)
    return Statement.of(select(Account.id, Account.__table__.c.name).where(Account.disabled_at.is_(None), Account.roles.overlap(one_of)))


def names_of(session: Session, ids: Iterable[uuid.UUID]) -> dict[uuid.UUID, str]:
    """Return the names of accounts by id."""
    return {account.id: account.name or "" for account in session.scalars(select(Account).where(Account.id.in_(set(ids))))}


def holders_of(session: Session, role: str) -> Sequence[uuid.UUID]:
    """Return the open accounts that hold a role, the oldest first."""
    theirs = select(Account.id).where(Account.roles.any_() == role, Account.disabled_at.is_(None))
    return session.scalars(theirs.order_by(Account.id)).all()


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
