"""A delivery of which nobody knows: settled at the lead or on the mail's page, one by one; the sending page pages and counts them all."""

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from leads.clock import now
from leads.http.console import unsettled
from leads.messages.models import Message
from leads.messages.outbox import post
from leads.pipeline.models import Lead
from leads.todos.models import Todo
from leads.todos.open import open_todo
from tests.cast import ACTOR
from tests.http.console.conftest import Browser
from tests.http.console.test_mails import at

PAGE = "/console/sending"


def doubt(session: Session, lead: Lead, template: str = "office-location", state: str = "unknown") -> Message:
    """A mail of a lead that ended badly."""
    mail = post(session, lead.person_id, template, cause="test", lead_id=lead.id, facts={"office": "woodbury"})
    mail.state, mail.reason, mail.state_at, mail.on_unknown = state, "gave-up", now(), "ask_staff"
    session.flush()
    return mail


@pytest.fixture
def two(session: Session, lead: Lead) -> list[Message]:
    """Two mails in doubt, and the one to-do for both."""
    mails = [doubt(session, lead), doubt(session, lead, "still-here")]
    open_todo(session, "settle-unknown", person_id=lead.person_id, lead_id=lead.id, due_at=now(), actor=ACTOR)
    session.commit()
    return mails


def open_todos(session: Session) -> list[str]:
    """The kinds of to-dos still open."""
    return list(session.scalars(select(Todo.kind).where(Todo.done_at.is_(None))))


def test_the_leads_page_offers_each_verdict_and_no_done(coordinator: Browser, lead: Lead, two: list[Message]) -> None:
    page = coordinator.get(f"/console/leads/{lead.number}").text
    for mail in two:
        assert f'action="{at(lead, mail, "settle")}"' in page
    assert "It arrived: Office location" in page
    assert '<button class="quiet">Done</button>' not in page


def test_to_press_done_does_not_end_the_doubt(coordinator: Browser, session: Session, lead: Lead, two: list[Message]) -> None:
    todo = session.scalars(select(Todo.id)).one()
    answer = coordinator.form(f"/console/leads/{lead.number}/todos/{todo}/done")
    assert answer.status_code == 409
    assert "Nobody knows yet whether a mail of theirs arrived." in answer.text
    assert open_todos(session) == ["settle-unknown"]


def test_without_a_mail_in_doubt_the_to_do_can_be_done(coordinator: Browser, session: Session, lead: Lead, two: list[Message]) -> None:
    for mail in two:
        mail.state = "sent"
    session.commit()
    todo = session.scalars(select(Todo.id)).one()
    assert "settle" not in coordinator.get(f"/console/leads/{lead.number}").text
    assert coordinator.form(f"/console/leads/{lead.number}/todos/{todo}/done").status_code == 303


def test_the_to_do_ends_with_the_last_of_them(coordinator: Browser, session: Session, lead: Lead, two: list[Message]) -> None:
    assert coordinator.form(at(lead, two[0], "settle"), verdict="sent").status_code == 303
    assert open_todos(session) == ["settle-unknown"]
    coordinator.form(at(lead, two[1], "settle"), verdict="failed")
    assert open_todos(session) == []
    for mail in two:
        session.refresh(mail)
    assert [mail.state for mail in two] == ["sent", "failed"]


def test_what_its_policy_settles_keeps_no_to_do_open(coordinator: Browser, session: Session, lead: Lead, two: list[Message]) -> None:
    two[1].on_unknown = "assume_sent"
    session.commit()
    coordinator.form(at(lead, two[0], "settle"), verdict="again")
    assert open_todos(session) == []


def test_it_is_settled_on_the_mails_own_page(coordinator: Browser, session: Session, lead: Lead, two: list[Message]) -> None:
    page = coordinator.get(at(lead, two[0])).text
    assert f'action="{at(lead, two[0], "settle")}"' in page
    coordinator.form(at(lead, two[0], "settle"), verdict="sent", form="settle-mail")
    session.refresh(two[0])
    assert two[0].state == "sent"


@pytest.mark.parametrize(("form", "where"), [("settle-mail", "Who did what with it"), ("", "Timeline")])
def test_on_an_old_page_nothing_is_settled(
    coordinator: Browser, session: Session, lead: Lead, two: list[Message], form: str, where: str
) -> None:
    coordinator.form(f"/console/leads/{lead.number}/note", text="A colleague was here.")
    answer = coordinator.form(at(lead, two[0], "settle"), version="1", verdict="again", form=form)
    session.refresh(two[0])
    assert (answer.status_code, two[0].state) == (409, "unknown")
    assert where in answer.text


def test_an_auditor_is_told_who_settles_and_gets_no_button(
    signed_in: Callable[..., Browser], session: Session, lead: Lead, two: list[Message]
) -> None:
    doubt(session, lead, state="failed")
    session.commit()
    browser = signed_in("auditor")
    shown = browser.get(PAGE).text
    assert "Your account may look at these, but not settle them" in shown
    assert 'name="verdict"' not in shown + browser.get(at(lead, two[0])).text + browser.get(f"/console/leads/{lead.number}").text


@pytest.mark.parametrize(("state", "name"), [("unknown", "unknown"), ("failed", "failed")])
def test_the_sending_page_counts_all_and_pages_on(
    coordinator: Browser, session: Session, lead: Lead, monkeypatch: pytest.MonkeyPatch, state: str, name: str
) -> None:
    monkeypatch.setattr(unsettled, "A_PAGE", 2)
    mails = [doubt(session, lead, state=state) for _ in range(5)]
    for ago, mail in enumerate(mails):
        mail.state_at = now() - timedelta(minutes=ago)
    session.commit()
    seen, path = [], PAGE
    for _ in range(3):
        page = coordinator.get(path).text
        assert '<span class="count">5</span>' in page
        seen += re.findall(rf"{PAGE}/([0-9a-f-]+)/(?:decide|failed)", page)
        more = re.search(rf'href="([^"]*)#{name}">More', page)
        path = more[1].replace("&amp;", "&") if more else ""
    assert seen == [str(mail.id) for mail in mails]
    assert path == ""


def test_who_settles_further_down_stays_there(coordinator: Browser, session: Session, lead: Lead, two: list[Message]) -> None:
    here = f"{PAGE}?unknown={two[0].id}"
    answer = coordinator.form(f"{PAGE}/{two[1].id}/decide?unknown={two[0].id}", page=here, verdict="sent")
    assert answer.headers["location"] == f"{here}&said=mail-settled"
    assert "From the beginning" in coordinator.get(here).text


@pytest.mark.parametrize("place", ["?unknown=x", "?failed=x", "?failed=2026-10-06_x", "?restored=%00"])
def test_an_address_that_cannot_be_read_is_the_beginning(coordinator: Browser, two: list[Message], place: str) -> None:
    assert "It arrived" in coordinator.get(PAGE + place).text
