"""The practice's lists, the search, and how somebody wants to be told."""

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from leads.audit.models import AuditEntry
from leads.loop.models import Referral
from leads.providers.edit import add_delegate
from leads.providers.models import Delegate, Provider
from leads.providers.practices import make_practice
from leads.providers.trust import trust
from tests.cast import ACTOR
from tests.http.portal.conftest import Browser
from tests.loop.cast import bring_to
from tests.providers.cast import CALL, tell
from tests.referrals.cast import make_referral, of_patient


def test_it_opens_on_what_is_owed(session: Session, portal: Browser, kept: Referral) -> None:
    bring_to(session, kept, "needs_information")
    session.commit()
    text = portal.get("/portal").text
    assert '<a class="need-owed" href="/portal?list=owed" aria-current="page">' in text
    assert "Jordan Doe" in text


@pytest.mark.parametrize("chosen", ["declined", "nonsense", "all"])
def test_each_list_answers(portal: Browser, kept: Referral, chosen: str) -> None:
    assert (kept.number in portal.get(f"/portal?list={chosen}").text) == (chosen != "declined")


def test_whom_a_list_shows_is_on_record(session: Session, portal: Browser, kept: Referral) -> None:
    portal.get("/portal")
    entry = session.scalars(select(AuditEntry).where(AuditEntry.action == "referrals.listed")).one()
    assert (entry.actor, entry.detail["referrals"]) == (f"provider:{kept.provider_id}", [kept.number])


@pytest.mark.parametrize("q", ["jordan", "R-{:06d}", "doe, jordan"])
def test_the_one_that_is_found_is_opened(portal: Browser, kept: Referral, q: str) -> None:
    answer = portal.form("/portal/find", q=q.format(kept.serial))
    assert (answer.status_code, answer.headers["location"]) == (303, f"/portal/referrals/{kept.number}")


def test_several_are_listed(session: Session, portal: Browser, kept: Referral) -> None:
    other = make_referral(session, patient=of_patient(given_name="Robin", email="robin@example.com", phone="203-555-0177"))
    session.commit()
    text = portal.form("/portal/find", q="doe").text
    assert all(each.number in text for each in (kept, other))


def test_a_name_stands_in_no_address(portal: Browser) -> None:
    assert portal.get("/portal/find?q=jordan").status_code == 404


@pytest.mark.parametrize(("given", "status", "held"), [("daily", 303, "daily"), ("hourly", 422, "each")])
def test_how_to_be_told(session: Session, portal: Browser, kept: Referral, given: str, status: int, held: str) -> None:
    assert portal.form("/portal/preferences", notify=given).status_code == status
    session.expire_all()
    assert session.get_one(Provider, kept.provider_id).notify == held


def test_who_follows_is_listed(session: Session, portal: Browser, kept: Referral) -> None:
    add_delegate(session, session.get_one(Provider, kept.provider_id), name="Noor Haddad", email="noor@riverside.test", actor=ACTOR)
    session.commit()
    text = portal.get("/portal/preferences").text
    assert "Sam Lee" in text
    assert "front@riverside.test" in text
    assert "noor@riverside.test" not in text


def test_a_delegate_has_a_page_of_their_own(session: Session, browser: Browser, kept: Referral) -> None:
    sam = session.scalars(select(Delegate)).one()
    browser.come_in(session, kept)
    assert "Sam Lee" in browser.get("/portal/preferences").text
    assert sam.verified_at


def test_a_second_practice_is_one_step_away(session: Session, portal: Browser, kept: Referral) -> None:
    oak = make_practice(session, "Oak Street Psychiatry", phone="203-555-0160", actor=ACTOR)
    trust(session, oak, method="call", call=CALL, actor=ACTOR)
    there = tell(session, oak, email="rivera@riverside.test").provider
    session.commit()
    assert "Oak Street Psychiatry" in portal.get("/portal/preferences").text
    assert portal.form("/portal/switch", to=f"provider:{there.id}").status_code == 303
    text = portal.get("/portal?list=all").text
    assert "Oak Street Psychiatry" in text
    assert kept.number not in text


def test_nobody_switches_to_somebody_else(session: Session, portal: Browser) -> None:
    oak = make_practice(session, "Oak Street Psychiatry", phone="203-555-0160", actor=ACTOR)
    trust(session, oak, method="call", call=CALL, actor=ACTOR)
    other = tell(session, oak, npi="1993999998", email="ben@oak.test").provider
    session.commit()
    assert portal.form("/portal/switch", to=f"provider:{other.id}").status_code == 404
