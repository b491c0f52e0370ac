"""Somebody has died, or never wants to hear from us again: a stop that no link and no form lifts."""

import uuid
from typing import Literal

from sqlalchemy import select
from sqlalchemy.orm import Session

from leads.audit.trail import record
from leads.clock import now
from leads.consent.ledger import Spoken, choose
from leads.consent.models import FOR_GOOD, Suppression
from leads.db import lock
from leads.errors import Invalid, NotFound

Why = Literal["deceased", "never-contact"]
WHYS: tuple[Why, ...] = ("deceased", "never-contact")


def stop_for_good(session: Session, person_id: uuid.UUID, address_index: bytes | None, why: Why, *, actor: str) -> None:
    """Stop all mail to a person, and to their address whoever writes there next; again changes nothing."""
    lock(session, "person", person_id)
    if never_again(session, person_id) is not None:
        return
    # Rows of their own: an earlier wish of the person's, which their link may lift, must not stand in their place.
    for index in {None, address_index}:
        stop = Suppression(person_id=person_id, address_index=index, reason=why, actor=actor, at=now())
        session.add(stop)
        record(session, "suppression.added", stop, actor=actor, reason=why, person=str(person_id))
    choose(session, person_id, "stop", "all", Spoken(source=actor.partition(":")[0], method=why), actor=actor)
    session.flush()


def never_again(session: Session, person_id: uuid.UUID) -> Suppression | None:
    """Return the stop for good of a person, if there is one."""
    mine = (Suppression.person_id == person_id, Suppression.reason.in_(FOR_GOOD), Suppression.lifted_at.is_(None))
    return session.scalar(select(Suppression).where(*mine).order_by(Suppression.at).limit(1))


def take_back(session: Session, person_id: uuid.UUID, *, actor: str, evidence: str) -> int:
    """Lift a stop for good that was a mistake; raises Invalid without words, NotFound where there is none."""
    if not evidence.strip():
        raise Invalid("Say how you know that it was a mistake.")
    mine = (Suppression.person_id == person_id, Suppression.reason.in_(FOR_GOOD), Suppression.lifted_at.is_(None))
    stops = session.scalars(select(Suppression).where(*mine).with_for_update()).all()
    if not stops:
        raise NotFound("Nothing is stopped for good here.")
    how = Spoken(source=actor.partition(":")[0], method="mistaken", evidence=evidence.strip())
    choose(session, person_id, "allow", "all", how, actor=actor)
    for stop in stops:
        stop.lifted_at, stop.lifted_by = now(), actor
        record(session, "suppression.lifted", stop, actor=actor, reason=stop.reason, person=str(person_id))
    return len(stops)
