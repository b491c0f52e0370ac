"""Knowing a form of ours from another site's, and giving a browser a cookie it keeps to itself."""

import hmac
import secrets
from typing import Annotated
from urllib.parse import urlsplit

from fastapi import Depends, Request
from fastapi.responses import Response

from config.settings import settings
from leads.errors import Forbidden


async def given_token(request: Request) -> str:
    """Return the token a form carries."""
    token = (await request.form()).get("csrf", "")
    return token if isinstance(token, str) else ""


Token = Annotated[str, Depends(given_token)]


def check_form(request: Request, expected: str, given: str) -> None:
    """Let a form pass that we drew for this very browser; raises Forbidden."""
    if not comes_from_us(request) or not hmac.compare_digest(expected.encode(), given.encode()):
        raise Forbidden("This form is not from a page of ours, or that page is too old. Open the page again, then repeat.", code="csrf")


def comes_from_us(request: Request) -> bool:
    """True unless the browser says that another site sent this form (Fetch Metadata; else the Origin header, RFC 6454)."""
    site = request.headers.get("sec-fetch-site")
    if site is not None:
        return site == "same-origin"
    origin = request.headers.get("origin")
    return origin is None or urlsplit(origin).netloc == request.headers.get("host")


def give(response: Response, name: str, secret: str, *, path: str) -> None:
    """Set a cookie that no script reads and that travels encrypted wherever people reach us so."""
    # Lax, not Strict: a link in a mail must find people signed in.
    response.set_cookie(name, secret, path=path, httponly=True, samesite="lax", secure=is_https())


def door_of(request: Request, name: str) -> str:
    """Return the secret of a browser in which nobody is signed in yet: the one it has, or a new one to give it."""
    return request.cookies.get(name) or secrets.token_urlsafe(32)


def is_https() -> bool:
    """True when people reach us encrypted, so that cookies must not travel otherwise."""
    return settings().public_url.startswith("https://")
