"""A referral as tests send it."""

from typing import Any


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
