"""Registering a passkey: what the browser asks us for, and what it brings back."""

from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import JSONResponse, Response

from leads.accounts import passkeys
from leads.accounts.second_factor import is_needed
from leads.clock import real_now
from leads.errors import Invalid, LeadsError
from leads.http.console.account import check_current
from leads.http.console.come_in import going_on
from leads.http.console.second_factor import SettingUp, half
from leads.http.console.staff import COOKIE
from leads.http.own_form import Token, check_form
from leads.http.transaction import Db

router = APIRouter(prefix="/passkeys")
Words = Annotated[str, Form()]


@router.post("/options")
def options(request: Request, session: Db, found: SettingUp, token: Token, current: Words = "") -> Response:
    """Return what the browser needs to make a passkey; at a desk somebody left open, not without the password."""
    check_form(request, half(request, found).csrf, token)
    # Whoever has just come in to set up the first factor has shown the password a moment ago.
    refusal = None if is_needed(session, *found) else check_current(request, session, found[0], current)
    if refusal is not None:
        return _refused(refusal)
    return Response(passkeys.options_to_register(session, found[0], _browser(request)), media_type="application/json")


@router.post("")
def register(
    request: Request, session: Db, found: SettingUp, token: Token, answer: Words = "", name: Words = "", next: Words = "/console/account"
) -> Response:
    """Keep the passkey the browser made."""
    check_form(request, half(request, found).csrf, token)
    try:
        passkeys.register(session, found[0], _browser(request), answer, name=name)
    except Invalid as refusal:
        # Answered, not raised: what was undone with the refusal would make its challenge good once more.
        return _refused(refusal)
    found[1].second_factor_at = found[1].second_factor_at or real_now()
    return JSONResponse({"next": going_on(session, *found, next)}, status_code=201)


def _browser(request: Request) -> str:
    return request.cookies.get(COOKIE, "")


def _refused(refusal: LeadsError) -> Response:
    return JSONResponse({"error": refusal.code, "message": refusal.message}, refusal.status)
