"""What became of each step of a sequence, and of those who began it."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy.orm import Session

from leads.clock import now
from leads.pipeline.models import Lead, StageChange
from leads.reports.period import Period
from leads.reports.sequences import sequence_outcomes, steps_of
from leads.sequences.answer import replied
from tests.cast import make_confirmed_person, make_lead
from tests.sequences.conftest import enrolled, make_sequence, make_step, publish_only, rows_of, send

STORY = make_sequence(make_step("one", wait="0 minutes"), make_step("two", wait="1 day"))


@pytest.fixture
def lead(session: Session, tuesday: Callable[[timedelta], None], monkeypatch: pytest.MonkeyPatch) -> Lead:
    publish_only(session, monkeypatch, STORY)
    monkeypatch.setattr("leads.reports.sequences.sequences", lambda: {"story": STORY})
    return make_lead(session)


def period() -> Period:
    return Period.read("2026-10", "2026-10")


def test_a_step_counts_what_went_what_waits_and_what_did_not_go(session: Session, lead: Lead) -> None:
    one, two = rows_of(session, enrolled(session, lead, "story"))
    send(session, one)
    two.state, two.reason = "skipped", "held"
    session.flush()
    steps = steps_of(session, "story", period())
    assert (steps["one"].sent, steps["two"].unsent, dict(steps["two"].reasons)) == (1, 1, {"held": 1})
    assert (steps["one"].planned, steps["two"].planned) == (0, 0)


def test_a_bounce_was_sent_and_is_told_apart(session: Session, lead: Lead) -> None:
    one, _ = rows_of(session, enrolled(session, lead, "story"))
    send(session, one)
    one.state = "bounced"
    session.flush()
    step = steps_of(session, "story", period())["one"]
    assert (step.sent, step.bounced) == (1, 1)


def test_an_answer_and_a_booking_count_at_the_mails_before_them(session: Session, lead: Lead) -> None:
    one, _ = rows_of(session, enrolled(session, lead, "story"))
    send(session, one)
    replied(session, lead.person_id, lead_id=lead.id, message_id=one.id, actor="system")
    session.add(StageChange(lead_id=lead.id, from_stage="qualified", to_stage="booked", actor="system", at=now() + timedelta(hours=1)))
    session.flush()
    step = steps_of(session, "story", period())["one"]
    assert (step.answered, step.booked) == (1, 1)


def test_another_month_is_another_count(session: Session, lead: Lead) -> None:
    enrolled(session, lead, "story")
    assert steps_of(session, "story", Period.read("2026-08", "2026-09")) == {}


def test_outcomes_of_a_sequence_are_hidden_where_they_are_few(session: Session, lead: Lead) -> None:
    for place in range(12):
        each = make_lead(session, make_confirmed_person(session, email=f"n{place}@example.com", phone=None))
        row = rows_of(session, enrolled(session, each, "story"))[0]
        if place < 3:
            send(session, row)
    assert sequence_outcomes(session, period()).rows == {"story": [12, None, 0, 0, 0]}
