"""The whole way, as the people on it go it: inquiry, reminder, screening on a phone, a visit that is booked and moved, and its reminder."""

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import select

from leads.clock import now
from leads.db import transaction
from leads.messages.mailbox import Mail
from leads.pipeline.models import Lead
from tests.accounts.cast import make_account
from tests.appointments.links import HERE
from tests.browser.conftest import PHONE
from tests.browser.test_console import sign_in
from tests.browser.test_visits import Advance, advance, choose_a_time, deliver, visit_now
from tests.conftest import Mailbox

__all__ = ["advance"]
pytestmark = [pytest.mark.browser, pytest.mark.committed]
Visit = Callable[..., Page]


def lead() -> Lead:
    with transaction() as session:
        return session.scalars(select(Lead)).one()


def newest(mailbox: Mailbox, path: str) -> tuple[Mail, str]:
    """Let go what is due; return the mail that came last with a link under a path, and the link."""
    deliver(mailbox)
    found = [(mail, link[1]) for mail in mailbox.messages if (link := re.search(rf"https?://[^/\s]+({path}/[\w-]+)", mail.text))]
    return found[-1]


def ask_for_a_consultation(page: Page) -> None:
    page.get_by_label("First name").fill("Ana")
    page.get_by_label("Last name").fill("Rivera")
    page.get_by_label("E-mail", exact=True).fill("ana@example.com")
    page.get_by_label("Phone").fill("203-555-0123")
    page.get_by_label("You may contact me").check()
    page.get_by_role("button", name="Send").click()
    page.wait_for_url("**/inquire/thanks**")


def answer_the_questions(page: Page) -> None:
    page.get_by_label("The last four digits of your phone").fill("0123")
    page.get_by_role("button", name="Open the questions").click()
    page.get_by_label("Depression").check()
    for _ in range(8):
        page.get_by_role("button", name="Save and go on").click()
    page.get_by_role("button", name="Send it to the clinic").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Thank you. We have it.")


@pytest.mark.timeout(240)
def test_from_the_first_question_to_the_evening_before_the_visit(visit: Visit, site: str, mailbox: Mailbox, advance: Advance) -> None:
    with transaction() as session:
        make_account(session, "coordinator", "clinician")
    theirs = visit("/inquire", viewport=PHONE, has_touch=True)
    ask_for_a_consultation(theirs)
    theirs.goto(newest(mailbox, "/c")[1])
    theirs.get_by_role("button").first.click()

    ours = sign_in(visit, f"/console/leads/{lead().number}")
    ours.get_by_role("button", name="Reached").click()
    ours.get_by_role("button", name="Start screening").click()
    invitation = newest(mailbox, "/s")
    advance(timedelta(days=1))
    reminder = newest(mailbox, "/s")
    assert reminder[1] != invitation[1]
    theirs.goto(reminder[1])
    answer_the_questions(theirs)
    advance(timedelta(days=2))
    assert newest(mailbox, "/s")[1] == reminder[1]

    ours.reload()
    ours.get_by_role("button", name="I have looked at it").click()
    ours.get_by_role("button", name="Qualified").click()
    ours.get_by_role("link", name="Find a time").click()
    choose_a_time(ours, 0, "Book it")
    booked = visit_now().starts_at
    ours.get_by_role("link", name="Move it").click()
    choose_a_time(ours, 3, "Move the visit here")
    moved = visit_now().starts_at
    assert moved != booked
    deliver(mailbox)

    advance(moved - timedelta(days=1) - now())
    mail, page = newest(mailbox, "/a")
    assert mail.subject.startswith(f"Tomorrow, {moved.astimezone(HERE):%-I:%M %p}")
    theirs.goto(page)
    theirs.get_by_role("button", name="Yes, I will come").click()
    expect(theirs.get_by_role("status")).to_contain_text("We look forward to seeing you")
