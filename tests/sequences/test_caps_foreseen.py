"""A simulation foresees what the clinic's caps put off or leave out, within a sequence and across several, and says so in words."""

import json
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.orm import Session
from typer.testing import CliRunner

from leads.cli import app
from leads.clinic.profile import Mail, clinic
from leads.clock import now
from leads.errors import Invalid
from leads.messages.outbox import post
from leads.sequences.plan import PlannedStep
from leads.sequences.simulate import simulate, simulate_lead
from tests.cast import make_lead
from tests.sequences.conftest import enrolled, local, make_sequence, publish_only, waits

TUESDAY = date(2026, 10, 6)


@pytest.fixture
def caps(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Sets the clinic's caps."""

    def change(**caps: int) -> None:
        monkeypatch.setitem(clinic().__dict__, "mail", Mail.model_validate(clinic().mail.model_dump() | {"caps": caps}))

    return change


def put_off(steps: list[PlannedStep]) -> dict[str, str]:
    """Return what the caps say, by step."""
    return {step.step: words for step in steps for words in step.moved_by if words.startswith("at most")}


def counted(steps: list[PlannedStep]) -> list[datetime]:
    """Return when the mails that count go."""
    return sorted(step.due_at for step in steps if not step.skip and step.lane != "transactional")


def test_with_room_to_spare_nothing_is_put_off() -> None:
    assert put_off(simulate("new-inquiry", start=TUESDAY)) == {}


def test_the_second_of_a_week_waits_until_the_first_is_a_week_old(caps: Callable[..., None]) -> None:
    before = counted(simulate("new-inquiry", start=TUESDAY))
    caps(a_day=1, a_week=1)
    steps = simulate("new-inquiry", start=TUESDAY)
    assert all(words.startswith("at most 1 mail a week → ") for words in put_off(steps).values())
    assert counted(steps)[0] == before[0]
    assert all(later - one >= timedelta(days=7) for one, later in zip(counted(steps), counted(steps)[1:], strict=False))


def test_what_another_sequence_sends_counts_too(caps: Callable[..., None]) -> None:
    caps(a_day=2, a_week=3)
    alone = simulate("visit", start=date(2026, 10, 19))
    crowded = simulate("visit", start=date(2026, 10, 19), beside={"new-inquiry": TUESDAY})
    assert put_off(alone) == {}
    assert put_off(crowded)


def test_what_would_come_too_late_to_be_of_use_is_left_out(caps: Callable[..., None]) -> None:
    caps(a_day=1, a_week=1)
    steps = {step.step: step for step in simulate("visit", start=date(2026, 10, 19))}
    assert "outlived" in {step.skip for step in steps.values()}


def test_what_answers_a_persons_own_act_is_not_put_off(caps: Callable[..., None]) -> None:
    caps(a_day=1, a_week=1)
    assert not {step.step for step in simulate("new-inquiry", start=TUESDAY) if step.lane == "transactional"} & set(
        put_off(simulate("new-inquiry", start=TUESDAY))
    )


def test_what_a_cap_has_put_off_moves_no_neighbour_that_was_planned_already(
    session: Session, caps: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    caps(a_day=1, a_week=9)
    publish_only(session, monkeypatch, make_sequence(*waits("0 minutes", "1 hour", "30 hours")))
    assert [local(step) for step in simulate("story", office="new-haven", start=TUESDAY)] == [
        "2026-10-06T10:00", "2026-10-07T10:00", "2026-10-08T10:00",
    ]  # fmt: skip


def test_a_stop_comes_before_what_was_put_off_past_it(caps: Callable[..., None]) -> None:
    caps(a_day=1, a_week=1)
    steps = simulate("new-inquiry", start=TUESDAY, assume=["books on day 5"])
    assert all(step.due_at <= datetime(2026, 10, 11, 14, 0, tzinfo=UTC) for step in steps if not step.skip)


@given(a_day=st.integers(1, 3), a_week=st.integers(1, 6), start=st.dates(date(2026, 1, 1), date(2027, 12, 31)))
def test_no_simulated_day_or_week_is_over_its_cap(a_day: int, a_week: int, start: date) -> None:
    with pytest.MonkeyPatch.context() as patch:
        caps = {"caps": {"a_day": a_day, "a_week": a_week}}
        patch.setitem(clinic().__dict__, "mail", Mail.model_validate(clinic().mail.model_dump() | caps))
        gone = counted(simulate("new-inquiry", start=start))
    for most, span in ((a_day, timedelta(days=1)), (a_week, timedelta(days=7))):
        assert all(later - one >= span for one, later in zip(gone, gone[most:], strict=False))


def test_a_leads_other_mails_count_whether_gone_or_planned(session: Session, tuesday: object, caps: Callable[..., None]) -> None:
    lead = make_lead(session)
    enrolled(session, lead)
    steps = simulate_lead(session, lead.id, "new-inquiry", stage=lead.stage)
    first = next(step for step in steps if step.lane != "transactional" and not step.skip)
    caps(a_day=1, a_week=5)
    gone = post(session, lead.person_id, "screening-reminder-1", cause="test", lead_id=lead.id)
    gone.state, gone.sent_at = "sent", now()
    post(session, lead.person_id, "screening-reminder-2", cause="test", lead_id=lead.id, due_at=first.due_at - timedelta(hours=1))
    session.flush()
    assert first.step in put_off(simulate_lead(session, lead.id, "new-inquiry", stage=lead.stage))


def handoff(*words: str) -> Any:
    return CliRunner().invoke(app, list(words))


def test_the_command_says_so_in_words_for_people_and_machines(caps: Callable[..., None]) -> None:
    caps(a_day=1, a_week=1)
    asked = ("simulate", "visit", "--from", "2026-10-19", "--beside", "new-inquiry=2026-10-16")
    told = json.loads(handoff(*asked, "--json").output)
    assert any(words.startswith("at most 1 mail a week → ") for line in told for words in line["moved_by"])
    assert {line["why"] for line in told if line["skip"] == "outlived"} == {"It could not go while it was of use."}
    assert "at most 1 mail a week" in handoff(*asked).output


def test_a_lead_has_its_own_other_mails() -> None:
    refused = handoff("simulate", "new-inquiry", "--lead", "L-000001", "--beside", "visit").exception
    assert isinstance(refused, Invalid)
    assert "--beside" in refused.message


def test_the_shipped_sequences_leave_each_other_room() -> None:
    steps = simulate("visit", start=date(2026, 10, 19), beside={"new-inquiry": TUESDAY})
    assert local(steps[0])
    assert put_off(steps) == {}
