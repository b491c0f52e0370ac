"""Planning and business time: what runs at every inquiry and on every list."""

import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from benchmarks.measure import Row, at_least, at_most
from benchmarks.stage import Stage
from leads.clinic.profile import clinic
from leads.clock import business_minutes
from leads.sequences.conditions import facts_from
from leads.sequences.definitions import Sequence
from leads.sequences.plan import Appointment, PlanFacts, plan

# The end of daylight saving, Veterans Day and Thanksgiving lie ahead.
START = datetime(2026, 10, 28, 15, 0, tzinfo=UTC)
VISIT = datetime(2026, 11, 27, 18, 30, tzinfo=UTC)
# As a clinic writes them: mails by wait, one of two wordings, a call that somebody makes before the visit, a question to the facts.
STEPS: tuple[dict[str, Any], ...] = (
    {"key": "office-location", "template": "office-location", "lane": "transactional", "wait": "0 minutes"},
    {"key": "how-it-works", "variants": [{"template": "how-ketamine-works"}, {"template": "iv-and-im", "weight": 2}], "wait": "4 days"},
    {"key": "who-it-is-for", "template": "who-it-is-for", "wait": "14 days", "only_if": "grants.education and language == 'en'"},
    {"key": "still-here", "template": "still-here", "wait": "29 days"},
    {"key": "prepare", "template": "visit-prepare", "lane": "reminder", "before_appointment": "3 days", "only_if": "has_phone"},
    {"key": "ask", "todo": "call", "words": "Ask how they are.", "before_appointment": "2 days"},
    {"key": "tomorrow", "template": "visit-tomorrow", "before_appointment": "1 day", "window": {"from": "09:00", "to": "18:00"}},
    {"key": "missed", "template": "visit-missed", "lane": "reminder", "after_appointment": "1 day", "only_if": "visit.missed"},
    {"key": "resources", "template": "integration-resources", "after_appointment": "1 day", "only_if": "visit.attended"},
)


def rows(stage: Stage) -> Iterator[Row]:
    """Yield the cost of a plan, and of a year's business minutes against stepping through them."""
    rounds = 3 if stage.quick else 7
    yield at_most("plan of nine steps across two holidays and a clock change", "ms", [_plan() for _ in range(rounds)], must=1, aim=0.2)
    pairs = [_business_minutes() for _ in range(rounds)]
    against = "stepping a minute at a time"
    yield at_least("business minutes of a year", "times a second", pairs, against=against, must=1_000, aim=10_000)


def _busy(act: Callable[[], object]) -> float:
    """Return how many seconds of processor time `act` takes: nothing here waits, and whoever else is at work should not count."""
    since = time.process_time()
    act()
    return time.process_time() - since


def _plan() -> float:
    steps = [step if "todo" in step else {"lane": "education", "useful_for": "9 days", **step} for step in STEPS]
    window = {"from": "09:00", "to": "18:00", "business_days": True}
    words = {"key": "nine", "title": "Nine", "purpose": "To measure.", "audience": "person"}
    sequence = Sequence.model_validate(words | {"window": window, "steps": steps})
    visit = Appointment("visit", 1, VISIT)
    facts = PlanFacts(START, clinic().office("woodbury").calendar, facts_from({"visit.attended": True}), visit, whose="somebody")
    planned = plan(sequence, facts, (), START)
    assert [step.step for step in planned if step.skip] == ["missed"], planned
    return _busy(lambda: [plan(sequence, facts, (), START) for _ in range(200)]) / 200 * 1000


def _business_minutes() -> tuple[float, float]:
    calendar, end = clinic().office("woodbury").calendar, START + timedelta(days=365)
    # A thousand times, as a report asks: what is worked out once for a year stands behind all of them.
    ours = _busy(lambda: [business_minutes(calendar, START, end) for _ in range(1_000)]) / 1_000
    theirs = _busy(lambda: _step_through(START, end))
    assert _step_through(START, end) == business_minutes(calendar, START, end)
    return 1 / ours, 1 / theirs


def _step_through(start: datetime, end: datetime) -> int:
    """Return the same by stepping, as well as that can be done: the year's hours are worked out once, and each minute is compared once."""
    calendar, minutes, at, minute = clinic().office("woodbury").calendar, 0, start, timedelta(minutes=1)
    first = start.astimezone(calendar.zone).date()
    spans = iter([span for day in range((end - start).days + 2) for span in calendar.open_spans(first + timedelta(days=day))])
    opens, closes = next(spans)
    while at < end:
        while at >= closes:
            opens, closes = next(spans, (end, end))
        minutes += at >= opens
        at += minute
    return minutes
