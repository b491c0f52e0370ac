"""Whose answer a mail is: by the address it was sent to, by what it answers, and only then by who sent it."""

import re
import uuid
from dataclasses import dataclass
from email.message import Message as Mail
from typing import Literal

from sqlalchemy import select
from sqlalchemy.orm import Session

from leads.inbound.mail import header, sender
from leads.messages.addresses import named_by, read_address
from leads.messages.models import Message
from leads.people.match import email_index
from leads.people.models import Person

# token: it came to an answer address that only the recipient of one mail has seen · thread: it names a mail of ours, whose id is no
# less secret · sender: its author's address is on file, which anybody can write into a From · staff: a colleague said so.
By = Literal["token", "thread", "sender", "staff"]
MOST_REFERENCES = 50


@dataclass(frozen=True)
class Whose:
    """The message of ours that a mail answers, where it is known which; the person who answers, where it is a person; and how we know."""

    by: By
    message: Message | None
    person_id: uuid.UUID | None

    @property
    def is_proved(self) -> bool:
        """True where whoever wrote has seen a mail of ours, or a colleague vouches for them: not only a name in a From."""
        return self.by != "sender"


def whose(session: Session, mail: Mail, recipient: str) -> Whose | None:
    """Return whose answer a mail is; None where nothing tells, or several people share the address it came from."""
    named = read_address(recipient)
    if named is not None and (message := session.get(Message, named.message_id)):
        # People answer to the answer address; machines also to the return path (RFC 3834, 4).
        return Whose("token" if named.use == "reply" else "thread", message, message.person_id)
    for message_id in _answered(mail):
        if message := session.get(Message, message_id):
            return Whose("thread", message, message.person_id)
    person_id = _by_sender(session, mail)
    return Whose("sender", None, person_id) if person_id else None


def comes_from_the_address(mail: Mail, address_index: bytes | None) -> bool:
    """True where the author's address is the one this index stands for."""
    author = sender(mail)
    return author is not None and address_index is not None and email_index(author) == address_index


def _answered(mail: Mail) -> list[uuid.UUID]:
    # The nearest first: References ends with the mail that was answered (RFC 5322, 3.6.4).
    named = [header(mail, "In-Reply-To"), *reversed(re.findall(r"<[^<>\s]+>", header(mail, "References")))]
    return [found for each in named[:MOST_REFERENCES] if (found := named_by(each))]


def _by_sender(session: Session, mail: Mail) -> uuid.UUID | None:
    author = sender(mail)
    if author is None:
        return None
    people = session.scalars(select(Person.id).where(Person.email_index == email_index(author)).limit(2)).all()
    return people[0] if len(people) == 1 else None
