"""Writing down what happened, in the transaction in which it happens."""

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy.orm import Session

from leads.audit.models import AuditEntry
from leads.clock import now

SYSTEM = "system"
FOLLOWED = "trail.followed"


def record(session: Session, action: str, subject: Any, /, *, actor: str = SYSTEM, **detail: Any) -> AuditEntry:
    """Add an entry about a row; `actor` is `system`, `account:ID`, `key:ID` or `person:ID`; detail takes codes and ids only."""
    return record_about(session, action, subject.__tablename__, subject.id, actor=actor, **detail)


def record_about(
    session: Session, action: str, kind: str, subject_id: uuid.UUID | None, /, *, actor: str = SYSTEM, **detail: Any
) -> AuditEntry:
    """Add an entry about something that is no row at hand."""
    # No lock, no chain here: a writer that waited for the entry before it would make every clinic-wide write queue.
    entry = AuditEntry(at=now(), actor=actor, action=action, subject_kind=kind, subject_id=subject_id, detail=detail)
    session.add(entry)
    if FOLLOWED in session.info:
        session.info[FOLLOWED].append(entry)
    return entry


@contextmanager
def followed(session: Session) -> Iterator[list[AuditEntry]]:
    """Yield a list that gets every entry recorded in this session inside the block, and none that others record meanwhile."""
    entries = session.info[FOLLOWED] = []
    try:
        yield entries
    finally:
        del session.info[FOLLOWED]
