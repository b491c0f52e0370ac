"""What was typed in a form that is refused comes back in that form and in no other, and is never lost."""

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from leads.accounts.models import Account
from leads.appointments.book import book
from leads.clock import now
from leads.messages.models import Message
from leads.messages.steer import move
from leads.pipeline.contact import log_call
from leads.pipeline.models import Lead
from leads.pipeline.notes import write
from leads.pipeline.stages import move as move_stage
from tests.accounts.cast import make_account
from tests.appointments.visits import slot
from tests.cast import ACTOR
from tests.http.console.conftest import Browser, hidden_fields
from tests.http.console.test_mails import at

Forms = dict[str, str]
COLLEAGUE = "She prefers mornings."


@pytest.fixture
def contacted(session: Session, lead: Lead) -> Lead:
    log_call(session, lead.id, result="reached", actor=ACTOR)
    session.commit()
    return lead


@pytest.fixture
def note(coordinator: Browser, session: Session, lead: Lead) -> Message:
    coordinator.form(f"/console/leads/{lead.number}/mail-note", note_text="Thank you for your call.", note_at="2026-10-08T10:00")
    return session.scalars(select(Message).where(Message.template == "personal-note")).one()


@pytest.fixture
def send_stale(coordinator: Browser, session: Session, tuesday: Callable[..., Any]) -> Callable[..., str]:
    """Send a form of a page after a colleague has written a note, and return the page that comes back."""

    def send(lead: Lead, path: str, page: str = "", **fields: str) -> str:
        shown = coordinator.get(page or f"/console/leads/{lead.number}").text
        tuesday(timedelta(minutes=1))
        write(session, lead.id, COLLEAGUE, actor=ACTOR)
        count_one(session, lead)
        hidden = {name: hidden_fields(shown, name)[0] for name in ("csrf", "version", "read_at")}
        answer = coordinator.post(path, data=hidden | fields, follow_redirects=False)
        assert answer.status_code == 409
        return answer.text

    return send


def count_one(session: Session, lead: Lead) -> None:
    """Count a colleague's act as one of the lead's, as its page does."""
    session.refresh(lead)
    lead.version += 1
    session.commit()


def forms(page: str) -> Forms:
    """Every form of a page that says its name, with all that stands in it."""
    found = re.findall(r"<form[^>]*>(.*?)</form>", page, re.S)
    return {name[0]: each for each in found if (name := hidden_fields(each, "form"))}


def held_by(page: str, words: str) -> list[str]:
    """The names of the forms in which these words stand."""
    return [name for name, text in forms(page).items() if words in text]


@pytest.mark.parametrize(
    ("form", "verb", "field", "words"),
    [
        ("note", "note", "text", "About parking."),
        ("call", "call", "note", "Her sister answered."),
        ("wait", "wait", "note", "A place on Mondays."),
        ("close", "move", "reason", "Went elsewhere."),
        ("agreed", "agreed", "agreed_evidence", "Ana herself."),
        ("mail-note", "mail-note", "note_text", "We are glad."),
        ("never-contact", "never-contact", "never_evidence", "Her husband."),
        ("same-as", "same-as", "same_number", "L-999999"),
    ],
)
def test_it_comes_back_in_its_own_form_only(
    send_stale: Callable[..., str], contacted: Lead, form: str, verb: str, field: str, words: str
) -> None:
    page = send_stale(contacted, f"/console/leads/{contacted.number}/{verb}", form=form, to="closed", **{field: words})
    assert held_by(page, words) == [form]
    assert page.count(words) == 1
    assert COLLEAGUE in page


def test_a_reason_stays_with_the_visit_it_is_about(send_stale: Callable[..., str], session: Session, contacted: Lead) -> None:
    contacted.stage = "qualified"
    visit = book(session, contacted.id, slot(), actor=ACTOR)
    session.commit()
    fields = {"visit": str(visit.id), "visit_version": str(visit.version), "act": "cancel", "reason": "They are ill."}
    page = send_stale(contacted, f"/console/leads/{contacted.number}/visit/act", form="cancel-visit", **fields)
    assert held_by(page, "They are ill.") == ["cancel-visit"]


