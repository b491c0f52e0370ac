"""The calendar one sees before anyone is enrolled, and the command that prints it."""

import json
import os
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy.orm import Session
from typer.testing import CliRunner

from leads.cli import app
from leads.clinic.profile import clinic
from leads.errors import Invalid, NotFound
from leads.sequences.clock_changes import clock_changes
from leads.sequences.simulate import simulate, simulate_lead
from tests.cast import make_lead
from tests.sequences.conftest import enrolled, local, rows_of


def handoff(*words: str) -> Any:
    return CliRunner().invoke(app, list(words))


def test_a_bare_date_means_ten_in_the_morning_there() -> None:
    assert local(simulate("new-inquiry", office="woodbury", start=date(2026, 12, 23))[0]) == "2026-12-23T10:00"


def test_a_moment_is_taken_as_it_is() -> None:
    assert simulate("new-inquiry", start=datetime(2026, 12, 23, 20, tzinfo=UTC))[0].due_at == datetime(2026, 12, 23, 20, tzinfo=UTC)


def test_christmas_at_woodbury() -> None:
    steps = simulate("new-inquiry", office="woodbury", start=date(2026, 12, 23))
    assert [local(step)[:10] for step in steps[:4]] == ["2026-12-23", "2026-12-28", "2026-12-29", "2027-01-04"]
    assert steps[1].moved_by == ("Christmas Day → Sat", "Sat → Mon 09:00")


def test_a_visit_is_simulated_around_its_day() -> None:
    steps = simulate("visit", office="new-haven", start=date(2026, 10, 19), facts={"visit.missed": True})
    assert [local(step) for step in steps if not step.skip] == [
        "2026-10-16T10:00",
        "2026-10-18T10:00",
        "2026-10-19T07:00",
        "2026-10-20T10:00",
    ]


def test_a_fact_decides_a_condition() -> None:
    assert simulate("visit", start=date(2026, 10, 19))[-1].skip == "only-if"


@pytest.mark.parametrize(("key", "office", "names"), [("nope", "woodbury", "new-inquiry"), ("visit", "paris", "new-haven, woodbury")])
def test_what_does_not_exist_is_refused_with_what_does(key: str, office: str, names: str) -> None:
    with pytest.raises(NotFound, match=names):
        simulate(key, office=office, start=date(2026, 10, 19))


def test_the_command_prints_dates_subjects_and_rules_without_a_database() -> None:
    printed = handoff("simulate", "new-inquiry", "--office", "woodbury", "--from", "2026-12-23").output
    assert "Mon 2026-12-28 09:00" in printed
    assert "Where to find us" in printed
    assert "Christmas Day → Sat" in printed


def test_the_command_prints_the_same_for_machines() -> None:
    told = json.loads(handoff("simulate", "new-inquiry", "--office", "woodbury", "--from", "2026-12-23", "--json").output)
    steps = simulate("new-inquiry", office="woodbury", start=date(2026, 12, 23))
    assert [(line["step"], line["due_at"], line["local_due"]) for line in told] == [
        (step.step, step.due_at.isoformat(), step.local_due) for step in steps
    ]


@pytest.mark.parametrize("key", ["new-inquiry", "screening", "visit", "referral-received"])
@pytest.mark.parametrize("language", ["en", "es"])
def test_every_shipped_step_has_a_subject_in_both_languages(key: str, language: str) -> None:
    told = json.loads(handoff("simulate", key, "--language", language, "--json").output)
    assert all(line["subject"] for line in told)


def test_the_end_of_daylight_saving_is_shown_between_two_mails_that_keep_their_hour() -> None:
    words = ("simulate", "new-inquiry", "--office", "new-haven", "--from", "2026-10-28")
    told = json.loads(handoff(*words, "--json").output)
    assert [line["step"] for line in told if line["clocks_changed_on"] == "2026-11-01"] == ["iv-and-im"]
    assert {line["local_due"][11:16] for line in told} <= {"09:00", "10:00"}
    assert "Sun 2026-11-01" in handoff(*words).output


