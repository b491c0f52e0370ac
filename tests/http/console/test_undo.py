"""After each click on a lead's page the toast takes it back; where something has followed, it says so and takes nothing back."""

import re
from datetime import timedelta

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from leads.access.restrict import restrict
from leads.audit.models import AuditEntry
from leads.clock import now
from leads.consent.ledger import paused_until
from leads.messages.models import Message
from leads.people.models import MergeSuggestion, Person
from leads.pipeline.find import by_number
from leads.pipeline.models import Lead, Note
from leads.pipeline.waitlist import waits
from leads.sequences.models import Enrolment
from leads.todos.models import Todo
from leads.todos.open import open_todo
from tests.cast import make_person
from tests.http.console.conftest import Browser
from tests.http.console.test_lead_mail import enrolled, mail, planned
from tests.http.console.test_mails import at
from tests.http.console.test_standing import pair

__all__ = ["enrolled", "mail", "pair"]


def does(browser: Browser, path: str, **typed: str) -> str:
    """Send a form of the lead's page; return the page after it."""
    answer = browser.form(path, **typed)
    assert answer.status_code == 303, answer.text
    return browser.get(answer.headers["location"]).text


def undo_on(page: str) -> str:
    """Where the toast's Undo leads."""
    (found,) = re.findall(r'action="(/console/undo/[0-9a-f-]+)"', page)
    return str(found)


def undone(browser: Browser, session: Session, lead: Lead, page: str) -> str:
    """Press Undo; return the lead's page after it."""
    own = f"/console/leads/{lead.number}"
    answer = browser.form(undo_on(page), page=own, back=own)
    session.expire_all()
    assert answer.headers["location"] == f"{own}?said=undone"
    return browser.get(own).text


@pytest.fixture
def known(session: Session, lead: Lead) -> Lead:
    """Ana, with whom we have spoken."""
    lead.stage, lead.reached_at = "contacted", now()
    session.commit()
    return lead


def test_a_call(coordinator: Browser, session: Session, lead: Lead) -> None:
    call = open_todo(session, "call", person_id=lead.person_id, lead_id=lead.id, due_at=lead.expected_by)
    session.commit()
    page = does(coordinator, f"/console/leads/{lead.number}/call", result="reached", note="She asks for mornings.")
    assert "Call logged." in page
    assert "Taken back: call: reached" in undone(coordinator, session, lead, page)
    assert (by_number(session, lead.number).stage, call.done_at) == ("new", None)


def test_a_record_that_was_restricted_since_opens_for_a_reason_first(coordinator: Browser, session: Session, lead: Lead) -> None:
    page = does(coordinator, f"/console/leads/{lead.number}/note", text="For somebody else.")
    restrict(session, lead.person_id, reason="A colleague of ours.", actor="account:x", roles=("supervisor",))
    session.commit()
    answer = coordinator.form(undo_on(page), page="/console", back="/console")
    assert answer.status_code == 403
    assert f"/console/leads/{lead.number}" in answer.text
    assert session.scalar(select(func.count()).select_from(AuditEntry).where(AuditEntry.action == "deed.undone")) == 0


def test_a_note_whose_words_are_not_lost(coordinator: Browser, session: Session, lead: Lead) -> None:
    page = does(coordinator, f"/console/leads/{lead.number}/note", text="For somebody else.")
    after = undone(coordinator, session, lead, page)
    assert "Taken back: note" in after
    assert "For somebody else." in after


def test_whose_it_is(coordinator: Browser, session: Session, lead: Lead) -> None:
    page = does(coordinator, f"/console/leads/{lead.number}/take")
    session.refresh(lead)
    assert by_number(session, lead.number).assigned_to is not None
    undone(coordinator, session, lead, page)
    session.refresh(lead)
    assert by_number(session, lead.number).assigned_to is None


def test_a_pause(coordinator: Browser, session: Session, lead: Lead) -> None:
    day = (now() + timedelta(days=5)).date().isoformat()
    undone(coordinator, session, lead, does(coordinator, f"/console/leads/{lead.number}/pause", until=day))
    assert paused_until(session, lead.person_id) is None


def test_the_waitlist(coordinator: Browser, session: Session, known: Lead) -> None:
    day = (now() + timedelta(days=5)).date().isoformat()
    undone(coordinator, session, known, does(coordinator, f"/console/leads/{known.number}/wait", look_again=day))
    assert waits(session.scalars(select(Todo).where(Todo.lead_id == known.id, Todo.done_at.is_(None)))) is None


@pytest.mark.parametrize(("act", "typed"), [("now", {}), ("move", {"at": "2026-10-19T11:00"}), ("cancel", {}), ("stop", {})])
def test_a_planned_mail(coordinator: Browser, session: Session, lead: Lead, enrolled: Enrolment, act: str, typed: dict[str, str]) -> None:
    before = [(each.step, each.due_at, each.reason) for each in planned(session, lead)]
    page = does(coordinator, at(lead, planned(session, lead)[-1], act), **typed)
    assert [(each.step, each.due_at, each.reason) for each in planned(session, lead)] != before
    undone(coordinator, session, lead, page)
    assert [(each.step, each.due_at, each.reason) for each in planned(session, lead)] == before


