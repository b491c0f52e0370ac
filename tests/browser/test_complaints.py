"""Every page that a browser test opens is listened to: what the policy forbids, and what goes wrong in it, would fail that test."""

import pytest
from playwright.sync_api import Browser

from tests.browser.conftest import listen

pytestmark = [pytest.mark.browser, pytest.mark.committed]
STYLED = """document.body.insertAdjacentHTML("beforeend", "<p style='color: red'>Red</p>")"""
RUN = """document.body.append(Object.assign(document.createElement("script"), {textContent: "window.ran = true"}))"""
FETCHED = """document.body.append(Object.assign(new Image(), {src: "https://elsewhere.example.com/pixel.png"}))"""
MISSING = """document.head.append(Object.assign(document.createElement("link"), {rel: "stylesheet", href: "/static/nothing.css"}))"""
THROWN = """setTimeout(() => { throw new Error("It broke.") })"""


@pytest.mark.parametrize(
    ("act", "told"),
    [(STYLED, "style-src"), (RUN, "script-src"), (FETCHED, "img-src"), (MISSING, "nothing.css"), (THROWN, "It broke.")],
)
def test_what_goes_wrong_in_a_page_is_heard(browser: Browser, site: str, act: str, told: str) -> None:
    heard: list[tuple[str, str]] = []
    refused: set[str] = set()
    with browser.new_context() as context:
        listen(context, heard, refused)
        page = context.new_page()
        page.goto(f"{site}/inquire")
        page.evaluate(act)
        # It is told when it is told: the test's own time ends the wait.
        while not any(told in f"{where} {what}" and where not in refused for where, what in heard):
            page.wait_for_timeout(20)
        assert page.evaluate("window.ran") is None
