"""Words of risk in what somebody wrote about a patient: read by a clinician, no reason to silence anybody."""

from collections.abc import Iterable

from sqlalchemy.orm import Session

from leads.loop.models import Referral
from leads.pipeline.deadlines import before_today_ends
from leads.safety.phrases import found
from leads.todos.open import open_todo


def watch_words(session: Session, referral: Referral, texts: Iterable[str | None], *, actor: str) -> None:
    """Let a clinician read today what a referrer wrote, where it has words of risk."""
    # "Denies suicidal ideation" stands in many a referral: read by a clinician, but no reason to silence anybody.
    if found(texts):
        due = before_today_ends(referral.office)
        open_todo(session, "risk-review", person_id=referral.person_id, lead_id=referral.lead_id, due_at=due, role="clinician", actor=actor)
