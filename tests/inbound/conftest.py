"""A mail that went out, and news of it."""

from collections.abc import Callable
from itertools import count
from typing import Any

import pytest
from sqlalchemy.orm import Session

from leads.clock import now
from leads.messages.carriers.events import MailEvent
from leads.messages.models import DeliveryAttempt, Message
from leads.messages.outbox import post
from leads.people.models import Person
from tests.cast import make_confirmed_person, make_lead

_numbers = count(1)


@pytest.fixture
def person(session: Session) -> Person:
    """Somebody who may be written to, with an open lead."""
    person = make_confirmed_person(session)
    make_lead(session, person)
    return person


@pytest.fixture
def make_sent(session: Session, person: Person) -> Callable[..., Message]:
    """Makes a message that a carrier has taken."""

    def make(template: str = "visit-tomorrow", *, state: str = "sent", went: bool = True, **changes: Any) -> Message:
        values: dict[str, Any] = {"cause": "test", "facts": {"office": "woodbury"}} | changes
        message = post(session, values.pop("person_id", person.id), template, **values)
        message.state, message.address_index = state, person.email_index
        session.flush()
        if went:
            session.add(DeliveryAttempt(message_id=message.id, fence=1, carrier="ses", at=now()))
            session.flush()
        return message

    return make


def news(kind: Any, message: Message | None, **changes: Any) -> MailEvent:
    """An event of a message, as a carrier tells it."""
    values: dict[str, Any] = {"address": None, "status": None, "detail": None, "provider_id": f"event-{next(_numbers)}"} | changes
    return MailEvent(kind, now(), message.id if message else None, carrier="ses", **values)
