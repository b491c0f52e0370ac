"""One lead's page: its story, what may be done, and that nothing is lost or done twice."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from leads.audit.models import AuditEntry
from leads.clock import now
from leads.consent.ledger import NOT_SAFE, is_confirmed, open_holds, paused_until, suppress
from leads.inquiries.receive import Arrival, receive
from leads.messages.models import Message
from leads.people.models import Person
from leads.pipeline.find import by_number
from leads.pipeline.models import Lead, Note
from leads.safety.disclose import disclose
from leads.todos.models import Todo
from leads.todos.open import open_todo
from tests.cast import make_lead, make_person, submission
from tests.http.console.conftest import Browser
from tests.http.weight import LARGEST, weight_of

SCRIPT = "<script>alert(1)</script>"


def at(lead: Lead, verb: str = "") -> str:
    """The address of a lead's page or of one of its forms."""
    return f"/console/leads/{lead.number}" + (f"/{verb}" if verb else "")


@pytest.fixture
def asked(session: Session, tuesday: object) -> Lead:
    """Ana's lead as her inquiry made it."""
    receipt = receive(session, submission(), Arrival("page"))
    session.commit()
    return by_number(session, receipt.number)


def held(session: Session) -> Lead:
    """A lead whose person disclosed."""
    lead = make_lead(session)
    disclose(session, lead.person_id, lead.id, source="inquiry")
    session.commit()
    return lead


def open_todos(session: Session, lead: Lead) -> list[str]:
    """The kinds of to-dos still open."""
    return list(session.scalars(select(Todo.kind).where(Todo.lead_id == lead.id, Todo.done_at.is_(None))))


def test_it_says_who_wants_what_and_by_when_we_promised(coordinator: Browser, asked: Lead) -> None:
    page = coordinator.get(at(asked)).text
    for words in ("Ana Rivera", "(203) 555-0123", "I would like to know more.", "No voicemail", "Not confirmed", "tomorrow 6:00 PM"):
        assert words in page


def test_times_are_the_offices_with_utc_on_the_hover(coordinator: Browser, asked: Lead) -> None:
    assert 'datetime="2026-10-06T14:00:00Z" title="2026-10-06 14:00:00 UTC">today 10:00 AM</time>' in coordinator.get(at(asked)).text


def test_no_name_stands_in_title_or_address(coordinator: Browser, asked: Lead) -> None:
    assert f"<title>{asked.number} · Warm Handoff</title>" in coordinator.get(at(asked)).text


def test_each_reading_is_on_record(coordinator: Browser, session: Session, asked: Lead) -> None:
    coordinator.get(at(asked))
    entry = session.scalars(select(AuditEntry).where(AuditEntry.action == "person.read")).one()
    assert entry.subject_id == asked.person_id
    assert entry.actor.startswith("account:")


def test_what_a_stranger_typed_is_shown_not_run(coordinator: Browser, session: Session, tuesday: object) -> None:
    receipt = receive(session, submission(given_name=SCRIPT, message=f'"><img src=x onerror=alert(1)>{SCRIPT}'), Arrival("page"))
    session.commit()
    for path in ("/console", f"/console/leads/{receipt.number}"):
        page = coordinator.get(path).text
        assert "<script>" not in page
        assert "<img" not in page
        assert "&lt;script&gt;" in page


def test_only_the_allowed_moves_are_offered(coordinator: Browser, session: Session, lead: Lead) -> None:
    page = coordinator.get(at(lead)).text
    assert 'name="to" value="contacted"' in page
    assert 'name="to" value="booked"' not in page
    assert 'name="to" value="qualified"' not in page


def test_a_move_for_clinicians_is_named_but_not_offered_to_others(coordinator: Browser, session: Session, tuesday: object) -> None:
    lead = make_lead(session, stage="screening", reached_at=now())
    session.commit()
    page = coordinator.get(at(lead)).text
    assert 'value="qualified"' not in page
    assert "Qualified: for a clinician." in page
    assert coordinator.form(at(lead, "move"), to="qualified").status_code == 403


