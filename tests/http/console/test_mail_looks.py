"""A mail to this very person as it looks: its HTML in a frame that runs and loads nothing, light and dark, its text beside it."""

import re
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from leads.access.restrict import restrict
from leads.audit.models import AuditEntry
from leads.clock import now
from leads.messages.deliver import drain
from leads.messages.models import Message
from leads.messages.outbox import post
from leads.pipeline.models import Lead
from tests.accounts.cast import make_account
from tests.cast import make_lead, make_person
from tests.conftest import Mailbox
from tests.http.console.conftest import Browser
from tests.http.console.test_mails import at
from tests.messages.wording import edited


@pytest.fixture
def planned(session: Session, lead: Lead) -> Message:
    """A mail of tomorrow, with the person's own office in it."""
    due = now() + timedelta(days=1)
    made = post(session, lead.person_id, "office-location", cause="test", lead_id=lead.id, facts={"office": "woodbury"}, due_at=due)
    session.commit()
    return made


@pytest.fixture
def sent(session: Session, lead: Lead, mailbox: Mailbox) -> Message:
    """A mail that has gone out."""
    made = post(session, lead.person_id, "still-here", cause="test", lead_id=lead.id)
    session.commit()
    drain(("education",))
    session.refresh(made)
    assert made.state == "sent"
    return made


def frame_of(page: str) -> str:
    """The address of the frame in which the mail is shown."""
    return re.findall(r'<iframe class="[\w-]+" sandbox title="[^"]+" src="([^"]+)"', page)[0]


def acts(session: Session, mail: Message) -> list[str]:
    """What the record says was done to a mail by looking."""
    return list(session.scalars(select(AuditEntry.action).where(AuditEntry.subject_id == mail.id).order_by(AuditEntry.id)))


def test_a_planned_mail_is_shown_as_it_will_look_beside_its_text(coordinator: Browser, lead: Lead, planned: Message) -> None:
    page = coordinator.get(at(lead, planned)).text
    assert frame_of(page) == f"{at(lead, planned)}/frame?look=light"
    assert "The mail as text" in page
    shown = coordinator.get(frame_of(page)).text
    assert "Woodbury" in shown
    assert "<!doctype html>" in shown.lower()


def test_what_has_gone_is_shown_in_the_words_it_had(
    coordinator: Browser, lead: Lead, sent: Message, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    edited(monkeypatch, tmp_path, "still-here", "We wish you well.", "Goodbye.")
    page = coordinator.get(at(lead, sent, "as-sent")).text
    assert frame_of(page) == f"{at(lead, sent, 'as-sent')}/frame?look=light"
    assert "We wish you well." in coordinator.get(frame_of(page)).text


def test_the_frame_runs_and_loads_nothing_and_is_shown_nowhere_else(
    coordinator: Browser, lead: Lead, planned: Message, sent: Message
) -> None:
    for path in (at(lead, planned, "frame"), at(lead, sent, "as-sent/frame")):
        answer = coordinator.get(path)
        policy = answer.headers["content-security-policy"]
        for rule in ("default-src 'none'", "frame-ancestors 'self'", "form-action 'none'", "sandbox"):
            assert rule in policy
        assert not re.search(r"<script|src=\"https?:|url\(https?:", answer.text)


@pytest.mark.parametrize("verb", ["frame", "as-sent/frame"])
def test_nobody_can_act_as_the_person_by_its_links(coordinator: Browser, lead: Lead, sent: Message, verb: str) -> None:
    assert not re.search(r"/[upcrsa]/[A-Za-z0-9_-]{20,}", coordinator.get(at(lead, sent, verb)).text)


def test_it_is_shown_in_light_and_dark_on_desk_and_phone(coordinator: Browser, lead: Lead, planned: Message) -> None:
    page = coordinator.get(f"{at(lead, planned)}?look=dark&width=phone").text
    assert 'class="stage dark"><iframe class="as-phone"' in page
    assert 'href="?look=light&amp;width=phone#reads"' in page
    dark, light = (coordinator.get(at(lead, planned, f"frame?look={look}")).text for look in ("dark", "light"))
    assert 'content="dark"' in dark
    assert 'content="light"' in light


def test_each_look_is_on_record_and_the_mails_own_log_tells_of_one_reading(
    coordinator: Browser, session: Session, lead: Lead, planned: Message
) -> None:
    coordinator.get(at(lead, planned))
    coordinator.get(at(lead, planned, "frame"))
    page = coordinator.get(f"{at(lead, planned)}?look=dark").text
    assert acts(session, planned) == ["message.read", "message.shown", "message.shown"]
    assert page.partition("Who did what with it")[2].count("<strong>read") == 1


@pytest.mark.parametrize("verb", ["frame", "as-sent/frame"])
def test_it_keeps_to_who_may_see_the_record(coordinator: Browser, session: Session, lead: Lead, sent: Message, verb: str) -> None:
    other = make_lead(session, make_person(session, email="luis@example.com"))
    session.commit()
    assert coordinator.get(at(other, sent, verb)).status_code == 404
    robin = make_account(session, "supervisor", email="robin@example.com")
    restrict(session, lead.person_id, reason="A colleague of ours", actor=f"account:{robin.id}", roles={"supervisor"})
    session.commit()
    assert coordinator.get(at(lead, sent, verb)).status_code == 403


def test_one_that_cannot_be_written_has_no_frame(coordinator: Browser, session: Session, lead: Lead) -> None:
    broken = post(session, lead.person_id, "visit-tomorrow", cause="test", lead_id=lead.id)
    session.commit()
    assert "<iframe" not in coordinator.get(at(lead, broken)).text


@pytest.mark.parametrize("asked", ["?look=blue", "?width=wall"])
def test_a_look_there_is_not_is_refused(coordinator: Browser, lead: Lead, planned: Message, asked: str) -> None:
    assert coordinator.get(at(lead, planned) + asked).status_code == 422


@pytest.fixture
def signed_out(signed_in: Callable[..., Browser]) -> Browser:
    browser = signed_in()
    browser.cookies.clear()
    return browser


def test_nobody_else_sees_it(signed_out: Browser, lead: Lead, planned: Message) -> None:
    assert signed_out.get(at(lead, planned, "frame"), follow_redirects=False).status_code == 303
