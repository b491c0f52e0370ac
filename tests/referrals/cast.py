"""Referrals as tests send them."""

from typing import Any

from sqlalchemy.orm import Session

from leads.accounts.models import ApiKey
from leads.loop.models import Referral
from leads.providers.practices import create_practice_key
from leads.referrals.receive import Arrival, receive
from leads.referrals.submission import Submission
from tests.cast import ACTOR


def raw_referral(**changed: Any) -> dict[str, Any]:
    """Return the body of a referral that is complete; named parts are replaced."""
    body = {
        "provider": {
            "npi": "1234567893",
            "given_name": "Ana",
            "family_name": "Rivera",
            "practice": "Riverside Psychiatry",
            "phone": "203-555-0140",
            "email": "rivera@riverside.test",
        },
        "submitted_by": {"name": "Sam Lee", "email": "front@riverside.test"},
        "patient": {
            "given_name": "Jordan",
            "family_name": "Doe",
            "birth_date": "1985-07-21",
            "phone": "203-555-0123",
            "email": "jordan@example.com",
            "consent": {"contact": True, "education": True, "unencrypted_email": False, "status_to_referrer": True, "wording": "2026-11"},
        },
        "reason": "Two adequate trials without response.",
        "diagnosis": "Major depressive disorder",
        "trials": [
            {"drug": "sertraline", "dose": "200 mg", "weeks": 10, "outcome": "no response"},
            {"drug": "venlafaxine", "dose": "225 mg", "weeks": 12, "outcome": "partial response"},
        ],
        "contraindications": [],
        "current_risk": False,
        "urgency": "routine",
        "office": "new-haven",
        "note": "Prefers mornings.",
    }
    return body | changed


def referral(**changed: Any) -> Submission:
    """The same, checked."""
    return Submission.model_validate(raw_referral(**changed))


def of_patient(**changed: Any) -> dict[str, Any]:
    """The named part of a referral that is its patient, with changes."""
    patient: dict[str, Any] = raw_referral()["patient"]
    return patient | changed


def granting(*kinds: str) -> dict[str, Any]:
    """A patient who agreed to these and to nothing else."""
    return of_patient(consent=dict.fromkeys(kinds, True) | {"wording": "2026-11"})


def make_key(session: Session, practice: str = "Riverside Psychiatry") -> ApiKey:
    """A key of a practice: who sends by it is believed."""
    return create_practice_key(session, practice, ["referrals"], actor=ACTOR)[0]


def by_key(key: ApiKey, **changed: Any) -> Arrival:
    """A referral that comes by a practice's key."""
    return Arrival("api", key=key, actor=f"key:{key.id}", **changed)


def make_referral(session: Session, *, practice: str = "Riverside Psychiatry", **changed: Any) -> Referral:
    """A referral a practice sent by its key."""
    receipt = receive(session, referral(**changed), by_key(make_key(session, practice)))
    return session.get_one(Referral, receipt.id)
