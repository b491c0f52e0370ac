"""An inquiry, a referral and a visit as they would be accepted today, for the description and its pages; nobody in them exists."""

import json
from typing import Any

from config.settings import settings
from leads.clinic.profile import clinic


def inquiry() -> dict[str, Any]:
    """Return an inquiry with the clinic's own codes."""
    return {
        "given_name": "Ana",
        "family_name": "Reyes",
        "email": "ana.reyes@example.com",
        "phone": "203-555-0142",
        "language": "en",
        "reach_by": "phone",
        "reach_when": "afternoon",
        "office": clinic().default_office,
        "interest": clinic().interests[-1].code if clinic().interests else None,
        "message": "Could somebody tell me how a first visit goes?",
        "consent": {"contact": True, "education": True, "unencrypted_email": False, "wording": clinic().consent.version},
        "campaign": {"source": "partner-site", "medium": "form", "name": "autumn"},
    }


def referral() -> dict[str, Any]:
    """Return a referral with the clinic's own codes."""
    return {
        "provider": {
            "npi": "1234567893",
            "given_name": "Ana",
            "family_name": "Rivera",
            "practice": "Riverside Psychiatry",
            "phone": "203-555-0140",
            "email": "rivera@riverside.example.com",
        },
        "submitted_by": {"name": "Sam Lee", "email": "front@riverside.example.com"},
        "patient": {
            "given_name": "Jordan",
            "family_name": "Doe",
            "birth_date": "1985-07-21",
            "phone": "203-555-0123",
            "email": "jordan@example.com",
            "consent": {"contact": True, "status_to_referrer": True, "wording": clinic().consent.version},
        },
        "reason": "No response to two adequate trials.",
        "diagnosis": "Major depressive disorder",
        "trials": [{"drug": "sertraline", "dose": "200 mg", "weeks": 10, "outcome": "no response"}],
        "contraindications": [],
        "current_risk": False,
        "urgency": "routine",
        "office": clinic().default_office,
    }


def appointment() -> dict[str, Any]:
    """Return a visit as it is booked; whether its slot is free is another question."""
    calendars = clinic().visits.calendars
    return {
        "lead": "L-000042",
        "calendar": calendars[0].code if calendars else None,
        "starts_at": "2026-12-01T09:00:00-05:00",
        "offer": False,
    }


def curl(what: str = "inquiries") -> str:
    """Return the command that sends the example."""
    sent = referral() if what == "referrals" else inquiry()
    body = json.dumps(sent, indent=2, ensure_ascii=False).replace("'", "'\\''")
    return "\n".join(
        (
            f"curl {settings().public_url}/api/v1/{what} \\",
            '  -H "Authorization: Bearer $HANDOFF_KEY" \\',
            '  -H "Content-Type: application/json" \\',
            '  -H "Idempotency-Key: $(uuidgen)" \\',
            f"  -d '{body}'",
        )
    )
