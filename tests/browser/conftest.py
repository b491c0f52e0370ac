"""A real Chromium before the real app, both on this machine."""

import os
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import uvicorn
from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Browser, BrowserContext, Page

from leads.clinic.profile import clinic
from tests.the_app import the_app

PHONE = {"width": 390, "height": 844}
DESKTOP = {"width": 1280, "height": 900}
# Only what is wrong comes over: all that is right and the rest of what axe-core says of it would be several times as much.
FOUND = """axe.run({resultTypes: ["violations"]})
    .then(results => results.violations.map(each => [each.id, each.nodes[0].html]))"""
SHOTS = Path(os.environ["HANDOFF_SHOTS"]) if "HANDOFF_SHOTS" in os.environ else None


@pytest.fixture
def site(database: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The address of the running app; a test types faster than people, so the fill time does not count."""
    monkeypatch.setitem(clinic().limits.__dict__, "minimum_fill_seconds", 0)
    server = uvicorn.Server(uvicorn.Config(the_app(), host="127.0.0.1", port=0, log_level="warning"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.02)
    yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    server.should_exit = True
    thread.join(10)


@pytest.fixture
def visit(browser: Browser, site: str) -> Iterator[Callable[..., Page]]:
    """Open a page: `visit("/inquire", viewport=PHONE, java_script_enabled=False)`."""
    contexts: list[BrowserContext] = []

    def go(path: str, **options: object) -> Page:
        contexts.append(browser.new_context(**({"viewport": DESKTOP, "locale": "en-US", "base_url": site} | options)))
        page = contexts[-1].new_page()
        page.goto(path)
        return page

    yield go
    for each in contexts:
        each.close()


def violations(page: Page) -> list[str]:
    """What axe-core finds wrong on a page: the rule and the first element that breaks it."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE_SCRIPT)
    return [f"{rule}: {html[:120]}" for rule, html in page.evaluate(FOUND)]


def barriers(page: Page, name: str) -> list[str]:
    """What is wrong with a page, everything unfolded: light on a desk and dark on a phone; each look costs a second, so there are two."""
    page.evaluate("document.querySelectorAll('main details').forEach(each => each.open = true)")
    found: list[str] = []
    for viewport, scheme in ((DESKTOP, "light"), (PHONE, "dark")):
        page.set_viewport_size(viewport)  # type: ignore[arg-type]
        page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        found += [f"{scheme}: {each}" for each in violations(page)]
        found += [f"{scheme}: scrolls sideways"] * page.evaluate("document.documentElement.scrollWidth > innerWidth")
        if SHOTS:
            SHOTS.mkdir(exist_ok=True)
            page.screenshot(path=SHOTS / f"{name.strip('/').replace('/', '-')[-60:]}-{scheme}.png", full_page=True)
    return found
