"""A practice's referrals as it may see them, page by page: for whoever asks again and again what became of them."""

import uuid
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Select
from sqlalchemy.orm import Session

from leads.clock import now
from leads.loop.disclosure import Seen, seen
from leads.loop.models import Referral
from leads.referrals.find import of_practice

CHUNK = 100


@dataclass(frozen=True)
class Shown:
    """One referral, what its sender may see of it, and when that last changed."""

    referral: Referral
    seen: Seen
    changed_at: datetime


@dataclass(frozen=True)
class Wanted:
    """What a caller asks for; None leaves a thing open. States are those that are *shown*."""

    since: datetime | None = None
    states: Collection[str] | None = None
    ids: Collection[uuid.UUID] | None = None
    provider_ids: Collection[uuid.UUID] | None = None


def page(session: Session, practice_id: uuid.UUID, wanted: Wanted, *, after: int = 0, limit: int) -> tuple[list[Shown], bool]:
    """Return at most `limit` referrals beyond the serial number `after`, in the order in which they came, and whether there are more."""
    found: list[Shown] = []
    for each in _fitting(session, practice_id, wanted, after):
        if len(found) == limit:
            return found, True
        found.append(each)
    return found, False


def show(session: Session, referral: Referral) -> Shown:
    """Return a referral as its sender may see it now."""
    told = seen(session, referral)
    # A change they may not know of must not show as one either.
    at = referral.received_at if told.level == "acknowledged" else referral.changed_at
    return Shown(referral, told, at.replace(microsecond=at.microsecond // 1000 * 1000))


def ask_next_since() -> datetime:
    """Return from when to ask the next time: what was being written while we looked bears an earlier moment."""
    return now() - timedelta(minutes=1)


def _fitting(session: Session, practice_id: uuid.UUID, wanted: Wanted, after: int) -> Iterator[Shown]:
    query = _narrowed(of_practice(practice_id), wanted).order_by(Referral.serial).limit(CHUNK)
    while chunk := session.scalars(query.where(Referral.serial > after)).all():
        yield from (each for each in (show(session, referral) for referral in chunk) if _fits(each, wanted))
        after = chunk[-1].serial


def _narrowed(query: Select[Referral], wanted: Wanted) -> Select[Referral]:
    """Leave out what cannot fit whatever may be shown of it; `_fits` decides."""
    if wanted.since is not None:
        query = query.where(Referral.changed_at >= wanted.since)
    if wanted.states is not None and "received" not in wanted.states:
        query = query.where(Referral.state.in_(wanted.states))
    if wanted.ids is not None:
        query = query.where(Referral.id.in_(wanted.ids))
    if wanted.provider_ids is not None:
        query = query.where(Referral.provider_id.in_(wanted.provider_ids))
    return query


def _fits(each: Shown, wanted: Wanted) -> bool:
    if wanted.since is not None and each.changed_at <= wanted.since:
        return False
    return wanted.states is None or each.seen.state in wanted.states
