"""Prints the calendar of a sequence before anyone is enrolled: the very same plan, and no database."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, time
from typing import Any

from leads.clinic.profile import clinic
from leads.clock import local_to_utc
from leads.errors import NotFound
from leads.sequences.conditions import facts_from
from leads.sequences.definitions import Sequence, sequences
from leads.sequences.plan import Appointment, PlanFacts, PlannedStep, plan

START = time(10, 0)


def simulate(
    key: str, *, office: str | None = None, start: date | datetime, language: str = "en", facts: Mapping[str, Any] | None = None
) -> list[PlannedStep]:
    """Return the plan for somebody who starts at `start` (a bare date means 10:00 there), or whose visit is then.

    `facts` are those of `only_if`, by their dotted names; NotFound names the sequences or offices that exist.
    """
    sequence, calendar = _sequence(key), clinic().office(_office(office)).calendar
    at = start if isinstance(start, datetime) else local_to_utc(start, START, calendar.zone)
    at = (at if at.tzinfo else at.replace(tzinfo=calendar.zone)).astimezone(UTC)
    conditions = facts_from({"language": language, "office": _office(office)} | dict(facts or {}))
    if not _around_a_visit(sequence):
        return plan(sequence, PlanFacts(at, calendar, conditions), (), at)
    # Booked long ago, so that nothing is late.
    long_ago = datetime(at.year - 1, 1, 1, tzinfo=UTC)
    return plan(sequence, PlanFacts(long_ago, calendar, conditions, Appointment("simulated", 1, at)), (), long_ago)


def _sequence(key: str) -> Sequence:
    found = sequences().get(key)
    if found is None:
        raise NotFound(f"There is no sequence {key}; there are {', '.join(sequences())}.")
    return found


def _office(code: str | None) -> str:
    codes = [office.code for office in clinic().offices]
    if code not in (None, "none", *codes):
        raise NotFound(f"There is no office {code}; there are {', '.join(codes)}.")
    return code or clinic().default_office


def _around_a_visit(sequence: Sequence) -> bool:
    return all(step.wait is None for step in sequence.steps)
