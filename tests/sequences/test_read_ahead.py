"""What a simulated mail says: to a lead what that lead will read, with its own name, language, office and visit."""

import json
import os
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session
from typer.testing import CliRunner

from leads.audit.models import AuditEntry
from leads.cli import app
from leads.clock import now
from leads.messages.models import Message
from leads.messages.preview import preview
from leads.pipeline.models import Lead
from leads.sequences.read_ahead import read_for_lead
from leads.sequences.simulate import simulate_lead
from tests.cast import ACTOR, make_confirmed_person, make_lead
from tests.sequences.conftest import enrolled

pytestmark = pytest.mark.usefixtures("tuesday")


@pytest.fixture
def lead(session: Session) -> Lead:
    """Somebody with a visit in twelve days, on Sunday October 18 at 10:00."""
    lead = make_lead(session, make_confirmed_person(session, given_name="Marisol", language="es"), office="new-haven")
    visit = {"id": "01", "version": 1, "starts_at": (now() + timedelta(days=12)).isoformat()}
    enrolled(session, lead, "visit", appointment=visit)
    session.commit()
    return lead


def simulated(lead: Lead, *words: str) -> Any:
    asked = ("simulate", "visit", "--lead", lead.number, *words, "--data-dir", os.environ["HANDOFF_DATA_DIR"])
    return CliRunner().invoke(app, asked).output


def test_a_lead_reads_its_own_name_language_and_visit(lead: Lead) -> None:
    told = {line["step"]: line for line in json.loads(simulated(lead, "--json"))}
    assert "Marisol" in told["visit-tomorrow"]["text"]
    assert "18 de octubre" in told["visit-tomorrow"]["text"]
    assert "10:00" in told["visit-tomorrow"]["subject"]
    assert "New Haven" in told["visit-tomorrow"]["subject"]


def test_the_command_prints_it_in_full(lead: Lead) -> None:
    printed = simulated(lead, "--bodies")
    assert "Marisol" in printed
    assert "(the day)" not in printed


def test_a_visit_that_is_assumed_to_move_is_told_at_its_new_time(lead: Lead) -> None:
    told = json.loads(simulated(lead, "--assume", "moves the visit on day 2 to day 15", "--json"))
    assert "21 de octubre" in next(line["text"] for line in told if line["step"] == "visit-tomorrow")
    assert {line["visit_at"] for line in told} == {(now() + timedelta(days=15)).isoformat()}


def test_what_is_simulated_is_what_the_planned_mail_says(session: Session, lead: Lead) -> None:
    steps = simulate_lead(session, lead.id, "visit", stage=lead.stage)
    read = {step.step: mail for step, mail in zip(steps, read_for_lead(session, lead.id, "visit", steps), strict=True)}
    row = session.scalars(select(Message).where(Message.lead_id == lead.id, Message.step == "visit-tomorrow")).one()
    shown, foreseen = preview(session, row.id, actor=ACTOR).rendered, read["visit-tomorrow"]
    assert foreseen is not None
    assert (foreseen.subject, foreseen.text) == (shown.subject, shown.text)


def test_no_link_of_it_opens_anything(lead: Lead) -> None:
    for line in json.loads(simulated(lead, "--json")):
        assert not any(f"/{door}/" in line["text"] for door in "uapsc")


def test_that_somebody_looked_is_on_record(session: Session, lead: Lead) -> None:
    simulated(lead)
    entry = session.scalars(select(AuditEntry).where(AuditEntry.action == "person.read")).one()
    assert (entry.subject_id, entry.detail["why"]) == (lead.person_id, "simulation")
    assert entry.actor.startswith("operator:")


def test_somebody_made_up_reads_the_visit_of_the_calendar() -> None:
    told = CliRunner().invoke(app, ["simulate", "visit", "--office", "new-haven", "--from", "2026-10-19", "--json"]).output
    assert "Monday, October 19" in next(line["text"] for line in json.loads(told) if line["step"] == "visit-tomorrow")
