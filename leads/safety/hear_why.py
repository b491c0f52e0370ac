"""Why somebody stops our mails, in their own words: kept for colleagues, and heard like anything a patient writes."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from leads.errors import Invalid
from leads.messages.models import Message
from leads.pipeline.find import open_lead_of
from leads.pipeline.models import Lead
from leads.pipeline.notes import write
from leads.safety.disclose import listen
from leads.security.tokens import no_such_link, read

LONGEST = 2000


def hear_why(session: Session, link: str, text: str) -> bool:
    """Keep the reason that came with an unsubscribe link, and return whether it disclosed something; a blank one is none.

    Raises NotFound for an unknown link, Invalid for a text that is too long.
    """
    words = text.strip()
    if len(words) > LONGEST:
        raise Invalid(f"Please write at most {LONGEST:,} characters here.")
    token = read(session, "unsubscribe", link)
    # The lead the mail was for, though it may be closed by now: the person may have begun another journey since.
    lead = _lead(session, token.message_id) or (open_lead_of(session, token.person_id) if token.person_id else None)
    if token.person_id is None or lead is None:
        raise no_such_link()
    if not words:
        return False
    actor = f"person:{token.person_id}"
    write(session, lead.id, words, actor=actor, kind="why-stopped")
    return listen(session, token.person_id, lead.id, [words], source="unsubscribe")


def _lead(session: Session, message_id: object) -> Lead | None:
    return session.scalar(select(Lead).join(Message, Message.lead_id == Lead.id).where(Message.id == message_id)) if message_id else None
