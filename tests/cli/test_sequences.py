"""`handoff sequences`, as an operator types it."""

import json
import os

import pytest
from click.testing import Result
from sqlalchemy.orm import Session
from typer.testing import CliRunner

from leads.cli import app
from leads.errors import NotFound
from leads.pipeline.models import Lead
from leads.sequences.models import Enrolment
from tests.cast import make_lead
from tests.sequences.conftest import enrolled, make_sequence, make_step, publish_only, rows_of

pytestmark = pytest.mark.usefixtures("tuesday")


@pytest.fixture
def lead(session: Session, monkeypatch: pytest.MonkeyPatch) -> Lead:
    publish_only(session, monkeypatch, make_sequence(make_step("one", wait="2 days"), make_step("two", wait="4 days")))
    lead = make_lead(session)
    enrolled(session, lead, "story")
    publish_only(session, monkeypatch, make_sequence(make_step("one", wait="3 days")))
    session.commit()
    return lead


def handoff(*words: str) -> Result:
    return CliRunner().invoke(app, ["sequences", *words, "--data-dir", os.environ["HANDOFF_DATA_DIR"]])


def test_the_list_says_how_many_run_in_which_version(lead: Lead) -> None:
    told = json.loads(handoff("list", "--json").output)
    assert [(each["key"], each["number"], each["is_current"], each["running"]) for each in told] == [
        ("story", 2, True, 0), ("story", 1, False, 1),
    ]  # fmt: skip
    assert "2 (now)" in handoff("list").output


def test_an_old_version_can_be_read(lead: Lead) -> None:
    assert len(json.loads(handoff("show", "story", "--version", "1", "--json").output)["steps"]) == 2
    assert "# story, version 2" in handoff("show", "story").output


def test_a_dry_run_says_for_each_lead_what_would_become_of_each_mail(session: Session, lead: Lead) -> None:
    told = json.loads(handoff("migrate", "story", "--dry-run", "--json").output)
    assert [(line["step"], line["did"]) for line in told["moved"][0]["messages"]] == [("one", "updated"), ("two", "cancelled")]
    assert (told["dry_run"], told["moved"][0]["number"]) == (True, lead.number)
    assert {row.state for row in rows_of(session, session.query(Enrolment).one())} == {"planned"}


def test_moving_says_what_was_done_and_then_there_is_nothing_to_do(lead: Lead) -> None:
    assert "1 running enrolments of story moved." in handoff("migrate", "story").output
    assert "No enrolment of story runs in another version." in handoff("migrate", "story").output


def test_what_does_not_exist_is_refused_with_what_does(lead: Lead) -> None:
    assert isinstance(handoff("show", "nope").exception, NotFound)
    assert "there are 1, 2" in str(handoff("migrate", "story", "--to", "7").exception)


def test_outcomes_are_counted_by_answers_and_bookings_only(lead: Lead) -> None:
    assert json.loads(handoff("outcomes", "story", "--json").output) == []
    assert "Replied" in handoff("outcomes", "story").output
