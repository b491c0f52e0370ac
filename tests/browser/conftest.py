"""A real Chromium before the real app, both on this machine."""

import os
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import uvicorn
from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Browser, BrowserContext, Page, Response, expect

from leads.clinic.profile import clinic
from tests.the_app import the_app

PHONE = {"width": 390, "height": 844}
DESKTOP = {"width": 1280, "height": 900}
TABLETS = ({"width": 820, "height": 1180}, {"width": 1180, "height": 820})
# Of each size the first is looked at whole.
LOOKS = (
    ("desk", DESKTOP, "light", False),
    ("desk", DESKTOP, "dark", True),
    ("phone", PHONE, "dark", False),
    ("phone", PHONE, "light", True),
)
LOOK_AT = (Path(__file__).parent / "contrast.js").read_text()
# How the texts looked whose contrast axe-core has measured, in this process, and found enough.
MEASURED: set[str] = set()
# Each element's colours are words to axe-core, which it reads anew every time: a fifth of a look, where a page has a dozen colours.
READ_ONCE = """(() => {
    const known = new Map(), color = axe.commons.color.Color.prototype, read = color.parseString;
    color.parseString = function (words) {
        const {r, g, b, alpha} = known.get(words) ?? read.call(this, words);
        known.set(words, {r, g, b, alpha});
        return Object.assign(this, {r, g, b, alpha});
    };
})();"""
# A form that is framed by a site it was not opened to: the browser says that it did what it is there for.
MEANT = 'violates the following Content Security Policy directive: "frame-ancestors https://elsewhere.example.com"'
REFUSED = "Failed to load resource: the server responded with a status of 4"
# The event also tells of what is forbidden without a word on the console.
SAY_WHAT_IS_FORBIDDEN = """addEventListener("securitypolicyviolation",
    each => console.error("Forbidden by the policy:", each.effectiveDirective, each.blockedURI, each.sourceFile, each.lineNumber))"""
LARGEST = 150_000
# Everything a page fetched, and its size, as the browser remembers it; but for the stream of counts and the palette's list.
ASKED = """performance.getEntriesByType("navigation").concat(performance.getEntriesByType("resource"))
    .filter(each => !/fetch|xmlhttprequest/.test(each.initiatorType) && !/events$/.test(each.name)).map(each => each.toJSON())"""
NO_UTC = """[...document.querySelectorAll("main time")].filter(each => !/ UTC$/.test(each.title)).map(each => each.outerHTML)"""
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
    heard: list[tuple[str, str]] = []
    refused: set[str] = set()

    def go(path: str, **options: object) -> Page:
        contexts.append(browser.new_context(**({"viewport": DESKTOP, "locale": "en-US", "base_url": site} | options)))
        listen(contexts[-1], heard, refused)
        page = contexts[-1].new_page()
        page.goto(path)
        return page

    yield go
    for each in contexts:
        each.close()
    wrong = [(where, what) for where, what in heard if not (where in refused and what.startswith(REFUSED)) and MEANT not in what]
    assert wrong == [], "The browser complained."


def listen(context: BrowserContext, heard: list[tuple[str, str]], refused: set[str]) -> None:
    """Note what the pages complain of, and where: errors of theirs or on the console, and whatever the policy forbids them."""
    context.add_init_script(SAY_WHAT_IS_FORBIDDEN)
    context.on("weberror", lambda each: heard.append((each.page.url if each.page else "", str(each.error))))
    context.on("console", lambda each: each.type == "error" and heard.append((str(each.location["url"]), each.text)))
    context.on("response", lambda each: is_refusal(each) and refused.add(each.url))


def is_refusal(answer: Response) -> bool:
    """Whether a page, or a script of ours for it, was told no: a test asked for it and reads it, but the browser calls it an error."""
    return 400 <= answer.status < 500 and answer.request.resource_type in ("document", "fetch", "eventsource")


def violations(page: Page, *, only_contrast: bool = False) -> list[str]:
    """What axe-core finds wrong on a page: the rule and the first element that breaks it."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE_SCRIPT + READ_ONCE)
    found = page.evaluate(LOOK_AT, {"seen": sorted(MEASURED), "only": only_contrast})
    MEASURED.update(found["passed"])
    return [f"{rule}: {html[:120]}" for rule, html in found["wrong"]]


def is_wide(page: Page) -> bool:
    """Whether a page must be scrolled sideways."""
    return bool(page.evaluate("document.documentElement.scrollWidth > innerWidth"))


def ready(page: Page) -> Page:
    """The page, once its script has taken over the keys: a test presses them before anybody could."""
    expect(page.locator("html.scripted")).to_be_attached()
    return page


def barriers(page: Page, name: str) -> list[str]:
    """What is wrong with a page, everything unfolded: on a desk and on a phone, light and dark."""
    page.evaluate("document.querySelectorAll('main details').forEach(each => each.open = true)")
    found: list[str] = []
    for size, viewport, scheme, is_seen in LOOKS:
        page.set_viewport_size(viewport)  # type: ignore[arg-type]
        page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        # What is named, ordered and reached does not change with the colours: of the same size, only they are looked at again.
        wrong = violations(page, only_contrast=is_seen) + ["scrolls sideways"] * (not is_seen and is_wide(page))
        found += [f"{size}, {scheme}: {each}" for each in wrong]
        if SHOTS:
            SHOTS.mkdir(exist_ok=True)
            page.screenshot(path=SHOTS / f"{name.strip('/').replace('/', '-')[-60:]}-{size}-{scheme}.png", full_page=True)
    page.set_viewport_size(DESKTOP)  # type: ignore[arg-type]
    page.emulate_media(color_scheme="light")
    return found


def unfold(page: Page, words: str) -> None:
    """Open what unfolds under these words, unless it is open."""
    summary = page.locator("summary", has_text=words)
    if not summary.evaluate("each => each.parentElement.open"):
        summary.click()


def choose(page: Page, name: str) -> None:
    """Press a button that leads on, and wait for what comes."""
    with page.expect_navigation():
        page.get_by_role("button", name=name, exact=True).click()


def amiss(page: Page) -> list[str]:
    """Return whom else a page asks, which moment it does not say in UTC, and what it weighs where that is too much."""
    origin, asked = page.evaluate("origin"), page.evaluate(ASKED)
    elsewhere = [f"asks {each['name']}" for each in asked if not each["name"].startswith(origin)]
    size = sum(each["decodedBodySize"] for each in asked)
    return elsewhere + [f"not in UTC: {each}" for each in page.evaluate(NO_UTC)] + [f"{size} bytes"] * (size > LARGEST)
