"""The board: each lead at its stage, moved only where it may go, and never over somebody else's change."""

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from leads.audit.models import AuditEntry
from leads.clock import now
from leads.consent.ledger import hold
from leads.http.console import board
from leads.pipeline.find import by_number
from leads.pipeline.models import Lead
from tests.cast import make_lead, make_person
from tests.http.console.conftest import Browser, hidden_fields

Enter = Callable[..., Browser]


def move(browser: Browser, lead: Lead, to: str, **words: str) -> object:
    """Send the form of the page that asks where the lead goes."""
    path = f"/console/board/{lead.number}/move"
    return browser.form(path, page=path, to=to, **words)


def test_each_open_lead_stands_at_its_stage_and_is_on_record(coordinator: Browser, session: Session, lead: Lead) -> None:
    page = coordinator.get("/console/board").text
    column = page.partition('data-stage="new"')[2].partition("</section>")[0]
    assert lead.number in column
    assert 'data-moves="contacted screening closed? "' in column
    listed = session.scalars(select(AuditEntry).where(AuditEntry.action == "leads.listed")).one()
    assert listed.detail["need"] == "board"


def test_a_lead_moves_without_a_script_and_the_board_says_so(coordinator: Browser, session: Session, lead: Lead) -> None:
    answer = move(coordinator, lead, "contacted")
    assert re.fullmatch(rf"/console/board\?said=moved&did=[0-9a-f-]+#{lead.number}", answer.headers["location"])  # type: ignore[attr-defined]
    session.expire_all()
    assert by_number(session, lead.number).stage == "contacted"


def test_a_stale_board_moves_nothing_and_says_what_became_of_the_lead(
    coordinator: Browser, session: Session, lead: Lead, tuesday: Callable[..., None]
) -> None:
    path = f"/console/board/{lead.number}/move"
    (read_at,) = hidden_fields(coordinator.get("/console/board").text, "read_at")
    tuesday(timedelta(minutes=1))
    move(coordinator, lead, "contacted")
    answer = coordinator.form(path, page=path, to="screening", version="1", read_at=read_at)
    session.expire_all()
    assert answer.status_code == 409
    assert [words for words in ("it is contacted now", "New → Contacted</strong>", ", Casey") if words not in answer.text] == []
    assert by_number(session, lead.number).stage == "contacted"


def test_closing_asks_for_the_outcome_and_keeps_what_was_chosen(coordinator: Browser, session: Session, lead: Lead) -> None:
    assert "Close needs the outcome" in move(coordinator, lead, "closed").text  # type: ignore[attr-defined]
    move(coordinator, lead, "closed", outcome="not-a-fit")
    session.expire_all()
    assert by_number(session, lead.number).outcome == "not-a-fit"


def test_a_move_for_a_clinician_is_not_offered_and_not_done(coordinator: Browser, session: Session, lead: Lead) -> None:
    lead.stage = "screening"
    session.commit()
    page = coordinator.get(f"/console/board/{lead.number}/move").text
    assert "Qualified: for a clinician." in page
    assert move(coordinator, lead, "qualified").status_code == 403  # type: ignore[attr-defined]


def test_a_lead_becomes_booked_by_booking_only(coordinator: Browser, session: Session, lead: Lead) -> None:
    lead.stage = "qualified"
    session.commit()
    assert "Book a visit" in coordinator.get(f"/console/board/{lead.number}/move").text
    assert move(coordinator, lead, "booked").status_code == 409  # type: ignore[attr-defined]


def test_an_auditor_sees_the_board_and_moves_nothing(signed_in: Enter, lead: Lead) -> None:
    auditor = signed_in("auditor")
    page = auditor.get("/console/board").text
    assert lead.number in page
    assert "draggable" not in page
    assert auditor.get(f"/console/board/{lead.number}/move").status_code == 403


def test_looking_moves_nothing(coordinator: Browser, session: Session, lead: Lead) -> None:
    coordinator.get(f"/console/board/{lead.number}/move?to=contacted")
    assert by_number(session, lead.number).stage == "new"


def test_a_move_of_which_nothing_came_is_taken_back_from_the_toast(coordinator: Browser, session: Session, lead: Lead) -> None:
    answer = move(coordinator, lead, "contacted")
    page = coordinator.get(answer.headers["location"]).text  # type: ignore[attr-defined]
    (undo,) = re.findall(r'action="(/console/undo/[0-9a-f-]+)"', page)
    coordinator.form(undo, page="/console/board", back="/console/board")
    session.expire_all()
    assert by_number(session, lead.number).stage == "new"
    timeline = coordinator.get(f"/console/leads/{lead.number}").text
    assert "Taken back: it was moved by mistake." in timeline
    assert "New → Contacted" in timeline


def test_a_move_on_the_leads_own_page_is_taken_back_just_so(coordinator: Browser, session: Session, lead: Lead) -> None:
    own = f"/console/leads/{lead.number}"
    answer = coordinator.form(f"{own}/move", to="contacted")
    page = coordinator.get(answer.headers["location"]).text
    (undo,) = re.findall(r'action="(/console/undo/[0-9a-f-]+)"', page)
    back = coordinator.form(undo, page=own, back=own)
    session.expire_all()
    assert (back.headers["location"], by_number(session, lead.number).stage) == (f"{own}?said=undone", "new")


def test_a_move_on_the_leads_own_page_that_began_mails_says_so(coordinator: Browser, lead: Lead) -> None:
    answer = coordinator.form(f"/console/leads/{lead.number}/move", to="screening")
    assert answer.headers["location"] == f"/console/leads/{lead.number}?said=moved-mails"
    assert "Mails to them have begun or ended with it" in coordinator.get(answer.headers["location"]).text


def test_a_move_of_which_something_came_says_what_and_offers_no_undo(coordinator: Browser, lead: Lead) -> None:
    answer = move(coordinator, lead, "screening")
    assert answer.headers["location"] == f"/console/board?said=moved-mails#{lead.number}"  # type: ignore[attr-defined]
    page = coordinator.get(answer.headers["location"]).text  # type: ignore[attr-defined]
    assert "Mails to them have begun or ended with it" in page
    assert "/console/undo/" not in page


def test_who_is_in_danger_stands_first_in_a_column_and_in_what_is_found(
    coordinator: Browser, session: Session, lead: Lead, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(board, "A_COLUMN", 2)
    late = [make_lead(session, make_person(session, email=None)) for _ in range(3)]
    for days, each in enumerate(late, 1):
        each.expected_by = now() - timedelta(days=days)
    hold(session, lead.person_id, reason="inquiry")
    session.commit()
    column = coordinator.get("/console/board").text.partition('data-stage="new"')[2].partition("</section>")[0]
    assert re.findall(r'<li class="tile[^>]*id="([^"]+)"', column) == [lead.number, late[2].number]
    found = coordinator.form("/console/find", page="/console", q="Rivera").text
    assert re.findall(r'<a href="/console/leads/(L-[0-9]+)">', found)[0] == lead.number
