"""A page of a screening that was answered, or the whole of it sent, while a colleague had it open: what they typed and what stands now."""

import uuid
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

from sqlalchemy.orm import Session

from leads.http.console.who import who_is_who
from leads.http.console.words import zone_of
from leads.http.screening_form import context_of, values_of
from leads.pipeline.models import Lead
from leads.screening.models import Screening, ScreeningAnswers
from leads.screening.save import PageView, Saved, saves_since


def drawn_from(session: Session, lead: Lead, typed: Mapping[str, str]) -> Screening | None:
    """Return the screening of this lead that a form was drawn from, open or not; None where it names none."""
    with suppress(ValueError):
        known = session.get(Screening, uuid.UUID(typed.get("screening", "")))
        return known if known is not None and known.lead_id == lead.id else None
    return None


def both(session: Session, view: PageView, typed: Mapping[str, str], saved: Saved) -> dict[str, Any]:
    """Return what a refused page shows: what was typed where it was, and everywhere else what stands now."""
    questions = view.questions
    every = saves_since(session, saved.screening.id, None, view.page.key)
    read = next((row.answers or {} for row in every if str(row.id) == typed.get("version")), {})
    was, stands = values_of(questions, read), values_of(questions, view.answers)
    names = {*was, *stands, *typed}
    values = {name: typed.get(name, "") if typed.get(name, "") != was.get(name, "") else stands.get(name, "") for name in names}
    changed = [question for question in questions if read.get(question.key) != view.answers.get(question.key)]
    return context_of(view, values) | {"meanwhile": saved.meanwhile, "changed": changed, "disclosed": saved.disclosed}


def told(session: Session, lead: Lead, screening: Screening, saves: Sequence[ScreeningAnswers]) -> dict[str, Any]:
    """Return what tells who saved or sent something, and by which clock."""
    actors = {row.saved_by for row in saves} | ({screening.submitted_by} if screening.submitted_by else set())
    return {"names": who_is_who(session, actors), "zone": zone_of(lead.office)}
