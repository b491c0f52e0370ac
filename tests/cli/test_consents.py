"""`handoff consents`: what somebody agreed to, printed for another system and put on record."""

import json
import os

import pytest
from click.testing import Result
from fhir.resources.R4B.bundle import Bundle
from sqlalchemy import select
from typer.testing import CliRunner

from leads.audit.models import AuditEntry
from leads.cli import app
from leads.db import transaction
from leads.errors import NotFound
from tests.cast import make_lead


def handoff(*words: str) -> Result:
    return CliRunner().invoke(app, ["consents", *words, "--data-dir", os.environ["HANDOFF_DATA_DIR"]])


@pytest.fixture
def number(database: None) -> str:
    """Ana's lead."""
    with transaction() as session:
        return make_lead(session).number


def test_it_prints_valid_consents_and_puts_it_on_record(number: str) -> None:
    bundle = Bundle.model_validate(json.loads(handoff("export", number).output))
    assert [entry.resource.status for entry in bundle.entry] == ["active"] * 3
    with transaction() as session:
        entry = session.scalars(select(AuditEntry).where(AuditEntry.action == "consents.exported")).one()
    assert entry.detail == {"lead": number}
    assert entry.actor.startswith("operator:")


def test_a_number_that_is_not_there_is_refused_in_words(database: None) -> None:
    with pytest.raises(NotFound):
        raise handoff("export", "L-999999").exception or AssertionError
