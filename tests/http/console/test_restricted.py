"""A restricted record is in its place on lists, says nothing, and opens for a reason on every way to it."""

import uuid

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from leads.access.models import Opening
from leads.access.outside import read_outside
from leads.access.restrict import restrict
from leads.accounts.keys import create_key
from leads.accounts.models import Account
from leads.appointments.book import book
from leads.appointments.feed import initials
from leads.audit.models import AuditEntry
from leads.people.models import Person
from leads.pipeline.models import Lead, Note
from tests.accounts.cast import make_account
from tests.appointments.visits import slot
from tests.cast import ACTOR
from tests.http.console.conftest import Browser
from tests.http.console.entering import enter
from tests.http.console.story import ADDRESS, NAME, make_story, shown_paths
from tests.loop.cast import make_referral

# A scan that waits is about nobody yet.
OF_NOBODY = ("/console/scans/{scan_id}/document", "/console/scans/{scan_id}/shown")
WHY = "She phoned and nobody else is at the desk."


@pytest.fixture
def casey(session: Session) -> Account:
    """A coordinator."""
    return make_account(session)


@pytest.fixture
def token(browser: Browser, session: Session, casey: Account, lead: Lead) -> str:
    """Casey is in; Ana's record was restricted. The token of Casey's forms."""
    restrict(session, lead.person_id, reason="She works at our front desk.", actor=ACTOR, roles={"supervisor"})
    return enter(browser, session, casey)


def test_lists_have_it_in_its_place_without_the_name(browser: Browser, token: str, lead: Lead) -> None:
    page = browser.get("/console").text
    assert "Restricted" in page
    assert lead.number in page
    assert "Rivera" not in page


def test_no_way_to_it_is_open_without_a_reason(browser: Browser, session: Session, casey: Account, tuesday: object) -> None:
    story = make_story(session)
    casey.roles = ["coordinator", "auditor", "supervisor"]
    restrict(session, story.lead.person_id, reason="She works at our front desk.", actor=ACTOR, roles={"supervisor"})
    enter(browser, session, casey)
    for path in shown_paths():
        answer = browser.get(story.at(path))
        is_about_her = "{" in path and path not in ("/console/leads/{number}/reads", *OF_NOBODY)
        assert (answer.status_code, ADDRESS in answer.text) == (403 if is_about_her else 200, False), path
        assert "Open it for an hour" in answer.text or not is_about_her, path
    assert session.scalars(select(AuditEntry).where(AuditEntry.action == "person.read")).all() == []


@pytest.mark.parametrize("page", ["", "/board", "/visits", "/merges", "/safety", "/sending", "/openings"])
def test_no_list_has_the_name(browser: Browser, session: Session, casey: Account, tuesday: object, page: str) -> None:
    story = make_story(session)
    for person in session.scalars(select(Person)):
        restrict(session, person.id, reason="She works at our front desk.", actor=ACTOR, roles={"supervisor"})
    casey.roles = ["supervisor"]
    enter(browser, session, casey)
    shown = browser.get(f"/console{page}?office=new-haven&from=2026-10-13").text
    assert NAME not in shown
    assert story.lead.number in shown or page in ("/sending", "/openings")


def test_giving_it_to_oneself_is_no_way_around_the_reason(browser: Browser, session: Session, token: str, lead: Lead) -> None:
    answer = browser.post("/console/assign", data={"csrf": token, "pick": f"{lead.number}.1", "to": "me"})
    assert answer.status_code == 422
    assert "is restricted: open it with a reason first" in answer.text
    assert session.get_one(Lead, lead.id, populate_existing=True).assigned_to is None


def test_the_board_and_the_screening_write_nothing_without_a_reason(browser: Browser, session: Session, token: str, lead: Lead) -> None:
    ways = [f"/console/board/{lead.number}/move", *(f"/console/leads/{lead.number}/screening/{each}" for each in ("send", "history"))]
    told = {browser.post(way, data={"csrf": token, "version": "1", "to": "contacted"}).status_code for way in ways}
    assert told == {403}
    assert session.get_one(Lead, lead.id, populate_existing=True).stage == "new"


def test_a_calendar_that_is_subscribed_to_has_no_initials_of_it(session: Session, token: str, lead: Lead) -> None:
    assert initials(session.get_one(Person, lead.person_id)) == "Restricted"


