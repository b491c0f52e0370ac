"""Decides when each step of a sequence is due: pure, and the only thing that decides times.

A step's *intent* is its wait counted from the anchor or the appointment. From there it moves by three rules, each told in `moved_by`:

1. Into its window. A step after something moves forward. A step before an appointment moves to later on the same local day if its
   window still opens then, else back to the beginning of the last stretch before: never to the day after, on which "tomorrow" is wrong.
2. Apart from its neighbour. Steps keep their order, and two that were meant for different days never land on one local day: after a
   holiday the later one goes a day later, before an appointment the earlier one goes a day earlier.
3. Not before now, nor before a rest ends that the person asked for. What is late, but still useful, goes as soon as its window is
   open; what is not is skipped as `too-late`. A late reminder that would fall on the day of the next one is skipped as `overtaken`.

A step may be a human's to-do. Until it is done, what follows is skipped as `waits-for-todo`; afterwards it is counted from the moment it
was done, with its spacing kept, and never comes earlier than it would have. A to-do before an appointment holds nothing back.

Every search goes one way and ends after two years: a window that never opens skips the step as `no-window`.
"""

from collections.abc import Callable, Iterable, Mapping
from collections.abc import Sequence as Several
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, NamedTuple

from leads.clinic.windows import Moved, Window, next_open
from leads.sequences.choose import choose
from leads.sequences.conditions import holds
from leads.sequences.definitions import Sequence, Step
from leads.sequences.place import Appointment, Case, Done, Neighbour, Past, PlanFacts, intent_of, place_after, place_before, same_day

__all__ = ["SKIPS", "WAITS", "Appointment", "Past", "PlanFacts", "PlannedStep", "plan"]

# Why plan() leaves a step out; what it skipped it may take up again when the facts change.
WAITS = "waits-for-todo"
SKIPS = ("no-appointment", "only-if", "no-window", "too-late", "overtaken", WAITS)


@dataclass(frozen=True)
class PlannedStep:
    """One step, its moment, and every rule that moved it; where `skip` says why, it does not go out.

    A mail has a `template` and a `lane` (and `variants`, where its template is one of several); a to-do has `todo` and `words`.
    """

    step: str
    occurrence: int
    template: str | None
    variants: tuple[str, ...]
    todo: str | None
    words: str | None
    lane: str | None
    due_at: datetime
    planned_for: datetime
    local_due: str
    zone: str
    window: Window
    useful_until: datetime | None
    moved_by: tuple[str, ...]
    skip: str | None
    on_unknown: str
    depends_on: Mapping[str, Any]
    # The visit that was known then, whether the step counts from it or not.
    visit_at: datetime | None = None


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


class Way(NamedTuple):
    """What the steps of a chain leave behind for the one that follows."""

    beside: Neighbour | None = None
    done: Done | None = None
    undone: Step | None = None


def _chain(case: Case, steps: Iterable[Step], place: Place) -> dict[str, PlannedStep]:
    decided: dict[str, PlannedStep] = {}
    way = Way()
    for step in steps:
        intent, gone = intent_of(case, step, way.done), case.last(step)
        if gone and gone.depends_on == (case.depends_on(step) or gone.depends_on):
            way = _past(way, step, intent, gone)
        elif way.undone:
            decided[step.key] = _answer(case, step, _waiting(intent, way.undone), skip=WAITS)
        else:
            answer = decided[step.key] = _decide(case, step, intent, place=place, beside=None if step.todo else way.beside)
            way = way if answer.skip else _ahead(way, step, intent, max(answer.due_at, case.now))
    return decided


def _past(way: Way, step: Step, intent: Moved, gone: Past) -> Way:
    if step.holds_back and gone.is_open:
        return way._replace(undone=step)
    if step.todo or not gone.went:
        return way._replace(done=Done(step, gone.at)) if step.holds_back and gone.went else way
    return way._replace(beside=Neighbour(step.key, intent.at, gone.at))


def _ahead(way: Way, step: Step, intent: Moved, at: datetime) -> Way:
    if step.todo:
        return way._replace(undone=step) if step.holds_back else way
    return way._replace(beside=Neighbour(step.key, intent.at, at))


def _waiting(intent: Moved, undone: Step) -> Moved:
    return Moved(intent.at, (*intent.by, f"waits for: {undone.key.replace('-', ' ')}"))


def _decide(case: Case, step: Step, intent: Moved, *, place: Place, beside: Neighbour | None) -> PlannedStep:
    if not step.wait and not case.facts.appointment:
        return _answer(case, step, intent, skip="no-appointment")
    if step.only_if and not holds(step.only_if, case.facts.conditions):
        return _answer(case, step, intent, skip="only-if")
    placed = place(case, step, intent, beside)
    caught_up = placed and _not_too_early(case, step, placed)
    if placed is None or caught_up is None:
        return _answer(case, step, intent, skip="no-window")
    until, sent = _useful_until(case, step, max(placed.at, intent.at)), max(caught_up.at, case.now)
    if until and sent >= until:
        return _answer(case, step, caught_up, intent=intent, until=until, skip="too-late")
    if step.before_appointment and beside and _is_overtaken(case, intent, sent, beside):
        return _answer(case, step, caught_up, intent=intent, until=until, skip="overtaken")
    return _answer(case, step, caught_up, intent=intent, until=until)


def _is_overtaken(case: Case, intent: Moved, sent: datetime, beside: Neighbour) -> bool:
    """True when a step would no longer go before the one that follows it: on an earlier day, where it was not meant for the same."""
    return sent > max(beside.at, case.now) if same_day(case, intent, beside) else case.day(sent) >= case.day(beside.at)


def _not_too_early(case: Case, step: Step, placed: Moved) -> Moved | None:
    window, rest = case.sequence.window_of(step), case.facts.paused_until
    # A pause is a rest from sequences; what answers the person's own act still goes.
    if rest and rest > max(placed.at, case.now) and step.lane != "transactional":
        found = next_open(window, case.facts.calendar, rest)
        return found and Moved(found.at, (*placed.by, f"a rest until {case.local(rest):%a %d %b %H:%M}", *found.by))
    # What is overdue in an open window keeps its moment: it goes at once, and planning again changes nothing.
    if placed.at >= case.now or window.is_open(case.facts.calendar, case.now):
        return placed
    found = next_open(window, case.facts.calendar, case.now)
    return found and Moved(found.at, (*placed.by, "its time had passed", *found.by))


def _useful_until(case: Case, step: Step, since: datetime) -> datetime | None:
    if step.useful_for is None:
        return None
    until, visit = since + step.useful_for.length, case.facts.appointment
    return min(until, visit.starts_at.astimezone(UTC)) if step.before_appointment and visit else until


def _answer(
    case: Case, step: Step, placed: Moved, *, intent: Moved | None = None, until: datetime | None = None, skip: str | None = None
) -> PlannedStep:
    gone, here, zone = case.last(step), case.local(placed.at), case.facts.calendar.zone
    return PlannedStep(
        step=step.key,
        occurrence=gone.occurrence + 1 if gone else 0,
        template=choose(step, case.sequence.key, case.facts.whose),
        variants=step.templates if step.variants else (),
        todo=step.todo,
        words=step.words,
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
        visit_at=case.facts.appointment.starts_at if case.facts.appointment else None,
    )
