"""Is the patient in danger? What a referrer says of it reaches a clinician, whoever the referrer is."""

from sqlalchemy.orm import Session

from leads.loop.models import Referral
from leads.referrals.submission import Written
from leads.safety.disclose import disclose
from leads.safety.watch import watch_words


def watch(session: Session, referral: Referral, asked: Written, *, actor: str) -> None:
    """Raise a hold where current risk is ticked; risk words in what was written make a clinician read it today."""
    if asked.current_risk:
        disclose(session, referral.person_id, referral.lead_id, source="referral", actor=actor)
    else:
        watch_words(session, referral, _texts(asked), actor=actor)


def _texts(asked: Written) -> tuple[str | None, ...]:
    return (asked.reason, asked.note, asked.diagnosis, *(trial.outcome for trial in asked.trials))
