"""The screening as a lead's page shows it: what it came to and why, the answers, and how the totals have changed; for staff only."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from leads.audit.trail import record
from leads.http.console import screening_words
from leads.http.console.draw_trend import Drawing, draw_trend
from leads.http.console.hanging import Hanging
from leads.http.console.staff import Staff
from leads.http.console.who import who_is_who
from leads.screening.models import Screening
from leads.screening.questionnaire import definition
from leads.screening.save import PageView, all_pages_of, answers_of
from leads.screening.trend import Point, trend

TREND = "phq-9"


@dataclass(frozen=True)
class Sheet:
    """What a lead's page shows of its screening: the one that is open, the one that was sent last, and how the totals have changed."""

    open: Screening | None
    begun: int
    pages: int
    sent: Screening | None
    earlier: Sequence[Screening]
    reasons: Sequence[str]
    scores: Sequence[dict[str, Any]]
    answers: Sequence[PageView]
    is_of_today: bool
    points: Sequence[Point]
    drawing: Drawing | None
    names: dict[str, str]

    @property
    def words(self) -> Any:
        """The words of findings, bands and ways in."""
        return screening_words


def sheet_of(session: Session, its: Hanging, staff: Staff) -> Sheet:
    """Return what a lead's page shows of its screening; that the answers were read is put on record."""
    of_lead = [each for each in its.screenings if each.lead_id == its.lead.id]
    going, every = next((each for each in of_lead if each.is_open), None), [each for each in reversed(of_lead) if each.submitted_at]
    sent, earlier = (every[0], every[1:]) if every else (None, ())
    defined, points = definition(), trend(its.screenings, TREND)
    result = (sent.result or {}) if sent else {}
    if sent is not None:
        record(session, "screening.read", sent, actor=staff.actor)
    given = answers_of(session, going.id) if going else {}
    return Sheet(
        open=going,
        begun=sum(any(question.key in given for question in defined.questions(page)) for page in defined.asked.pages),
        pages=len(defined.asked.pages),
        sent=sent,
        earlier=earlier,
        reasons=screening_words.reasons_in_words(result),
        scores=[each | {"most": _most(each)} for each in result.get("scores", ())],
        answers=all_pages_of(session, sent) if sent else (),
        is_of_today=sent is None or sent.definition == defined.version,
        points=points,
        drawing=draw_trend(defined.instruments[TREND], points) if TREND in defined.instruments else None,
        names=who_is_who(session, _actors(going, sent)),
    )


def _actors(going: Screening | None, sent: Screening | None) -> set[str]:
    named = [going.begun_by if going else None, sent.submitted_by if sent else None, sent.reviewed_by if sent else None]
    return {actor for actor in named if actor}


def _most(score: dict[str, Any]) -> int | None:
    """Return the highest total of an instrument as it was asked; None for one that is asked no more."""
    instrument = definition().instruments.get(score["instrument"])
    if instrument is None:
        return None
    items = [item for item in instrument.items if not (score["is_short"] and item.is_safety)]
    return len(items) * int(instrument.scale[-1].value)
