"""Where the moment of a step comes to lie: its intent by the wall clock, moved into its window and apart from its neighbour."""

from collections.abc import Mapping
from collections.abc import Sequence as Several
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import cached_property
from typing import Any

from leads.clinic.windows import Moved, last_open, next_open
from leads.clock import Calendar, local_to_utc
from leads.sequences.definitions import Sequence, Step, Wait


@dataclass(frozen=True)
class Appointment:
    """The visit a sequence is planned around; a change of its time is a new version."""

    id: str
    version: int
    starts_at: datetime


@dataclass(frozen=True)
class PlanFacts:
    """All that a plan depends on; `conditions` are the facts of `only_if`, `whose` decides among the variants of a step."""

    anchor: datetime
    calendar: Calendar
    conditions: Mapping[str, Any]
    appointment: Appointment | None = None
    paused_until: datetime | None = None
    whose: str = ""


@dataclass(frozen=True)
class Past:
    """A step that is out of our hands, or was given up: it is not planned again; only what `went` keeps the next ones at a distance.

    A to-do `is_open` from `at` on until somebody has done it; then `at` is the moment it was done.
    """

    step: str
    occurrence: int
    at: datetime
    went: bool
    depends_on: Mapping[str, Any] = field(default_factory=dict)
    is_open: bool = False


@dataclass(frozen=True)
class Case:
    """One question to plan(), with the little arithmetic that every rule needs."""

    sequence: Sequence
    facts: PlanFacts
    history: Several[Past]
    now: datetime

    def local(self, at: datetime) -> datetime:
        """Return a moment as the office's clocks show it."""
        return at.astimezone(self.facts.calendar.zone)

    def day(self, at: datetime) -> date:
        """Return the local date of a moment."""
        return self.local(at).date()

    def last(self, step: Step) -> Past | None:
        """Return the newest occurrence of a step that is past."""
        return self._newest.get(step.key)

    @cached_property
    def _newest(self) -> dict[str, Past]:
        return {past.step: past for past in sorted(self.history, key=lambda past: past.occurrence)}

    def depends_on(self, step: Step) -> dict[str, Any]:
        """Return what a row of this step must be planned anew for when it changes."""
        visit = self.facts.appointment
        return {} if step.wait or not visit else {"appointment": visit.id, "version": visit.version}


@dataclass(frozen=True)
class Neighbour:
    """The step placed just before in this chain: where it was meant to be, and where it is."""

    key: str
    intent: datetime
    at: datetime


@dataclass(frozen=True)
class Done:
    """A to-do of this chain and when it was done: what follows is counted from there."""

    step: Step
    at: datetime


def intent_of(case: Case, step: Step, done: Done | None) -> Moved:
    """Return the moment a step was meant for, before any rule but the wall clock's and a late to-do's has moved it."""
    meant = _meant(case, step)
    if done is None:
        return meant
    since = _away(case, done.at, _between(done.step, step), +1)
    if since.at <= meant.at:
        return meant
    return Moved(since.at, (f"counted from {done.step.key}, done {_words(case, done.at)}", *since.by))


def _between(earlier: Step, later: Step) -> Wait:
    one, other = (step.wait or step.after_appointment or Wait(0, "minutes") for step in (earlier, later))
    if one.unit == other.unit:
        return Wait(other.amount - one.amount, one.unit)
    return Wait((later.offset - earlier.offset) // timedelta(minutes=1), "minutes")


def _meant(case: Case, step: Step) -> Moved:
    visit = case.facts.appointment
    if step.wait or visit is None:
        return _away(case, case.facts.anchor, step.wait or Wait(0, "minutes"), +1)
    if step.before_appointment:
        return _away(case, visit.starts_at, step.before_appointment, -1)
    return _away(case, visit.starts_at, step.after_appointment or Wait(0, "minutes"), +1)


def _away(case: Case, start: datetime, wait: Wait, direction: int) -> Moved:
    """Days keep the wall clock, whatever the clocks do in between; hours and minutes are counted through."""
    if wait.unit != "days" or wait.amount == 0:
        return Moved(start.astimezone(UTC) + direction * wait.length)
    here = case.local(start)
    return _at_wall(case, here.date() + timedelta(days=direction * wait.amount), here)


def _at_wall(case: Case, day: date, like: datetime) -> Moved:
    at = local_to_utc(day, like.time(), case.facts.calendar.zone)
    there = case.local(at)
    if there.time() != like.time():
        return Moved(at, (f"{like:%H:%M} does not exist on {day:%a} → {there:%H:%M}",))
    if there.replace(fold=1).utcoffset() != there.utcoffset():
        return Moved(at, (f"{like:%H:%M} comes twice on {day:%a} → the first",))
    return Moved(at)


def place_after(case: Case, step: Step, intent: Moved, beside: Neighbour | None) -> Moved | None:
    """Return the intent moved forward, in its window and not on the day of the step before; None when that never opens."""
    placed = _forward(case, step, intent)
    if placed is None or beside is None:
        return placed
    if same_day(case, intent, beside):
        in_order = Moved(beside.at, (*placed.by, f"after {beside.key} → {_words(case, beside.at)}"))
        return placed if placed.at >= beside.at else _forward(case, step, in_order)
    day = case.day(beside.at)
    if case.day(placed.at) > day:
        return placed
    next_day = _at_wall(case, day + timedelta(days=1), case.local(intent.at))
    apart = f"a day after {beside.key} → {_words(case, next_day.at)}"
    return _forward(case, step, Moved(next_day.at, (*placed.by, apart, *next_day.by)))


def place_before(case: Case, step: Step, intent: Moved, beside: Neighbour | None) -> Moved | None:
    """Return the intent moved back, in its window and not on the day of the step that follows; None when it never was open."""
    placed = _back(case, step, intent)
    if placed is None or beside is None:
        return placed
    if same_day(case, intent, beside):
        in_order = Moved(beside.at, (*placed.by, f"before {beside.key} → {_words(case, beside.at)}"))
        return placed if placed.at <= beside.at else _earlier(case, step, in_order)
    day = case.day(beside.at)
    if case.day(placed.at) < day:
        return placed
    day_before = _at_wall(case, day - timedelta(days=1), case.local(intent.at))
    apart = f"a day before {beside.key} → {_words(case, day_before.at)}"
    return _back(case, step, Moved(day_before.at, (*placed.by, apart, *day_before.by)))


def _forward(case: Case, step: Step, wanted: Moved) -> Moved | None:
    found = next_open(case.sequence.window_of(step), case.facts.calendar, wanted.at)
    return found and Moved(found.at, (*wanted.by, *found.by))


def _back(case: Case, step: Step, wanted: Moved) -> Moved | None:
    window, visit = case.sequence.window_of(step), case.facts.appointment
    later = next_open(window, case.facts.calendar, wanted.at)
    if later and visit and case.day(later.at) == case.day(wanted.at) and later.at < visit.starts_at:
        return Moved(later.at, (*wanted.by, *later.by))
    return _earlier(case, step, wanted)


def _earlier(case: Case, step: Step, wanted: Moved) -> Moved | None:
    found = last_open(case.sequence.window_of(step), case.facts.calendar, wanted.at)
    return found and Moved(found.at, (*wanted.by, *found.by))


def same_day(case: Case, intent: Moved, beside: Neighbour) -> bool:
    """True when two steps were meant for one local day."""
    return case.day(intent.at) == case.day(beside.intent)


def _words(case: Case, at: datetime) -> str:
    return f"{case.local(at):%a %H:%M}"
