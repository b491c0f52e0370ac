"""How many of those who got our mail called it spam, as far as their providers told us."""

from datetime import timedelta

from sqlalchemy import func, select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from config.settings import SettingsError
from leads.clock import now
from leads.db import transaction
from leads.errors import LeadsError
from leads.messages.doctor.finding import Finding
from leads.messages.models import Message

WITHIN = timedelta(days=30)
# Gmail: below 0.1 %, and never 0.3 % or more (support.google.com/mail/answer/81126). A single complaint in a hundred mails tells nothing.
GOOD, TOO_MANY, ENOUGH_TO_TELL = 0.001, 0.003, 1000
ARRIVED = ("sent", "delivered", "complained")


def check_complaints() -> Finding:
    """Return the rate of the last thirty days; advice where the database does not say, for most of this is elsewhere anyway."""
    try:
        with transaction() as session:
            sent, complained = _counted(session)
    except (SQLAlchemyError, LeadsError, SettingsError):
        return Finding(
            "complaints", "30 days", "advice", "Not counted: the database does not answer. Gmail tells only postmaster.google.com."
        )
    said = f"{complained} of {sent} mails were called spam, as far as we were told. Gmail tells only postmaster.google.com: look there."
    rate = complained / sent if sent else 0.0
    if rate >= TOO_MANY and sent >= ENOUGH_TO_TELL:
        return Finding("complaints", "30 days", "wrong", f"{said} {rate:.2%} is too many: write less, and to fewer.")
    return Finding("complaints", "30 days", "advice" if rate >= GOOD else "ok", said)


def _counted(session: Session) -> tuple[int, int]:
    complained = func.count().filter(Message.state == "complained")
    lately = (Message.state.in_(ARRIVED), Message.sent_at > now() - WITHIN)
    sent, told = session.execute(select(func.count(), complained).where(*lately)).one()
    return int(sent), int(told)
