"""Who a mail can go to: a person, somebody who refers (a clinician, a delegate, whoever claims to be one), or one of us."""

import uuid

from sqlalchemy import select
from sqlalchemy.orm import Session

from leads.accounts.models import Account, Desk
from leads.messages.models import Message
from leads.people.models import Person
from leads.providers.models import Claim, Delegate, Provider

Recipient = type[Person] | type[Provider] | type[Delegate] | type[Claim] | type[Account] | type[Desk]
# The column of a message that names its recipient, and what it names.
RECIPIENTS: dict[str, Recipient] = {
    "person_id": Person,
    "provider_id": Provider,
    "delegate_id": Delegate,
    "claim_id": Claim,
    "account_id": Account,
    "desk_id": Desk,
}
OF_OURS = ("accounts", "desks")


def recipient_of(message: Message) -> tuple[Recipient, uuid.UUID]:
    """Return what kind of recipient a message has, and which one."""
    return next((model, row_id) for column, model in RECIPIENTS.items() if (row_id := getattr(message, column)) is not None)


def address_index_of(session: Session, message: Message) -> bytes | None:
    """Return the blind index of the address a message would go to now; None where there is none."""
    model, row_id = recipient_of(message)
    return session.scalar(select(model.email_index).where(model.id == row_id))
