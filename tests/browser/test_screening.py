"""From the reminder in the mailbox to the questions on a phone, and help the moment it is needed."""

import re
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import select

from leads.consent.ledger import open_holds
from leads.db import transaction
from leads.messages.carriers.smtp import SmtpCarrier
from leads.messages.deliver import drain
from leads.messages.models import LANES, Message
from leads.pipeline.models import Lead
from leads.pipeline.stages import move
from leads.screening.models import Screening
from tests.browser.conftest import DESKTOP, PHONE, violations
from tests.cast import ACTOR, make_confirmed_person, make_lead
from tests.smtp_server import ScriptedServer

pytestmark = [pytest.mark.browser, pytest.mark.committed]
Visit = Callable[..., Page]


@pytest.fixture
def server() -> Iterator[ScriptedServer]:
    server = ScriptedServer()
    yield server
    server.stop()


@pytest.fixture
def link(site: str, server: ScriptedServer) -> str:
    """The path of the link in the invitation that arrived."""
    with transaction() as session:
        lead = make_lead(session, make_confirmed_person(session, birth_date="1985-07-21", phone="+12035550123"), stage="contacted")
        move(session, lead.id, "screening", version=lead.version, actor=ACTOR, roles=("coordinator",))
    drain(LANES, carrier=SmtpCarrier(server.url, helo="x.test"))
    found = re.search(r"/s/[\w-]+", server.mails[0].as_string().replace("=\n", ""))
    assert found
    return found[0]


def enter(page: Page) -> None:
    page.get_by_label("The last four digits of your phone").fill("0123")
    page.get_by_role("button", name="Open the questions").click()


def go_on(page: Page) -> None:
    page.get_by_role("button", name="Save and go on").click()


def fine(page: Page) -> None:
    assert violations(page) == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def screening() -> Screening:
    with transaction() as session:
        return session.scalars(select(Screening)).one()


@pytest.mark.timeout(240)
@pytest.mark.parametrize("script", [True, False])
def test_the_questions_are_answered_on_a_phone_and_the_reminders_stop(visit: Visit, link: str, script: bool) -> None:
    page = visit(link, viewport=PHONE, java_script_enabled=script)
    if script:
        fine(page)
    enter(page)
    page.get_by_label("Depression").check()
    go_on(page)
    page.get_by_role("textbox", name="Medicine", exact=False).first.fill("sertraline")
    page.get_by_label("For how many weeks").first.fill("ten")
    go_on(page)
    expect(page.get_by_role("alert")).to_contain_text("the number of weeks")
    page.get_by_label("For how many weeks").first.fill("10")
    go_on(page)
    for _ in range(3):
        if script:
            fine(page)
        go_on(page)
    for group in page.get_by_role("group").all():
        group.get_by_label("Several days").check()
    go_on(page)
    go_on(page)
    page.get_by_label("Is there anything else").fill("Mornings are best for a call.")
    go_on(page)
    expect(page.get_by_role("heading", level=1)).to_have_text("Look it over")
    expect(page.locator("body")).to_contain_text("sertraline, 10 weeks")
    if script:
        fine(page)
    page.get_by_role("button", name="Send it to the clinic").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Thank you. We have it.")
    if script:
        fine(page)
    assert screening().submitted_at is not None
    with transaction() as session:
        lead = session.scalars(select(Lead)).one()
        left = select(Message.template).where(Message.lead_id == lead.id, Message.state == "planned")
        assert session.scalars(left).all() == ["screening-thanks"]


def test_a_word_of_danger_shows_help_at_once_and_the_form_can_be_gone_on_with(visit: Visit, link: str) -> None:
    page = visit(link, viewport=PHONE)
    enter(page)
    page.goto(f"{page.url.partition('?')[0].rpartition('/')[0]}/anything")
    page.get_by_label("Is there anything else").fill("I have thought about suicide.")
    go_on(page)
    expect(page.get_by_role("link", name="988").first).to_be_visible()
    expect(page.locator("body")).to_contain_text("A clinician here looks at it and calls you")
    fine(page)
    with transaction() as session:
        assert open_holds(session, session.scalars(select(Lead.person_id)).one())
    page.get_by_role("link", name="Go on with the questions").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Look it over")


def test_another_device_asks_again_and_goes_on_where_it_was(visit: Visit, link: str) -> None:
    first = visit(link, viewport=DESKTOP)
    enter(first)
    first.get_by_label("Depression").check()
    first.get_by_role("button", name="Save and finish later").click()
    expect(first.get_by_role("heading", level=1)).to_have_text("Your answers are kept")
    fine(first)
    second = visit(link, viewport=PHONE)
    second.get_by_label("Your birth date").fill("1985-07-21")
    second.get_by_role("button", name="Open the questions").click()
    expect(second.get_by_role("heading", level=1)).to_have_text("What you have tried")
    second.get_by_role("button", name="Back").click()
    expect(second.get_by_label("Depression")).to_be_checked()


def test_five_wrong_details_close_the_link(visit: Visit, link: str) -> None:
    page = visit(link, viewport=PHONE)
    for _ in range(5):
        page.get_by_label("The last four digits of your phone").fill("9999")
        page.get_by_role("button", name="Open the questions").click()
    expect(page.get_by_role("heading", name="This link is closed")).to_be_visible()
    fine(page)


def test_it_speaks_spanish_and_goes_by_keyboard(visit: Visit, link: str) -> None:
    page = visit(f"{link}?language=es", viewport={"width": 320, "height": 640}, color_scheme="dark")
    page.get_by_label("Los últimos cuatro dígitos de su teléfono").fill("0123")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Qué le trae aquí")
    fine(page)
    page.get_by_label("Depresión").focus()
    page.keyboard.press("Space")
    page.get_by_role("button", name="Guardar y seguir").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Qué ha probado")
