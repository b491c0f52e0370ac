"""The screening on a lead's page: colleagues see what it came to and why, a clinician reviews it, and every read is on record."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from leads.audit.models import AuditEntry
from leads.messages.models import Message
from leads.pipeline.models import Lead
from leads.screening.begin import begin
from leads.screening.models import Screening
from leads.screening.questionnaire import definition
from leads.screening.save import save_page
from leads.screening.submit import submit
from leads.todos.models import Todo
from tests.cast import make_confirmed_person, make_lead
from tests.http.console.conftest import Browser
from tests.screening.cast import answers
from tests.screening.conftest import staffed

__all__ = ["staffed"]
SignIn = Callable[..., Browser]


@pytest.fixture
def lead(session: Session, tuesday: object) -> Lead:
    """Ana's lead, in screening, and nobody need call her today."""
    made = make_lead(session, make_confirmed_person(session), stage="screening")
    made.reached_at = made.opened_at
    session.commit()
    return made


@pytest.fixture
def path(lead: Lead) -> str:
    return f"/console/leads/{lead.number}"


def fill(session: Session, lead: Lead, **changes: Any) -> Screening:
    """Let Ana answer and send everything, but for the changes."""
    me = f"person:{lead.person_id}"
    screening = begin(session, lead.id, channel="link", actor=me, language="en")
    given = answers(**changes)
    for page in definition().asked.pages:
        asked = {question.key for question in definition().questions(page)}
        save_page(session, screening.id, page.key, {key: value for key, value in given.items() if key in asked}, actor=me)
    session.flush()
    submit(session, screening.id, actor=me)
    session.commit()
    return screening


def on_record(session: Session, action: str) -> int:
    return session.scalar(select(func.count()).where(AuditEntry.action == action)) or 0


@pytest.mark.usefixtures("staffed")
def test_nothing_stands_against_a_consultation_and_the_totals_say_so(session: Session, coordinator: Browser, lead: Lead, path: str) -> None:
    fill(session, lead)
    text = coordinator.get(path).text
    assert "Nothing stands against a consultation" in text
    assert "Moderately severe" in text
    assert "<strong>16</strong>" in text


@pytest.mark.usefixtures("staffed")
def test_what_a_clinician_must_look_at_stands_with_its_reason(session: Session, coordinator: Browser, lead: Lead, path: str) -> None:
    fill(session, lead, pregnancy="yes")
    text = coordinator.get(path).text
    assert "Needs a clinician&#39;s look" in text
    assert "Pregnancy now, or nursing a child: Yes" in text


@pytest.mark.usefixtures("staffed")
def test_an_unanswered_item_9_needs_review_and_is_no_zero(session: Session, coordinator: Browser, lead: Lead, path: str) -> None:
    fill(session, lead, **{"phq-9.better-off-dead": None})
    text = coordinator.get(path).text
    assert "PHQ-9, item 9: not answered. It needs review; it is not a 0." in text
    assert "No total: 1 not answered" in text


def test_what_was_not_asked_for_want_of_somebody_on_call_is_said(session: Session, coordinator: Browser, lead: Lead, path: str) -> None:
    fill(session, lead, safety=None, **{"phq-9.better-off-dead": None})
    text = coordinator.get(path).text
    assert "were not asked" in text
    assert "PHQ-8" in text


def test_few_trials_and_missing_answers_need_information(session: Session, coordinator: Browser, lead: Lead, path: str) -> None:
    changes = {"safety": None, "phq-9.better-off-dead": None, "diagnosis": None, "allergy": "unsure"}
    fill(session, lead, trials=[{"drug": "sertraline", "dose": "", "weeks": 3, "outcome": "no-help"}], **changes)
    text = coordinator.get(path).text
    found = (
        "Needs information",
        "Adequate trials of a medicine: 0 of 2",
        "Not answered: What have you been told",
        "They are not sure: An allergy",
    )
    assert [words for words in found if words not in text] == []


def test_every_answer_is_there_and_the_reading_is_on_record(session: Session, coordinator: Browser, lead: Lead, path: str) -> None:
    fill(session, lead)
    text = coordinator.get(path).text
    assert [
        words for words in ("sertraline, 100 mg, 10 weeks: It did not help", "bupropion 300 mg", "A psychiatrist") if words not in text
    ] == []
    assert on_record(session, "screening.read") == 1


def test_only_a_clinician_has_looked_at_it(session: Session, coordinator: Browser, lead: Lead, path: str) -> None:
    screening = fill(session, lead)
    assert "I have looked at it" not in coordinator.get(path).text
    assert coordinator.form(f"{path}/screening/{screening.id}/reviewed").status_code == 403


def test_once_a_clinician_has_looked_it_leaves_the_worklist(session: Session, signed_in: SignIn, lead: Lead, path: str) -> None:
    screening = fill(session, lead)
    clinician = signed_in("clinician")
    assert lead.number in clinician.get("/console?need=to-review").text
    assert clinician.form(f"{path}/screening/{screening.id}/reviewed").status_code == 303
    assert lead.number not in clinician.get("/console?need=to-review").text
    assert "Reviewed" in clinician.get(path).text


