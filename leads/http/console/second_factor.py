"""The second factor at the door: shown at each sign-in, set up at the first."""

from typing import Annotated

import segno
from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import RedirectResponse, Response
from sqlalchemy.orm import Session

from leads.accounts import second_factor as factors
from leads.accounts.models import Account, StaffSession
from leads.accounts.passkeys import passkeys_of
from leads.accounts.sessions import is_locked
from leads.clock import real_now
from leads.errors import Invalid
from leads.http.console.come_in import PATH, SET_UP, going_on
from leads.http.console.draw import draw
from leads.http.console.staff import Anybody, Locked, SecondFactorFirst, SignInFirst, Staff, safe_next, staff_of
from leads.http.own_form import Token, check_form
from leads.http.transaction import Db

router = APIRouter(prefix="/second-factor")
Words = Annotated[str, Form()]


def waiting_for_it(found: Anybody) -> tuple[Account, StaffSession]:
    """Return whose password was taken; raises SignInFirst or Locked."""
    if found is None:
        raise SignInFirst(PATH, {})
    if is_locked(found[1]):
        raise Locked(PATH, PATH, {})
    return found


def setting_up(session: Db, found: Annotated[tuple[Account, StaffSession], Depends(waiting_for_it)]) -> tuple[Account, StaffSession]:
    """Return who may set one up: not whoever knows the password only, of an account that has one already."""
    if factors.is_needed(session, *found) and factors.has_one(session, found[0]):
        raise SecondFactorFirst(PATH)
    return found


Waiting = Annotated[tuple[Account, StaffSession], Depends(waiting_for_it)]
SettingUp = Annotated[tuple[Account, StaffSession], Depends(setting_up)]


@router.get("")
def ask(request: Request, session: Db, found: Waiting, next: str = PATH) -> Response:
    """Ask for a code, or a passkey."""
    if not factors.is_needed(session, *found) or not factors.has_one(session, found[0]):
        return RedirectResponse(going_on(session, *found, next), status_code=303)
    return _ask(request, session, found, next=next)


@router.post("")
def show(request: Request, session: Db, found: Waiting, token: Token, code: Words = "", next: Words = PATH) -> Response:
    """Take a code; a refusal is answered, so that its count is kept."""
    who = half(request, found)
    check_form(request, who.csrf, token)
    refusal = factors.show(session, *found, code[:40])
    if refusal is not None:
        return _ask(request, session, found, next=next, error=refusal)
    return RedirectResponse(going_on(session, *found, next), status_code=303)


@router.get("/set-up")
def choose(request: Request, session: Db, found: SettingUp, next: str = PATH) -> Response:
    """Let them choose what to set up."""
    who, is_forced = half(request, found), factors.is_needed(session, *found)
    return draw(request, "second_factor_choose.html", staff=who, next=safe_next(next), is_forced=is_forced)


@router.post("/set-up")
def begin(request: Request, session: Db, found: SettingUp, token: Token, next: Words = PATH) -> Response:
    """Begin with an authenticator app."""
    check_form(request, half(request, found).csrf, token)
    factors.begin(found[0])
    return RedirectResponse(f"{SET_UP}/app?next={safe_next(next)}", status_code=303)


@router.get("/set-up/app")
def show_app(request: Request, found: SettingUp, next: str = PATH) -> Response:
    """Show the QR code of an app that waits for its first code."""
    if found[0].totp_secret is None or found[0].totp_confirmed_at is not None:
        return RedirectResponse(SET_UP, status_code=303)
    return _app(request, found, next=next)


@router.post("/set-up/app")
def confirm(request: Request, session: Db, found: SettingUp, token: Token, code: Words = "", next: Words = PATH) -> Response:
    """Take the app into use, and show the recovery codes this one time."""
    who = half(request, found)
    check_form(request, who.csrf, token)
    try:
        codes = factors.confirm(session, found[0], code[:40])
    except Invalid as refusal:
        return _app(request, found, next=next, error=refusal.message)
    found[1].second_factor_at = real_now()
    return show_codes(request, who, codes, next=going_on(session, *found, next))


def show_codes(request: Request, who: Staff, codes: list[str], *, next: str) -> Response:
    """Return the page with the recovery codes: to print, to save or to write down, now or never."""
    return draw(request, "recovery_codes.html", staff=who, codes=codes, next=next)


def half(request: Request, found: tuple[Account, StaffSession]) -> Staff:
    """Return whoever is at the door: their pages have no way into the console yet."""
    return staff_of(request, *found, is_half_proved=True)


def _ask(request: Request, session: Session, found: tuple[Account, StaffSession], *, next: str, error: str | None = None) -> Response:
    has_app = found[0].totp_confirmed_at is not None
    has_passkey = bool(passkeys_of(session, found[0].id))
    status = 200 if error is None else 429 if error == factors.TOO_OFTEN else 401
    shown = {"next": safe_next(next), "error": error, "has_app": has_app, "has_passkey": has_passkey}
    return draw(request, "second_factor.html", staff=half(request, found), status=status, **shown)


def _app(request: Request, found: tuple[Account, StaffSession], *, next: str, error: str | None = None) -> Response:
    # Drawn into the page itself: the secret stands in no address and in no cache.
    picture = segno.make(factors.address(found[0]), error="m").svg_data_uri(scale=5, border=3, dark="#14211f", light="#fff")
    secret = " ".join(found[0].totp_secret[at : at + 4] for at in range(0, 32, 4)) if found[0].totp_secret else ""
    status = 422 if error else 200
    shown = {"next": safe_next(next), "error": error, "picture": picture, "secret": secret}
    return draw(request, "second_factor_app.html", staff=half(request, found), status=status, **shown)
