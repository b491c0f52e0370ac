"""The month ahead of a lead in a real browser: a mail is moved, sent now, skipped, its sequence stopped; and all of them rest."""

import re
from collections.abc import Sequence
from datetime import timedelta

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import select

from leads.clinic.profile import clinic
from leads.db import transaction
from leads.messages.models import Message
from leads.pipeline.find import by_number
from tests.browser.conftest import choose, unfold
from tests.browser.test_console import Visit, at_work
from tests.browser.test_lead import lead_page, number
from tests.browser.test_visits import Advance, advance, deliver
from tests.conftest import Mailbox

pytestmark = [pytest.mark.browser, pytest.mark.committed]
__all__ = ["advance", "number"]
CLOCK = "%Y-%m-%d %H:%M"


def ahead(number: str) -> Sequence[Message]:
    """The mails of the lead's sequence that are still to come, the next first."""
    with transaction() as session:
        lead = by_number(session, number)
        wanted = (Message.lead_id == lead.id, Message.state == "planned", Message.enrolment_id.is_not(None))
        return session.scalars(select(Message).where(*wanted).order_by(Message.due_at, Message.id)).all()


def due(mail: Message) -> str:
    """When a mail goes, by the office's clock."""
    return mail.due_at.astimezone(clinic().office("woodbury").zone).strftime(CLOCK)


def open_mail(page: Page, number: str, mail: Message) -> None:
    """Go to a mail by its entry in the month."""
    page.goto(lead_page(number))
    page.get_by_role("table", name="What is planned").locator(f"a[href$='{mail.id}']").click()
    page.wait_for_url(f"**/messages/{mail.id}")


def test_planned_mails_are_moved_sent_now_skipped_and_their_sequence_stopped(
    visit: Visit, number: str, mailbox: Mailbox, advance: Advance
) -> None:
    deliver(mailbox)
    page, first, before = at_work(visit), ahead(number)[0], len(mailbox.messages)
    open_mail(page, number, first)
    another = page.get_by_label("Another time, by the office's clock")
    another.fill("2026-10-15T14:30")
    choose(page, "Move it")
    expect(page.get_by_role("alert")).to_contain_text("It would come too late to be of use then.")
    another.fill("2026-10-13T14:30")
    choose(page, "Move it")
    assert due(next(each for each in ahead(number) if each.id == first.id)) == "2026-10-13 14:30"
    page.goto(lead_page(number))
    expect(page.get_by_role("cell", name=re.compile("^13")).get_by_role("link").last).to_contain_text("2:30 PM")

    open_mail(page, number, first)
    expect(page.locator("ol.log")).to_contain_text("Casey Lind")
    choose(page, "Send it now")
    deliver(mailbox)
    assert len(mailbox.messages) == before
    # It waits a moment, so that it can be taken back.
    advance(timedelta(seconds=11))
    deliver(mailbox)
    assert len(mailbox.messages) == before + 1

    skipped, *rest = ahead(number)
    open_mail(page, number, skipped)
    choose(page, "Skip this one")
    assert [each.id for each in ahead(number)] == [each.id for each in rest]

    open_mail(page, number, rest[0])
    choose(page, "Stop the whole sequence")
    assert ahead(number) == []
    page.goto(lead_page(number))
    expect(page.get_by_text("A colleague stopped the sequence.").first).to_be_visible()


def test_all_mails_rest_until_the_day_that_was_chosen_or_until_the_pause_is_ended(
    visit: Visit, number: str, mailbox: Mailbox, advance: Advance
) -> None:
    deliver(mailbox)
    before, page = len(mailbox.messages), at_work(visit, lead_page(number))
    unfold(page, "Pause all mails")
    page.get_by_label("No mail before").fill("2026-10-12")
    choose(page, "Pause")
    expect(page.get_by_text("The person rests from our mails until a date.")).to_be_visible()
    assert due(ahead(number)[0]) == "2026-10-13 09:00"
    # A day after the first would have gone.
    advance(timedelta(days=4))
    deliver(mailbox)
    assert len(mailbox.messages) == before
    page.reload()
    unfold(page, "Pause ends early")
    choose(page, "End the pause now")
    advance(timedelta(days=3))
    deliver(mailbox)
    assert len(mailbox.messages) > before