def test_a_note_to_them(coordinator: Browser, session: Session, lead: Lead) -> None:
    undone(coordinator, session, lead, does(coordinator, f"/console/leads/{lead.number}/mail-note", note_text="We are glad you wrote."))
    assert session.scalars(select(Message.state)).one() == "cancelled"


def test_what_followed_is_named_and_nothing_is_taken_back(coordinator: Browser, session: Session, lead: Lead, mail: Message) -> None:
    page = does(coordinator, at(lead, mail, "now"))
    mail.state = "sending"
    session.commit()
    answer = coordinator.form(undo_on(page), page=f"/console/leads/{lead.number}")
    assert answer.status_code == 409
    assert "nobody can call it back" in answer.text
    assert session.scalar(select(func.count()).where(AuditEntry.action == "deed.undone")) == 0


def test_a_colleagues_later_note_is_not_overwritten(coordinator: Browser, session: Session, lead: Lead) -> None:
    page = does(coordinator, f"/console/leads/{lead.number}/take")
    does(coordinator, f"/console/leads/{lead.number}/note", text="A second thought.")
    answer = coordinator.form(undo_on(page), page=f"/console/leads/{lead.number}")
    assert "has gone on since" in answer.text
    assert session.scalars(select(Note.taken_back_at)).one() is None


def test_a_call_with_a_todo_of_ones_own(coordinator: Browser, session: Session, lead: Lead) -> None:
    typed = {"result": "no-answer", "todo_what": "Ask Dr. Osei for her number.", "todo_when": "2-business-days"}
    page = does(coordinator, f"/console/leads/{lead.number}/call", **typed)
    assert "Ask Dr. Osei for her number." in page
    assert ", for you" in page
    undone(coordinator, session, lead, page)
    assert session.scalars(select(Todo.outcome).where(Todo.kind == "own")).one() == "taken-back"


def test_a_todo_that_is_refused_comes_back_as_typed_and_no_call_is_logged(coordinator: Browser, session: Session, lead: Lead) -> None:
    typed = {"form": "call", "result": "reached", "note": "She will write.", "todo_what": "Look.", "todo_on": "2020-01-01"}
    page = coordinator.form(f"/console/leads/{lead.number}/call", **typed).text
    assert "Choose a day for the to-do, within a year." in page
    for words in ("She will write.", 'value="Look."', 'value="2020-01-01"'):
        assert words in page
    assert not session.scalars(select(Note)).all()


def test_that_two_are_two_people(coordinator: Browser, session: Session, pair: MergeSuggestion) -> None:
    place = coordinator.form(f"/console/merges/{pair.id}/dismiss", page=f"/console/merges/{pair.id}").headers["location"]
    answer = coordinator.form(undo_on(coordinator.get(place).text), page="/console/merges", back=place)
    session.refresh(pair)
    assert (answer.headers["location"], pair.decision) == ("/console/merges?said=undone", None)
    assert f"/console/merges/{pair.id}" in coordinator.get("/console/merges").text


def test_a_colleagues_later_decision_about_two_stays(coordinator: Browser, session: Session, pair: MergeSuggestion) -> None:
    place = coordinator.form(f"/console/merges/{pair.id}/dismiss", page=f"/console/merges/{pair.id}").headers["location"]
    undo = undo_on(coordinator.get(place).text)
    session.refresh(pair)
    pair.decided_by = "account:somebody-else"
    session.commit()
    assert "decided anew about these two" in coordinator.form(undo, page="/console/merges").text
    session.refresh(pair)
    assert pair.decision == "different"


def test_a_dismissal_is_not_taken_back_once_one_of_them_was_merged(coordinator: Browser, session: Session, pair: MergeSuggestion) -> None:
    place = coordinator.form(f"/console/merges/{pair.id}/dismiss", page=f"/console/merges/{pair.id}").headers["location"]
    undo = undo_on(coordinator.get(place).text)
    session.get_one(Person, pair.other_id).merged_into = make_person(session).id
    session.commit()
    assert "was merged with somebody since" in coordinator.form(undo, page="/console/merges").text


def test_a_view_that_was_removed(coordinator: Browser, lead: Lead) -> None:
    coordinator.form("/console/views", page="/console", name="Woodbury", query="office=woodbury")
    view = coordinator.get("/console?office=woodbury").text.partition("/console/views/")[2].partition("/")[0]
    place = coordinator.form(f"/console/views/{view}/remove", page="/console").headers["location"]
    gone = coordinator.get(place).text
    assert 'href="/console?office=woodbury"' not in gone
    assert coordinator.form(undo_on(gone), page="/console", back=place).headers["location"] == "/console?said=undone"
    assert f"/console/views/{view}/" in coordinator.get("/console?office=woodbury").text


def test_a_view_that_was_saved_again_is_left_alone(coordinator: Browser, lead: Lead) -> None:
    coordinator.form("/console/views", page="/console", name="Woodbury", query="office=woodbury")
    view = coordinator.get("/console?office=woodbury").text.partition("/console/views/")[2].partition("/")[0]
    undo = undo_on(coordinator.get(coordinator.form(f"/console/views/{view}/remove", page="/console").headers["location"]).text)
    coordinator.form("/console/views", page="/console", name="Anew", query="office=woodbury")
    assert coordinator.form(undo, page="/console").status_code == 409
    assert "Anew" in coordinator.get("/console").text