def test_the_colleague_who_was_chosen_stays_chosen(send_stale: Callable[..., str], session: Session, contacted: Lead) -> None:
    robin: Account = make_account(session, "coordinator", email="robin@example.com", name="Robin")
    session.commit()
    page = send_stale(contacted, f"/console/leads/{contacted.number}/assign", form="assign", to_account=str(robin.id))
    assert f'value="{robin.id}" selected' in forms(page)["assign"]


def test_everybodys_stays_chosen_too(send_stale: Callable[..., str], contacted: Lead) -> None:
    page = send_stale(contacted, f"/console/leads/{contacted.number}/assign", form="assign", to_account="")
    assert " selected" not in forms(page)["assign"]


def test_ticks_come_back_as_they_were_set(send_stale: Callable[..., str], contacted: Lead) -> None:
    ticked = {"form": "agreed", "education": "yes", "agreed_evidence": "Ana herself."}
    page = forms(send_stale(contacted, f"/console/leads/{contacted.number}/agreed", **ticked))["agreed"]
    assert re.findall(r'name="(\w+)" value="yes" checked', page) == ["education"]


def test_what_belongs_to_a_form_that_is_gone_is_there_to_be_copied(coordinator: Browser, session: Session, contacted: Lead) -> None:
    shown = coordinator.get(f"/console/leads/{contacted.number}").text
    move_stage(session, contacted.id, "closed", version=contacted.version, actor=ACTOR, roles={"coordinator"}, outcome="not-a-fit")
    session.commit()
    hidden = {name: hidden_fields(shown, name)[0] for name in ("csrf", "version", "read_at")}
    typed = {"form": "call", "note": "She will think about it.", "result": "reached"}
    page = coordinator.post(f"/console/leads/{contacted.number}/call", data=hidden | typed).text
    assert "What you typed" in page
    assert page.count("She will think about it.") == 1


def test_other_words_for_a_mail_come_back_on_the_mails_own_page(
    send_stale: Callable[..., str], session: Session, lead: Lead, note: Message
) -> None:
    page = send_stale(lead, at(lead, note, "rewrite"), at(lead, note), form="rewrite", note_text="Other words.")
    assert held_by(page, "Other words.") == ["rewrite"]
    assert "mail-note" not in forms(page)
    assert COLLEAGUE in page
    assert "Somebody changed this lead" in page
    assert session.scalars(select(Message.id).where(Message.template == "personal-note")).all() == [note.id]


def test_another_time_for_a_mail_comes_back_there_too(send_stale: Callable[..., str], lead: Lead, note: Message) -> None:
    page = send_stale(lead, at(lead, note, "move"), at(lead, note), form="move-mail", at="2026-10-12T09:15")
    assert held_by(page, "2026-10-12T09:15") == ["move-mail"]
    assert COLLEAGUE in page


def test_words_that_may_not_be_said_come_back_with_the_reason(coordinator: Browser, lead: Lead, note: Message) -> None:
    answer = coordinator.form(at(lead, note, "rewrite"), form="rewrite", note_text="Ketamine cures.")
    assert answer.status_code == 422
    assert held_by(answer.text, "Ketamine cures.") == ["rewrite"]


def test_words_for_a_mail_that_has_gone_meanwhile_are_there_to_be_copied(
    coordinator: Browser, session: Session, lead: Lead, note: Message
) -> None:
    note.state, note.sent_at = "sent", now()
    session.commit()
    page = coordinator.form(at(lead, note, "rewrite"), form="rewrite", note_text="Other words.").text
    assert "What you typed" in page
    assert page.count("Other words.") == 1


def test_a_colleague_who_moved_the_mail_is_named(coordinator: Browser, session: Session, tuesday: Any, lead: Lead, note: Message) -> None:
    shown = coordinator.get(at(lead, note)).text
    tuesday(timedelta(minutes=1))
    move(session, note.id, now() + timedelta(days=3), actor=f"account:{make_account(session, email='r@example.com', name='Robin').id}")
    count_one(session, lead)
    hidden = {name: hidden_fields(shown, name)[0] for name in ("csrf", "version", "read_at")}
    page = coordinator.post(at(lead, note, "rewrite"), data=hidden | {"form": "rewrite", "note_text": "Other words."}).text
    news = page.partition("New since you opened it")[2].partition("</div>")[0]
    assert "moved to" in news
    assert "Robin" in news
