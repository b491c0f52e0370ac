"""Somebody's phone, and a session without the cost of a password."""

import pyotp
from sqlalchemy.orm import Session

from leads.accounts import second_factor
from leads.accounts.models import Account, StaffSession
from leads.accounts.sessions import open_session, session_of
from leads.clock import real_now


def code_of(account: Account, *, steps: int = 0) -> str:
    """What the authenticator app shows, so many steps of 30 seconds from now."""
    return pyotp.TOTP(account.totp_secret or "").generate_otp(int(real_now().timestamp()) // 30 + steps)


def give_app(session: Session, account: Account) -> list[str]:
    """Set up an authenticator app by last minute's code; returns the recovery codes."""
    second_factor.begin(account)
    return second_factor.confirm(session, account, code_of(account, steps=-1))


def opened(session: Session, account: Account, *, proved_both: bool = False) -> tuple[str, StaffSession]:
    """A session of somebody, and its cookie's secret."""
    secret = open_session(session, account, method="password", proved_both=proved_both)
    found = session_of(session, secret)
    assert found
    return secret, found[1]
