"""Pages of the console on paper: what they tell, and nothing to press, to fill in or to go elsewhere by."""

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy.orm import Session

from leads.appointments.block import block
from leads.appointments.feed import make_feed
from leads.clock import now
from leads.db import transaction
from leads.sequences.publish import publish
from tests.accounts.cast import make_account
from tests.appointments.links import booked_visit
from tests.appointments.visits import NEXT_WEEK, moment
from tests.browser.conftest import is_wide
from tests.browser.test_console import Visit, at_work
from tests.browser.test_lists import everybody_waits
from tests.browser.test_visits import advance
from tests.cast import ACTOR
from tests.reports.cast import journeys

pytestmark = [pytest.mark.browser, pytest.mark.committed]
__all__ = ["advance"]
# A4 between the margins that browsers leave; a page is laid out anew for it.
PAPER = {"width": 718, "height": 1047}
CONTROLS = ":is(button, input:not([type=hidden]), select, textarea, form, nav, [role=group], .button):visible"
# What is cut off on paper, where nobody scrolls.
CUT = """[...document.querySelectorAll("main *")]
    .filter(each => each.clientWidth > 1 && each.scrollWidth > each.clientWidth && getComputedStyle(each).overflowX !== "visible")
    .map(each => `cut off: ${each.outerHTML.slice(0, 120)}`)"""
# What each page tells, on paper too.
TELLS = {
    "/console": ("Safety", "Noah Rivera", "Otto Rivera", "Call them"),
    "/console?need=call-now": ("Ines Rivera", "Otto Rivera", "late"),
    "/console/reports/funnel?from=2026-10&to=2026-10&by=office": ("How far leads come", "All leads", "By office", "Woodbury"),
    "/console/reports/sequences?from=2026-10&to=2026-10": ("What came of the sequences", "New inquiry"),
    "/console/visits?office=new-haven&from=2026-10-12": (
        "At New Haven",
        "Tuesday, October 13",
        "Ana Rivera",
        "A training day.",
        "Front desk",
    ),
    "/console/record": ("Who did and saw what", "Casey Lind"),
    "/console/sequences/new-inquiry": ("Version 1, step by step", "Begins", "Versions"),
}


def a_busy_week(session: Session) -> None:
    """Something on every page, and somebody who may do everything on them."""
    casey = make_account(session, "coordinator", "supervisor", "auditor")
    everybody_waits(session)
    booked_visit(session)
    block(session, "clinician-a", moment(NEXT_WEEK, 13), moment(NEXT_WEEK, 15), actor=ACTOR, reason="A training day.")
    make_feed(session, "new-haven", "Front desk", account_id=casey.id)
    for office in ("woodbury", "new-haven"):
        journeys(session, 24, to="booked", at=now(), office=office)
    publish(session, actor=ACTOR)


def amiss_on_paper(page: Page) -> list[str]:
    """What can be pressed or filled in, what leads elsewhere, and what does not fit."""
    pressed = page.locator(CONTROLS).evaluate_all("all => all.map(each => each.outerHTML.slice(0, 120))")
    return [*pressed, *page.evaluate(CUT), *["wider than the paper"] * is_wide(page)]


def test_a_printed_page_tells_what_it_tells_and_has_nothing_to_press(visit: Visit, advance: object, site: str) -> None:
    with transaction() as session:
        a_busy_week(session)
    page, wrong = at_work(visit), {}
    for path, told in TELLS.items():
        page.emulate_media(media="screen")
        page.goto(path)
        assert page.locator("main").locator(CONTROLS).count() > 1
        page.emulate_media(media="print")
        page.set_viewport_size(PAPER)  # type: ignore[arg-type]
        wrong[path] = amiss_on_paper(page)
        for words in told:
            expect(page.locator("main").get_by_text(words).locator("visible=true").first).to_be_visible()
    assert {path: found for path, found in wrong.items() if found} == {}
