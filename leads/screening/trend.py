"""How an instrument's total has changed from screening to screening."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from operator import attrgetter
from typing import NamedTuple

from leads.screening.models import Screening


class Point(NamedTuple):
    """One complete score: when it was sent, its total and band, and whether the safety item was part of it."""

    at: datetime
    total: int
    band: str
    is_short: bool


def trend(screenings: Iterable[Screening], instrument: str) -> Sequence[Point]:
    """Return the complete scores of a person's screenings, the oldest first; what is incomplete has no total and is left out."""
    sent = (screening for screening in screenings if screening.submitted_at)
    points = []
    for screening in sorted(sent, key=attrgetter("submitted_at", "id")):
        for each in (screening.result or {}).get("scores", ()):
            if each["instrument"] == instrument and each["total"] is not None and screening.submitted_at:
                points.append(Point(screening.submitted_at, each["total"], each["band"], each["is_short"]))
    return points
