"""Saving a page: at that moment what was answered is kept, and whatever needs a human at once reaches one."""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from leads.audit.trail import record
from leads.clock import now
from leads.errors import FieldError, NotFound
from leads.safety.disclose import disclose
from leads.safety.oncall import is_staffed
from leads.safety.phrases import found
from leads.screening.assess import is_disclosure
from leads.screening.begin import held
from leads.screening.models import Screening, ScreeningAnswers
from leads.screening.questionnaire import Page, Question, definition
from leads.screening.read_answers import read_answers, texts_of


@dataclass(frozen=True)
class Saved:
    """What came of saving a page: the errors of what was not kept, and whether the crisis page is what must be shown now."""

    screening: Screening
    disclosed: bool
    errors: tuple[FieldError, ...]


@dataclass(frozen=True)
class PageView:
    """One page as it is asked now: its questions, what was answered so far, and whether it left a safety question out."""

    page: Page
    questions: tuple[Question, ...]
    answers: Mapping[str, Any]
    left_out: bool


def pages_of(session: Session, screening: Screening) -> Sequence[PageView]:
    """Return every page with what it asks now; without anybody on call no safety question is among it, mid-form too."""
    answers, staffed = answers_of(session, screening.id), is_staffed(session)
    return [_view(page, answers, staffed=staffed) for page in definition().asked.pages]


def all_pages_of(session: Session, screening: Screening) -> Sequence[PageView]:
    """Return every page of one that was sent, with every question it may ask, whoever is on call today."""
    answers = answers_of(session, screening.id)
    return [_view(page, answers, staffed=True) for page in definition().asked.pages]


def save_page(session: Session, screening_id: uuid.UUID, key: str, typed: Mapping[str, Any], *, actor: str) -> Saved:
    """Keep the answers of one page, and act on a disclosure in the same transaction; raises NotFound or Conflict.

    Saved on two devices, the page that was saved last counts; every save stays on record.
    """
    screening = held(session, screening_id)
    page = definition().page(key)
    if page is None:
        raise NotFound("There is no such page.")
    # Everything the page may ask, asked now or not: whoever answered while somebody was on call must be heard when nobody is any more.
    questions = definition().questions(page)
    kept, errors = read_answers(questions, typed, "es" if screening.language == "es" else "en")
    before = answers_of(session, screening_id)
    session.add(ScreeningAnswers(screening_id=screening_id, page=key, answers=kept, saved_at=now(), saved_by=actor))
    screening.version += 1
    record(session, "screening.saved", screening, actor=actor, page=key)
    return Saved(screening, _listen(session, screening, questions, kept, before, actor=actor), tuple(errors))


def answers_of(session: Session, screening_id: uuid.UUID) -> dict[str, Any]:
    """Return the answers of a screening, of each page those that were saved last."""
    rows = select(ScreeningAnswers).where(ScreeningAnswers.screening_id == screening_id)
    newest: dict[str, dict[str, Any]] = {}
    for row in session.scalars(rows.order_by(ScreeningAnswers.saved_at, ScreeningAnswers.id)):
        newest[row.page] = row.answers or {}
    return {key: value for answers in newest.values() for key, value in answers.items()}


def _listen(
    session: Session, screening: Screening, questions: Sequence[Question], kept: Mapping[str, Any], before: Mapping[str, Any], *, actor: str
) -> bool:
    speaking = {question.key for question in questions if is_disclosure(question, kept.get(question.key))}
    speaking |= {question.key for question in questions if found(texts_of([question], kept))}
    # A page that is saved once more with the same words shows the same help, and wakes nobody a second time.
    if any(kept[key] != before.get(key) for key in speaking):
        session.flush()
        disclose(session, screening.person_id, screening.lead_id, source="screening", actor=actor)
    return bool(speaking)


def _view(page: Page, answers: Mapping[str, Any], *, staffed: bool) -> PageView:
    every = definition().questions(page)
    asked = tuple(question for question in every if staffed or not question.is_safety)
    return PageView(page, asked, {question.key: answers[question.key] for question in every if question.key in answers}, asked != every)