def test_moving_a_lead_shows_it_at_its_new_stage(coordinator: Browser, session: Session, lead: Lead) -> None:
    answer = coordinator.form(at(lead, "move"), to="screening")
    assert (answer.status_code, answer.headers["location"]) == (303, f"{at(lead)}?said=moved-mails")
    assert "New → Screening" in coordinator.get(at(lead)).text


def test_closing_needs_an_outcome_and_keeps_the_words(coordinator: Browser, session: Session, lead: Lead) -> None:
    refused = coordinator.form(at(lead, "move"), to="closed", reason="Moved to Maine")
    assert refused.status_code == 422
    assert "Moved to Maine" in refused.text
    assert coordinator.form(at(lead, "move"), to="closed", outcome="chose-other-care").status_code == 303
    assert "New → Closed: Chose other care" in coordinator.get(at(lead)).text


def test_a_closed_lead_can_be_opened_again_with_a_reason(coordinator: Browser, session: Session, tuesday: object) -> None:
    lead = make_lead(session, stage="closed", closed_at=now(), outcome="not-a-fit", reached_at=now())
    session.commit()
    assert coordinator.form(at(lead, "move"), to="contacted", reason="They called back").status_code == 303
    assert "They called back" in coordinator.get(at(lead)).text


def test_a_note_is_kept_with_its_author(coordinator: Browser, session: Session, lead: Lead) -> None:
    coordinator.form(at(lead, "note"), text="Prefers mornings")
    page = coordinator.get(at(lead)).text
    assert "Prefers mornings" in page
    assert "today 10:00 AM</time>, Casey Lind" in page


def test_a_form_pressed_twice_acts_once(coordinator: Browser, session: Session, lead: Lead) -> None:
    coordinator.form(at(lead, "note"), text="Prefers mornings", version="1")
    again = coordinator.form(at(lead, "note"), text="Prefers mornings", version="1")
    assert again.status_code == 409
    assert session.scalar(select(func.count()).select_from(Note)) == 1


def test_a_stale_write_shows_what_changed_and_keeps_what_was_typed(
    coordinator: Browser, lead: Lead, tuesday: Callable[[timedelta], None]
) -> None:
    opened = now().isoformat()
    tuesday(timedelta(minutes=5))
    coordinator.form(at(lead, "move"), to="screening")
    stale = coordinator.form(at(lead, "note"), version="1", read_at=opened, text="My long note")
    assert stale.status_code == 409
    assert "My long note</textarea>" in stale.text
    assert 'New → Screening</strong> <span class="flag">new</span>' in stale.text


def test_what_a_colleague_did_meanwhile_is_marked_new_and_who_looked_is_not(
    coordinator: Browser, lead: Lead, tuesday: Callable[[timedelta], None]
) -> None:
    opened = now().isoformat()
    tuesday(timedelta(minutes=5))
    for deed, fields in (("take", {}), ("give-back", {}), ("pause", {"until": "2026-10-20"}), ("resume", {})):
        coordinator.form(at(lead, deed), **fields)
    stale = coordinator.form(at(lead, "note"), version="1", read_at=opened, text="My note").text
    entries = stale.split('<li class="entry')[1:]
    flagged = [entry for entry in entries if '<span class="flag">new</span>' in entry]
    for words in ("Given to Casey", "Given back to all", "Mails paused until", "The pause was ended"):
        assert any(words in entry for entry in flagged), words
    assert not any(entry.startswith(" of-read") for entry in flagged)


def test_reaching_somebody_keeps_the_promise_and_moves_a_new_lead_on(coordinator: Browser, session: Session, asked: Lead) -> None:
    coordinator.form(at(asked, "call"), result="reached", note="Will think about it")
    session.refresh(asked)
    assert (asked.stage, asked.reached_at) == ("contacted", now())
    assert open_todos(session, asked) == []
    assert "Call: reached" in coordinator.get(at(asked)).text


