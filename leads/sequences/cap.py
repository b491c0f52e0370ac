"""Foresees what the clinic's caps put off: one person gets only so many mails a day and a week, whatever sequences they are in."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from leads.clinic.windows import next_open
from leads.clock import Calendar
from leads.messages.guards import DAY, crowded
from leads.messages.templates import catalogue
from leads.sequences.plan import PlannedStep


def is_capped(step: PlannedStep) -> bool:
    """True for a mail that counts and is counted against: what answers a person's own act is not."""
    return step.template is not None and (step.lane or catalogue()[step.template].meta.lane) != "transactional"


def put_off(step: PlannedStep, had: Iterable[datetime], *, at: datetime, calendar: Calendar) -> PlannedStep | None:
    """Return the step at the time to which delivery would put it off, saying so in `moved_by`; None where it may go at `at`.

    `had` are the moments of the person's other capped mails, of which those before `at` count.
    """
    full = crowded([each for each in had if each <= at])
    if full is None or full.until <= at or not is_capped(step):
        return None
    opens = next_open(step.window, calendar, full.until)
    # As in delivery: a window that never opens again is useless to wait for.
    due = opens.at if opens else full.until
    here = due.astimezone(calendar.zone)
    words = (
        f"at most {full.most} {'mail' if full.most == 1 else 'mails'} {'a day' if full.span == DAY else 'a week'} → {here:%a %d %b %H:%M}"
    )
    moved = replace(step, due_at=due, local_due=f"{here.isoformat(timespec='seconds')}[{step.zone}]", moved_by=(*step.moved_by, words))
    return replace(moved, skip="outlived") if step.useful_until is not None and due > step.useful_until else moved
