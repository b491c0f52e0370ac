"""A coordinator works with referrals in a real browser: verifies by phone, asks, declines; by mouse, on a phone, in the dark."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy.orm import Session

from leads.db import transaction
from leads.loop.models import Referral
from leads.pipeline.models import Lead
from leads.referrals.answer import answer, withdraw
from leads.referrals.ask import ask
from leads.referrals.believe import believe
from leads.referrals.receive import Arrival, receive
from tests.accounts.cast import make_account
from tests.browser.conftest import barriers
from tests.browser.test_console import at_work
from tests.cast import ACTOR
from tests.loop.cast import CALLED
from tests.referrals.cast import by_key, make_key, of_patient, referral

pytestmark = [pytest.mark.browser, pytest.mark.committed]
Visit = Callable[..., Page]
AMENDED = {"reason": "A third trial failed: lithium, eight weeks.", "contraindications": ["blood-pressure"]}


def someone(given: str, family: str, phone: str) -> dict[str, object]:
    """A patient of their own."""
    return of_patient(given_name=given, family_name=family, email=f"{given.lower()}@example.com", phone=phone)


def page_of(session: Session, referral_id: object) -> str:
    """The address of the page of a referral's lead."""
    lead = session.get_one(Lead, session.get_one(Referral, referral_id).lead_id)
    return f"/console/leads/{lead.number}"


@pytest.fixture
def pages(site: str) -> dict[str, str]:
    """Four leads with a referral each: by a stranger, amended, waiting for an answer, to be withdrawn."""
    with transaction() as session:
        make_account(session, "coordinator", "clinician")
        key = make_key(session)
        theirs = by_key(key)
        strange = receive(session, referral(patient=someone("Alma", "Ortiz", "203-555-0111"), urgency="urgent"), Arrival("form"))
        known = receive(session, referral(), theirs)
        receive(session, referral(**AMENDED), theirs)
        asked, leaving = (
            session.get_one(Referral, receive(session, referral(patient=patient), Arrival("form")).id)
            for patient in (someone("Luis", "Castillo", "203-555-0112"), someone("Grace", "Kim", "203-555-0113"))
        )
        for each in (asked, leaving):
            believe(session, each, CALLED, email="rivera@riverside.test", actor=ACTOR)
        ask(session, asked, ["Blood pressure of the last month", "Medication list"], note="A photo will do.", actor=ACTOR)
        answer(session, asked, "Sertraline 100 mg, once a day.\n128 over 82 in May.", actor="provider:1", by="Ana Rivera")
        ask(session, asked, ["Name of the therapist"], actor=ACTOR)
        withdraw(session, leaving, "She has moved to Maine.", actor="provider:1")
        session.flush()
        ids = {"strange": strange.id, "amended": known.id, "asked": asked.id, "leaving": leaving.id}
        return {name: page_of(session, each) for name, each in ids.items()}


def test_a_stranger_is_verified_by_a_call(visit: Visit, pages: dict[str, str]) -> None:
    page = at_work(visit, pages["strange"])
    page.get_by_label("Number you called").fill("203-555-0140")
    page.get_by_label("Where it is listed").fill("The practice's own web site")
    page.get_by_label("Who answered").fill("Front desk")
    page.get_by_label("E-mail they read out for the clinician (optional)").fill("rivera@riverside.test")
    page.get_by_role("button", name="They sent it").click()
    expect(page.locator(".referral")).to_contain_text("Verified")
    expect(page.locator(".referral")).not_to_contain_text("Not verified")


def test_a_referral_is_declined_with_a_decision_on_what_the_patient_hears(visit: Visit, pages: dict[str, str]) -> None:
    page = at_work(visit, pages["amended"])
    page.locator("summary", has_text="Decline").click()
    page.get_by_label("Why", exact=True).select_option("other-care-first")
    page.get_by_label("Where to turn next").select_option("psychiatry")
    page.get_by_label("Nothing from us").check()
    page.get_by_role("button", name="Decline and close the lead").click()
    expect(page.get_by_role("alert")).to_contain_text("Say why the patient gets no message")
    expect(page.get_by_label("Where to turn next")).to_have_value("psychiatry")
    page.get_by_label("Why nothing (only then)").fill("They hear it from their own clinician.")
    page.get_by_role("button", name="Decline and close the lead").click()
    expect(page.locator(".referral h2")).to_contain_text("Declined")
    expect(page.locator("#timeline")).to_contain_text("no message to the patient: They hear it from their own clinician.")


def test_what_was_changed_is_taken_in(visit: Visit, pages: dict[str, str]) -> None:
    page = at_work(visit, pages["amended"])
    page.get_by_role("button", name="Take it in").click()
    expect(page.locator(".referral")).to_contain_text("A third trial failed")
    expect(page.locator(".amended")).to_have_count(0)


def test_no_page_with_a_referral_has_a_barrier_or_scrolls_sideways(visit: Visit, pages: dict[str, str]) -> None:
    page, found = at_work(visit), {}
    for name, path in (pages | {"list": "/console", "to-verify": "/console?need=to-verify"}).items():
        page.goto(path)
        found[name] = barriers(page, f"referral-{name}")
    assert {name: wrong for name, wrong in found.items() if wrong} == {}
