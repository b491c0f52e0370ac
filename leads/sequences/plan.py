"""Decides when each step of a sequence is due: pure, and the only thing that decides times.

A step's *intent* is its wait counted from the anchor or the appointment. From there it moves by three rules, each told in `moved_by`:

1. Into its window. A step after something moves forward. A step before an appointment moves to later on the same local day if its
   window still opens then, else back to the beginning of the last stretch before: never to the day after, on which "tomorrow" is wrong.
2. Apart from its neighbour. Steps keep their order, and two that were meant for different days never land on one local day: after a
   holiday the later one goes a day later, before an appointment the earlier one goes a day earlier.
3. Not before now. What is late, but still useful, goes as soon as its window is open; what is not is skipped as `too-late`. A late
   reminder that would fall on the day of the next one is skipped as `overtaken`.

Every search goes one way and ends after two years: a window that never opens skips the step as `no-window`.
"""

from collections.abc import Callable, Iterable, Mapping
from collections.abc import Sequence as Several
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from leads.clinic.windows import Moved, Window, next_open
from leads.sequences.conditions import holds
from leads.sequences.definitions import Sequence, Step
from leads.sequences.place import Appointment, Case, Neighbour, Past, PlanFacts, intent_of, place_after, place_before, same_day

__all__ = ["SKIPS", "Appointment", "Past", "PlanFacts", "PlannedStep", "plan"]

# Why plan() leaves a step out; what it skipped it may take up again when the facts change.
SKIPS = ("no-appointment", "only-if", "no-window", "too-late", "overtaken")


@dataclass(frozen=True)
class PlannedStep:
    """One step, its moment, and every rule that moved it; where `skip` says why, it does not go out."""

    step: str
    occurrence: int
    template: str
    lane: str
    due_at: datetime
    planned_for: datetime
    local_due: str
    zone: str
    window: Window
    useful_until: datetime
    moved_by: tuple[str, ...]
    skip: str | None
    on_unknown: str
    depends_on: Mapping[str, Any]


def plan(sequence: Sequence, facts: PlanFacts, history: Several[Past], now: datetime) -> list[PlannedStep]:
    """Return every step that is still to be decided, in the order of the file; times are UTC."""
    case = Case(sequence, facts, history, now.astimezone(UTC))
    decided = {
        **_chain(case, (step for step in sequence.steps if step.wait), place_after),
        **_chain(case, (step for step in reversed(sequence.steps) if step.before_appointment), place_before),
        **_chain(case, (step for step in sequence.steps if step.after_appointment), place_after),
    }
    return [decided[step.key] for step in sequence.steps if step.key in decided]


Place = Callable[[Case, Step, Moved, Neighbour | None], Moved | None]


def _chain(case: Case, steps: Iterable[Step], place: Place) -> dict[str, PlannedStep]:
    decided: dict[str, PlannedStep] = {}
    beside: Neighbour | None = None
    for step in steps:
        intent, gone = intent_of(case, step), case.last(step)
        if gone and gone.depends_on == (case.depends_on(step) or gone.depends_on):
            beside = Neighbour(step.key, intent.at, gone.at) if gone.went else beside
            continue
        answer = decided[step.key] = _decide(case, step, intent, place=place, beside=beside)
        if not answer.skip:
            beside = Neighbour(step.key, intent.at, max(answer.due_at, case.now))
    return decided


def _decide(case: Case, step: Step, intent: Moved, *, place: Place, beside: Neighbour | None) -> PlannedStep:
    if not step.wait and not case.facts.appointment:
        return _answer(case, step, intent, skip="no-appointment")
    if step.only_if and not holds(step.only_if, case.facts.conditions):
        return _answer(case, step, intent, skip="only-if")
    placed = place(case, step, intent, beside)
    caught_up = placed and _not_before_now(case, step, placed)
    if placed is None or caught_up is None:
        return _answer(case, step, intent, skip="no-window")
    until, sent = _useful_until(case, step, max(placed.at, intent.at)), max(caught_up.at, case.now)
    if sent >= until:
        return _answer(case, step, caught_up, intent=intent, until=until, skip="too-late")
    if step.before_appointment and beside and not same_day(case, intent, beside) and case.day(sent) >= case.day(beside.at):
        return _answer(case, step, caught_up, intent=intent, until=until, skip="overtaken")
    return _answer(case, step, caught_up, intent=intent, until=until)


def _not_before_now(case: Case, step: Step, placed: Moved) -> Moved | None:
    window = case.sequence.window_of(step)
    # What is overdue in an open window keeps its moment: it goes at once, and planning again changes nothing.
    if placed.at >= case.now or window.is_open(case.facts.calendar, case.now):
        return placed
    found = next_open(window, case.facts.calendar, case.now)
    return found and Moved(found.at, (*placed.by, "its time had passed", *found.by))


def _useful_until(case: Case, step: Step, since: datetime) -> datetime:
    until, visit = since + step.useful_for.length, case.facts.appointment
    return min(until, visit.starts_at.astimezone(UTC)) if step.before_appointment and visit else until


def _answer(
    case: Case, step: Step, placed: Moved, *, intent: Moved | None = None, until: datetime | None = None, skip: str | None = None
) -> PlannedStep:
    gone, here, zone = case.last(step), case.local(placed.at), case.facts.calendar.zone
    return PlannedStep(
        step=step.key,
        occurrence=gone.occurrence + 1 if gone else 0,
        template=step.template,
        lane=step.lane,
        due_at=placed.at.astimezone(UTC),
        planned_for=(intent or placed).at.astimezone(UTC),
        local_due=f"{here.isoformat(timespec='seconds')}[{zone.key}]",
        zone=zone.key,
        window=case.sequence.window_of(step),
        useful_until=until or _useful_until(case, step, placed.at),
        moved_by=placed.by,
        skip=skip,
        on_unknown=step.on_unknown,
        depends_on=case.depends_on(step),
    )
