"""Taken down by hand in a real browser: the sheet stands beside the form, and what was chosen once stays."""

from collections.abc import Callable

import pytest
from playwright.sync_api import FilePayload, Page, expect

from leads.db import transaction
from leads.scans.models import Scan
from tests.accounts.cast import make_account
from tests.browser.conftest import PHONE, barriers
from tests.browser.test_console import at_work
from tests.scans.cast import make_scan, pdf, png

pytestmark = [pytest.mark.browser, pytest.mark.committed]
Visit = Callable[..., Page]
FAX: FilePayload = {"name": "fax-0412.pdf", "mimeType": "application/pdf", "buffer": pdf("Mina Reyes, two trials")}


@pytest.fixture
def sheet(site: str) -> Scan:
    """Casey is here, and a fax waits."""
    with transaction() as session:
        casey = make_account(session)
        return make_scan(session, name="fax.pdf", content=pdf("A referral"), actor=f"account:{casey.id}")


def places(page: Page) -> tuple[dict[str, float], dict[str, float]]:
    """Where the sheet and the form lie."""
    return page.locator(".at-hand").bounding_box(), page.locator("form.by-hand").bounding_box()  # type: ignore[return-value]


def test_the_sheet_stands_beside_the_form_on_a_desk_and_above_it_on_a_phone(visit: Visit, sheet: Scan) -> None:
    page = at_work(visit)
    with page.expect_response("**/shown") as shown:
        page.goto(f"/console/new/referral?scan={sheet.id}")
    assert (shown.value.status, shown.value.headers["content-type"]) == (200, "application/pdf")
    there, form = places(page)
    assert there["x"] >= form["x"] + form["width"]
    assert abs(there["y"] - form["y"]) < 20
    expect(page.locator("[name='patient.given_name']")).to_be_focused()
    page.set_viewport_size(PHONE)  # type: ignore[arg-type]
    there, form = places(page)
    assert there["y"] + there["height"] <= form["y"]
    assert barriers(page, "beside-a-scan") == []


def test_a_photo_in_the_list_is_fetched_only_once_somebody_looks(visit: Visit, sheet: Scan) -> None:
    with transaction() as session:
        make_scan(session, name="photo.png", content=png())
    page = at_work(visit, "/console/scans")
    photo = page.locator("article.scan").filter(has_text="photo.png")
    assert photo.locator("img").evaluate("each => each.naturalWidth") == 0
    photo.get_by_text("Look at it").click()
    expect(photo.locator("img")).to_have_js_property("naturalWidth", 300)
    assert barriers(page, "scans-looked-at") == []


def test_what_was_chosen_is_there_after_a_refusal_and_goes_along(visit: Visit, sheet: Scan) -> None:
    page = at_work(visit, "/console/new/referral")
    fields = {"patient.given_name": "Mina", "patient.family_name": "Reyes", "patient.phone": "12"}
    fields |= {"provider.family_name": "Osei", "provider.practice": "Harbor Psychiatry", "reason": "Two trials."}
    for name, value in fields.items():
        page.locator(f"[name='{name}']").fill(value)
    page.locator("[name=attachments]").set_input_files([FAX])
    page.get_by_role("button", name="Keep it").click()
    page.get_by_role("alert").get_by_role("link", name="Patient: phone").click()
    expect(page.locator("[name='patient.phone']")).to_be_focused()
    expect(page.get_by_title("The scan fax-0412.pdf")).to_be_visible()
    assert barriers(page, "by-hand-refused") == []
    page.locator("[name='patient.phone']").fill("203-555-0190")
    page.get_by_role("button", name="Keep it").click()
    page.wait_for_url("**/console/leads/L-*")
    expect(page.get_by_role("link", name="fax-0412.pdf")).to_be_visible()
