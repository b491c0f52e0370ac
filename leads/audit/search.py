"""Reading the record: by whom or what it is about, by time and act, page by page from the newest."""

import csv
import io
import uuid
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from leads.audit.models import AuditEntry
from leads.spreadsheet import harmless

COLUMNS = ("at_utc", "who", "act", "about", "id", "detail")


@dataclass(frozen=True)
class Asked:
    """What of the record is wanted; what is left out is not asked for. `until` is the first moment not wanted any more."""

    subjects: Collection[uuid.UUID] | None = None
    actor: str | None = None
    actions: Collection[str] = ()
    since: datetime | None = None
    until: datetime | None = None


def search(session: Session, asked: Asked, *, before: uuid.UUID | None = None, limit: int) -> Sequence[AuditEntry]:
    """Return the newest entries that answer, older than the entry `before`."""
    wanted = _those(asked)
    if before is not None:
        # Ids are UUIDv7: they sort as the entries were written, so that a page begins where the last one ended, at any depth.
        wanted = wanted.where(AuditEntry.id < before)
    return session.scalars(wanted.order_by(AuditEntry.id.desc()).limit(limit)).all()


def as_csv(entries: Iterable[AuditEntry], names: Mapping[str, str]) -> str:
    """Return entries as CSV (RFC 4180) that no spreadsheet takes for a formula."""
    file = io.StringIO()
    rows = csv.writer(file, lineterminator="\r\n")
    rows.writerow(COLUMNS)
    for entry in entries:
        detail = "; ".join(f"{name}: {value}" for name, value in sorted(entry.detail.items()))
        at = entry.at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        cells = (at, names.get(entry.actor, entry.actor), entry.action, entry.subject_kind, str(entry.subject_id or ""), detail)
        rows.writerow([harmless(cell) for cell in cells])
    return file.getvalue()


def _those(asked: Asked) -> Select[AuditEntry]:
    wanted = select(AuditEntry)
    if asked.subjects is not None:
        wanted = wanted.where(AuditEntry.subject_id.in_(asked.subjects))
    if asked.actor:
        wanted = wanted.where(AuditEntry.actor == asked.actor)
    if asked.actions:
        wanted = wanted.where(AuditEntry.action.in_(asked.actions))
    if asked.since:
        wanted = wanted.where(AuditEntry.at >= asked.since)
    if asked.until:
        wanted = wanted.where(AuditEntry.at < asked.until)
    return wanted
