"""What somebody agreed to and chose can be taken elsewhere: valid FHIR R4 Consents that say what held, how long, and what proves it."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from fhir.resources.R4B import get_fhir_model_class
from sqlalchemy.orm import Session

from leads.clock import now
from leads.consent import ledger
from leads.consent.fhir_export import to_bundle
from leads.consent.ledger import Spoken
from leads.people.models import Person
from tests.cast import ACTOR, BY_FORM, make_confirmed_person, make_person
from tests.referrals.cast import make_referral

Advance = Callable[[timedelta], None]
pytestmark = pytest.mark.usefixtures("tuesday")
SPOKEN = Spoken(source="spoken", method="spoken", evidence="Ana herself, on the phone")


@pytest.fixture
def person(session: Session) -> Person:
    return make_person(session, grants=())


def exported(session: Session, person: Person) -> list[dict[str, Any]]:
    """The Consents, each read back by another implementation of FHIR."""
    session.flush()
    bundle = to_bundle(session, person.id)
    get_fhir_model_class("Bundle").model_validate(bundle)
    return [entry["resource"] for entry in bundle.get("entry", ())]


def code(consent: dict[str, Any]) -> str:
    return str(consent["provision"]["code"][0]["coding"][0]["code"])


def proof(consent: dict[str, Any], name: str) -> dict[str, str]:
    (found,) = [each for each in consent["extension"] if each["url"].endswith(f"/{name}")]
    return {part["url"]: part.get("valueString") or part.get("valueDateTime") for part in found["extension"]}


def test_a_grant_is_an_active_consent_to_the_words_that_were_shown(session: Session, person: Person) -> None:
    ledger.grant(session, person.id, "contact", BY_FORM, actor=f"person:{person.id}")
    (consent,) = exported(session, person)
    assert (consent["status"], consent["dateTime"], code(consent)) == ("active", "2026-10-06T14:00:00+00:00", "contact")
    assert consent["scope"]["coding"][0]["code"] == "patient-privacy"
    assert consent["policy"][0]["uri"].endswith("/consent-wording/2026-11")
    assert consent["provision"]["type"] == "permit"
    assert consent["patient"] == {"reference": f"Patient/{person.id}"}


def test_a_withdrawal_makes_it_inactive_from_its_moment_on_with_its_own_proof(session: Session, person: Person, tuesday: Advance) -> None:
    ledger.grant(session, person.id, "education", BY_FORM, actor=ACTOR)
    tuesday(timedelta(days=2))
    ledger.withdraw(session, person.id, "education", SPOKEN, actor=ACTOR)
    (consent,) = exported(session, person)
    assert consent["status"] == "inactive"
    assert consent["provision"]["period"] == {"start": "2026-10-06T14:00:00+00:00", "end": "2026-10-08T14:00:00+00:00"}
    assert proof(consent, "given")["source"] == "inquiry"
    assert proof(consent, "ended")["evidence"] == "Ana herself, on the phone"


def test_agreeing_again_is_a_consent_of_its_own(session: Session, person: Person) -> None:
    for _ in range(2):
        ledger.grant(session, person.id, "contact", BY_FORM, actor=ACTOR)
    assert [each["status"] for each in exported(session, person)] == ["inactive", "active"]


def test_what_was_said_in_other_words_than_ours_says_so(session: Session, person: Person) -> None:
    ledger.grant(session, person.id, "contact", SPOKEN, actor=ACTOR)
    (consent,) = exported(session, person)
    assert "policy" not in consent
    assert consent["policyRule"]["text"].startswith("As said")
    assert consent["verification"][0]["verified"] is True


def test_it_is_verified_once_the_address_is_proved_to_be_theirs(session: Session) -> None:
    assert exported(session, make_person(session, email="ben@example.com"))[0]["verification"] == [{"verified": False}]
    proved = exported(session, make_confirmed_person(session))[0]["verification"][0]
    assert (proved["verified"], proved["verificationDate"]) == (True, "2026-10-06T14:00:00+00:00")


def test_a_stop_is_a_consent_that_denies_until_it_is_lifted(session: Session, person: Person, tuesday: Advance) -> None:
    ledger.suppress(session, person_id=person.id, topic="visits", reason="unsubscribed", actor=ACTOR)
    ledger.suppress(session, person_id=person.id, reason="unsubscribed", actor=ACTOR)
    tuesday(timedelta(hours=1))
    ledger.lift(session, person_id=person.id, topic="visits", actor=ACTOR)
    stops = {code(each): (each["status"], each["provision"]["type"]) for each in exported(session, person)}
    assert stops == {"topic:visits": ("inactive", "deny"), "all": ("active", "deny")}


def test_a_break_ends_by_itself(session: Session, person: Person, tuesday: Advance) -> None:
    ledger.pause(session, person.id, now() + timedelta(days=3), reason="asked", actor=ACTOR)
    assert exported(session, person)[0]["status"] == "active"
    tuesday(timedelta(days=4))
    (rest,) = exported(session, person)
    assert (rest["status"], rest["provision"]["period"]["end"]) == ("inactive", "2026-10-09T14:00:00+00:00")


def test_telling_one_clinician_is_no_consent_to_tell_another(session: Session, person: Person) -> None:
    first, second = make_referral(session), make_referral(session, practice="Harbor Psychiatry")
    for referral in (first, second):
        how = Spoken("referral", "form", referral_id=referral.id)
        ledger.grant(session, person.id, "status_to_referrer", how, actor=ACTOR)
    ledger.withdraw(session, person.id, "status_to_referrer", Spoken("spoken", "spoken", referral_id=first.id), actor=ACTOR)
    told = {each["provision"]["data"][0]["reference"]["reference"]: each["status"] for each in exported(session, person)}
    assert told == {f"ServiceRequest/{first.id}": "inactive", f"ServiceRequest/{second.id}": "active"}


def test_nobody_who_chose_nothing_breaks_it(session: Session, person: Person) -> None:
    assert exported(session, person) == []


def test_it_names_nobody(session: Session) -> None:
    assert "Rivera" not in str(exported(session, make_confirmed_person(session)))
