"""The mails of which a colleague says what becomes of them: those that wait, and those that were put aside."""

from collections.abc import Sequence

from sqlalchemy import Select, inspect, select, tuple_
from sqlalchemy.orm import Session, defer

from leads.inbound.assign import ASIDE, OPEN
from leads.inbound.mail_models import InboundMail
from leads.place import Place

A_PAGE = 25
Mails = Sequence[InboundMail]


def waiting(session: Session, *, after: Place | None = None) -> tuple[Mails, Place | None]:
    """Return a page of those that wait, and where the next begins, if there is one: first what sounds like danger, then the oldest."""
    found: list[InboundMail] = []
    # One after the other, each in the order of the index: to sort all that waits would read all of it.
    for urgent in (True, False) if after is None or after.urgent else (False,):
        wanted = _without_raw().where(InboundMail.state.in_(OPEN), InboundMail.urgent.is_(urgent))
        if after is not None and after.urgent == urgent:
            wanted = wanted.where(tuple_(InboundMail.received_at, InboundMail.id) > tuple_(after.at, after.id))
        in_order = wanted.order_by(InboundMail.received_at, InboundMail.id)
        found += session.scalars(in_order.limit(A_PAGE + 1 - len(found)))
    last = found[A_PAGE - 1] if len(found) > A_PAGE else None
    return found[:A_PAGE], Place(last.received_at, last.id, last.urgent) if last else None


def put_aside(session: Session, *, after: Place | None = None) -> tuple[Mails, Place | None]:
    """Return a page of those put aside whose words are still kept, the newest first, and where the next begins, if there is one."""
    kept = InboundMail.__table__.c.raw.is_not(None)
    wanted = _without_raw().where(InboundMail.state == "ignored", InboundMail.reason.startswith(ASIDE), kept)
    if after is not None:
        wanted = wanted.where(tuple_(InboundMail.handled_at, InboundMail.id) < tuple_(after.at, after.id))
    shown, last = _page(session, wanted.order_by(InboundMail.handled_at.desc(), InboundMail.id.desc()))
    return shown, Place(last.handled_at, last.id) if last and last.handled_at else None


def _without_raw() -> Select[InboundMail]:
    # Word for word, attachments too, a page of mails can be hundreds of megabytes, and the list shows none of it.
    return select(InboundMail).options(defer(inspect(InboundMail).attrs["raw_cell"].class_attribute))


def _page(session: Session, wanted: Select[InboundMail]) -> tuple[Mails, InboundMail | None]:
    found = session.scalars(wanted.limit(A_PAGE + 1)).all()
    return found[:A_PAGE], found[A_PAGE - 1] if len(found) > A_PAGE else None
