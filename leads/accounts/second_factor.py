"""The second factor: whether one is needed, a code of an authenticator app (TOTP, RFC 6238), and what opens the door when it is lost."""

import hmac
from datetime import timedelta

import pyotp
from sqlalchemy import exists, select, update
from sqlalchemy.orm import Session

from config.settings import settings
from leads.accounts import recovery, throttle
from leads.accounts.factor_models import Passkey
from leads.accounts.models import Account, StaffSession
from leads.audit.trail import record
from leads.clinic.profile import clinic
from leads.clock import real_now
from leads.errors import FieldError, Invalid

STEP = 30
TRIES, WITHIN = 5, timedelta(minutes=15)
WRONG = "This code is not right, or was used already. Wait for the next one your app shows."
TOO_OFTEN = "That was too often. Wait a quarter of an hour, or ask an administrator to reset your second factor."


def has_one(session: Session, account: Account) -> bool:
    """True when an account has an authenticator app or a passkey."""
    return account.totp_confirmed_at is not None or bool(session.scalar(select(exists().where(Passkey.account_id == account.id))))


def is_needed(session: Session, account: Account, opened: StaffSession) -> bool:
    """True while a session has proved one factor only and may not go on with that; a local trial may put off having one."""
    if opened.second_factor_at is not None:
        return False
    return not settings().is_local or has_one(session, account)


def begin(account: Account) -> str:
    """Return the secret for an authenticator app, base32: the one begun already, until a code of it is shown."""
    if account.totp_confirmed_at is not None:
        raise Invalid("An authenticator app is set up already. Remove it first.")
    account.totp_secret = account.totp_secret or pyotp.random_base32()
    return account.totp_secret or ""


def address(account: Account) -> str:
    """Return the `otpauth:` address that an authenticator app reads from a QR code."""
    return pyotp.TOTP(account.totp_secret or "").provisioning_uri(name=account.email or "", issuer_name=clinic().practice.name)


def confirm(session: Session, account: Account, code: str) -> list[str]:
    """Take the app into use once it shows a right code; returns ten recovery codes, shown this once. Raises Invalid."""
    if account.totp_confirmed_at is not None or account.totp_secret is None:
        raise Invalid("Open the page again: there is no app waiting to be confirmed.")
    if not _takes(session, account, code):
        raise Invalid(WRONG, errors=(FieldError("code", "wrong", WRONG),))
    account.totp_confirmed_at = real_now()
    record(session, "account.totp_set", account, actor=f"account:{account.id}")
    return recovery.make(session, account)


def show(session: Session, account: Account, opened: StaffSession, code: str) -> str | None:
    """Take a code of the app or a recovery code as the second factor; returns why not, or None. A refusal is counted, never raised."""
    key = account.email_index
    if not throttle.has_room(session, "second-factor", key, limit=TRIES, within=WITHIN):
        return TOO_OFTEN
    taken = _takes(session, account, code) if account.totp_confirmed_at else False
    recovered = not taken and recovery.use(session, account, code)
    if not taken and not recovered:
        throttle.note(session, "second-factor", key)
        record(session, "account.second_factor_refused", account)
        return WRONG
    shown(session, account, opened, by="recovery" if recovered else "totp")
    return None


def shown(session: Session, account: Account, opened: StaffSession, *, by: str) -> None:
    """Let a session whose password was taken go on: its second factor was proved."""
    opened.second_factor_at = real_now()
    record(session, "account.second_factor_shown", account, actor=f"account:{account.id}", by=by)


def remove(session: Session, account: Account, *, actor: str) -> None:
    """Forget the authenticator app and the recovery codes that belong to it."""
    account.totp_secret = account.totp_confirmed_at = account.totp_step = None
    recovery.forget(session, account)
    record(session, "account.totp_removed", account, actor=actor)


def _takes(session: Session, account: Account, code: str) -> bool:
    digits, now = "".join(code.split()), int(real_now().timestamp()) // STEP
    app = pyotp.TOTP(account.totp_secret or "")
    # One step either way for a phone whose clock is off (RFC 6238, 5.2).
    fits = [step for step in (now, now - 1, now + 1) if hmac.compare_digest(app.generate_otp(step).encode(), digits.encode())]
    if not fits:
        return False
    # One statement: of two browsers that send the same code at once only one may come in.
    newer = (Account.id == account.id, (Account.totp_step.is_(None)) | (Account.totp_step < fits[0]))
    taken = session.scalar(update(Account).where(*newer).values(totp_step=fits[0]).returning(Account.id))
    return taken is not None
