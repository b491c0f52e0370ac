"""The public pages as people meet them: on a phone, without JavaScript, by keyboard, in the dark, in a frame."""

import threading
from collections.abc import Callable, Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import select

from leads.clinic.profile import clinic
from leads.db import transaction
from leads.inquiries.models import Inquiry
from tests.browser.conftest import PHONE, violations

pytestmark = [pytest.mark.browser, pytest.mark.committed]
Visit = Callable[..., Page]


def received() -> list[dict[str, object]]:
    with transaction() as session:
        return [each.received or {} for each in session.scalars(select(Inquiry))]


def test_a_refused_form_has_no_barrier_and_leads_to_each_field(visit: Visit) -> None:
    page = visit("/inquire", viewport=PHONE)
    page.get_by_label("E-mail", exact=True).fill("ana@")
    page.get_by_role("button", name="Send").click()
    assert violations(page) == []
    page.get_by_role("link", name="This is not a complete e-mail address").click()
    expect(page.get_by_label("E-mail", exact=True)).to_be_focused()
    expect(page.get_by_label("E-mail", exact=True)).to_have_value("ana@")


def test_the_form_can_be_filled_on_a_phone_without_javascript(visit: Visit) -> None:
    page = visit("/inquire", viewport=PHONE, java_script_enabled=False, has_touch=True)
    page.get_by_label("First name").fill("Ana")
    page.get_by_label("E-mail", exact=True).fill("ana@example.com")
    page.get_by_role("radio", name="Woodbury").check()
    page.get_by_label("Anything you want to tell us").fill("I would like to know more.")
    page.get_by_label("You may contact me").check()
    page.get_by_role("button", name="Send").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Thank you. Your message is with us.")
    assert [each["office"] for each in received()] == ["woodbury"]


def test_the_form_can_be_sent_by_keyboard_alone(visit: Visit) -> None:
    page = visit("/inquire")
    press = page.keyboard.press

    def tab_to(name: str) -> None:
        for _ in range(60):
            press("Tab")
            if page.evaluate("document.activeElement.name") == name:
                return
        raise AssertionError(f"Tab never reached {name}")

    tab_to("given_name")
    page.keyboard.type("Ana")
    tab_to("phone")
    page.keyboard.type("203-555-0123")
    tab_to("office")
    press("ArrowDown")
    tab_to("consent.contact")
    press("Space")
    press("Enter")
    page.wait_for_url("**/inquire/thanks**")
    assert [each["phone"] for each in received()] == ["+12035550123"]


def test_nobody_tabs_into_the_trap(visit: Visit) -> None:
    page = visit("/inquire")
    names = set()
    for _ in range(60):
        page.keyboard.press("Tab")
        names.add(page.evaluate("document.activeElement.name"))
    assert "consent.contact" in names
    assert "subject_line" not in names


@pytest.fixture(params=["<script", "<body><p>Write to us</p><script"], ids=["in the head", "in the body"])
def host(request: pytest.FixtureRequest, tmp_path: Path, site: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A clinic's own site with our one script tag."""
    place = request.param
    (tmp_path / "index.html").write_text(f'<!doctype html><html lang="en"><title>Ours</title>{place} src="{site}/embed.js"></script>')
    quiet = type("Quiet", (SimpleHTTPRequestHandler,), {"log_message": lambda *_: None})
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(quiet, directory=str(tmp_path)))
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    origin = f"http://127.0.0.1:{server.server_port}"
    monkeypatch.setitem(clinic().__dict__, "embed_origins", [origin])
    yield origin
    server.shutdown()


def test_one_script_tag_shows_the_form_on_a_clinics_own_site(visit: Visit, host: str) -> None:
    page = visit(host, viewport=PHONE)
    frame = page.frame_locator("iframe")
    frame.get_by_label("First name").fill("Ana")
    frame.get_by_label("Phone").fill("203-555-0123")
    frame.get_by_label("You may contact me").check()
    frame.get_by_role("button", name="Send").click()
    expect(frame.get_by_role("heading", level=1)).to_have_text("Thank you. Your message is with us.")
    assert len(received()) == 1
    assert page.evaluate("document.querySelector('iframe').contentDocument") is None


def test_the_frame_is_as_tall_as_the_form_and_shrinks_with_it(visit: Visit, host: str) -> None:
    page = visit(host)
    height = "document.querySelector('iframe').offsetHeight"
    page.wait_for_function(f"{height} > 1500")
    page.frame_locator("iframe").get_by_label("First name").fill("x")
    tall = page.evaluate(height)
    page.frame_locator("iframe").get_by_role("radio", name="For someone under 18").check()
    page.frame_locator("iframe").get_by_role("button", name="Send").click()
    page.wait_for_function(f"{height} < {tall} - 500")


def test_a_site_that_was_not_opened_to_cannot_frame_the_form(visit: Visit, host: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(clinic().__dict__, "embed_origins", ["https://elsewhere.example.com"])
    page = visit(host)
    page.wait_for_timeout(500)
    assert page.frame_locator("iframe").get_by_label("First name").count() == 0
