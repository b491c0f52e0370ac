"""What a clinician may send: every field checked, every refusal with its name and the way out."""

from typing import Any

import pytest
from pydantic import ValidationError

from leads.referrals.submission import Submission
from tests.referrals.cast import raw_referral


def refusals(raw: dict[str, Any]) -> dict[str, str]:
    with pytest.raises(ValidationError) as refused:
        Submission.model_validate(raw)
    return {".".join(map(str, error["loc"])): error["type"] for error in refused.value.errors()}


def test_a_full_referral_is_accepted() -> None:
    asked = Submission.model_validate(raw_referral())
    assert asked.said.npi == "1234567893"
    assert asked.identity.family_name == "Doe"


def test_what_is_needed_is_named() -> None:
    assert set(refusals({})) == {"provider", "patient", "reason"}
    assert set(refusals(raw_referral(provider={}, patient={}))) >= {
        "provider.npi",
        "provider.family_name",
        "provider.practice",
        "provider.email",
        "patient.given_name",
        "patient.family_name",
        "patient.phone",
    }


@pytest.mark.parametrize("npi", ["1234567890", "12345", "3234567893", "١٢٣٤٥٦٧٨٩٣"])
def test_a_number_that_is_no_npi_is_refused(npi: str) -> None:
    raw = raw_referral()
    assert "provider.npi" in refusals(raw | {"provider": raw["provider"] | {"npi": npi}})


@pytest.mark.parametrize("field", ["reason", "note", "diagnosis"])
def test_a_social_security_number_is_never_kept(field: str) -> None:
    assert refusals(raw_referral(**{field: "SSN 078-05-1120, please"})) == {field: "ssn"}


def test_a_phone_number_is_not_taken_for_a_social_security_number() -> None:
    assert Submission.model_validate(raw_referral(note="Call 203-555-0123.")).note


def test_a_grant_needs_the_wording_it_was_given_by() -> None:
    raw = raw_referral()
    patient = raw["patient"] | {"consent": {"contact": True}}
    assert refusals(raw | {"patient": patient}) == {"patient.consent.wording": "missing"}


def test_a_minor_is_answered_kindly() -> None:
    raw = raw_referral()
    assert refusals(raw | {"patient": raw["patient"] | {"birth_date": "2015-01-01"}}) == {"patient.birth_date": "under_age"}


def test_unknown_keys_and_codes_are_refused() -> None:
    assert refusals(raw_referral(urgency="soon", contraindications=["unlucky"], extra=1)) == {
        "urgency": "unknown_choice",
        "contraindications.0": "unknown_choice",
        "extra": "extra_forbidden",
    }
