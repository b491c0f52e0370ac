"""A to-do for a clinician or a supervisor is done by one: others read for whom it is, and are refused."""

from collections.abc import Callable

import pytest
from sqlalchemy.orm import Session

from leads.clock import now
from leads.pipeline.models import Lead
from leads.todos.models import Todo
from leads.todos.open import open_todo
from tests.http.console.conftest import Browser

Enter = Callable[..., Browser]


def opened(session: Session, lead: Lead, kind: str, role: str) -> Todo:
    """A to-do for a role."""
    todo = open_todo(session, kind, person_id=lead.person_id, lead_id=lead.id, due_at=now(), role=role)
    session.commit()
    return todo


@pytest.mark.parametrize("kind", ["risk-review", "risk-note"])
def test_a_coordinator_reads_that_it_is_for_a_clinician_and_is_refused(signed_in: Enter, session: Session, lead: Lead, kind: str) -> None:
    todo, coordinator = opened(session, lead, kind, "clinician"), signed_in("coordinator", "supervisor")
    page = coordinator.get(f"/console/leads/{lead.number}").text
    assert "Done: for a clinician." in page
    assert ">Done</button>" not in page
    answer = coordinator.form(f"/console/leads/{lead.number}/todos/{todo.id}/done")
    assert (answer.status_code, "This to-do is for a clinician." in answer.text) == (403, True)
    session.refresh(todo)
    assert todo.done_at is None


def test_a_clinician_does_it(signed_in: Enter, session: Session, lead: Lead) -> None:
    todo, clinician = opened(session, lead, "risk-review", "clinician"), signed_in("clinician")
    assert ">Done</button>" in clinician.get(f"/console/leads/{lead.number}").text
    assert clinician.form(f"/console/leads/{lead.number}/todos/{todo.id}/done").status_code == 303
    session.refresh(todo)
    assert todo.done_at is not None


def test_what_is_to_be_done_by_a_coordinator_is_for_all_who_work_with_leads(signed_in: Enter, session: Session, lead: Lead) -> None:
    todo = opened(session, lead, "look", "coordinator")
    assert signed_in("clinician").form(f"/console/leads/{lead.number}/todos/{todo.id}/done").status_code == 303


@pytest.mark.parametrize(
    ("role", "words"), [("coordinator", "Done: for a supervisor."), ("supervisor", 'href="/console/openings">Look at it')]
)
def test_who_opened_a_record_is_looked_at_where_openings_are(signed_in: Enter, session: Session, lead: Lead, role: str, words: str) -> None:
    todo, browser = opened(session, lead, "review-opening", "supervisor"), signed_in(role)
    assert words in browser.get(f"/console/leads/{lead.number}").text
    answer = browser.form(f"/console/leads/{lead.number}/todos/{todo.id}/done")
    assert (answer.status_code, "page of openings" in answer.text) == (404, True)