@pytest.mark.parametrize(
    ("words", "change"),
    [("daylight saving ends", "2026-11-01"), ("daylight saving begins", "2027-03-14"), ("daylight saving ends on day 9", "2026-11-01")],
)
def test_a_sequence_is_seen_across_the_next_change_of_clocks(words: str, change: str) -> None:
    asked = ("simulate", "new-inquiry", "--office", "new-haven", "--from", "2026-10-06", "--assume", words)
    told = json.loads(handoff(*asked, "--json").output)
    first = date.fromisoformat(told[0]["local_due"][:10])
    assert date.fromisoformat(change) - first == timedelta(days=9 if "9" in words else 3)
    assert [line["clocks_changed_on"] for line in told if line["clocks_changed_on"]] == [change]
    assert {line["local_due"][11:16] for line in told} <= {"09:00", "10:00"}
    assert "the clocks change" in handoff(*asked).output


def test_a_visits_mails_are_seen_across_the_change_of_clocks_before_it() -> None:
    told = simulate("visit", office="new-haven", start=date(2026, 10, 6), assume=["daylight saving ends"])
    assert [str(change) for change in clock_changes(told) if change] == ["2026-11-01"]


def test_what_runs_beside_it_moves_along() -> None:
    beside = {"visit": date(2026, 10, 12)}
    steps = simulate("new-inquiry", office="new-haven", start=date(2026, 10, 6), beside=beside, assume=["daylight saving ends"])
    moved = simulate("new-inquiry", office="new-haven", start=date(2026, 10, 29), beside={"visit": date(2026, 11, 4)})
    assert steps == moved


def test_where_clocks_never_change_that_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    office = clinic().office("new-haven")
    monkeypatch.setitem(office.__dict__, "calendar", replace(office.calendar, zone=ZoneInfo("America/Phoenix")))
    with pytest.raises(Invalid, match="America/Phoenix do not change"):
        simulate("new-inquiry", office="new-haven", start=date(2026, 10, 6), assume=["daylight saving ends"])


def test_a_leads_days_cannot_be_moved(session: Session, tuesday: None) -> None:
    lead = make_lead(session)
    enrolled(session, lead)
    with pytest.raises(Invalid, match="its days stand"):
        simulate_lead(session, lead.id, "new-inquiry", stage=lead.stage, assume=["daylight saving ends"])


def test_each_mail_can_be_read_in_full() -> None:
    printed = handoff("simulate", "new-inquiry", "--office", "woodbury", "--from", "2026-12-23", "--bodies").output
    assert "Wed 2026-12-23 10:00  Where to find us" in printed
    assert all(line["text"] for line in json.loads(handoff("simulate", "new-inquiry", "--json").output))


def test_assumptions_are_taken_in_words() -> None:
    told = json.loads(handoff("simulate", "new-inquiry", "--from", "2026-10-06", "--assume", "books on day 5", "--json").output)
    assert [line["skip"] for line in told][-1] == "stage:booked"
    assert told[-1]["why"] == "The lead moved to booked."


def test_a_malformed_assumption_is_refused_with_what_is_understood() -> None:
    with pytest.raises(Invalid, match="replies on day 3"):
        raise handoff("simulate", "new-inquiry", "--assume", "explodes").exception


def test_a_lead_is_simulated_by_number(session: Session, tuesday: None) -> None:
    lead = make_lead(session)
    enrolment = enrolled(session, lead)
    session.commit()
    told = json.loads(
        handoff("simulate", "new-inquiry", "--lead", lead.number, "--data-dir", os.environ["HANDOFF_DATA_DIR"], "--json").output
    )
    assert [line["due_at"] for line in told] == [row.due_at.isoformat() for row in rows_of(session, enrolment)]


def test_a_lead_has_its_own_office_and_beginning() -> None:
    with pytest.raises(Invalid, match="leave out --office, --from"):
        raise handoff("simulate", "new-inquiry", "--lead", "L-000001", "--office", "woodbury").exception
