"""One's own account: where one is signed in, password, authenticator app, recovery codes and passkeys."""

import uuid
from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import RedirectResponse, Response
from sqlalchemy.orm import Session

from leads.access.invite import check_same
from leads.accounts import recovery, second_factor, sessions
from leads.accounts.models import Account
from leads.accounts.passkeys import passkeys_of, remove, rename
from leads.accounts.sign_in import Refused, prove
from leads.accounts.staff import change_password
from leads.audit.trail import record_about
from leads.errors import FieldError, Invalid, LeadsError, TooMany
from leads.http.console.come_in import SET_UP
from leads.http.console.draw import draw
from leads.http.console.second_factor import show_codes
from leads.http.console.staff import Anyone, AnyoneActing, Staff
from leads.http.console.waiting import waiting
from leads.http.source import source_of
from leads.http.transaction import Db

HERE = "/console/account"
LAST = "This is your only second factor. Set up another one first."
router = APIRouter(prefix="/account")
Words = Annotated[str, Form()]


@router.get("")
def show(request: Request, session: Db, staff: Anyone) -> Response:
    """Show one's account."""
    return _page(request, session, staff)


@router.post("/password")
def new_password(
    request: Request, session: Db, staff: AnyoneActing, current: Words = "", password: Words = "", again: Words = ""
) -> Response:
    """Change the password, which ends every other session."""
    account = _own(session, staff)
    refusal = check_current(request, session, account, current)
    if refusal is None:
        try:
            check_same(password, again)
            change_password(session, account, password, actor=staff.actor, but=staff.session_id)
        except Invalid as wrong:
            refusal = wrong
    return _page(request, session, staff, refusal=refusal) if refusal else _back("password")


@router.post("/sessions/{session_id}/end")
def end_session(request: Request, session: Db, staff: AnyoneActing, session_id: uuid.UUID) -> Response:
    """End one of one's sessions."""
    sessions.revoke(session, staff.id, session_id, actor=staff.actor)
    return _back("session")


@router.post("/sessions/end-others")
def end_others(session: Db, staff: AnyoneActing) -> Response:
    """End every session but this one."""
    ended = sessions.end_sessions(session, staff.id, but=staff.session_id)
    record_about(session, "account.sessions_ended", "accounts", staff.id, actor=staff.actor, count=ended)
    return _back("sessions")


@router.post("/recovery-codes")
def new_codes(request: Request, session: Db, staff: AnyoneActing, current: Words = "") -> Response:
    """Make ten new recovery codes and show them this one time."""
    account = _own(session, staff)
    refusal = check_current(request, session, account, current)
    if refusal is None and account.totp_confirmed_at is None:
        refusal = Invalid("Recovery codes belong to an authenticator app. Set one up first.")
    if refusal is not None:
        return _page(request, session, staff, refusal=refusal)
    return show_codes(request, staff, recovery.make(session, account), next=HERE)


@router.post("/app/remove")
def remove_app(request: Request, session: Db, staff: AnyoneActing, current: Words = "") -> Response:
    """Remove the authenticator app, where a passkey is left or a trial goes without."""
    account = _own(session, staff)
    refusal = check_current(request, session, account, current)
    if refusal is None and not passkeys_of(session, account.id) and account.totp_confirmed_at is not None:
        refusal = Invalid(LAST)
    if refusal is not None:
        return _page(request, session, staff, refusal=refusal)
    second_factor.remove(session, account, actor=staff.actor)
    return _back("app")


@router.post("/app/begin")
def begin_app(session: Db, staff: AnyoneActing) -> Response:
    """Begin to set up an authenticator app."""
    second_factor.begin(_own(session, staff))
    return RedirectResponse(f"{SET_UP}/app?next={HERE}", status_code=303)


@router.post("/passkeys/{passkey_id}/rename")
def rename_passkey(request: Request, session: Db, staff: AnyoneActing, passkey_id: uuid.UUID, name: Words = "") -> Response:
    """Give a passkey another name."""
    try:
        rename(session, _own(session, staff), passkey_id, name)
    except Invalid as refusal:
        return _page(request, session, staff, refusal=refusal)
    return _back("passkey")


@router.post("/passkeys/{passkey_id}/remove")
def remove_passkey(request: Request, session: Db, staff: AnyoneActing, passkey_id: uuid.UUID, current: Words = "") -> Response:
    """Forget a passkey, where another factor is left."""
    account = _own(session, staff)
    refusal = check_current(request, session, account, current)
    if refusal is None and len(passkeys_of(session, account.id)) == 1 and account.totp_confirmed_at is None:
        refusal = Invalid(LAST)
    if refusal is not None:
        return _page(request, session, staff, refusal=refusal)
    remove(session, account, passkey_id)
    return _back("passkey")


def check_current(request: Request, session: Session, account: Account, current: str) -> LeadsError | None:
    """Return why the password shown with a change is not taken; an account without one signs in elsewhere and shows none here.

    Returned, not raised: a wrong one is counted as at the door, and the count has to be committed.
    """
    if account.password_hash is None:
        return None
    proved = prove(session, account.email or "", current, source=source_of(request))
    if not isinstance(proved, Refused):
        return None
    if proved.too_often:
        return TooMany(proved.message, retry_after=900)
    told = "This is not your current password."
    return Invalid(told, errors=(FieldError("current", "wrong", told),))


def _own(session: Session, staff: Staff) -> Account:
    return session.get_one(Account, staff.id, with_for_update=True, populate_existing=True)


def _back(changed: str) -> Response:
    return RedirectResponse(f"{HERE}?said=my-{changed}", status_code=303)


def _page(request: Request, session: Session, staff: Staff, *, refusal: LeadsError | None = None) -> Response:
    account = session.get_one(Account, staff.id)
    return draw(
        request,
        "account.html",
        staff=staff,
        status=refusal.status if refusal else 200,
        tab="account",
        waiting=waiting(session),
        account=account,
        sessions=sessions.sessions_of(session, account.id),
        is_locked=sessions.is_locked,
        passkeys=passkeys_of(session, account.id),
        codes_left=recovery.left(session, account),
        has_second_factor=second_factor.has_one(session, account),
        refusal=refusal,
    )
