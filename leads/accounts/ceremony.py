"""What a proof under way must remember on our side: one browser's, for ten minutes, taken once."""

import hashlib
from datetime import timedelta
from typing import Any

from sqlalchemy import delete
from sqlalchemy.orm import Session

from leads.accounts.factor_models import Ceremony
from leads.clock import real_now
from leads.errors import Invalid

LASTS = timedelta(minutes=10)
OVER = "This took too long, or was answered before. Please begin again."


def keep(session: Session, kind: str, browser: str, kept: dict[str, Any]) -> None:
    """Remember something for the browser with this secret; what it had under way of this kind is forgotten."""
    session.execute(delete(Ceremony).where(Ceremony.hash == _hash(kind, browser)))
    row = Ceremony(kind=kind, hash=_hash(kind, browser), expires_at=real_now() + LASTS)
    row.kept = kept
    session.add(row)
    session.flush()


def take(session: Session, kind: str, browser: str) -> dict[str, Any]:
    """Return what was kept, and forget it; raises Invalid when there is nothing, or it is too old."""
    # Deleted as it is read: an answer that comes twice, even at once, finds nothing the second time.
    row: Ceremony | None = session.scalar(delete(Ceremony).where(Ceremony.hash == _hash(kind, browser)).returning(Ceremony))
    if row is None or row.expires_at < real_now() or row.kept is None:
        raise Invalid(OVER, code="ceremony_over")
    return row.kept


def _hash(kind: str, browser: str) -> bytes:
    return hashlib.sha256(f"{kind}\n{browser}".encode()).digest()
