"""An auditor sees everything and changes nothing; and the chain they check holds while two processes seal it at once."""

import re
import threading
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import func, select

from leads.audit.models import AuditEntry, AuditSeal
from leads.audit.seal import seal
from leads.db import transaction
from tests.accounts.cast import make_account
from tests.browser.conftest import barriers, choose
from tests.browser.test_console import Visit, at_work
from tests.browser.test_console_pages import of_leads, of_lists, restricted

pytestmark = [pytest.mark.browser, pytest.mark.committed]
AUDREY = "audrey@example.com"
# What lets an account look: at the chain, or at a restricted record for a reason that is read. Neither changes what is known of anybody.
LOOKING = ("Check the chain", "Check again", "Open it for an hour")
# Pages that differ by who looks; the others are walked as somebody who may do everything.
MINE = (
    "safety",
    "board",
    "visits",
    "inbox",
    "scans",
    "quarantine",
    "merges",
    "sending",
    "openings",
    "record",
    "sequences",
    "mails",
    "reports/funnel",
)


@pytest.fixture
def stop_sealing(site: str) -> Iterator[Callable[[], None]]:
    """Two sealers that do not know of each other are at work until this is called."""
    end = threading.Event()

    def go_on() -> None:
        while not end.wait(0.01):
            with transaction() as session:
                seal(session)

    both = [threading.Thread(target=go_on, daemon=True) for _ in range(2)]
    for each in both:
        each.start()

    def stop() -> None:
        end.set()
        for each in both:
            each.join(10)

    yield stop
    stop()


def can_press(page: Page) -> list[str]:
    """What this page lets one do beyond looking."""
    buttons = page.locator("main form[method=post] button:enabled").all_inner_texts()
    return [words for words in buttons if not words.startswith(LOOKING)]


@pytest.mark.timeout(300)
def test_an_auditor_sees_every_page_and_can_press_nothing_on_it(visit: Visit, site: str) -> None:
    with transaction() as session:
        make_account(session, "auditor", email=AUDREY, name="Audrey Poe")
        behind_glass = restricted(session)
        of_lists(session)
        leads = of_leads(session)
    paths = ["/console", *(f"/console/{each}" for each in MINE)]
    paths += [path for found in leads.values() for path in found if not re.search(r"/(screening|details|visit|move)\b", path)]
    page = at_work(visit, email=AUDREY)
    wrong = {}
    for path in (*paths, f"/console/leads/{behind_glass}/reads"):
        page.goto(path)
        refused = page.get_by_role("heading", name="This is not possible").all_inner_texts()
        wrong[path] = refused + barriers(page, f"auditor-{path}") + can_press(page)
    assert {path: found for path, found in wrong.items() if found} == {}


def counted() -> tuple[int, int, int]:
    """How many entries there are, how many are sealed, and how many seals there are."""
    with transaction() as session:
        numbers = (func.count(AuditEntry.id), func.count(AuditSeal.entry_id.distinct()), func.count(AuditSeal.id))
        return tuple(session.execute(select(*numbers).outerjoin_from(AuditEntry, AuditSeal, AuditSeal.entry_id == AuditEntry.id)).one())  # type: ignore[return-value]


def test_the_chain_holds_while_two_seal_it_at_once(visit: Visit, stop_sealing: Callable[[], None]) -> None:
    with transaction() as session:
        make_account(session, "auditor", email=AUDREY, name="Audrey Poe")
    page = at_work(visit, "/console/record", email=AUDREY)
    verdict = page.get_by_role("status").filter(has_text="The chain")
    for _ in range(3):
        page.goto("/console")
        page.goto("/console/record")
        choose(page, "Check the chain from its start")
        expect(verdict).to_contain_text("The chain holds.")
    stop_sealing()
    with transaction() as session:
        seal(session)
    entries, sealed, seals = counted()
    assert entries == sealed == seals > 6
    choose(page, "Check again")
    expect(verdict).to_contain_text(f"The chain holds. {entries} entries are as they were written.")
