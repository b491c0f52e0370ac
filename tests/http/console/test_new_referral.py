"""A fax or a call from a practice, taken down: who said what the patient agreed to, who refers, and what there is without an NPI."""

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from leads.consent.ledger import granted, withdraw
from leads.consent.models import ConsentEntry
from leads.loop.models import Referral
from leads.pipeline.models import Lead
from leads.providers.models import Provider
from leads.providers.store import store
from leads.todos.models import Todo
from tests.cast import ACTOR, BY_FORM
from tests.http.console.conftest import Browser
from tests.http.console.test_by_hand import faxed
from tests.http.console.test_referrals import CALL, page_of, press
from tests.loop.cast import make_referral
from tests.providers.cast import ANA, BEN, line

pytestmark = pytest.mark.usefixtures("tuesday")
THEMSELVES = {"said_by": "self", "said_how": "phone"}


def taken_down(browser: Browser, session: Session, **changes: str) -> Referral:
    """Type a faxed referral in and return it."""
    assert faxed(browser, **changes) == 303
    return session.scalars(select(Referral).order_by(Referral.serial.desc())).first()  # type: ignore[return-value]


def test_what_a_referrer_says_the_patient_agreed_to_is_proved_by_who_said_so_once_they_are_believed(
    coordinator: Browser, session: Session
) -> None:
    referral = taken_down(coordinator, session)
    assert not session.scalars(select(ConsentEntry)).all()
    assert "The referrer, in writing" in page_of(coordinator, session, referral)
    assert press(coordinator, session, referral, "verify", **CALL) == 303
    entry = session.scalars(select(ConsentEntry)).one()
    assert (entry.kind, entry.evidence) == ("contact", f"{referral.number}: The referrer, in writing")


def test_what_the_patient_told_us_themselves_counts_at_once_and_once(coordinator: Browser, session: Session) -> None:
    referral = taken_down(coordinator, session, **THEMSELVES)
    press(coordinator, session, referral, "verify", **CALL)
    entry = session.scalars(select(ConsentEntry)).one()
    assert (entry.method, entry.evidence) == ("spoken", f"{referral.number}: The patient themself, by phone")
    assert entry.actor.startswith("account:")


def test_what_the_patient_takes_back_no_referrer_gives_again(coordinator: Browser, session: Session) -> None:
    referral = taken_down(coordinator, session, **THEMSELVES)
    withdraw(session, referral.person_id, "contact", BY_FORM, actor=ACTOR)
    session.commit()
    press(coordinator, session, referral, "verify", **CALL)
    assert "contact" not in granted(session, referral.person_id)


@pytest.mark.parametrize(
    ("wrong", "field"), [({"said_by": ""}, "said_by"), ({"said_how": ""}, "said_how"), ({"said_by": "other"}, "said_who")]
)
def test_what_is_ticked_needs_who_said_so_and_how(coordinator: Browser, session: Session, wrong: dict[str, str], field: str) -> None:
    assert faxed(coordinator, **wrong) == 422
    assert not session.scalars(select(Referral)).all()


def test_where_nothing_is_ticked_nobody_is_asked(coordinator: Browser, session: Session) -> None:
    silent = {"patient.consent.contact": "", "said_by": "", "said_how": ""}
    assert (taken_down(coordinator, session, **silent).received or {})["consent_said"] is None


def test_nothing_of_what_they_agreed_to_is_ticked_at_first(coordinator: Browser) -> None:
    form = coordinator.get("/console/new/referral").text.partition('class="card by-hand"')[2].partition("</form>")[0]
    assert form.count(" checked") == 1
    assert 'name="channel" value="fax" checked' in form


def test_a_fax_without_an_npi_is_kept_and_its_referrer_is_to_be_verified(coordinator: Browser, session: Session) -> None:
    referral = taken_down(coordinator, session, **{"provider.npi": "", "provider.fax": ""})
    lead = session.get_one(Lead, referral.lead_id)
    assert "verify-referrer" in session.scalars(select(Todo.kind)).all()
    assert lead.number in coordinator.get("/console?need=to-verify").text


def test_a_referrer_without_an_npi_is_verified_by_a_call_as_ever(coordinator: Browser, session: Session) -> None:
    referral = taken_down(coordinator, session, **{"provider.npi": ""})
    assert press(coordinator, session, referral, "verify", **CALL) == 303
    session.refresh(referral)
    who = session.get_one(Provider, referral.provider_id)
    assert (who.family_name, who.npi, referral.is_verified) == ("Osei", None, True)


def test_two_faxes_of_strangers_without_a_number_are_two(coordinator: Browser, session: Session) -> None:
    first = taken_down(coordinator, session, **{"provider.npi": ""})
    other = {"provider.npi": "", "patient.given_name": "Luis", "patient.phone": "203-555-0190"}
    second = taken_down(coordinator, session, **other)
    assert (first.id, first.provider_id) != (second.id, second.provider_id)


def test_a_mistyped_npi_is_still_refused(coordinator: Browser) -> None:
    assert faxed(coordinator, **{"provider.npi": "1234567890"}) == 422


def test_who_is_on_file_is_offered_with_their_practice_before_whom_the_registry_lists(coordinator: Browser, session: Session) -> None:
    store(session, [line(ANA), line(BEN)])
    make_referral(session)
    session.commit()
    offered = coordinator.get("/console/new/referrers", params={"typed": "Rivera"}).json()
    assert [(each["npi"], each.get("practice")) for each in offered] == [(ANA, "Elm Family Medicine"), (BEN, None)]
    assert offered[0]["phone"] == "+12035550151"
    (one,) = coordinator.get("/console/new/referrers", params={"typed": ANA}).json()
    assert one["practice"] == "Elm Family Medicine"


def test_a_letter_or_two_offer_nobody(coordinator: Browser, session: Session) -> None:
    make_referral(session)
    session.commit()
    assert coordinator.get("/console/new/referrers", params={"typed": "Ri"}).json() == []
