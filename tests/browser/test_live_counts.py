"""What others do shows on an open page: the counts of safety, mine and doubles change by themselves, and the page is not loaded again."""

import pytest
from playwright.sync_api import expect

from leads.accounts.staff import find_account
from leads.db import transaction
from leads.people.match import suggest_merge
from leads.pipeline.find import by_number
from leads.safety.disclose import disclose
from tests.browser.conftest import barriers, ready
from tests.browser.test_console import Visit, at_work
from tests.browser.test_worklists import numbers

pytestmark = [pytest.mark.browser, pytest.mark.committed]
__all__ = ["numbers"]


def test_safety_mine_and_doubles_keep_up_without_a_reload(visit: Visit, numbers: list[str]) -> None:
    page = ready(at_work(visit))
    page.evaluate("window.isTheSame = true")
    safety, mine, doubles = (page.locator(f"[data-tab={name}]") for name in ("safety", "mine", "merges"))
    expect(safety).to_be_hidden()
    expect(mine).to_have_text("0")
    with transaction() as session:
        first, second, third = (by_number(session, each) for each in numbers[:3])
        casey = find_account(session, "casey@example.com")
        assert casey
        disclose(session, first.person_id, first.id, source="inquiry")
        second.assigned_to = casey.id
        suggest_merge(session, second.person_id, third.person_id, why="phone")
    expect(safety).to_have_text("1", timeout=15_000)
    expect(safety).to_be_visible()
    expect(page.get_by_role("navigation", name="Main").get_by_role("link", name="Safety 1")).to_have_class("alarm")
    expect(mine).to_have_text("1")
    # In the bar and in the row of lists.
    expect(doubles).to_have_text(["1", "1"])
    expect(page.locator("[data-need=safety]").first).to_have_text("1")
    expect(page.get_by_text("This list has changed")).to_be_visible()
    assert barriers(page, "counts-changed") == []
    with transaction() as session:
        by_number(session, numbers[1]).assigned_to = None
    expect(mine).to_have_text("0", timeout=15_000)
    assert page.evaluate("window.isTheSame")
