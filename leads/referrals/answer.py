"""What the sender does with a referral of theirs: gives what was asked for, or asks to take it back."""

from sqlalchemy.orm import Session

from leads.errors import FieldError, Invalid
from leads.loop.errands import errand
from leads.loop.history import apply
from leads.loop.models import Referral, ReferralEvent
from leads.referrals.journey import catch_up, wait_with_call
from leads.safety.watch import watch_words

LONGEST = 10_000


def answer(session: Session, referral: Referral, text: str, *, actor: str, by: str | None = None) -> ReferralEvent:
    """Take what the sender gives to our question; our clock runs again and a colleague reads it.

    `by` is who gave it, in words for both sides. Raises Invalid for an empty text, Conflict where nothing was asked.
    """
    given = _words(text, "text", "Write what was asked for.")
    details = {"answer": given} | ({"by": by} if by else {})
    happened = apply(session, referral, "answer", actor=actor, details=details)
    errand(session, referral, "read-answer", "the referrer has answered", due_at=referral.expected_by, actor=actor)
    wait_with_call(session, referral, referral.expected_by, actor=actor)
    catch_up(session, referral, actor=actor)
    watch_words(session, referral, [given], actor=actor)
    return happened


def withdraw(session: Session, referral: Referral, reason: str, *, actor: str) -> ReferralEvent:
    """Ask, as its sender, to take a referral back; a colleague confirms it. Raises Invalid without a reason, Conflict once it has ended."""
    why = _words(reason, "reason", "Say in a few words why it is withdrawn.")
    happened = apply(session, referral, "cancel_request", actor=actor, details={"note": why})
    errand(session, referral, "confirm-withdrawal", "the referrer asks to withdraw it", actor=actor)
    return happened


def _words(text: str, field: str, missing: str) -> str:
    words = text.strip()
    if not words:
        raise Invalid(missing, errors=(FieldError(field, "missing", missing),))
    if len(words) > LONGEST:
        told = f"At most {LONGEST} characters, please."
        raise Invalid(told, errors=(FieldError(field, "too_long", told),))
    return words
