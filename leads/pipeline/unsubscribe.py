"""A person stops a kind of mail, by a link or in their preferences, and may take it back."""

import uuid
from dataclasses import replace

from sqlalchemy.orm import Session

from leads.consent.ledger import Spoken, grant, granted, lift, newest_grant, suppress, suppressed_topics, withdraw
from leads.db import lock
from leads.errors import NotFound
from leads.pipeline.facts import person_changed
from leads.security.tokens import Token, read
from leads.sequences.stop import resume, stop_for

# What stopping a topic ends at once; mails of other topics meet the suppression when their time comes.
ENDS = {"education": "withdrawal:education", "inquiry": "withdrawal:inquiry", None: "asked-to-stop"}
# The topic that rests on a consent of its own: whoever stops it takes that back.
AGREED = "education"


def unsubscribe(session: Session, link: str, *, method: str = "button") -> Token:
    """Stop the topic a mail's link was made for; again changes nothing. Raises NotFound for an unknown link.

    `method` is `one-click` where a mail program pressed for its reader (RFC 8058).
    """
    token, person_id = _holder(session, link)
    stop_topic(session, person_id, token.topic, how=_by_link(token, method))
    return token


def resubscribe(session: Session, link: str) -> Token:
    """Take back what `unsubscribe` did with this link."""
    token, person_id = _holder(session, link)
    allow_topic(session, person_id, token.topic, how=_by_link(token, "undo"))
    return token


def has_stopped(session: Session, token: Token) -> bool:
    """True while the person has stopped the topic of a mail's link, by it or otherwise."""
    return token.person_id is not None and token.topic in suppressed_topics(session, token.person_id)


def stop_topic(session: Session, person_id: uuid.UUID, topic: str | None, *, how: Spoken | None = None) -> None:
    """Stop a topic (all of them for None) and end what lives on it, in one transaction; `how` is the proof that the person chose it."""
    actor, how = f"person:{person_id}", how or Spoken(source="person", method="unsubscribed")
    # The stop comes first: a mail that is being claimed at this moment meets it at its last guard.
    suppress(session, person_id=person_id, topic=topic, reason="unsubscribed", actor=actor, how=how)
    if topic == AGREED and topic in granted(session, person_id):
        withdraw(session, person_id, topic, how, actor=actor)
        session.flush()
    if event := ENDS.get(topic):
        stop_for(session, event, person_id=person_id, actor=actor)
    if topic == AGREED:
        person_changed(session, person_id, actor=actor)


def allow_topic(
    session: Session, person_id: uuid.UUID, topic: str | None, *, how: Spoken | None = None, agreed: bool = False, actor: str | None = None
) -> None:
    """Lift a person's own stop; what it ended goes on from here, and what was missed is not made up for.

    `agreed` says that the words of the consent, where the topic has one, stood beside what they pressed, or that they said so: then it
    is granted anew. `actor` is whoever wrote it down, if not they themselves.
    """
    actor, how = actor or f"person:{person_id}", how or Spoken(source="person", method="lifted")
    lock(session, "person", person_id)
    lifted = lift(session, person_id=person_id, topic=topic, actor=actor, how=how) > 0
    anew = topic == AGREED and _agree(session, person_id, how, actor=actor, taken_back=lifted, agreed=agreed)
    session.flush()
    if (lifted or anew) and (event := ENDS.get(topic)):
        resume(session, person_id, after=event, actor=actor)
    if anew:
        person_changed(session, person_id, actor=actor)


def _agree(session: Session, person_id: uuid.UUID, how: Spoken, *, actor: str, taken_back: bool, agreed: bool) -> bool:
    if AGREED in granted(session, person_id):
        return False
    before = newest_grant(session, person_id, AGREED)
    if agreed:
        grant(session, person_id, AGREED, how, actor=actor)
    elif taken_back and before is not None:
        # A stop that is taken back leaves what stood before it: the same words, not those of today.
        grant(session, person_id, AGREED, replace(how, wording=before.wording), actor=actor)
    else:
        return False
    return True


def _by_link(token: Token, method: str) -> Spoken:
    mail = f" of message {token.message_id}" if token.message_id else ""
    return Spoken(source="unsubscribe", method=method, evidence=f"Link {token.id}{mail}")


def _holder(session: Session, link: str) -> tuple[Token, uuid.UUID]:
    token = read(session, "unsubscribe", link)
    if token.person_id is None:
        raise NotFound("This link is not valid any more. Please call the office.", code="link_expired")
    return token, token.person_id
