"""The mails somebody must settle, as the sending page lists them: a page at a time, and counted whole."""

import uuid
from collections.abc import Collection, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, NamedTuple
from urllib.parse import urlencode

from fastapi import Depends
from sqlalchemy import ColumnElement, and_, func, literal_column, select, tuple_
from sqlalchemy.orm import Session

from leads.messages.decide import RESTORED
from leads.messages.models import Message
from leads.pipeline.models import Lead, number
from leads.sequences.models import Enrolment

A_PAGE = 25
# What a colleague has put among the failed needs no second look. In so many words, so that the planner sees which index is meant.
FAILED = and_(Message.state == literal_column("'failed'"), Message.reason.is_distinct_from(literal_column("'decided'")))
UNKNOWN = and_(Message.state == "unknown", Message.reason.is_distinct_from(RESTORED))
STOPPED = "Its sequence has been stopped since"
FROM_BEFORE = and_(Message.state == "unknown", Message.reason == RESTORED)


class Place:
    """How far down each list the page begins, as its address says; what cannot be read is the beginning."""

    def __init__(self, failed: str = "", unknown: str = "", restored: str = "") -> None:
        self.failed, self.unknown, self.restored = _last(failed), _id(unknown), _id(restored)
        given = {"failed": failed if self.failed else "", "unknown": unknown if self.unknown else ""}
        self.given = {name: text for name, text in (given | {"restored": restored if self.restored else ""}).items() if text}

    @property
    def query(self) -> str:
        """The place as it stands in an address; empty at the beginning."""
        return f"?{urlencode(self.given)}" if self.given else ""

    def beyond(self, **last: str) -> str:
        """Return the same place with one list further on, or at its beginning."""
        return f"?{urlencode({name: text for name, text in (self.given | last).items() if text})}"


Where = Annotated[Place, Depends()]


class Unsettled(NamedTuple):
    """What a list shows of a mail: of each record only that."""

    id: uuid.UUID
    template: str
    reason: str | None
    due_at: datetime
    state_at: datetime
    fence: int
    serial: int | None

    @property
    def lead(self) -> str | None:
        """The number of the lead it is about."""
        return number(self.serial) if self.serial else None


@dataclass(frozen=True)
class Listed:
    """One list: a page of it, how many there are in all, and where the rest begins."""

    rows: Sequence[Unsettled]
    count: int
    more: str | None
    is_later: bool


def failed(session: Session, place: Place) -> Listed:
    """Return what failed, the newest first."""
    wanted = _of_leads(FAILED).order_by(Message.state_at.desc(), Message.id.desc())
    if place.failed:
        wanted = wanted.where(tuple_(Message.state_at, Message.id) < tuple_(*place.failed))
    shown, is_more = _a_page(session, wanted)
    more = place.beyond(failed=f"{shown[-1].state_at.isoformat()}_{shown[-1].id}") if is_more else None
    return Listed(shown, _count(session, FAILED), more, place.failed is not None)


def unknown(session: Session, place: Place) -> Listed:
    """Return the deliveries of which nobody knows, the longest known first."""
    return _in_doubt(session, UNKNOWN, place, "unknown", place.unknown)


def restored(session: Session, place: Place) -> Listed:
    """Return what a restore left in doubt, the longest known first."""
    return _in_doubt(session, FROM_BEFORE, place, "restored", place.restored)


def not_again(session: Session, message_ids: Collection[uuid.UUID]) -> frozenset[uuid.UUID]:
    """Return which of these mails go no more, because their sequence was stopped."""
    if not message_ids:
        return frozenset()
    # What ended the sequence cancelled what was planned, but could not cancel what may have gone: this one would come after the stop.
    of_stopped = select(Message.id).join(Enrolment, Message.enrolment_id == Enrolment.id).where(Enrolment.ended_at.is_not(None))
    return frozenset(session.scalars(of_stopped.where(Message.id.in_(message_ids))))


def _in_doubt(session: Session, which: ColumnElement[bool], place: Place, name: str, last: uuid.UUID | None) -> Listed:
    wanted = _of_leads(which).order_by(Message.id)
    shown, is_more = _a_page(session, wanted.where(Message.id > last) if last else wanted)
    more = place.beyond(**{name: str(shown[-1].id)}) if is_more else None
    return Listed(shown, _count(session, which), more, last is not None)


def _of_leads(which: ColumnElement[bool]) -> Any:
    shown = (Message.id, Message.template, Message.reason, Message.due_at, Message.state_at, Message.fence)
    return select(*shown, Lead.serial).outerjoin(Lead, Message.lead_id == Lead.id).where(which)


def _a_page(session: Session, wanted: Any) -> tuple[Sequence[Unsettled], bool]:
    found = [Unsettled(*each) for each in session.execute(wanted.limit(A_PAGE + 1))]
    return found[:A_PAGE], len(found) > A_PAGE


def _count(session: Session, which: ColumnElement[bool]) -> int:
    return session.scalar(select(func.count()).select_from(Message).where(which)) or 0


def _last(text: str) -> tuple[datetime, uuid.UUID] | None:
    moment, _, last = text.partition("_")
    with suppress(ValueError):
        at, message_id = datetime.fromisoformat(moment), uuid.UUID(last)
        return (at, message_id) if at.tzinfo else None
    return None


def _id(text: str) -> uuid.UUID | None:
    with suppress(ValueError):
        return uuid.UUID(text)
    return None
