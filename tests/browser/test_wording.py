"""What only a browser can show: a new version read beside the last approved one, in light and dark, and approved by a second person."""

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from leads.db import transaction
from leads.messages import approve
from tests.accounts.cast import make_account
from tests.browser.conftest import DESKTOP, PHONE, violations
from tests.browser.test_console import at_work
from tests.messages.wording import WITH_FACTS, approved, edited, no_trial, put_before

pytestmark = [pytest.mark.browser, pytest.mark.committed]
Visit = Callable[..., Page]
PAGE = f"/console/mails/{WITH_FACTS}/en/wording"


@pytest.fixture
def waiting(site: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A version that was approved, and a newer one that waits for Casey, who reviews."""
    no_trial(monkeypatch)
    with transaction() as session:
        writer = make_account(session, email="writer@example.com", name="Wren Ode")
        make_account(session, "reviewer", "coordinator")
        other = make_account(session, "reviewer", email="riley@example.com", name="Riley Hart")
        approved(session, WITH_FACTS, writer, other)
        edited(monkeypatch, tmp_path, WITH_FACTS, "Others do not.", "Others do not. Nobody can say beforehand.")
        for module in ("leads.http.console.mail_wording", "leads.messages.approvals"):
            monkeypatch.setattr(f"{module}.catalogue", approve.catalogue)
        put_before(session, WITH_FACTS, writer)


def test_a_reviewer_reads_what_differs_ticks_each_fact_and_approves(visit: Visit, waiting: None) -> None:
    page = at_work(visit, PAGE)
    expect(page.locator("ins").first).to_contain_text("Nobody can say beforehand.")
    expect(page.get_by_text("Until it is approved, the last approved words go on.")).to_be_visible()
    for viewport in (DESKTOP, PHONE):
        page.set_viewport_size(viewport)  # type: ignore[arg-type]
        for look in ("light", "dark"):
            page.emulate_media(color_scheme=look)  # type: ignore[arg-type]
            assert violations(page) == []
    for box in page.get_by_role("checkbox").all():
        box.check()
    page.get_by_role("button", name="Approve this version").click()
    expect(page.get_by_role("heading", name="Approved until")).to_be_visible()
