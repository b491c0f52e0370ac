"""One mail of a lead: read, moved, stopped and settled from its page, once, by those who may, and on record."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from leads.audit.models import AuditEntry
from leads.clock import now
from leads.messages.models import Message
from leads.messages.outbox import post
from leads.pipeline.models import Lead
from leads.sequences.enroll import enroll
from leads.sequences.publish import publish
from leads.sequences.replan import replan
from tests.cast import ACTOR, make_lead, make_person
from tests.http.console.conftest import Browser
from tests.messages.test_calendar_file import FACTS

PAGE = "/console/sending"


@pytest.fixture
def mail(session: Session, lead: Lead) -> Message:
    due = now() + timedelta(days=1)
    made = post(session, lead.person_id, "office-location", cause="test", lead_id=lead.id, facts={"office": "woodbury"}, due_at=due)
    session.commit()
    return made


@pytest.fixture
def failed(session: Session, mail: Message) -> Message:
    mail.state, mail.reason = "failed", "gave-up"
    session.commit()
    return mail


def at(lead: Lead, mail: Message, verb: str = "") -> str:
    return f"/console/leads/{lead.number}/messages/{mail.id}" + (f"/{verb}" if verb else "")


def test_a_queued_mail_is_read_as_it_would_read_and_the_reading_is_on_record(
    coordinator: Browser, session: Session, lead: Lead, mail: Message
) -> None:
    page = coordinator.get(at(lead, mail)).text
    assert "As it would read now" in page
    assert "Woodbury" in page
    assert session.scalars(select(AuditEntry.subject_id).where(AuditEntry.action == "message.read")).all() == [mail.id]


def test_a_mail_about_a_visit_shows_its_calendar_file(coordinator: Browser, session: Session, lead: Lead) -> None:
    made = post(session, lead.person_id, "visit-cancelled", cause="test", lead_id=lead.id, facts=FACTS)
    session.commit()
    page = coordinator.get(at(lead, made)).text
    assert "METHOD:CANCEL" in page
    assert "takes the visit out of the reader" in page


def test_one_that_cannot_be_written_says_so_on_its_page(coordinator: Browser, session: Session, lead: Lead) -> None:
    broken = post(session, lead.person_id, "visit-tomorrow", cause="test", lead_id=lead.id)
    session.commit()
    assert "It cannot be written: visit-tomorrow needs" in coordinator.get(at(lead, broken)).text


def test_it_is_moved_by_the_offices_clock(coordinator: Browser, session: Session, lead: Lead, mail: Message) -> None:
    assert coordinator.form(at(lead, mail, "move"), at="2026-10-09T15:30").status_code == 303
    session.refresh(mail)
    assert mail.due_at.isoformat() == "2026-10-09T19:30:00+00:00"
    assert "a colleague moved it" in coordinator.get(f"/console/leads/{lead.number}").text


@pytest.mark.parametrize("time", ["", "soon", "2020-01-01T09:00"])
def test_a_time_that_cannot_be_is_refused(coordinator: Browser, session: Session, lead: Lead, mail: Message, time: str) -> None:
    before = mail.due_at
    assert coordinator.form(at(lead, mail, "move"), at=time).status_code == 422
    session.refresh(mail)
    assert mail.due_at == before


def test_on_an_old_page_nothing_is_moved(coordinator: Browser, lead: Lead, mail: Message) -> None:
    coordinator.form(at(lead, mail, "move"), at="2026-10-09T15:30")
    assert coordinator.form(at(lead, mail, "move"), version="1", at="2026-10-08T15:30").status_code == 409


def test_a_colleagues_time_outlives_a_new_plan(coordinator: Browser, session: Session, lead: Lead) -> None:
    publish(session)
    enrolment = enroll(session, "new-inquiry", person_id=lead.person_id, lead_id=lead.id, anchor=now(), actor=ACTOR, facts={})
    assert enrolment
    session.commit()
    planned = select(Message).where(Message.enrolment_id == enrolment.id, Message.state == "planned", Message.due_at > now())
    step = session.scalars(planned.order_by(Message.due_at)).first()
    assert step
    later = (step.due_at + timedelta(days=1)).strftime("%Y-%m-%dT15:30")
    coordinator.form(at(lead, step, "move"), at=later)
    session.refresh(step)
    moved = step.due_at
    assert replan(session, enrolment, actor=ACTOR).updated == 0
    assert step.due_at == moved


def test_a_failed_mail_is_tried_again_from_the_leads_page(coordinator: Browser, session: Session, lead: Lead, failed: Message) -> None:
    assert "Try again: Office location" in coordinator.get(f"/console/leads/{lead.number}").text
    assert coordinator.form(at(lead, failed, "failed"), verdict="again").status_code == 303
    session.refresh(failed)
    assert (failed.state, failed.reason) == ("planned", "retried")


@pytest.mark.parametrize(("verdict", "state"), [("again", "planned"), ("not-needed", "cancelled")])
def test_a_failed_mail_is_settled_where_sending_is_watched(
    coordinator: Browser, session: Session, failed: Message, verdict: str, state: str
) -> None:
    assert "The mail server put us off too often" in coordinator.get(PAGE).text
    sent = coordinator.form(f"{PAGE}/{failed.id}/failed", page=PAGE, verdict=verdict, fence="0")
    session.refresh(failed)
    assert (sent.status_code, failed.state) == (303, state)
    assert "Try again" not in coordinator.get(PAGE).text


def test_pressed_again_it_says_what_it_is_now(coordinator: Browser, failed: Message) -> None:
    coordinator.form(f"{PAGE}/{failed.id}/failed", page=PAGE, verdict="not-needed", fence="0")
    answer = coordinator.form(f"{PAGE}/{failed.id}/failed", page=PAGE, verdict="again", fence="0")
    assert answer.status_code == 409
    assert "it is cancelled" in answer.text


def test_one_that_failed_again_meanwhile_is_not_settled_on_an_old_look(coordinator: Browser, session: Session, failed: Message) -> None:
    failed.fence = 3
    session.commit()
    assert coordinator.form(f"{PAGE}/{failed.id}/failed", page=PAGE, verdict="again", fence="2").status_code == 409


@pytest.mark.parametrize("verdict", ["", "sent"])
def test_another_verdict_is_refused_in_words(coordinator: Browser, failed: Message, verdict: str) -> None:
    answer = coordinator.form(f"{PAGE}/{failed.id}/failed", page=PAGE, verdict=verdict, fence="0")
    assert answer.status_code == 422
    assert "again or not-needed" in answer.text


def test_a_failed_step_of_a_stopped_sequence_is_not_tried_again(
    coordinator: Browser, session: Session, lead: Lead, failed: Message
) -> None:
    publish(session)
    enrolment = enroll(session, "new-inquiry", person_id=lead.person_id, lead_id=lead.id, anchor=now(), actor=ACTOR, facts={})
    assert enrolment
    failed.enrolment_id, failed.step, enrolment.ended_at = enrolment.id, "planted", now()
    session.commit()
    for page in (f"/console/leads/{lead.number}", PAGE):
        assert "Try again: its sequence has been stopped since." in coordinator.get(page).text
    answer = coordinator.form(at(lead, failed, "failed"), verdict="again")
    assert answer.status_code == 409
    assert "has been stopped since" in answer.text


@pytest.mark.parametrize("verb", ["", "move", "failed"])
def test_another_leads_mail_is_out_of_reach(coordinator: Browser, session: Session, mail: Message, verb: str) -> None:
    other = make_lead(session, make_person(session, email="luis@example.com"))
    session.commit()
    path = at(other, mail, verb)
    answer = coordinator.form(path, at="2026-10-09T15:30", verdict="again") if verb else coordinator.get(path)
    assert answer.status_code == 404


def test_who_only_looks_may_read_and_not_move(signed_in: Callable[..., Browser], lead: Lead, mail: Message) -> None:
    auditor = signed_in("auditor")
    assert "Move it" not in auditor.get(at(lead, mail)).text
    assert auditor.form(at(lead, mail, "move"), at="2026-10-09T15:30").status_code == 403
