"""From the form to the mailbox and back: an inquiry, its acknowledgement, the confirmation, the first mail, and stop."""

import json
import time
from collections.abc import Callable

import pytest
from playwright.sync_api import Browser, Page

from leads.messages.mailbox import Mail
from tests.browser.conftest import PHONE
from tests.dns_server import DnsServer
from tests.flows.conftest import link_in
from tests.local.conftest import System, handoff

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]
MailTo = Callable[..., Mail]


@pytest.fixture
def phone(browser: Browser, running: System) -> Page:
    return browser.new_context(viewport=PHONE, base_url=running.url, locale="en-US").new_page()


def fill_in(page: Page, address: str) -> None:
    page.goto("/inquire")
    page.fill("[name=given_name]", "Ana")
    page.fill("[name=family_name]", "Rivera")
    page.fill("[name=email]", address)
    page.check("[name=office][value=woodbury]", force=True)
    for grant in ("contact", "education", "unencrypted_email"):
        page.check(f"[name='consent.{grant}']", force=True)
    time.sleep(3.2)
    page.get_by_role("button", name="Send").click()
    page.wait_for_url("**/inquire/thanks**")


def explained(running: System, number: str = "L-000001") -> str:
    return handoff("explain", number, "--data-dir", str(running.data_dir)).stdout


def test_an_inquiry_is_acknowledged_confirmed_followed_and_stopped(phone: Page, running: System, mail_to: MailTo) -> None:
    fill_in(phone, "ana@example.com")
    acknowledged = mail_to("ana@example.com", "We received")
    assert "Ana" not in acknowledged.text

    phone.goto("/mailbox")
    phone.get_by_role("link", name=acknowledged.subject).first.click()
    phone.goto(link_in(acknowledged, "c"))
    phone.get_by_role("button").click()
    office = mail_to("ana@example.com", "Where to find us")
    assert "20 Example Road" in office.text

    phone.goto(link_in(office, "u"))
    assert "planned" in explained(running)
    phone.get_by_role("button").click()
    phone.wait_for_load_state()
    story = explained(running)
    assert "withdrawal" in story or "asked" in story, story


def test_only_a_post_confirms(phone: Page, running: System, mail_to: MailTo) -> None:
    fill_in(phone, "scanned@example.com")
    link = link_in(mail_to("scanned@example.com", "We received"), "c")
    for method in ("GET", "HEAD"):
        phone.request.fetch(link, method=method)
    time.sleep(2)
    with pytest.raises(AssertionError):
        mail_to("scanned@example.com", "Where to find us", within=3)


def test_the_mail_doctor_finds_the_way_out_of_a_running_site(running: System) -> None:
    server = DnsServer()
    said = handoff("doctor", "mail", "--json", "--nameserver", server.nameserver, "--data-dir", str(running.data_dir))
    server.stop()
    states = {each["check"]: each["state"] for each in json.loads(said.stdout)["findings"]}
    assert said.returncode == 1
    assert {check for check, state in states.items() if state == "ok"} == {"one-click", "format", "complaints", "tls"}
    assert {check for check, state in states.items() if state == "wrong"} == {"spf", "dkim", "dmarc", "mx"}
