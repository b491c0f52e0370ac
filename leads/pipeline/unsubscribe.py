"""A person stops a kind of mail, by a link or in their preferences, and may take it back."""

import uuid

from sqlalchemy.orm import Session

from leads.consent.ledger import lift, suppress
from leads.errors import NotFound
from leads.security.tokens import Token, read
from leads.sequences.stop import resume, stop_for

# What stopping a topic ends at once; mails of other topics meet the suppression when their time comes.
ENDS = {"education": "withdrawal:education", "inquiry": "withdrawal:inquiry", None: "asked-to-stop"}


def unsubscribe(session: Session, link: str) -> Token:
    """Stop the topic a mail's link was made for; again changes nothing. Raises NotFound for an unknown link."""
    token, person_id = _holder(session, link)
    stop_topic(session, person_id, token.topic)
    return token


def resubscribe(session: Session, link: str) -> Token:
    """Take back what `unsubscribe` did with this link."""
    token, person_id = _holder(session, link)
    allow_topic(session, person_id, token.topic)
    return token


def stop_topic(session: Session, person_id: uuid.UUID, topic: str | None) -> None:
    """Stop a topic (all of them for None) and end what lives on it, in one transaction."""
    actor = f"person:{person_id}"
    # The stop comes first: a mail that is being claimed at this moment meets it at its last guard.
    suppress(session, person_id=person_id, topic=topic, reason="unsubscribed", actor=actor)
    if event := ENDS.get(topic):
        stop_for(session, event, person_id=person_id, actor=actor)


def allow_topic(session: Session, person_id: uuid.UUID, topic: str | None) -> None:
    """Lift a person's own stop; what it ended goes on from here, and what was missed is not made up for."""
    actor = f"person:{person_id}"
    if lift(session, person_id=person_id, topic=topic, actor=actor) and (event := ENDS.get(topic)):
        resume(session, person_id, after=event, actor=actor)


def _holder(session: Session, link: str) -> tuple[Token, uuid.UUID]:
    token = read(session, "unsubscribe", link)
    if token.person_id is None:
        raise NotFound("This link is not valid any more. Please call the office.", code="link_expired")
    return token, token.person_id
