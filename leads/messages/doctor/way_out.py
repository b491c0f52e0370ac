"""The way out, as a mail program takes it: one POST, with no redirect and no sign-in between; asking alone changes nothing (RFC 8058)."""

import secrets
from collections.abc import Iterator
from http import HTTPStatus
from urllib.parse import urlsplit

import httpx

from config.settings import settings
from leads.clinic.profile import clinic
from leads.messages.doctor.finding import Finding

SECONDS = 10
ONE_CLICK = {"List-Unsubscribe": "One-Click"}
# What we say to a link that opens nothing; a made-up one stops nobody's mail.
OPENS_NOTHING = HTTPStatus.NOT_FOUND


def check_way_out() -> Iterator[Finding]:
    """Yield how the unsubscribe address answers at each host that mails may name."""
    for origin in filter(None, (settings().public_url, clinic().mail.discreet_url)):
        yield _at(origin)


def _at(origin: str) -> Finding:
    parts = urlsplit(origin)
    if parts.scheme != "https" and parts.hostname not in ("127.0.0.1", "localhost"):
        return Finding(
            "one-click", origin, "wrong", f"{origin} is not https, and one click needs it (RFC 8058, 3.1): set HANDOFF_PUBLIC_URL."
        )
    url = f"{origin}/u/{secrets.token_urlsafe(32)}"
    try:
        with httpx.Client(timeout=SECONDS, follow_redirects=False, trust_env=False) as client:
            answers = {"GET": client.get(url), "HEAD": client.head(url), "POST": client.post(url, data=ONE_CLICK)}
            ours = client.get(f"{origin}/healthz")
    except httpx.HTTPError as error:
        return Finding("one-click", origin, "wrong", f"{origin} does not answer ({type(error).__name__}): nobody could stop our mail.")
    return _judged(origin, {method: answer.status_code for method, answer in answers.items()}, is_ours=ours.text == "ok\n")


def _judged(origin: str, answers: dict[str, int], *, is_ours: bool) -> Finding:
    for method, code in answers.items():
        if code in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
            return Finding("one-click", origin, "wrong", f"{method} of the way out asks for a sign-in ({code}); it must ask for nothing.")
        if 300 <= code < 400:
            return Finding("one-click", origin, "wrong", f"{method} of the way out is sent elsewhere ({code}); RFC 8058, 3.1, forbids it.")
        if code != OPENS_NOTHING:
            return Finding(
                "one-click", origin, "wrong", f"{method} of a made-up way out answers {code}, expected {OPENS_NOTHING}: is this our site?"
            )
    if not is_ours:
        return Finding("one-click", origin, "wrong", f"Another site answers at {origin}; have it lead here.")
    return Finding(
        "one-click", origin, "ok", "A single POST reaches the way out, with no redirect or sign-in; GET and HEAD act on nothing."
    )
