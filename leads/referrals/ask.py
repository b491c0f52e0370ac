"""Something is missing: we ask the sender for it, our clock rests and theirs runs; or we go on without it."""

from collections.abc import Iterable

from sqlalchemy.orm import Session

from leads.errors import FieldError, Invalid
from leads.loop.disclosure import level_for
from leads.loop.history import apply
from leads.loop.models import Referral, ReferralEvent
from leads.loop.nudge import ask_to_phone
from leads.loop.tell_referrer import recipients
from leads.referrals.journey import catch_up, wait_with_call

MOST, LONGEST = 10, 300


def ask(session: Session, referral: Referral, missing: Iterable[str], *, note: str | None = None, actor: str) -> ReferralEvent:
    """Ask the sender for what is missing, one line for each thing; raises Invalid without any, Conflict where nothing may be asked.

    Where the sender may not know that we work on it, or no address of theirs is on file, a colleague phones instead.
    """
    happened = apply(session, referral, "ask", actor=actor, details=_details(_checked(missing), checked_note(note)))
    wait_with_call(session, referral, referral.their_promise, actor=actor)
    if level_for(session, referral) == "acknowledged" or not recipients(session, referral):
        ask_to_phone(session, referral, actor=actor)
    return happened


def go_on(session: Session, referral: Referral, *, note: str | None = None, actor: str) -> ReferralEvent:
    """Go on without the answer, or with one that was given by phone; the note is for the sender's eyes. Raises Conflict."""
    happened = apply(session, referral, "resume", actor=actor, details=_details([], checked_note(note)))
    wait_with_call(session, referral, referral.expected_by, actor=actor)
    catch_up(session, referral, actor=actor)
    return happened


def checked_note(note: str | None) -> str | None:
    """Return the words of a note, None for an empty one; raises Invalid for one too long."""
    words = (note or "").strip()
    if len(words) > 10 * LONGEST:
        told = f"A note may have at most {10 * LONGEST} characters."
        raise Invalid(told, errors=(FieldError("note", "too_long", told),))
    return words or None


def _details(missing: list[str], note: str | None) -> dict[str, object]:
    return ({"missing": missing} if missing else {}) | ({"note": note} if note else {})


def _checked(missing: Iterable[str]) -> list[str]:
    things = list(dict.fromkeys(words for each in missing if (words := " ".join(each.split()))))
    if not things:
        told = "Say what is missing, one thing on each line."
        raise Invalid(told, errors=(FieldError("missing", "missing", told),))
    if len(things) > MOST or any(len(each) > LONGEST for each in things):
        told = f"Name at most {MOST} things, each in at most {LONGEST} characters."
        raise Invalid(told, errors=(FieldError("missing", "too_long", told),))
    return things
