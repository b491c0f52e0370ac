"""Saving a page: at that moment what was answered is kept, and whatever needs a human at once reaches one."""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import takewhile
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
from leads.screening.begin import held, take_hold
from leads.screening.models import Screening, ScreeningAnswers
from leads.screening.questionnaire import Page, Question, definition
from leads.screening.read_answers import read_answers, texts_of


@dataclass(frozen=True)
class Saved:
    """What came of saving a page: the errors of what was not kept, and whether the crisis page is what must be shown now.

    `meanwhile` is what somebody else saved since the page was read: where it stands, nothing was kept.
    """

    screening: Screening
    disclosed: bool
    errors: tuple[FieldError, ...]
    meanwhile: ScreeningAnswers | None = None


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


def save_page(
    session: Session, screening_id: uuid.UUID, key: str, typed: Mapping[str, Any], *, actor: str, seen: str | None = None
) -> Saved:
    """Keep the answers of one page, and act on a disclosure in the same transaction; raises NotFound or Conflict.

    `seen` is the save the page was drawn from, empty for none: where another came since, nothing is kept. Without it the page
    that was saved last counts, as on two devices of one person. Every save stays on record.
    """
    screening = held(session, screening_id)
    page = definition().page(key)
    if page is None:
        raise NotFound("There is no such page.")
    # Everything the page may ask, asked now or not: whoever answered while somebody was on call must be heard when nobody is any more.
    questions = definition().questions(page)
    kept, errors = read_answers(questions, typed, "es" if screening.language == "es" else "en")
    before, last = answers_of(session, screening_id), last_save(session, screening_id, key)
    if seen is not None and last is not None and str(last.id) != seen and last.answers != kept:
        # What speaks of danger does not wait until two colleagues agree on a page.
        return Saved(screening, _listen(session, screening, questions, kept, before, actor=actor), tuple(errors), last)
    session.add(ScreeningAnswers(screening_id=screening_id, page=key, answers=kept, saved_at=now(), saved_by=actor))
    screening.version += 1
    record(session, "screening.saved", screening, actor=actor, page=key)
    return Saved(screening, _listen(session, screening, questions, kept, before, actor=actor), tuple(errors))


def hear_page(session: Session, screening: Screening, key: str, typed: Mapping[str, Any], *, actor: str) -> Saved:
    """Keep nothing of a page that came too late, and act on a disclosure in it all the same; raises NotFound."""
    page = definition().page(key)
    if page is None:
        raise NotFound("There is no such page.")
    stands, questions = take_hold(session, screening), definition().questions(page)
    kept, errors = read_answers(questions, typed, "es" if stands.language == "es" else "en")
    disclosed = _listen(session, stands, questions, kept, answers_of(session, stands.id), actor=actor)
    return Saved(stands, disclosed, tuple(errors), last_save(session, stands.id, key))


def last_save(session: Session, screening_id: uuid.UUID, key: str | None = None) -> ScreeningAnswers | None:
    """Return what was saved last of one page, or of all of them; None where nothing was."""
    return next(iter(saves_since(session, screening_id, None, key)), None)


def saves_since(session: Session, screening_id: uuid.UUID, seen: str | None, key: str | None = None) -> Sequence[ScreeningAnswers]:
    """Return the saves after the one that was seen, the newest first; all of them where it is none of these."""
    rows = select(ScreeningAnswers).where(ScreeningAnswers.screening_id == screening_id)
    if key is not None:
        rows = rows.where(ScreeningAnswers.page == key)
    newest_first = session.scalars(rows.order_by(ScreeningAnswers.saved_at.desc(), ScreeningAnswers.id.desc())).all()
    return list(takewhile(lambda row: str(row.id) != seen, newest_first))


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
