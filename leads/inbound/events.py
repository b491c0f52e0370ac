"""Keeping each event a carrier, a mail server or a reader tells of, once, and applying it when its message is ready for it."""

import hashlib
import uuid
from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from leads.clock import now
from leads.db import new_id
from leads.inbound.models import KeptEvent, Notice
from leads.inbound.settle import settle
from leads.messages.carriers.events import MailEvent
from leads.security.fields import seal

WAITING = "waiting"
NOT_OURS = "no-such-message"
LOOK_AGAIN_AFTER = timedelta(seconds=15)
# Longer than any commit of ours takes, and than the days for which providers repeat themselves.
GIVE_UP_AFTER = timedelta(days=3)
AT_ONCE = 500
LONGEST_ID = 200
RAW_IS_KEPT = timedelta(days=90)


def keep(session: Session, carrier: str, events: Sequence[MailEvent], raw: bytes, *, trouble: str | None = None) -> int:
    """Keep a verified notification as it came, and its events to be applied; returns how many are news.

    `trouble` says why nothing could be read from it. What was told before leaves no second trace.
    """
    # Latin-1 takes every byte and gives it back.
    notice = Notice(carrier=carrier, raw=raw.decode("latin-1"), received_at=now(), trouble=trouble)
    session.add(notice)
    session.flush()
    news = _put_down(session, events, notice.id)
    if events and not news:
        session.delete(notice)
    return news


def apply(session: Session, event: MailEvent) -> str:
    """Apply one event and return what was made of it, `waiting` while its message is on its way; told again it changes nothing.

    Whoever calls this vouches for the event: that the carrier signed it, or that the return path it came to was ours.
    """
    _put_down(session, (event,), None)
    same = (KeptEvent.carrier == event.carrier, KeptEvent.provider_id == _mark(event.provider_id))
    return _apply(session, session.scalars(select(KeptEvent).where(*same).with_for_update()).one())


def apply_kept(session: Session, row_id: uuid.UUID) -> str | None:
    """Apply a kept event; None where another worker has it in hand or has done it."""
    open_row = select(KeptEvent).where(KeptEvent.id == row_id, KeptEvent.applied_at.is_(None))
    row = session.scalar(open_row.with_for_update(skip_locked=True))
    return _apply(session, row) if row else None


def put_off(session: Session, row_id: uuid.UUID) -> None:
    """Look at an event that could not be applied again later, and in the end no more."""
    row = session.get(KeptEvent, row_id, with_for_update=True)
    if row is not None and row.applied_at is None:
        _look_later(row, "failed")


def ready(session: Session) -> list[uuid.UUID]:
    """Return the kept events whose turn it is, in the order in which they happened."""
    waiting = select(KeptEvent.id).where(KeptEvent.applied_at.is_(None), KeptEvent.look_at <= now())
    return list(session.scalars(waiting.order_by(KeptEvent.look_at, KeptEvent.at).limit(AT_ONCE)))


def forget_raw(session: Session) -> None:
    """Forget what carriers sent, word for word, once nobody will look into it again; what was made of it stays."""
    raw = Notice.__table__.c.raw
    session.execute(update(Notice).where(Notice.received_at < now() - RAW_IS_KEPT, raw.is_not(None)).values(raw_cell=None))


def _put_down(session: Session, events: Sequence[MailEvent], notice_id: uuid.UUID | None) -> int:
    if not events:
        return 0
    rows = [_row_of(event, notice_id) for event in events]
    once = insert(KeptEvent).values(rows).on_conflict_do_nothing(index_elements=["carrier", "provider_id"])
    return len(session.scalars(once.returning(KeptEvent.id)).all())


def _row_of(event: MailEvent, notice_id: uuid.UUID | None) -> dict[str, object]:
    row_id = new_id()
    cells = {name: _storable(getattr(event, name) or "") for name in ("address", "detail")}
    sealed = {
        f"{name}_cell": seal(value, table="mail_events", column=name, row_id=row_id) if value else None for name, value in cells.items()
    }
    plain = {"carrier": event.carrier, "provider_id": _mark(event.provider_id), "kind": event.kind, "at": event.at}
    told = {"message_id": event.message_id, "status": event.status, "notice_id": notice_id}
    return {"id": row_id, **plain, **told, **sealed, "received_at": now(), "look_at": now()}


def _mark(provider_id: str) -> str:
    mark = _storable(provider_id)
    return mark if len(mark) <= LONGEST_ID else f"{mark[:100]}:{hashlib.sha256(mark.encode()).hexdigest()}"


def _storable(words: object) -> str:
    # PostgreSQL takes no NUL and UTF-8 no half of a surrogate pair, and JSON can spell both.
    return str(words).replace("\0", "").encode("utf-8", "replace").decode()


def _apply(session: Session, row: KeptEvent) -> str:
    if row.applied_at is not None:
        return row.outcome or ""
    made = settle(session, _event_of(row))
    if made is None:
        return _look_later(row, NOT_OURS)
    row.applied_at, row.outcome = now(), made
    return made


def _look_later(row: KeptEvent, in_the_end: str) -> str:
    # Each look is twice as far from the arrival as the last: a message of another system, on the same account, must not keep us busy.
    age = now() - row.received_at
    if age > GIVE_UP_AFTER:
        row.applied_at, row.outcome = now(), in_the_end
        return in_the_end
    row.look_at = now() + max(age, LOOK_AGAIN_AFTER)
    return WAITING


def _event_of(row: KeptEvent) -> MailEvent:
    return MailEvent(
        kind=row.kind,  # type: ignore[arg-type]
        at=row.at,
        message_id=row.message_id,
        address=row.address,
        status=row.status,
        provider_id=row.provider_id,
        carrier=row.carrier,
        detail=row.detail,
    )
