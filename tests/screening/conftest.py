"""A person whose screening is open."""

import pytest
from sqlalchemy.orm import Session

from leads.pipeline.models import Lead
from leads.screening.begin import begin
from leads.screening.models import Screening
from tests.cast import make_confirmed_person, make_lead


@pytest.fixture
def lead(session: Session, tuesday: object) -> Lead:
    return make_lead(session, make_confirmed_person(session), stage="screening")


@pytest.fixture
def screening(session: Session, lead: Lead) -> Screening:
    return begin(session, lead.id, channel="link", actor=f"person:{lead.person_id}", language="en")


@pytest.fixture
def staffed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody is on call who answered a test."""
    for place in ("save", "submit"):
        monkeypatch.setattr(f"leads.screening.{place}.is_staffed", lambda _session: True)
