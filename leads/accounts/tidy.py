"""Removing counters, idempotent answers and sessions that have outlived their use (real time)."""

from datetime import timedelta

from sqlalchemy import delete
from sqlalchemy.orm import Session

from leads.accounts.factor_models import Ceremony
from leads.accounts.models import Attempt, IdempotentAnswer, StaffSession
from leads.clock import real_now

COUNTERS = timedelta(days=2)
ANSWERS = timedelta(days=7)
SESSIONS = timedelta(days=30)


def tidy(session: Session) -> None:
    """Delete counters older than the longest limit, answers after their 7 days, proofs nobody finished, and sessions long ended."""
    # Ended sessions stay a month: who was signed in when is asked after an incident, not before.
    now = real_now()
    session.execute(delete(Attempt).where(Attempt.at < now - COUNTERS))
    session.execute(delete(IdempotentAnswer).where(IdempotentAnswer.at < now - ANSWERS))
    session.execute(delete(Ceremony).where(Ceremony.expires_at < now))
    session.execute(delete(StaffSession).where(StaffSession.expires_at < now - SESSIONS))
