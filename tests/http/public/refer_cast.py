"""Ana Rivera's referral form as her browser posts it."""

from collections.abc import Iterable
from datetime import timedelta

import httpx
from fastapi.testclient import TestClient

from leads.clock import real_now
from leads.http.public.traps import stamp

PDF = b"%PDF-1.7\n%%EOF"


def referral_form(**changes: str) -> dict[str, str]:
    """The form after a calm minute; dots of names are written as two underscores."""
    form = {
        "provider.npi": "1234567893",
        "provider.family_name": "Rivera",
        "provider.practice": "Riverside Psychiatry",
        "provider.phone": "203-555-0140",
        "patient.given_name": "Jordan",
        "patient.family_name": "Doe",
        "patient.phone": "203-555-0123",
        "patient.consent.wording": "2026-11",
        "reason": "Two adequate trials without response.",
        "opened": stamp(real_now() - timedelta(minutes=1)),
    }
    return form | {name.replace("__", "."): value for name, value in changes.items()}


def refer(
    web: TestClient,
    to: str = "/refer",
    *,
    documents: Iterable[tuple[str, bytes]] = (),
    headers: dict[str, str] | None = None,
    **changes: str,
) -> httpx.Response:
    """Post the form, multipart as a browser does, with these documents."""
    parts: list[tuple[str, tuple[str | None, str | bytes]]] = [(name, (None, value)) for name, value in referral_form(**changes).items()]
    parts += [("attachments", each) for each in documents] or [("attachments", ("", b""))]
    return web.post(to, files=parts, headers=headers)
