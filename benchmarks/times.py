"""Planning and business time: what runs at every inquiry and on every list."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from benchmarks.measure import Row, at_least, at_most, seconds
from benchmarks.stage import Stage
from leads.clinic.profile import clinic
from leads.clock import business_minutes
from leads.sequences.conditions import facts_from
from leads.sequences.definitions import Sequence
from leads.sequences.plan import PlanFacts, plan

START = datetime(2026, 10, 28, 15, 0, tzinfo=UTC)


def rows(stage: Stage) -> Iterator[Row]:
    """Yield the cost of a plan, and of a year's business minutes against stepping through them."""
    rounds = 3 if stage.quick else 7
    yield at_most("plan of nine steps across two holidays and a clock change", "ms", [_plan() for _ in range(rounds)], must=1, aim=0.2)
    pairs = [_business_minutes() for _ in range(rounds)]
    against = "stepping a minute at a time"
    yield at_least("business minutes of a year", "times a second", pairs, against=against, must=1_000, aim=10_000)


def _plan() -> float:
    days = (0, 2, 5, 9, 14, 20, 28, 30, 58)
    steps = [
        {"key": f"s{day}", "template": "still-here", "lane": "education", "wait": f"{day} days", "useful_for": "9 days"} for day in days
    ]
    window = {"from": "09:00", "to": "18:00", "business_days": True}
    words = {"key": "nine", "title": "Nine", "purpose": "To measure.", "audience": "person"}
    sequence = Sequence.model_validate(words | {"window": window, "steps": steps})
    facts = PlanFacts(START, clinic().office("woodbury").calendar, facts_from({}))
    plan(sequence, facts, (), START)
    return seconds(lambda: [plan(sequence, facts, (), START) for _ in range(200)]) / 200 * 1000


def _business_minutes() -> tuple[float, float]:
    calendar, end = clinic().office("woodbury").calendar, START + timedelta(days=365)
    ours = seconds(lambda: [business_minutes(calendar, START, end) for _ in range(20)]) / 20
    week = seconds(lambda: _step_through(START, START + timedelta(days=7)))
    return 1 / ours, 1 / (week * 365 / 7)


def _step_through(start: datetime, end: datetime) -> int:
    calendar, minutes, at = clinic().office("woodbury").calendar, 0, start
    while at < end:
        spans = calendar.open_spans(at.astimezone(calendar.zone).date())
        minutes += any(opens <= at < closes for opens, closes in spans)
        at += timedelta(minutes=1)
    return minutes
