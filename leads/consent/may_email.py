"""The one question asked at the moment of acting: may this mail go to this person, at this address, now?"""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from sqlalchemy import Select, and_, case, exists, func, or_, select
from sqlalchemy.orm import Session

from leads.clock import now
from leads.consent.ledger import grants_of
from leads.consent.models import Confirmation, Hold, Pause, Suppression

Reason = Literal[
    "no-address", "held", "suppressed-address", "suppressed-all", "suppressed-topic", "paused", "unconfirmed",
    "no-contact-grant", "no-education-grant", "no-unencrypted-grant",
]  # fmt: skip


@dataclass(frozen=True)
class Kind:
    """What kind of mail it is, as far as consent cares; `answers` is true for the one acknowledgement of a form."""

    topic: str
    lane: str
    level: int
    answers: bool = False


def may_email(session: Session, person_id: uuid.UUID, address_index: bytes | None, kind: Kind) -> Reason | None:
    """Return None when the mail may go, else the first reason why not, the gravest first."""
    if address_index is None:
        return "no-address"
    held, stopped, paused, confirmed, grants = session.execute(_standing(person_id, address_index, kind)).one()
    if held:
        return "held"
    if stopped is not None:
        return f"suppressed-{stopped}"  # type: ignore[return-value]
    if kind.answers:
        return None
    if not confirmed:
        return "unconfirmed"
    # A pause is a rest from sequences; what answers the person's own act still goes.
    if paused and kind.lane != "transactional":
        return "paused"
    return _missing_grant(set(grants or ()), kind)


def _missing_grant(grants: set[str], kind: Kind) -> Reason | None:
    if "contact" not in grants:
        return "no-contact-grant"
    if kind.topic == "education" and "education" not in grants:
        return "no-education-grant"
    if kind.level >= 2 and "unencrypted_email" not in grants:
        return "no-unencrypted-grant"
    return None


def _standing(person_id: uuid.UUID, address_index: bytes, kind: Kind) -> Select[bool, str | None, bool, bool, Sequence[str] | None]:
    in_force = Suppression.lifted_at.is_(None)
    of_address = and_(Suppression.address_index == address_index, or_(Suppression.person_id.is_(None), Suppression.person_id == person_id))
    of_person = and_(Suppression.person_id == person_id, Suppression.address_index.is_(None))
    widest = func.min(
        case((of_address, "address"), (Suppression.topic.is_(None), "all"), else_="topic"),
    )
    stopped = select(widest).where(
        in_force, or_(of_address, and_(of_person, or_(Suppression.topic.is_(None), Suppression.topic == kind.topic)))
    )
    return select(
        exists().where(Hold.person_id == person_id, Hold.released_at.is_(None)),
        stopped.scalar_subquery(),
        exists().where(Pause.person_id == person_id, Pause.ended_at.is_(None), Pause.until > now()),
        exists().where(Confirmation.person_id == person_id, Confirmation.address_index == address_index),
        grants_of(person_id).scalar_subquery(),
    )
