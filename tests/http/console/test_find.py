"""Whoever calls is found by what they say of themselves, or of who referred them."""

import pytest
from sqlalchemy.orm import Session

from leads.http.console import find as find_page
from leads.pipeline.models import Lead
from leads.providers.models import Provider
from tests.cast import make_lead, make_person
from tests.http.console.conftest import Browser
from tests.loop.cast import make_referral
from tests.providers.cast import make_trusted_practice


def find(browser: Browser, words: str) -> object:
    """Type into the search of the console."""
    return browser.form("/console/find", page="/console", q=words)


@pytest.mark.parametrize("words", ["riv", "ana rivera", "Rivera, Ana"])
def test_the_only_one_of_that_name_is_opened(coordinator: Browser, lead: Lead, words: str) -> None:
    assert find(coordinator, words).headers["location"] == f"/console/leads/{lead.number}"  # type: ignore[attr-defined]


def test_two_of_a_name_are_both_shown(coordinator: Browser, session: Session, lead: Lead) -> None:
    other = make_lead(session, make_person(session, given_name="Anabel", email=None, phone=None))
    session.commit()
    page = find(coordinator, "ana riv").text  # type: ignore[attr-defined]
    assert lead.number in page
    assert other.number in page


@pytest.mark.parametrize("words", ["1234567893", "Elm Family", "rivera"])
def test_a_referrer_is_found_by_npi_practice_and_name(coordinator: Browser, session: Session, tuesday: object, words: str) -> None:
    referral = make_referral(
        session, lead=make_lead(session, make_person(session, given_name="Jordan", family_name="Doe"), source="referral")
    )
    session.commit()
    page = find(coordinator, words).text  # type: ignore[attr-defined]
    assert "Jordan Doe" in page
    assert referral.lead_id


@pytest.mark.parametrize("kept", ["Oneil", "ONEIL", "O'Neil", "O’Neil", "Óneil-Núñez", "Peña Oneil"])
def test_a_referrer_is_found_however_their_name_is_written(coordinator: Browser, session: Session, tuesday: object, kept: str) -> None:
    patient = make_person(session, given_name="Jordan", family_name="Doe")
    referral = make_referral(session, lead=make_lead(session, patient, source="referral"))
    session.get_one(Provider, referral.provider_id).family_name = kept
    session.commit()
    assert "Jordan Doe" in find(coordinator, "oneil").text  # type: ignore[attr-defined]
    assert "Jordan Doe" not in find(coordinator, "neil").text  # type: ignore[attr-defined]


@pytest.mark.parametrize("sent", [1, 2])
def test_who_has_referred_more_than_are_shown_is_said_to(
    coordinator: Browser, session: Session, tuesday: object, monkeypatch: pytest.MonkeyPatch, sent: int
) -> None:
    monkeypatch.setattr(find_page, "MOST", 1)
    practice = make_trusted_practice(session)
    for given in ("Jordan", "Luis")[:sent]:
        person = make_person(session, given_name=given, family_name="Doe", email=f"{given.lower()}@example.com")
        newest = make_referral(session, lead=make_lead(session, person, source="referral"), at=practice)
    session.commit()
    page = str(find(coordinator, "Elm Family").text)  # type: ignore[attr-defined]
    assert ("They have referred more than these." in page) is (sent == 2)
    assert f'<span class="count">{"the newest " if sent == 2 else ""}1</span>' in page
    assert session.get_one(Lead, newest.lead_id).number in page


def test_whom_a_referrer_sent_comes_second_to_whoever_bears_the_name(
    coordinator: Browser, session: Session, tuesday: object, lead: Lead, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(find_page, "BESIDE_OTHERS", 1)
    for given in ("Jordan", "Luis"):
        person = make_person(session, given_name=given, family_name="Doe", email=f"{given.lower()}@example.com")
        make_referral(session, lead=make_lead(session, person, source="referral"))
    session.commit()
    page = str(find(coordinator, "ana riv").text)  # type: ignore[attr-defined]
    assert lead.number in page
    assert ("Luis Doe" in page, "Jordan Doe" in page) == (True, False)
    assert "They have referred more than these." in page


@pytest.mark.parametrize("words", ["ⅷⅷⅷ", "٣٣٣ ٤٤", "ana:* | b!", "'ana' & ", "a\x00na", "한국어", "²²² ana", "x" * 5000])
def test_whatever_is_typed_is_answered(coordinator: Browser, session: Session, lead: Lead, words: str) -> None:
    make_referral(session)
    session.commit()
    assert find(coordinator, words).status_code in (200, 303)  # type: ignore[attr-defined]


def test_what_is_searched_never_stands_in_an_address(coordinator: Browser, lead: Lead) -> None:
    assert coordinator.get("/console/find?q=rivera").status_code in (404, 405)
