"""Contrast is measured once for each way a text looks: what looks otherwise, or lies upon something else, is still found."""

import pytest
from playwright.sync_api import Browser, Page

from tests.browser import conftest
from tests.browser.conftest import violations

pytestmark = pytest.mark.browser
CARD = """<html lang="en"><title>A card</title><style>
body { background: #fff; color: #222 } .faint { color: #bbb } .dim { opacity: .3 } .dark { background: #333; padding: 1rem }
.over { margin-top: -2.2rem; height: 2rem; background: #333; position: relative; z-index: -1 }</style>
<main><h1>Card</h1><p>Read well.</p>%s</main>"""


@pytest.fixture
def page(browser: Browser, monkeypatch: pytest.MonkeyPatch) -> Page:
    """A card whose texts were measured, and were well."""
    monkeypatch.setattr(conftest, "MEASURED", set())
    page = browser.new_context().new_page()
    page.set_content(CARD % "")
    assert violations(page) == []
    assert len(conftest.MEASURED) == 2
    return page


WORSE = {
    "another colour": '<p class="faint">Hard to read.</p>',
    "another ground": '<div class="dark"><p>Hard to read.</p></div>',
    "fainter as a whole": '<div class="dim"><p>Hard to read.</p></div>',
    "something beneath it": '<p>Hard to read.</p><div class="over"></div>',
}


@pytest.mark.parametrize("worse", WORSE.values(), ids=WORSE.keys())
def test_a_text_that_is_harder_to_read_is_found_on_a_page_measured_before(page: Page, worse: str) -> None:
    page.set_content(CARD % worse)
    assert [each.partition(":")[0] for each in violations(page)] == ["color-contrast"]
    # Nor is it taken for measured the next time.
    assert [each.partition(":")[0] for each in violations(page)] == ["color-contrast"]


def test_a_text_that_was_hidden_when_it_was_looked_at_counts_as_unmeasured(page: Page) -> None:
    before = set(conftest.MEASURED)
    page.set_content(
        CARD % '<p class="faint" style="position: absolute; clip-path: inset(50%); width: 1px; height: 1px; overflow: hidden">Faint</p>'
    )
    assert violations(page) == []
    assert before == conftest.MEASURED
