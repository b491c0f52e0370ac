"""Ten codes for the day the phone is lost: shown once, kept as keyed hashes, each good once."""

import secrets

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from leads.accounts.factor_models import RecoveryCode
from leads.accounts.models import Account
from leads.audit.trail import record
from leads.clock import real_now
from leads.security.fields import blind_index

MANY, LETTERS = 10, "abcdefghjkmnpqrstuvwxyz23456789"


def make(session: Session, account: Account) -> list[str]:
    """Return ten new codes, which nobody can show again; those made before are void."""
    forget(session, account)
    codes = ["-".join("".join(secrets.choice(LETTERS) for _ in range(4)) for _ in range(4)) for _ in range(MANY)]
    session.add_all(RecoveryCode(account_id=account.id, hash=_hash(account, code), made_at=real_now()) for code in codes)
    record(session, "account.recovery_codes_made", account, actor=f"account:{account.id}")
    return codes


def use(session: Session, account: Account, code: str) -> bool:
    """Use up a code; False when it is none of this account's unused ones."""
    unused = (RecoveryCode.account_id == account.id, RecoveryCode.hash == _hash(account, code), RecoveryCode.used_at.is_(None))
    # One statement, not a look and a write: a code that two send at once lets one in.
    return session.scalar(update(RecoveryCode).where(*unused).values(used_at=real_now()).returning(RecoveryCode.id)) is not None


def left(session: Session, account: Account) -> int:
    """Return how many codes are still good."""
    unused = (RecoveryCode.account_id == account.id, RecoveryCode.used_at.is_(None))
    return session.scalar(select(func.count()).select_from(RecoveryCode).where(*unused)) or 0


def forget(session: Session, account: Account) -> None:
    """Make every code of an account void."""
    session.execute(delete(RecoveryCode).where(RecoveryCode.account_id == account.id))


def _hash(account: Account, code: str) -> bytes:
    # 79 random bits cannot be guessed offline without the key ring, so a keyed hash does, and the look-up stays one statement.
    plain = "".join(letter for letter in code.casefold() if letter.isalnum())
    return blind_index("recovery-code", f"{account.id}:{plain}")
