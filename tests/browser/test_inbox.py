"""The inbox for everybody: nothing that a screen reader, a phone or the dark would stumble over."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page
from sqlalchemy.orm import Session

from leads.inbound.read import read
from leads.inbound.take_in import take_in
from tests.accounts.cast import PASSWORD, make_account
from tests.browser.conftest import PHONE, violations
from tests.inbound.mails import arrived, written

pytestmark = [pytest.mark.browser, pytest.mark.committed]
TO = "care@mail.elmharbor.test"


def test_it_reads_well_on_a_phone_and_in_the_dark(session: Session, visit: Callable[..., Page]) -> None:
    account = make_account(session)
    for words, subject in (("I want to die.", "hello"), ("Is this the clinic on Main Street? I wrote last week. " * 3, "A question")):
        row_id = take_in(session, arrived(written(words, subject=subject, sender="who@example.com", to=TO)))
        assert row_id
        read(session, row_id)
    session.commit()
    page = visit("/console/sign-in?next=/console/inbox", color_scheme="dark")
    page.get_by_label("E-mail").fill(account.email or "")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.wait_for_url("**/console/inbox")
    assert page.get_by_role("article").first.get_by_text("Read this now").is_visible()
    assert violations(page) == []
    page.set_viewport_size(PHONE)  # type: ignore[arg-type]
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
