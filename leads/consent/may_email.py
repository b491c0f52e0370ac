"""The one question asked at the moment of acting: may this mail go to this person, at this address, now?"""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from sqlalchemy import DateTime, LargeBinary, Select, String, Uuid, and_, bindparam, case, exists, func, or_, select
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
    asked = {"person_id": person_id, "address_index": address_index, "topic": kind.topic, "at": now()}
    held, stopped, paused, confirmed, grants = session.execute(STANDING, asked).one()
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


def _standing() -> Select[bool, str | None, bool, bool, Sequence[str] | None]:
    whose, address = bindparam("person_id", type_=Uuid()), bindparam("address_index", type_=LargeBinary())
    in_force = Suppression.lifted_at.is_(None)
    of_address = and_(Suppression.address_index == address, or_(Suppression.person_id.is_(None), Suppression.person_id == whose))
    of_person = and_(Suppression.person_id == whose, Suppression.address_index.is_(None))
    of_topic = or_(Suppression.topic.is_(None), Suppression.topic == bindparam("topic", type_=String()))
    widest = func.min(case((of_address, "address"), (Suppression.topic.is_(None), "all"), else_="topic"))
    rests = and_(Pause.ended_at.is_(None), Pause.until > bindparam("at", type_=DateTime(timezone=True)))
    return select(
        exists().where(Hold.person_id == whose, Hold.released_at.is_(None)),
        select(widest).where(in_force, or_(of_address, and_(of_person, of_topic))).scalar_subquery(),
        exists().where(Pause.person_id == whose, rests),
        exists().where(Confirmation.person_id == whose, Confirmation.address_index == address),
        grants_of(whose).scalar_subquery(),
    )


# Put together once: it is asked twice a mail, and building it costs as much as asking it.
STANDING = _standing()
