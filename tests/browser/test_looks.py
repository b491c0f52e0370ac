"""The timeline in a real browser: which of our pages the person opened by their link, and which colleague read the record."""

import re

import pytest
from playwright.sync_api import Locator, Page, expect
from sqlalchemy import select

from leads.appointments.models import Appointment
from leads.db import transaction
from leads.pipeline.find import by_number
from leads.security.tokens import Grant, issue
from tests.accounts.cast import make_account
from tests.appointments.links import booked_visit, link_of
from tests.appointments.visits import ready
from tests.browser.conftest import PHONE, barriers
from tests.browser.test_console import Visit, at_work
from tests.browser.test_lead import lead_page
from tests.browser.test_visits import advance

pytestmark = [pytest.mark.browser, pytest.mark.committed]
__all__ = ["advance"]


@pytest.fixture
def number(advance: object, site: str) -> str:
    """Ana, for whom a visit is booked; Casey and Robin, who take in leads."""
    with transaction() as session:
        for email, name in (("casey@example.com", "Casey Lind"), ("robin@example.com", "Robin Vale")):
            make_account(session, email=email, name=name)
        lead = ready(session)
        booked_visit(session, lead)
        return lead.number


def links(number: str) -> dict[str, str]:
    """Where their own pages are, by what the timeline calls them."""
    with transaction() as session:
        lead = by_number(session, number)
        person_id, visit = lead.person_id, session.scalars(select(Appointment)).one()
        preferences = f"/p/{issue(session, person_id, Grant('preferences', person_id))}"
        return {"their preferences": preferences, "the page of their visit": link_of(session, visit)}


def looks(page: Page, who: str) -> Locator:
    """What the timeline says quietly of somebody."""
    return page.locator("#timeline").get_by_role("listitem").filter(has_text=f", {who}").filter(has_text=re.compile("Opened|Read"))


def test_what_they_opened_and_who_read_it_stands_in_the_timeline(visit: Visit, number: str) -> None:
    own = links(number)
    for path in own.values():
        visit(path, viewport=PHONE, java_script_enabled=False)
    at_work(visit, lead_page(number), email="robin@example.com")
    page = at_work(visit, lead_page(number))
    expect(looks(page, "the person")).to_have_count(len(own))
    for name in own:
        expect(looks(page, "the person").filter(has_text=f"Opened {name}")).to_be_visible()
    expect(looks(page, "Robin Vale")).to_contain_text("Read")
    assert barriers(page, "looks") == []


def test_a_program_that_fetches_their_links_has_opened_nothing(visit: Visit, number: str) -> None:
    page = at_work(visit, lead_page(number))
    for path in links(number).values():
        assert page.request.get(path).ok
    page.reload()
    expect(page.locator("#timeline")).to_contain_text("Read 2 times that day")
    expect(page.locator("#timeline")).not_to_contain_text("Opened")
