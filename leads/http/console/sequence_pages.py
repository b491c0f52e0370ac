"""Sequences: all of them, and one as a picture of its steps with what became of each."""

from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response
from sqlalchemy.orm import Session

from leads.http.console import studio
from leads.http.console.draw import draw
from leads.http.console.studio import Viewer
from leads.http.console.waiting import waiting
from leads.http.transaction import Db
from leads.pipeline.find import numbers_of
from leads.reports.period import Period
from leads.reports.sequences import StepCounts, sequence_outcomes, standing_at, steps_of
from leads.reports.variants import Outcome, outcomes
from leads.sequences.census import census, runners
from leads.sequences.definitions import Sequence, sequences
from leads.sequences.in_words import in_words
from leads.sequences.publish import definition_of, version_numbered

SHOWN_RUNNERS = 12
router = APIRouter(prefix="/sequences")


@router.get("")
def show_all(request: Request, session: Db, staff: Viewer) -> Response:
    """Show every sequence: what for, how many run in it, and what came of it lately."""
    period = Period.read()
    running: dict[str, int] = {}
    for each in census(session):
        running[each.key] = running.get(each.key, 0) + each.running
    return draw(
        request,
        "sequences.html",
        staff=staff,
        tab="sequences",
        waiting=waiting(session),
        sequences=sequences(),
        running=running,
        found=sequence_outcomes(session, period),
        period=period,
        studio=studio,
    )


@router.get("/{key}")
def show(
    request: Request,
    session: Db,
    staff: Viewer,
    key: str,
    version: int | None = None,
    since: Annotated[str, Query(alias="from")] = "",
    to: str = "",
) -> Response:
    """Show one sequence, or an older version of it: its steps, what became of each, and who runs in which version."""
    period = Period.read(since, to)
    chosen = version_numbered(session, key, version)
    sequence = definition_of(session, chosen.id)
    # A step of a sequence that few are in tells of somebody: of those who see no patients nobody sees it.
    counts = steps_of(session, key, period) if staff.may("leads.read") else None
    return draw(
        request,
        "sequence.html",
        staff=staff,
        tab="sequences",
        waiting=waiting(session),
        sequence=sequence,
        number=chosen.number,
        versions=census(session, key),
        runners=_runners(session, key) if staff.may_work else {},
        counts=None if counts is None else {step.key: counts.get(step.key, StepCounts()) for step in sequence.steps},
        here=standing_at(session, key),
        gone=[step for step in counts or () if step not in {each.key for each in sequence.steps}],
        variants={} if counts is None else _tried(session, sequence),
        period=period,
        why=in_words,
        studio=studio,
    )


def _tried(session: Session, sequence: Sequence) -> dict[str, list[Outcome]]:
    tried: dict[str, list[Outcome]] = {}
    # Counted over all time: only where there is something to compare.
    for each in outcomes(session, sequence.key) if any(step.variants for step in sequence.steps) else ():
        if each.is_variant:
            tried.setdefault(each.step, []).append(each)
    return tried


def _runners(session: Session, key: str) -> dict[int, list[str]]:
    found = runners(session, key, limit=SHOWN_RUNNERS)
    numbers = numbers_of(session, [lead for leads in found.values() for lead in leads])
    return {number: [numbers[lead] for lead in leads] for number, leads in found.items()}