@pytest.mark.parametrize("result", ["left-message", "no-answer"])
def test_not_reaching_somebody_asks_for_another_call_on_the_next_business_day(
    coordinator: Browser, session: Session, asked: Lead, result: str
) -> None:
    coordinator.form(at(asked, "call"), result=result)
    todo = session.scalars(select(Todo).where(Todo.lead_id == asked.id, Todo.done_at.is_(None))).one()
    assert (todo.kind, todo.due_at.isoformat()) == ("call", "2026-10-07T22:00:00+00:00")
    session.refresh(asked)
    assert asked.reached_at is None


def test_a_call_without_a_result_is_refused_and_its_words_are_kept(coordinator: Browser, session: Session, asked: Lead) -> None:
    refused = coordinator.form(at(asked, "call"), result="maybe", note="Hm")
    assert refused.status_code == 422
    assert "Hm</textarea>" in refused.text
    assert open_todos(session, asked) == ["call"]


def test_an_address_confirmed_in_conversation_keeps_who_said_so(coordinator: Browser, session: Session, asked: Lead) -> None:
    coordinator.form(at(asked, "confirm"), evidence="Ana, by phone, today")
    person = session.get_one(Person, asked.person_id)
    assert is_confirmed(session, person.id, person.email_index)
    page = coordinator.get(at(asked)).text
    assert "Ana, by phone, today" in page
    assert "Office location" in page


def test_confirming_without_a_word_is_refused(coordinator: Browser, session: Session, asked: Lead) -> None:
    assert coordinator.form(at(asked, "confirm"), evidence=" ").status_code == 422


def test_one_mail_can_be_stopped_and_says_who_stopped_it(coordinator: Browser, session: Session, asked: Lead) -> None:
    mail = session.scalars(select(Message).where(Message.lead_id == asked.id)).one()
    coordinator.form(at(asked, f"messages/{mail.id}/cancel"))
    session.refresh(mail)
    assert (mail.state, mail.reason) == ("cancelled", "stopped-by-staff")
    assert "A colleague stopped it." in coordinator.get(at(asked)).text


def test_another_leads_mail_and_todo_are_out_of_reach(coordinator: Browser, session: Session, asked: Lead) -> None:
    other = make_lead(session, make_person(session, email="luis@example.com"))
    mail = session.scalars(select(Message).where(Message.lead_id == asked.id)).one()
    todo = session.scalars(select(Todo).where(Todo.lead_id == asked.id)).one()
    session.commit()
    assert coordinator.form(at(other, f"messages/{mail.id}/cancel")).status_code == 404
    assert coordinator.form(at(other, f"todos/{todo.id}/done")).status_code == 404


def test_a_todo_is_finished_from_the_page(coordinator: Browser, session: Session, lead: Lead) -> None:
    todo = open_todo(session, "look", person_id=lead.person_id, lead_id=lead.id, due_at=now())
    session.commit()
    coordinator.form(at(lead, f"todos/{todo.id}/done"))
    assert open_todos(session, lead) == []


def test_a_hold_is_released_by_a_clinician_with_a_disposition(signed_in: Callable[..., Browser], session: Session, tuesday: object) -> None:
    lead = held(session)
    clinician = signed_in("clinician")
    assert clinician.form(at(lead, "release"), found="no-danger", disposition=" ").status_code == 422
    assert clinician.form(at(lead, "release"), found="safety-plan", disposition="Spoke; safe; plan agreed").status_code == 303
    assert open_holds(session, lead.person_id) == []
    assert "Spoke; safe; plan agreed" in clinician.get(at(lead)).text


