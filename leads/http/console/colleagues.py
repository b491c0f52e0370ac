"""Who works here: invited, given roles, reset, closed and opened again."""

import uuid
from collections.abc import Callable
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import RedirectResponse, Response
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from leads.access.invite import invite, invite_again, reset_password
from leads.accounts import rights
from leads.accounts.factor_models import Passkey
from leads.accounts.models import ROLES, Account, StaffSession
from leads.accounts.sessions import end_sessions
from leads.accounts.staff import all_accounts, change_roles, disable_account, enable_account, reset_second_factor
from leads.audit.trail import record_about
from leads.errors import Conflict, Invalid, LeadsError, NotFound
from leads.http.console.draw import draw
from leads.http.console.shell import said_of
from leads.http.console.staff import Staff, does, needs
from leads.http.console.waiting import waiting
from leads.http.transaction import Db
from leads.pipeline.deeds import keep
from leads.pipeline.models import Deed

HERE = "/console/colleagues"
router = APIRouter(prefix="/colleagues")
Words = Annotated[str, Form()]


async def chosen_roles(request: Request) -> list[str]:
    """Return the roles whose boxes were ticked."""
    return [each for each in (await request.form()).getlist("roles") if isinstance(each, str)]


Roles = Annotated[list[str], Depends(chosen_roles)]
Reader = Annotated[Staff, Depends(needs("accounts.reset"))]
Resetter = Annotated[Staff, Depends(does("accounts.reset"))]
Manager = Annotated[Staff, Depends(does("accounts.manage"))]


@router.get("")
def show(request: Request, session: Db, staff: Reader) -> Response:
    """Show every account."""
    return _page(request, session, staff)


@router.post("")
def ask_in(
    request: Request,
    session: Db,
    staff: Manager,
    roles: Roles,
    email: Words = "",
    name: Words = "",
) -> Response:
    """Invite somebody by e-mail."""
    try:
        with session.begin_nested():
            account = invite(session, email=email, name=name, roles=roles, actor=staff.actor)
    except Invalid as refusal:
        return _page(request, session, staff, refusal=refusal, typed={"email": email, "name": name, "roles": roles})
    return RedirectResponse(f"{HERE}?said=invited#{account.id}", status_code=303)


@router.post("/{account_id}/roles")
def set_roles(request: Request, session: Db, staff: Manager, account_id: uuid.UUID, roles: Roles) -> Response:
    """Give an account other roles; one's own are for somebody else to change."""

    def verb(who: Account) -> Deed:
        was = list(who.roles)
        change_roles(session, who, roles, actor=staff.actor)
        return keep(session, staff.id, "roles", {"roles_of": str(who.id), "was": was, "is": list(who.roles)})

    return _do(request, session, staff, account_id, verb, code="roles-given", but_oneself=True)


@router.post("/{account_id}/disable")
def close(request: Request, session: Db, staff: Manager, account_id: uuid.UUID) -> Response:
    """Close an account and sign it out everywhere."""

    def verb(who: Account) -> Deed:
        disable_account(session, who, actor=staff.actor)
        return keep(session, staff.id, "closed", {"closed": str(who.id)})

    return _do(request, session, staff, account_id, verb, code="account-closed", but_oneself=True)


@router.post("/{account_id}/enable")
def open_again(request: Request, session: Db, staff: Manager, account_id: uuid.UUID) -> Response:
    """Open a closed account again."""

    def verb(who: Account) -> Deed:
        enable_account(session, who, actor=staff.actor)
        return keep(session, staff.id, "opened", {"opened": str(who.id)})

    return _do(request, session, staff, account_id, verb, code="account-opened")


@router.post("/{account_id}/invite-again")
def mail_again(request: Request, session: Db, staff: Manager, account_id: uuid.UUID) -> Response:
    """Mail another link; the one before opens nothing any more."""
    return _do(request, session, staff, account_id, lambda who: invite_again(session, who, actor=staff.actor), code="invited-again")


@router.post("/{account_id}/reset-password")
def new_password(request: Request, session: Db, staff: Resetter, account_id: uuid.UUID) -> Response:
    """Take the password and mail a link to choose another."""

    def verb(who: Account) -> None:
        reset_password(session, who, actor=staff.actor)

    return _do(request, session, staff, account_id, verb, code="password-reset", but_oneself=True)


@router.post("/{account_id}/reset-second-factor")
def new_factor(request: Request, session: Db, staff: Resetter, account_id: uuid.UUID) -> Response:
    """Forget app, codes and passkeys: a new factor is set up at the next sign-in."""

    def verb(who: Account) -> None:
        reset_second_factor(session, who, actor=staff.actor)

    return _do(request, session, staff, account_id, verb, code="factor-reset", but_oneself=True)


@router.post("/{account_id}/sign-out")
def sign_out(request: Request, session: Db, staff: Resetter, account_id: uuid.UUID) -> Response:
    """End every session of an account."""

    def verb(who: Account) -> None:
        end_sessions(session, who.id)
        record_about(session, "account.signed_out_by", "accounts", who.id, actor=staff.actor)

    return _do(request, session, staff, account_id, verb, code="signed-out")


def _do(
    request: Request,
    session: Session,
    staff: Staff,
    account_id: uuid.UUID,
    verb: Callable[[Account], Deed | None],
    *,
    code: str,
    but_oneself: bool = False,
) -> Response:
    account = session.get(Account, account_id, with_for_update=True, populate_existing=True)
    if account is None:
        raise NotFound("There is no such account.")
    try:
        # Whoever could give themselves a role would see patients by managing accounts.
        if but_oneself and account.id == staff.id:
            raise Conflict("Somebody else has to do this to your account; `handoff users` on the server can, too.")
        with session.begin_nested():
            deed = verb(account)
    except (Invalid, Conflict) as refusal:
        return _page(request, session, staff, refusal=refusal)
    ending = said_of(code, deed, f"#{account_id}") if deed else f"?said={code}#{account_id}"
    return RedirectResponse(f"{HERE}{ending}", status_code=303)


def _page(
    request: Request,
    session: Session,
    staff: Staff,
    *,
    refusal: LeadsError | None = None,
    typed: dict[str, Any] | None = None,
) -> Response:
    last_seen = select(StaffSession.account_id, func.max(StaffSession.seen_at)).group_by(StaffSession.account_id)
    with_passkey = select(Passkey.account_id).distinct()
    return draw(
        request,
        "colleagues.html",
        staff=staff,
        status=refusal.status if refusal else 200,
        tab="colleagues",
        waiting=waiting(session),
        accounts=sorted(all_accounts(session), key=lambda each: (each.disabled_at is not None, (each.name or "").casefold())),
        last_seen=dict(session.execute(last_seen).all()),
        with_passkey=set(session.scalars(with_passkey)),
        roles=ROLES,
        role_words=rights.WORDS,
        refusal=refusal,
        typed=typed or {},
    )
