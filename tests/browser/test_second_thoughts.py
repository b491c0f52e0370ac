"""What was just done goes back from its toast: a mail moved, a note to them, the waitlist, a pause ended, a to-do done."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import select

from leads.clock import now
from leads.consent.ledger import paused_until
from leads.db import transaction
from leads.messages.models import Message
from leads.pipeline.contact import log_call
from leads.pipeline.find import by_number
from leads.todos.models import Todo
from leads.todos.open import OWN, open_todo
from tests.browser.conftest import barriers, choose, ready, unfold
from tests.browser.test_console import Visit, at_work
from tests.browser.test_lead import lead_page, number
from tests.browser.test_mails_ahead import ahead, open_mail
from tests.browser.test_visits import Advance, advance
from tests.cast import ACTOR

pytestmark = [pytest.mark.browser, pytest.mark.committed]
__all__ = ["advance", "number"]


@pytest.fixture
def spoken_with(number: str, advance: Advance) -> str:
    """Ana, to whom we have spoken; her map is to be sent."""
    with transaction() as session:
        lead = by_number(session, number)
        log_call(session, lead.id, result="reached", actor=ACTOR)
        open_todo(session, OWN, person_id=lead.person_id, lead_id=lead.id, due_at=now() + timedelta(days=1), note="Send the map")
    return number


def move_a_mail(page: Page, number: str) -> None:
    open_mail(page, number, ahead(number)[0])
    page.get_by_label("Another time, by the office's clock").fill("2026-10-07T14:30")
    choose(page, "Move it")


def write_a_note_to_them(page: Page, number: str) -> None:
    unfold(page, "Write them a note")
    page.get_by_label("Plain words").fill("Thank you for your call.")
    choose(page, "Put it among the mails")


def put_on_the_waitlist(page: Page, number: str) -> None:
    unfold(page, "Put on the waitlist")
    page.get_by_label("Look again for a place on").fill("2026-10-20")
    choose(page, "Wait")


def pause(page: Page, number: str) -> None:
    unfold(page, "Pause all mails")
    page.get_by_label("No mail before").fill("2026-10-12")
    choose(page, "Pause")


def end_a_pause(page: Page, number: str) -> None:
    unfold(page, "Pause ends early")
    choose(page, "End the pause now")


def end_a_to_do(page: Page, number: str) -> None:
    page.locator("form.todo").filter(has_text="Send the map").get_by_role("button", name="Done").click()


def as_it_stands(number: str) -> tuple[object, ...]:
    """What the database says of the lead: which mails go when, what is to be done, and until when all rests."""
    with transaction() as session:
        lead = by_number(session, number)
        mails = select(Message.template, Message.due_at).where(Message.lead_id == lead.id, Message.state == "planned")
        todos = select(Todo.kind, Todo.due_at).where(Todo.lead_id == lead.id, Todo.done_at.is_(None))
        found = [sorted(tuple(row) for row in session.execute(each)) for each in (mails, todos)]
        return lead.stage, *found, paused_until(session, lead.person_id)


ACTS: tuple[Callable[[Page, str], None], ...] = (
    move_a_mail,
    write_a_note_to_them,
    put_on_the_waitlist,
    end_a_to_do,
    end_a_pause,
)


def test_one_after_the_other_is_done_and_taken_back(visit: Visit, spoken_with: str) -> None:
    page = at_work(visit)
    for act in ACTS:
        page.goto(lead_page(spoken_with))
        if act is end_a_pause:
            pause(page, spoken_with)
        before = as_it_stands(spoken_with)
        act(page, spoken_with)
        toast = ready(page).get_by_role("status").filter(has=page.get_by_role("button", name="Undo"))
        expect(toast).to_be_visible()
        assert as_it_stands(spoken_with) != before
        assert barriers(page, f"to-take-back-{act.__name__}") == []
        toast.get_by_role("button", name="Undo").click()
        expect(page.get_by_role("status")).to_contain_text("Taken back.")
        assert as_it_stands(spoken_with) == before
