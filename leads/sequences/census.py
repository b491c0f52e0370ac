"""How many enrolments run in each version of each sequence."""

import uuid
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import and_, case, func, select
from sqlalchemy.orm import Session

from leads.sequences.definitions import sequences
from leads.sequences.models import Enrolment, SequenceVersion
from leads.sequences.publish import current_version


class Count(NamedTuple):
    """One version: its number, whether it is what the file says now, and how many run, rest under a hold, or have ended."""

    key: str
    title: str
    number: int
    is_current: bool
    published_at: datetime
    running: int
    resting: int
    ended: int


def census(session: Session, key: str | None = None) -> list[Count]:
    """Return every version, newest first; a file that changed since is published by this. Raises NotFound for an unknown key."""
    keys = [key] if key else list(sequences())
    current = {each: current_version(session, each).id for each in keys}
    running, resting = and_(Enrolment.id.is_not(None), Enrolment.ended_at.is_(None)), Enrolment.ended_why == "hold"
    states = (func.count(case((running, 1))), func.count(case((resting, 1))), func.count(Enrolment.id))
    versions = (
        select(SequenceVersion, *states)
        .outerjoin(Enrolment, Enrolment.version_id == SequenceVersion.id)
        .where(SequenceVersion.key.in_(keys))
        .group_by(SequenceVersion.id)
        .order_by(SequenceVersion.key, SequenceVersion.number.desc())
    )
    return [
        Count(
            each.key,
            each.definition["title"],
            each.number,
            each.id in current.values(),
            each.published_at,
            runs,
            rests,
            whole - runs - rests,
        )
        for each, runs, rests, whole in session.execute(versions)
    ]


def runners(session: Session, key: str, *, limit: int) -> dict[int, list[uuid.UUID]]:
    """Return by the number of a version up to `limit` leads that run in it, the newest enrolment first."""
    found: dict[int, list[uuid.UUID]] = {}
    versions = select(SequenceVersion.id, SequenceVersion.number).where(SequenceVersion.key == key)
    for version_id, number in session.execute(versions.order_by(SequenceVersion.number.desc())).all():
        mine = select(Enrolment.lead_id).where(Enrolment.version_id == version_id, Enrolment.ended_at.is_(None))
        found[number] = list(session.scalars(mine.order_by(Enrolment.id.desc()).limit(limit)))
    return found
