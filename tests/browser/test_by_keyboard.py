"""With the keyboard alone: from a fax to a referral, counted key by key; and from somebody who calls to their visit."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, Page, expect
from sqlalchemy import select

from leads.appointments.models import Appointment
from leads.db import transaction
from leads.loop.models import Attachment, Referral
from tests.accounts.cast import PASSWORD, make_account
from tests.browser.test_by_hand import FAX
from tests.browser.test_console import at_work, stage_of
from tests.browser.test_visits import Advance, advance
from tests.loop.cast import make_referral

pytestmark = [pytest.mark.browser, pytest.mark.committed]
__all__ = ["advance"]
Visit = Callable[..., Page]
# Sixty words of five letters a minute, a leisurely pace for who types all day.
SECONDS_A_KEY = 0.2
BESIDE = """control => [control === document.activeElement, control.type === "radio" && document.activeElement.type === "radio"
    && control.name === document.activeElement.name && control.form === document.activeElement.form]"""
NO_MOUSE = "for (const each of ['pointerdown', 'mousedown']) addEventListener(each, () => { name = 'a mouse'; }, true)"
OF_FOCUS = "document.activeElement.name + (document.activeElement.type === 'radio' ? '=' + document.activeElement.value : '')"


@pytest.fixture
def known(site: str) -> None:
    """Casey is here, and Ana Rivera of Elm Family Medicine has referred before."""
    with transaction() as session:
        make_account(session)
        make_referral(session)


class Keys:
    """A keyboard that counts."""

    def __init__(self, page: Page) -> None:
        self.page, self.pressed = page, 0

    def press(self, key: str) -> None:
        """Press one key."""
        self.page.keyboard.press(key)
        self.pressed += 1

    def type(self, text: str) -> None:
        """Type words where the cursor is."""
        self.page.keyboard.type(text)
        self.pressed += len(text)

    def tab_to(self, name: str) -> None:
        """Go on with Tab until a field, or a button with these words, has the cursor; with the arrows within a group of choices."""
        for _ in range(40):
            there = self.page.evaluate(f"[{OF_FOCUS}, document.activeElement.textContent]")
            if name in (there[0], there[1].strip()):
                return
            in_group = "=" in there[0] and "=" in name and there[0].partition("=")[0] == name.partition("=")[0]
            self.press("ArrowDown" if in_group else "Tab")
        raise AssertionError(f"no {name} within reach")

    def skip(self) -> None:
        """From the top of a page, pass over what stands on every one."""
        if self.page.evaluate("document.activeElement === document.body"):
            self.press("Tab")
        if self.page.evaluate("document.activeElement.matches('a.skip')"):
            self.press("Enter")

    def reach(self, control: Locator) -> None:
        """Go on with Tab until a control of the page has the cursor; with the arrows within its group of choices."""
        self.skip()
        for _ in range(120):
            is_there, is_beside = control.evaluate(BESIDE)
            if is_there:
                return
            self.press("ArrowDown" if is_beside else "Tab")
        raise AssertionError(f"no {control} within reach")

    def choose(self, control: Locator, key: str = "Enter") -> None:
        """Reach a button or link, press it, and wait for what comes."""
        self.reach(control)
        with self.page.expect_navigation():
            self.press(key)

    def fill(self, label: str, text: str) -> None:
        """Reach a field and type."""
        self.reach(self.page.get_by_label(label, exact=True))
        self.type(text)

    def tick(self, label: str) -> None:
        """Reach a box or a choice, and choose it."""
        box = self.page.get_by_label(label, exact=True)
        self.reach(box)
        if not box.is_checked():
            self.press("Space")

    def command(self, name: str) -> None:
        """Choose among the commands what a button of this page does."""
        self.press("Control+k")
        self.type(name)
        expect(self.page.get_by_role("listbox", name="Commands").get_by_role("option", selected=True)).to_contain_text(name)
        with self.page.expect_navigation():
            self.press("Enter")


def test_a_fax_with_its_scan_is_a_referral_within_a_minute_by_keyboard(visit: Visit, known: None) -> None:
    page = at_work(visit, "/console/new/referral")
    keys = Keys(page)
    assert page.locator("form.by-hand :required").count() == 5
    keys.type("Mina")
    keys.tab_to("patient.family_name")
    keys.type("Reyes")
    keys.tab_to("patient.phone")
    keys.type("2035550190")
    keys.tab_to("provider.family_name")
    keys.type("River")
    # Who has referred before is offered, and brings practice, number and NPI along.
    offered = page.get_by_role("button", name="Ana Rivera")
    expect(offered).to_contain_text("Elm Family Medicine")
    keys.tab_to(str(offered.text_content()))
    keys.press("Enter")
    expect(page.locator("[name='provider.practice']")).to_have_value("Elm Family Medicine")
    keys.tab_to("reason")
    keys.type("Two trials, see the sheet.")
    keys.tab_to("attachments")
    with page.expect_file_chooser() as chooser:
        keys.press("Space")
    chooser.value.set_files([FAX])
    keys.tab_to("patient.consent.contact")
    keys.press("Space")
    keys.tab_to("said_by=referrer")
    keys.press("Space")
    keys.tab_to("said_how=phone")
    keys.tab_to("said_how=writing")
    keys.press("Enter")
    page.wait_for_url("**/console/leads/L-*")
    assert keys.pressed * SECONDS_A_KEY < 60
    with transaction() as session:
        referral = session.scalars(select(Referral).order_by(Referral.serial.desc())).first()
        assert referral
        assert (referral.received or {})["consent_said"] == {"by": "referrer", "how": "writing", "who": ""}
        assert session.scalars(select(Attachment.referral_id)).all() == [referral.id]


def take_down(keys: Keys) -> None:
    """Somebody calls and says who they are, what moves them and what they agree to."""
    keys.fill("Given name needed", "Ben")
    keys.fill("Family name", "Ito")
    keys.fill("Phone", "2035550142")
    keys.fill("What they said", "Two medicines did not help.")
    keys.tick("We may contact them about this")
    keys.tick("The patient themself")
    keys.tick("By phone")
    keys.choose(keys.page.get_by_role("button", name="Keep it"))


def screen(keys: Keys) -> None:
    """Go through the questions by phone, read them back, and have a clinician look."""
    page = keys.page
    keys.choose(page.get_by_role("button", name="Go through it by phone"))
    keys.tick("Depression")
    while page.get_by_role("button", name="Save and go on").count():
        keys.choose(page.get_by_role("button", name="Save and go on"))
    keys.choose(page.get_by_role("button", name="Send it", exact=True))
    keys.choose(page.get_by_role("button", name="I have looked at it"))


def test_who_calls_is_taken_down_screened_and_booked_without_a_mouse(visit: Visit, advance: Advance, known: None) -> None:
    with transaction() as session:
        make_account(session, "coordinator", "clinician", email="robin@example.com", name="Robin Vale")
    page = visit("/console/new")
    page.context.add_init_script(NO_MOUSE)
    keys = Keys(page)
    keys.fill("E-mail address", "robin@example.com")
    keys.fill("Password", PASSWORD)
    with page.expect_navigation(url="**/console/new"):
        keys.press("Enter")
    take_down(keys)
    number = page.url.partition("?")[0].rpartition("/")[2]
    expect(page.get_by_role("heading", level=1)).to_contain_text("Ben Ito")
    keys.press("c")
    with page.expect_navigation():
        keys.press("1")
    assert stage_of(number) == "contacted"
    screen(keys)
    assert stage_of(number) == "screening"
    keys.command("Qualified")
    keys.press("b")
    page.wait_for_url("**/visit**")
    keys.choose(page.get_by_role("link", name="Later"))
    free = page.get_by_role("radio").first
    keys.reach(free)
    keys.press("Space")
    keys.choose(page.get_by_role("button", name="Book it"))
    with transaction() as session:
        booked = session.scalars(select(Appointment)).one()
        assert (booked.state, booked.calendar is not None, stage_of(number)) == ("booked", True, "booked")
    assert page.evaluate("name") == ""
