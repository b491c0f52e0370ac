"""How far leads come, of those that began in a period: by where they came from, by office, by who referred them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import ColumnElement, ScalarSelect, Select, case, exists, func, select
from sqlalchemy.orm import Session, aliased

from leads.inquiries.models import Inquiry
from leads.loop.models import Referral
from leads.pipeline.models import Lead, StageChange
from leads.pipeline.stages import STAGES
from leads.providers.models import Practice
from leads.reports.period import Period
from leads.reports.suppress import Count, suppressed

By = Literal["source", "office", "referrer"]
# In the order of a journey; `closed` is no place on it.
WAY = STAGES[:-1]
UNVERIFIED = "unverified"
MOST_ROWS = 200


@dataclass(frozen=True)
class Funnel:
    """Counts of leads by group, as far as they may be shown: how many began, and how many came to each stage or beyond it."""

    rows: Mapping[str, Sequence[Count]]
    totals: Sequence[Count]
    left_out: int


def funnel(session: Session, by: By, period: Period) -> Funnel:
    """Return the funnel of a period. A lead that came to a later stage is counted at those before it; one with two referrers under each."""
    came = {group: list(counts) for group, *counts in session.execute(_counted(by, period))}
    largest = sorted(came, key=lambda group: (-came[group][0], group))
    shown, totals = suppressed({group: came[group] for group in largest})
    kept = largest[:MOST_ROWS]
    return Funnel({group: shown[group] for group in kept}, totals, len(largest) - len(kept))


def _counted(by: By, period: Period) -> Select[*tuple[Any, ...]]:
    journeys = _journeys(by, period).subquery()
    came = [func.count(journeys.c.id.distinct()).filter(journeys.c.rank >= place) for place in range(len(WAY))]
    return select(journeys.c.group, *came).group_by(journeys.c.group)


def _journeys(by: By, period: Period) -> Select[*tuple[Any, ...]]:
    rank = case(*((StageChange.to_stage == stage, place) for place, stage in enumerate(WAY)), else_=0)
    back = aliased(StageChange)
    # Who was moved by mistake never came there.
    by_mistake = exists().where(back.takes_back == StageChange.id)
    furthest = select(func.max(rank)).where(StageChange.lead_id == Lead.id, ~by_mistake).scalar_subquery()
    wanted = select(Lead.id, _group(by).label("group"), func.coalesce(furthest, 0).label("rank"))
    if by == "referrer":
        wanted = wanted.join(Referral, Referral.lead_id == Lead.id).outerjoin(Practice, Practice.id == Referral.practice_id)
    return wanted.where(Lead.opened_at >= period.since, Lead.opened_at < period.until)


def _group(by: By) -> ColumnElement[Any]:
    if by == "office":
        return Lead.office.expression
    if by == "referrer":
        # A name that was typed by whoever is not verified is a claim, and no row of a report.
        return func.coalesce(Practice.name, UNVERIFIED)
    return func.concat_ws(":", Lead.source, func.coalesce(_first(Inquiry), _first(Referral)))


def _first(arrival: type[Inquiry] | type[Referral]) -> ScalarSelect[Any]:
    kind = "inquiry" if arrival is Inquiry else "referral"
    mine = select(arrival.channel).where(arrival.lead_id == Lead.id, Lead.source == kind)
    return mine.order_by(arrival.received_at).limit(1).scalar_subquery()
