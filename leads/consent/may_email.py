"""The one question asked at the moment of acting: may this mail go to this person, at this address, now?"""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any, Literal, NamedTuple

from sqlalchemy import ColumnElement, DateTime, LargeBinary, String, Uuid, and_, bindparam, case, exists, func, or_, select, tuple_
from sqlalchemy.dialects.postgresql import aggregate_order_by
from sqlalchemy.orm import Session, aliased

from leads.clock import now
from leads.consent.models import Confirmation, ConsentEntry, Hold, Pause, Suppression
from leads.round_trips import Statement, together

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


class Standing(NamedTuple):
    """How a person stands towards our mail at one moment: all that can silence us, read in one question."""

    held: bool
    stopped: str | None
    paused_until: datetime | None
    confirmed: bool
    grants: Sequence[str] | None


class Standings:
    """How one person stands towards our mail: of each topic read when it is first asked about, and once."""

    def __init__(self, session: Session, person_id: uuid.UUID, address_index: bytes | None) -> None:
        self.session, self.person_id, self.address_index = session, person_id, address_index
        self._known = dict[str, Standing]()

    def may_email(self, kind: Kind) -> Reason | None:
        """Return None when the mail may go, else the first reason why not, the gravest first."""
        return "no-address" if self.address_index is None else refusal(self.of(kind.topic), kind)

    def of(self, topic: str) -> Standing:
        """Return how the person stands towards mail of a topic."""
        if topic not in self._known:
            asked = {"person_id": self.person_id, "address_index": self.address_index, "topic": topic, "at": now()}
            ((found,),) = together(self.session, (_standing(), asked))
            self._known[topic] = Standing(*found)
        return self._known[topic]


def may_email(session: Session, person_id: uuid.UUID, address_index: bytes | None, kind: Kind) -> Reason | None:
    """Return None when the mail may go, else the first reason why not, the gravest first."""
    return Standings(session, person_id, address_index).may_email(kind)


def refusal(standing: Standing, kind: Kind) -> Reason | None:
    """Return the first reason why somebody who stands so gets no mail of this kind, the gravest first; None where there is none."""
    if standing.held:
        return "held"
    if standing.stopped is not None:
        return f"suppressed-{standing.stopped}"  # type: ignore[return-value]
    if kind.answers:
        return None
    if not standing.confirmed:
        return "unconfirmed"
    # A pause is a rest from sequences; what answers the person's own act still goes.
    if standing.paused_until and kind.lane != "transactional":
        return "paused"
    return _missing_grant(set(standing.grants or ()), kind)


def _missing_grant(grants: set[str], kind: Kind) -> Reason | None:
    if "contact" not in grants:
        return "no-contact-grant"
    if kind.topic == "education" and "education" not in grants:
        return "no-education-grant"
    if kind.level >= 2 and "unencrypted_email" not in grants:
        return "no-unencrypted-grant"
    return None


def standing_of(
    whose: ColumnElement[uuid.UUID], address: ColumnElement[Any], *, topic: ColumnElement[Any], at: ColumnElement[datetime]
) -> tuple[ColumnElement[Any], ...]:
    """Return the columns of a `Standing`, to be asked beside whatever else a query wants of the same person."""
    in_force = Suppression.lifted_at.is_(None)
    of_address = and_(Suppression.address_index == address, or_(Suppression.person_id.is_(None), Suppression.person_id == whose))
    of_person = and_(Suppression.person_id == whose, Suppression.address_index.is_(None))
    of_topic = or_(Suppression.topic.is_(None), Suppression.topic == topic)
    widest = func.min(case((of_address, "address"), (Suppression.topic.is_(None), "all"), else_="topic"))
    rest = select(func.max(Pause.until)).where(Pause.person_id == whose, Pause.ended_at.is_(None), Pause.until > at)
    return (
        exists().where(Hold.person_id == whose, Hold.released_at.is_(None)),
        select(widest).where(in_force, or_(of_address, and_(of_person, of_topic))).scalar_subquery(),
        rest.scalar_subquery(),
        exists().where(Confirmation.person_id == whose, Confirmation.address_index == address),
        _grants(whose),
    )


def _grants(whose: ColumnElement[uuid.UUID]) -> ColumnElement[Any]:
    newer = aliased(ConsentEntry)
    same = and_(newer.person_id == ConsentEntry.person_id, newer.kind == ConsentEntry.kind)
    later = tuple_(newer.at, newer.id) > tuple_(ConsentEntry.at, ConsentEntry.id)
    given = and_(ConsentEntry.person_id == whose, ConsentEntry.act == "grant", ~exists().where(same, later))
    return select(func.array_agg(aggregate_order_by(ConsentEntry.kind, ConsentEntry.kind))).where(given).scalar_subquery()


# Put together once: building it costs as much as asking it.
STANDING = select(
    *standing_of(
        bindparam("person_id", type_=Uuid()),
        bindparam("address_index", type_=LargeBinary()),
        topic=bindparam("topic", type_=String()),
        at=bindparam("at", type_=DateTime(timezone=True)),
    )
)


@lru_cache
def _standing() -> Statement:
    return Statement.of(STANDING)