def test_reviewing_twice_is_told_and_changes_nothing(session: Session, signed_in: SignIn, lead: Lead, path: str) -> None:
    screening = fill(session, lead)
    clinician = signed_in("clinician")
    clinician.form(f"{path}/screening/{screening.id}/reviewed")
    assert clinician.form(f"{path}/screening/{screening.id}/reviewed").status_code == 409
    assert on_record(session, "screening.reviewed") == 1


def test_the_link_is_sent_from_the_page(session: Session, coordinator: Browser, lead: Lead, path: str) -> None:
    assert "Send the link again" in coordinator.get(path).text
    assert coordinator.form(f"{path}/screening/link").status_code == 303
    assert "Screening invitation" in coordinator.get(path).text


def test_a_stale_page_sends_no_second_link(session: Session, coordinator: Browser, lead: Lead, path: str) -> None:
    coordinator.form(f"{path}/screening/link")
    answer = coordinator.form(f"{path}/screening/link", version="1")
    assert answer.status_code == 409
    assert session.scalar(select(func.count()).where(Message.template == "screening-invitation")) == 1


def test_why_the_link_cannot_go_is_said(session: Session, coordinator: Browser, tuesday: object) -> None:
    lead = make_lead(session, make_confirmed_person(session, grants=()), stage="screening")
    session.commit()
    answer = coordinator.form(f"/console/leads/{lead.number}/screening/link")
    assert answer.status_code == 409
    assert "There is no consent to contact. Go through the questions by phone." in answer.text


def test_the_answers_are_handed_on_as_fhir_and_that_is_on_record(session: Session, coordinator: Browser, lead: Lead, path: str) -> None:
    screening = fill(session, lead)
    answer = coordinator.get(f"{path}/screening/{screening.id}/response.json")
    assert answer.headers["content-type"].startswith("application/fhir+json")
    assert (answer.json()["resourceType"], answer.json()["status"]) == ("QuestionnaireResponse", "completed")
    assert "Ana" not in answer.text
    assert on_record(session, "screening.exported") == 1


def test_the_questions_are_handed_on_in_their_language(session: Session, coordinator: Browser, lead: Lead, path: str) -> None:
    screening = begin(session, lead.id, channel="link", actor="person:x", language="es")
    session.commit()
    answer = coordinator.get(f"{path}/screening/{screening.id}/questionnaire.json").json()
    assert (answer["resourceType"], answer["title"]) == ("Questionnaire", "Antes de su primera cita")


def test_a_screening_of_somebody_else_is_not_found_here(session: Session, signed_in: Callable[..., Browser], lead: Lead, path: str) -> None:
    clinician = signed_in("clinician")
    other = make_lead(session, make_confirmed_person(session), stage="screening")
    theirs = fill(session, other)
    for name in ("response.json", "questionnaire.json"):
        assert clinician.get(f"{path}/screening/{theirs.id}/{name}").status_code == 404
    assert clinician.form(f"{path}/screening/{theirs.id}/reviewed").status_code == 404


def test_two_scores_are_a_trend_with_a_table_and_without_inline_style(
    session: Session, coordinator: Browser, lead: Lead, path: str, tuesday: Callable[[timedelta], None]
) -> None:
    fill(session, lead)
    assert '<svg viewBox="0 0 420' not in coordinator.get(path).text
    tuesday(timedelta(days=30))
    fill(session, lead, **{"phq-9.sleep": "0", "phq-9.down": "0"})
    text = coordinator.get(path).text
    assert "From 16, moderately severe" in text
    assert text.count("<circle") == 2
    assert " style=" not in text


def test_the_story_tells_of_it_and_never_of_what_it_came_to(session: Session, coordinator: Browser, lead: Lead, path: str) -> None:
    fill(session, lead)
    story = coordinator.get(path).text.partition('id="timeline"')[2]
    assert "Screening sent through the link" in story
    assert "clinician&#39;s look" not in story


def test_nobody_reads_it_without_signing_in(browser: Browser, path: str) -> None:
    for where in ("mood", "look-over", "help", "next"):
        answer = browser.get(f"{path}/screening/{where}", follow_redirects=False)
        assert answer.headers["location"].startswith("/console/sign-in")


def test_its_review_cannot_be_ticked_off_unseen(session: Session, coordinator: Browser, lead: Lead, path: str) -> None:
    fill(session, lead)
    todo = session.scalars(select(Todo).where(Todo.kind == "review-screening")).one()
    assert "Look at it" in coordinator.get(path).text
    assert coordinator.form(f"{path}/todos/{todo.id}/done").status_code == 404
    session.expire_all()
    assert todo.done_at is None


def test_an_earlier_one_that_nobody_reviewed_stays_in_sight(session: Session, coordinator: Browser, lead: Lead, path: str) -> None:
    fill(session, lead, pregnancy="yes")
    fill(session, lead)
    sheet = coordinator.get(path).text.partition('id="screening"')[2]
    assert "Needs a clinician&#39;s look, not reviewed" in sheet.partition("Earlier")[2]
