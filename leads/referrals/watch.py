"""Is the patient in danger? What a referrer says of it reaches a clinician, whoever the referrer is."""

from collections.abc import Iterable

from sqlalchemy.orm import Session

from leads.loop.models import Referral
from leads.pipeline.deadlines import before_today_ends
from leads.referrals.submission import Submission
from leads.safety.disclose import disclose
from leads.safety.phrases import found
from leads.todos.open import open_todo


def watch(session: Session, referral: Referral, asked: Submission, *, actor: str) -> None:
    """Raise a hold where current risk is ticked; risk words in what was written make a clinician read it today."""
    if asked.current_risk:
        disclose(session, referral.person_id, referral.lead_id, source="referral", actor=actor)
    else:
        watch_words(session, referral, _texts(asked), actor=actor)


def watch_words(session: Session, referral: Referral, texts: Iterable[str | None], *, actor: str) -> None:
    """Let a clinician read today what a referrer wrote, where it has words of risk."""
    # "Denies suicidal ideation" stands in many a referral: read by a clinician, but no reason to silence anybody.
    if found(texts):
        due = before_today_ends(referral.office)
        open_todo(session, "risk-review", person_id=referral.person_id, lead_id=referral.lead_id, due_at=due, role="clinician", actor=actor)


def _texts(asked: Submission) -> tuple[str | None, ...]:
    return (asked.reason, asked.note, asked.diagnosis, *(trial.outcome for trial in asked.trials))
