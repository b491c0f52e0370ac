"""An inquiry as it would be accepted today, for the description and its pages; nobody in it exists."""

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


def curl() -> str:
    """Return the command that sends the example."""
    body = json.dumps(inquiry(), indent=2, ensure_ascii=False).replace("'", "'\\''")
    return "\n".join(
        (
            f"curl {settings().public_url}/api/v1/inquiries \\",
            '  -H "Authorization: Bearer $HANDOFF_KEY" \\',
            '  -H "Content-Type: application/json" \\',
            '  -H "Idempotency-Key: $(uuidgen)" \\',
            f"  -d '{body}'",
        )
    )
