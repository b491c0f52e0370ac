"""A mail as its recipient would read it, before it goes."""

import uuid
from dataclasses import dataclass

from sqlalchemy.orm import Session

from config.settings import settings
from leads.audit.trail import record
from leads.clock import now
from leads.errors import NotFound
from leads.messages.calendar_file import CalendarPart, calendar_part
from leads.messages.due import JUST_CLAIMED, Due
from leads.messages.facts import facts_for
from leads.messages.models import Message
from leads.messages.render import Rendered, render


@dataclass(frozen=True)
class Preview:
    """A message and how it would read if it went now."""

    message: Message
    rendered: Rendered
    calendar: CalendarPart | None


def preview(session: Session, message_id: uuid.UUID, *, actor: str, act: str = "message.read") -> Preview:
    """Return a mail as it would read now, on record as read (or as `act`); raises NotFound, RenderError or CellError."""
    message = session.get(Message, message_id)
    found = session.execute(JUST_CLAIMED, {"ids": [message_id], "at": now()}).first()
    if message is None or found is None:
        raise NotFound("There is no such message.")
    record(session, act, message, actor=actor)
    due = Due(*found)
    facts = facts_for(due)
    # Whoever holds such a link acts as the recipient: to unsubscribe somebody is not a colleague's by way of reading.
    hidden = {name: f"{settings().public_url}/…" for name, value in facts.items() if name.endswith("_url") and value}
    return Preview(message, render(due.template, due.language, facts | hidden), calendar_part(due))