def test_a_machine_sees_of_its_visits_no_more_than_the_number(browser: Browser, session: Session, token: str, lead: Lead) -> None:
    lead.stage = "qualified"
    book(session, lead.id, slot(), actor=ACTOR)
    _, key = create_key(session, "Calendar", ["leads:read"])
    session.commit()
    answer = browser.get("/api/v1/appointments", headers={"authorization": f"Bearer {key}"})
    assert answer.json()["appointments"][0]["lead"] == lead.number
    assert "Rivera" not in answer.text


def test_nothing_is_written_into_it_without_a_reason(browser: Browser, session: Session, token: str, lead: Lead) -> None:
    data = {"csrf": token, "version": "1", "text": "A note"}
    assert browser.post(f"/console/leads/{lead.number}/note", data=data).status_code == 403
    assert session.scalars(select(Note.id)).all() == []


def test_searching_by_a_whole_address_leads_to_the_closed_door(browser: Browser, token: str, lead: Lead) -> None:
    answer = browser.post("/console/find", data={"csrf": token, "q": "ana@example.com"})
    assert (answer.status_code, "Rivera" in answer.text) == (403, False)


def test_with_a_reason_it_opens_and_both_are_on_record(browser: Browser, session: Session, token: str, lead: Lead) -> None:
    answer = browser.post(f"/console/leads/{lead.number}/open", data={"csrf": token, "reason": WHY})
    assert answer.status_code == 200
    assert "Ana Rivera" in answer.text
    actions = session.scalars(select(AuditEntry.action).where(AuditEntry.subject_id == lead.person_id)).all()
    assert {"person.restricted", "person.opened", "person.read"} <= set(actions)


def test_a_reason_too_short_says_so_and_opens_nothing(browser: Browser, session: Session, token: str, lead: Lead) -> None:
    answer = browser.post(f"/console/leads/{lead.number}/open", data={"csrf": token, "reason": "why"})
    assert answer.status_code == 422
    assert "a supervisor reads it" in answer.text
    assert session.scalars(select(Opening.id)).all() == []


def test_the_supervisor_sees_who_and_why_and_says_so(browser: Browser, session: Session, token: str, lead: Lead) -> None:
    browser.post(f"/console/leads/{lead.number}/open", data={"csrf": token, "reason": WHY})
    sam = make_account(session, "supervisor", email="sam@example.com", name="Sam Ortiz")
    theirs = enter(browser, session, sam)
    page = browser.get("/console/openings").text
    assert WHY in page
    assert "Casey Lind" in page
    browser.post(f"/console/openings/{session.scalars(select(Opening.id)).one()}/seen", data={"csrf": theirs})
    assert session.scalars(select(Opening.seen_by)).one() == f"account:{sam.id}"


def test_a_clinician_restricts_on_the_page_and_goes_on_seeing_it(browser: Browser, session: Session, lead: Lead) -> None:
    clara = make_account(session, "clinician", email="clara@example.com", name="Clara")
    enter(browser, session, clara)
    browser.form(f"/console/leads/{lead.number}/restrict", reason="A neighbour of two of us.")
    assert session.get_one(Person, lead.person_id, populate_existing=True).restricted_at is not None
    assert "Restricted record." in browser.get(f"/console/leads/{lead.number}").text


def test_a_machine_gives_no_reason_and_gets_nothing(browser: Browser, session: Session, token: str, lead: Lead) -> None:
    _, key = create_key(session, "Partner", ["leads:read"])
    session.commit()
    answer = browser.get(f"/api/v1/leads/{lead.number}", headers={"authorization": f"Bearer {key}"})
    assert (answer.status_code, answer.json()["error"]) == (403, "restricted")


def test_an_opening_there_is_not_is_not_found(browser: Browser, session: Session) -> None:
    token = enter(browser, session, make_account(session, "supervisor"))
    assert browser.post(f"/console/openings/{uuid.uuid4()}/seen", data={"csrf": token}).status_code == 404


def test_supervisors_see_who_looked_from_outside(browser: Browser, session: Session, token: str, casey: Account, lead: Lead) -> None:
    referral = make_referral(session, lead=lead)
    read_outside(session, referral, actor=f"provider:{referral.provider_id}")
    read_outside(session, referral, actor=f"provider:{referral.provider_id}")
    casey.roles = ["supervisor"]
    session.commit()
    page = browser.get("/console/openings").text
    assert "Looked at from outside" in page
    assert "the referrer" in page
    assert "2 times" in page
    assert "Rivera" not in page.partition("Looked at from outside")[2]
