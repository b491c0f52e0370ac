"""The board: each lead at its stage, moved only where it may go, and never over somebody else's change."""

import re
from collections.abc import Callable

from sqlalchemy import select
from sqlalchemy.orm import Session

from leads.audit.models import AuditEntry
from leads.pipeline.find import by_number
from leads.pipeline.models import Lead
from tests.http.console.conftest import Browser

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


def test_a_stale_board_moves_nothing_and_says_where_the_lead_is(coordinator: Browser, session: Session, lead: Lead) -> None:
    path = f"/console/board/{lead.number}/move"
    move(coordinator, lead, "contacted")
    answer = coordinator.form(path, page=path, to="screening", version="1")
    session.expire_all()
    assert answer.status_code == 409
    assert "it is contacted now" in answer.text
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


def test_a_move_of_which_something_came_says_what_and_offers_no_undo(coordinator: Browser, lead: Lead) -> None:
    answer = move(coordinator, lead, "screening")
    assert answer.headers["location"] == f"/console/board?said=moved-mails#{lead.number}"  # type: ignore[attr-defined]
    page = coordinator.get(answer.headers["location"]).text  # type: ignore[attr-defined]
    assert "Mails to them have begun or ended with it" in page
    assert "/console/undo/" not in page
