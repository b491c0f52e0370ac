"""One sealer chains committed entries within seconds, so that writers never queue on the chain."""

import hashlib
import hmac
import json
from dataclasses import dataclass
from datetime import UTC

from sqlalchemy import Select, func, select, text
from sqlalchemy.orm import Session

from leads.audit.models import AuditEntry, AuditSeal
from leads.security.keys import ring

BATCH = 2_000
START = b"\0" * 32


@dataclass(frozen=True)
class Verdict:
    """What a check of the chain found: how many links hold, the first bad entry if any, and how many wait for their seal."""

    sealed: int
    unsealed: int
    first_bad: str | None = None

    @property
    def holds(self) -> bool:
        """True when every sealed entry is as it was written."""
        return self.first_bad is None


def seal(session: Session) -> int:
    """Seal what has been committed since the last run; returns how many entries; does nothing when another sealer is at it."""
    # Two sealers would both chain on the same last seal; the second simply leaves the work to the first.
    if not session.scalar(text("SELECT pg_try_advisory_xact_lock(hashtextextended('audit:seal', 0))")):
        return 0
    last = session.execute(select(AuditSeal.position, AuditSeal.mac).order_by(AuditSeal.position.desc()).limit(1)).first()
    position, before = (last.position, last.mac) if last else (0, START)
    version = ring().current("audit")
    # Entries commit in any order; the chain's order is the order of sealing, so a late commit is simply sealed later.
    entries = session.scalars(_unsealed().order_by(AuditEntry.id).limit(BATCH)).all()
    for entry in entries:
        position, before = position + 1, _mac(entry, before, version)
        session.add(AuditSeal(position=position, entry_id=entry.id, key_version=version, mac=before))
    return len(entries)


def verify(session: Session) -> Verdict:
    """Walk the chain from its start; returns what holds and names the first entry that was changed or removed."""
    count, expected, before = 0, 1, START
    rows = session.execute(
        select(AuditSeal, AuditEntry).outerjoin(AuditEntry, AuditSeal.entry_id == AuditEntry.id).order_by(AuditSeal.position)
    )
    unsealed = session.scalar(select(func.count()).select_from(_unsealed().subquery())) or 0
    for link, entry in rows.yield_per(BATCH):
        if link.position != expected or entry is None or not hmac.compare_digest(_mac(entry, before, link.key_version), link.mac):
            return Verdict(count, unsealed, str(link.entry_id))
        count, expected, before = count + 1, expected + 1, link.mac
    return Verdict(count, unsealed)


def _unsealed() -> Select[AuditEntry]:
    return select(AuditEntry).outerjoin(AuditSeal, AuditSeal.entry_id == AuditEntry.id).where(AuditSeal.id.is_(None))


def _mac(entry: AuditEntry, before: bytes, version: int) -> bytes:
    # A fixed order and sorted keys: JSONB gives keys back in another order than they were written in.
    words = [
        str(entry.id),
        entry.at.astimezone(UTC).isoformat(),
        entry.actor,
        entry.action,
        entry.subject_kind,
        str(entry.subject_id),
        entry.detail,
    ]
    key = ring().derive("audit", version, "chain")
    return hmac.new(key, before + json.dumps(words, sort_keys=True).encode(), hashlib.sha256).digest()
