"""From somebody's inquiry to the first time we spoke with them, against what we promised."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import pairwise
from typing import Any, NamedTuple

from sqlalchemy import Select, and_, case, func, select
from sqlalchemy.orm import Session

from leads.clock import now
from leads.pipeline.models import Lead
from leads.reports.period import Period
from leads.reports.suppress import SMALLEST, Count, hidden_parts, suppressed

# Upper ends, without which a group has no end; by the clock of the world, for that is how long somebody waits.
GROUPS = (timedelta(hours=1), timedelta(hours=4), timedelta(hours=24), timedelta(hours=48), timedelta(hours=72), timedelta(days=7))
ALL = "all"


class Wait(NamedTuple):
    """How long the leads of one office waited; None where there were too few to say. `median` and `nine_in_ten` are hours."""

    leads: Count
    median: float | None
    nine_in_ten: float | None
    kept: int | None


@dataclass(frozen=True)
class Waits:
    """How many were spoken with within each stretch, then those nobody spoke with in time, and those whose time still runs.

    `by_office` holds each office's own, `all` among them; `kept` is the percentage of promises kept of those that have been decided.
    """

    reached: Sequence[Count]
    missed: Count
    waiting: Count
    by_office: Mapping[str, Wait]


def response_times(session: Session, period: Period) -> Waits:
    """Return how long those who wrote or were referred in a period waited for us; a list that was brought in made no promise."""
    spread = session.execute(_spread(period)).one()
    *reached, missed, waiting = hidden_parts(list(spread))
    offices = {office: list(values) for office, *values in session.execute(_by_office(period))}
    # How many there are, and how many promises were kept and broken: what one office may not say, the total must not give away.
    counted = {office: [values[0], *values[4:]] for office, values in offices.items() if office != ALL}
    shown, totals = suppressed(counted)
    known = shown | {ALL: totals or [0, 0, 0]}
    return Waits(reached, missed, waiting, {office: _wait(known[office], values[1:4]) for office, values in offices.items()})


def _wait(counts: Sequence[Count], times: Sequence[Any]) -> Wait:
    (leads, kept, broken), (median, nine_in_ten, spoken) = counts, times
    # The middle of few is one of them, and "97 % of 33" says that one promise was broken.
    tells = leads is not None and spoken >= SMALLEST
    share = None if leads is None or kept is None or broken is None or not kept + broken else round(100 * kept / (kept + broken))
    return Wait(leads, _hours(median) if tells else None, _hours(nine_in_ten) if tells else None, share)


def _hours(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds / 3600, 1)


def _promised(period: Period) -> tuple[Any, ...]:
    return (Lead.opened_at >= period.since, Lead.opened_at < period.until, Lead.source != "import")


def _spread(period: Period) -> Select[*tuple[Any, ...]]:
    waited, reached = Lead.reached_at - Lead.opened_at, Lead.reached_at.is_not(None)
    ends = [timedelta(0), *GROUPS]
    within = [func.count().filter(reached, waited >= since, waited < until) for since, until in pairwise(ends)]
    late = and_(Lead.reached_at.is_(None), Lead.expected_by < now())
    rest = [func.count().filter(reached, waited >= ends[-1]), func.count().filter(late)]
    open_still = func.count().filter(Lead.reached_at.is_(None), Lead.expected_by >= now())
    return select(*within, *rest, open_still).where(*_promised(period))


def _by_office(period: Period) -> Select[*tuple[Any, ...]]:
    seconds = func.extract("epoch", Lead.reached_at - Lead.opened_at)
    kept = Lead.reached_at <= Lead.expected_by
    broken = func.coalesce(Lead.reached_at, now()) > Lead.expected_by
    office = case((func.grouping(Lead.office) == 1, ALL), else_=Lead.office)
    return (
        select(
            office,
            func.count(),
            func.percentile_cont(0.5).within_group(seconds),
            func.percentile_cont(0.9).within_group(seconds),
            func.count(Lead.reached_at),
            func.count().filter(kept),
            func.count().filter(broken),
        )
        .where(*_promised(period))
        .group_by(func.rollup(Lead.office))
    )
