"""What became of those whom each clinician sent: how many, how far, and after how many days."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Row, ScalarSelect, Select, case, func, select
from sqlalchemy.orm import Session

from leads.loop.models import Referral, ReferralEvent
from leads.providers.models import Practice, Provider
from leads.reports.period import Period
from leads.reports.suppress import SMALLEST, Count, suppressed

STEPS = ("accepted", "booked", "attended")
MOST_ROWS = 200


@dataclass(frozen=True)
class Card:
    """One clinician at one practice: referrals sent, accepted, booked and attended, and the middle of the days to each."""

    name: str
    practice: str
    sent: Count
    came: Sequence[Count]
    days: Sequence[float | None]


@dataclass(frozen=True)
class Cards:
    """Those who sent the most first; the totals are of all, `unverified` of those whom nobody has verified."""

    cards: Sequence[Card]
    totals: Sequence[Count]
    unverified: Sequence[Count]
    left_out: int


def scorecards(session: Session, period: Period) -> Cards:
    """Return a card for each verified clinician who referred in a period, with what has become of those referrals until now."""
    found = session.execute(_counted(period)).all()
    counts = {each.provider_id: [each.sent, *(getattr(each, step) for step in STEPS)] for each in found}
    shown, totals = suppressed(counts)
    named = [each for each in found if each.provider_id is not None]
    names = _names(session, [each.provider_id for each in named[:MOST_ROWS]])
    cards = [_card(each, shown[each.provider_id], *names[each.provider_id]) for each in named[:MOST_ROWS]]
    nobody: list[Count] = [0] * (len(STEPS) + 1)
    return Cards(cards, totals or nobody, shown.get(None, nobody), max(0, len(named) - MOST_ROWS))


def _card(found: Row[Any], shown: Sequence[Count], name: str, practice: str) -> Card:
    days = [getattr(found, f"{step}_days") if getattr(found, step) >= SMALLEST else None for step in STEPS]
    told = [None if count is None or day is None else round(float(day), 1) for day, count in zip(days, shown[1:], strict=True)]
    return Card(name, practice, shown[0], shown[1:], told)


def _names(session: Session, ids: Sequence[uuid.UUID]) -> dict[uuid.UUID, tuple[str, str]]:
    theirs = select(Provider, Practice.name).join(Practice, Practice.id == Provider.practice_id).where(Provider.id.in_(ids))
    return {provider.id: (provider.full_name, practice) for provider, practice in session.execute(theirs)}


def _counted(period: Period) -> Select[*tuple[Any, ...]]:
    # What somebody typed under a clinician's name is not theirs: only what came by a key or a call counts as sent by them.
    whose = case((Referral.practice_id.is_not(None) & Provider.practice_id.is_not(None), Referral.provider_id)).label("provider_id")
    sent = (
        select(whose, Referral.received_at, *(_first(step).label(step) for step in STEPS))
        .join(Provider, Provider.id == Referral.provider_id)
        .where(Referral.received_at >= period.since, Referral.received_at < period.until)
        .subquery()
    )
    columns = sent.c
    counts = [func.count(columns[step]).label(step) for step in STEPS]
    days = [_middle(columns[step], columns.received_at).label(f"{step}_days") for step in STEPS]
    many = func.count().label("sent")
    return select(columns.provider_id, many, *counts, *days).group_by(columns.provider_id).order_by(many.desc(), columns.provider_id)


def _middle(step: ColumnElement[Any], since: ColumnElement[Any]) -> ColumnElement[Any]:
    return func.percentile_cont(0.5).within_group(func.extract("epoch", step - since) / 86400)


def _first(state: str) -> ScalarSelect[Any]:
    return (
        select(func.min(ReferralEvent.at)).where(ReferralEvent.referral_id == Referral.id, ReferralEvent.state == state).scalar_subquery()
    )
