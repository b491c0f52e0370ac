"""Restricting a record, opening one that is restricted for a written reason, and the supervisors' look at who did."""

import uuid
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import RedirectResponse, Response
from sqlalchemy.orm import Session

from leads.access.break_glass import A_PAGE, break_glass, mark_seen, openings
from leads.access.outside import looks_from_outside
from leads.access.restrict import lift, restrict
from leads.accounts.staff import names_of
from leads.audit.trail import record_about
from leads.errors import Conflict, Invalid
from leads.http.console.act import Asked, do
from leads.http.console.draw import draw
from leads.http.console.restriction import Restricted
from leads.http.console.shell import said_of
from leads.http.console.staff import Staff, does, needs
from leads.http.console.waiting import waiting
from leads.http.console.who import who_is_who
from leads.http.transaction import Db
from leads.pipeline.deeds import keep
from leads.pipeline.find import by_number

router = APIRouter()
Words = Annotated[str, Form()]
Opener = Annotated[Staff, Depends(does("leads.read"))]
Looker = Annotated[Staff, Depends(needs("openings.read"))]
Reviewer = Annotated[Staff, Depends(does("openings.review"))]


@router.post("/leads/{number}/open")
def break_open(session: Db, staff: Opener, number: str, reason: Words = "") -> Response:
    """Open a restricted record for an hour, for a reason a supervisor reads."""
    lead = by_number(session, number)
    try:
        break_glass(session, lead, staff.id, reason=reason)
    except Invalid as refusal:
        raise Restricted(lead.number, refusal) from None
    return RedirectResponse(f"/console/leads/{lead.number}?said=opened", status_code=303)


@router.post("/leads/{number}/restrict")
def close(asked: Asked, reason: Words = "") -> Response:
    """Restrict the record behind a lead."""
    return do(
        asked,
        lambda lead: restrict(asked.session, lead.person_id, reason=reason, actor=asked.staff.actor, roles=asked.staff.roles),
        done="?said=restricted",
    )


@router.post("/leads/{number}/unrestrict")
def unrestrict(asked: Asked) -> Response:
    """Open the record to everybody again who works with leads."""
    who = asked.staff
    return do(asked, lambda lead: lift(asked.session, lead.person_id, actor=who.actor, roles=who.roles), done="?said=unrestricted")


@router.get("/openings")
def show(request: Request, session: Db, staff: Looker, before: str = "") -> Response:
    """Show who opened restricted records, and why."""
    return _page(request, session, staff, before=_id(before))


@router.post("/openings/{opening_id}/seen")
def see(request: Request, session: Db, staff: Reviewer, opening_id: uuid.UUID) -> Response:
    """Note that a supervisor has judged an opening."""
    try:
        ended = mark_seen(session, opening_id, actor=staff.actor)
    except Conflict as refusal:
        return _page(request, session, staff, refusal=refusal)
    deed = keep(session, staff.id, "judged", {"opening": str(opening_id), "todos": [str(each) for each in ended]})
    return RedirectResponse(f"/console/openings{said_of('judged', deed)}", status_code=303)


def _page(
    request: Request, session: Session, staff: Staff, *, before: uuid.UUID | None = None, refusal: Conflict | None = None
) -> Response:
    found = openings(session, before=before)
    shown, outside = found[:A_PAGE], looks_from_outside(session) if before is None else ()
    record_about(session, "openings.listed", "openings", None, actor=staff.actor, ids=[str(each.id) for each, _ in shown])
    return draw(
        request,
        "openings.html",
        staff=staff,
        status=refusal.status if refusal else 200,
        tab="openings",
        waiting=waiting(session),
        rows=shown,
        names=names_of(session, {each.account_id for each, _ in shown}),
        more=f"?before={shown[-1][0].id}" if len(found) > A_PAGE else None,
        refusal=refusal,
        outside=outside,
        lookers=who_is_who(session, {each.actor for each in outside}),
    )


def _id(text: str) -> uuid.UUID | None:
    try:
        return uuid.UUID(text)
    except ValueError:
        return None
