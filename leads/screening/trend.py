"""How an instrument's total has changed from screening to screening."""

import uuid
from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from leads.screening.models import Screening


class Point(NamedTuple):
    """One complete score: when it was sent, its total and band, and whether the safety item was part of it."""

    at: datetime
    total: int
    band: str
    is_short: bool


def trend(session: Session, person_id: uuid.UUID, instrument: str) -> Sequence[Point]:
    """Return the complete scores of a person, the oldest first; what is incomplete has no total and is left out."""
    sent = select(Screening).where(Screening.person_id == person_id, Screening.submitted_at.is_not(None))
    points = []
    for screening in session.scalars(sent.order_by(Screening.submitted_at, Screening.id)):
        for each in (screening.result or {}).get("scores", ()):
            if each["instrument"] == instrument and each["total"] is not None and screening.submitted_at:
                points.append(Point(screening.submitted_at, each["total"], each["band"], each["is_short"]))
    return points
