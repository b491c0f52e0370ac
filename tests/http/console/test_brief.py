"""The day in numbers in the console, and the mail of a lead as it was sent."""

from collections.abc import Callable

from sqlalchemy import select
from sqlalchemy.orm import Session

from leads.messages.deliver import drain
from leads.messages.models import Message
from leads.messages.notices import BriefReader
from leads.messages.outbox import post
from leads.pipeline.models import Lead
from tests.cast import make_confirmed_person, make_lead
from tests.conftest import Mailbox
from tests.http.console.conftest import Browser


def test_a_coordinator_asks_for_it_and_ends_it(session: Session, coordinator: Browser) -> None:
    for wanted, readers in (("true", 1), ("false", 0)):
        assert coordinator.form("/console/brief", page="/console/brief", wanted=wanted).status_code == 303
        assert len(session.scalars(select(BriefReader)).all()) == readers


def test_it_shows_counts(coordinator: Browser, lead: Lead) -> None:
    assert "<dt>New since yesterday</dt><dd>1</dd>" in coordinator.get("/console/brief").text


def test_who_only_looks_changes_nothing(signed_in: Callable[..., Browser]) -> None:
    auditor = signed_in("auditor")
    assert auditor.post("/console/brief", data={"wanted": "true"}).status_code == 403


def test_a_lead_nobody_reached_is_closed_from_its_page(session: Session, coordinator: Browser, lead: Lead) -> None:
    assert coordinator.form(f"/console/leads/{lead.number}/cannot-reach", to_patient="mail").status_code == 303
    session.refresh(lead)
    assert lead.outcome == "cannot-reach"
    assert session.scalars(select(Message.template).where(Message.template == "cannot-reach-you")).all()


def test_a_mail_is_shown_as_it_was_sent(session: Session, coordinator: Browser, lead: Lead, mailbox: Mailbox) -> None:
    mail = post(session, lead.person_id, "office-location", cause="test", lead_id=lead.id, facts={"office": "woodbury"})
    session.commit()
    drain(("transactional",))
    shown = coordinator.get(f"/console/leads/{lead.number}/messages/{mail.id}/as-sent").text
    assert "byte for byte what was sent" in shown
    assert "Woodbury" in shown


def test_a_mail_of_another_lead_is_not_shown(session: Session, coordinator: Browser, lead: Lead) -> None:
    other = make_lead(session, make_confirmed_person(session, email="other@example.com", phone="+12035550124"))
    mail = post(session, other.person_id, "office-location", cause="test", lead_id=other.id)
    session.commit()
    assert coordinator.get(f"/console/leads/{lead.number}/messages/{mail.id}/as-sent").status_code == 404