def test_nobody_else_releases_a_hold(coordinator: Browser, session: Session, tuesday: object) -> None:
    lead = held(session)
    assert "/release" not in coordinator.get(at(lead)).text
    assert coordinator.form(at(lead, "release"), found="no-danger", disposition="Looks fine").status_code == 403
    assert open_holds(session, lead.person_id)


def test_the_todo_of_a_hold_cannot_be_ticked_off_without_releasing(coordinator: Browser, session: Session, tuesday: object) -> None:
    lead = held(session)
    todo = session.scalars(select(Todo).where(Todo.kind == "safety")).one()
    assert coordinator.form(at(lead, f"todos/{todo.id}/done")).status_code == 404
    assert open_todos(session, lead) == ["safety"]


def test_a_pause_lasts_until_the_morning_of_a_day_at_the_office(coordinator: Browser, session: Session, lead: Lead) -> None:
    coordinator.form(at(lead, "pause"), until="2026-11-02")
    until = paused_until(session, lead.person_id)
    assert until
    assert until.isoformat() == "2026-11-02T05:00:00+00:00"
    coordinator.form(at(lead, "resume"))
    assert paused_until(session, lead.person_id) is None


@pytest.mark.parametrize("until", ["", "2026-10-06", "2020-01-01", "2030-01-01", "soon"])
def test_a_pause_needs_a_day_that_can_be(coordinator: Browser, session: Session, lead: Lead, until: str) -> None:
    assert coordinator.form(at(lead, "pause"), until=until).status_code == 422
    assert paused_until(session, lead.person_id) is None


def test_an_unknown_number_says_what_numbers_look_like(coordinator: Browser) -> None:
    answer = coordinator.get("/console/leads/L-999999")
    assert answer.status_code == 404
    assert "L-000042" in answer.text


def test_a_long_story_is_told_page_by_page_and_stays_small(
    coordinator: Browser, session: Session, lead: Lead, tuesday: Callable[[timedelta], None]
) -> None:
    for number in range(90):
        session.add(Note(lead_id=lead.id, text=f"note-{number}-", kind="note", actor="system", at=now() + timedelta(minutes=number)))
    session.commit()
    tuesday(timedelta(days=1))
    first = coordinator.get(at(lead))
    earlier = first.text.rpartition("before=")[2].partition("#")[0]
    second = coordinator.get(f"{at(lead)}?before={earlier}").text
    assert "note-89-" in first.text
    assert "note-50-" in first.text
    assert "note-49-" in second
    assert weight_of(coordinator, at(lead)) < LARGEST


def test_another_address_typed_by_a_known_person_is_shown_not_added(coordinator: Browser, session: Session, asked: Lead) -> None:
    receive(session, submission(email="ana.rivera@example.org", safe_voicemail=True), Arrival("page"))
    session.commit()
    page = coordinator.get(at(asked)).text
    assert "E-mail: ana.rivera@example.org" in page
    assert "May leave a voicemail: yes" in page
    assert session.get_one(Person, asked.person_id).email == "ana@example.com"


def test_an_urgent_todo_shows_on_every_page(coordinator: Browser, session: Session, tuesday: object) -> None:
    held(session)
    assert 'class="alarm" href="/console/safety"' in coordinator.get("/console/quarantine").text


def test_an_address_that_was_not_safe_is_written_to_again_on_the_persons_own_word(
    coordinator: Browser, session: Session, asked: Lead
) -> None:
    person = session.get_one(Person, asked.person_id)
    suppress(session, person_id=person.id, address_index=person.email_index, reason=NOT_SAFE, actor=f"person:{person.id}")
    session.flush()
    assert "It is safe to e-mail again" in coordinator.get(at(asked)).text
    assert coordinator.form(at(asked, "safe-again"), spoken=" ").status_code == 422
    coordinator.form(at(asked, "safe-again"), spoken="Ana, on her own phone.")
    page = coordinator.get(at(asked)).text
    assert "It is safe to e-mail again" not in page
    assert "Safe to e-mail again: Ana, on her own phone." in page
