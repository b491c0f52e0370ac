"""Scans that name nobody yet: brought in with what little is known, seen by few, and from here made somebody's, or put aside."""

import uuid
from collections.abc import Callable, Mapping
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import RedirectResponse, Response
from sqlalchemy.orm import Session

from leads.accounts.rights import require
from leads.audit.trail import record_about
from leads.clinic.profile import clinic
from leads.errors import Conflict, FieldError, Invalid, LeadsError, NotFound
from leads.http.console.documents import to_save, to_show
from leads.http.console.draw import draw
from leads.http.console.scan_at_hand import check_may
from leads.http.console.shell import said_of
from leads.http.console.staff import Reader, Staff, does, needs, staff
from leads.http.console.waiting import waiting
from leads.http.console.who import who_is_who
from leads.http.own_form import check_form
from leads.http.transaction import Db
from leads.http.uploads import Sent, Uploaded
from leads.pipeline.deeds import keep
from leads.pipeline.find import by_number
from leads.pipeline.models import Lead
from leads.place import Place
from leads.referrals.find import by_number as referral_numbered
from leads.scans import look, settle
from leads.scans.bring_in import Known, bring_in
from leads.scans.models import Scan

CHANNELS = {"fax": "A fax", "letter": "A letter", "walk-in": "Handed in"}
Looker = Annotated[Staff, Depends(needs("scans.see"))]
Worker = Annotated[Staff, Depends(does("scans.work"))]
Words = Annotated[str, Form()]
router = APIRouter(prefix="/scans")


def colleague(request: Request, session: Db) -> Staff:
    """Return who sends a scan, before a byte of it is read; raises Forbidden or SignInFirst."""
    who = staff(request, session, {})
    require(who.roles, "scans.work")
    return who


def sender(request: Request, who: Annotated[Staff, Depends(colleague)], sent: Uploaded) -> Staff:
    """Return who sends the form, if it is ours; raises Forbidden."""
    check_form(request, who.csrf, sent.fields.get("csrf", [""])[-1])
    return who


@router.get("")
def show(request: Request, session: Db, staff: Looker, list: str = "", after: str = "") -> Response:
    """Show what waits, the most pressing first; or what was put aside."""
    return _page(request, session, staff, aside=list == "aside", after=after)


@router.post("")
def bring(request: Request, session: Db, staff: Annotated[Staff, Depends(sender)], sent: Uploaded) -> Response:
    """Keep a scan with what is known of it; a refusal shows the form again, with what was typed."""
    typed = {name: values[-1] for name, values in sent.fields.items()}
    try:
        with session.begin_nested():
            scan = bring_in(session, *_one_file(sent), _known(typed), actor=staff.actor)
    except (Invalid, Conflict) as refusal:
        return _page(request, session, staff, refusal=refusal, typed=typed)
    return RedirectResponse(f"/console/scans?said=scan-kept#s-{scan.id}", status_code=303)


@router.get("/{scan_id}/document")
def save(session: Db, staff: Reader, scan_id: uuid.UUID) -> Response:
    """Return the scan to be saved; that it was read, and by whom, is on record."""
    check_may(session, staff, scan_id, "scans.see")
    return to_save(look.read(session, scan_id, actor=staff.actor, purpose="console"))


@router.get("/{scan_id}/shown")
def show_one(session: Db, staff: Reader, scan_id: uuid.UUID) -> Response:
    """Return the scan to be looked at beside what is typed from it; that it was read, and by whom, is on record."""
    check_may(session, staff, scan_id, "scans.see")
    return to_show(look.read(session, scan_id, actor=staff.actor, purpose="shown"))


@router.post("/{scan_id}/give")
def give(request: Request, session: Db, staff: Worker, scan_id: uuid.UUID, number: Words = "") -> Response:
    """Let it hang on a lead, and go there."""
    try:
        with session.begin_nested():
            lead = _lead(session, number)
            settle.give_to(session, scan_id, lead, actor=staff.actor)
            deed = keep(session, staff.id, "scan-given", {"given": str(scan_id), "to": str(lead.id)})
    except (Conflict, NotFound) as refusal:
        return _page(request, session, staff, refusal=refusal, about=scan_id, typed={"number": number})
    return RedirectResponse(f"/console/leads/{lead.number}{said_of('scan-given', deed, '#scans')}", status_code=303)


@router.post("/{scan_id}/put-aside")
def drop(request: Request, session: Db, staff: Worker, scan_id: uuid.UUID, reason: Words = "") -> Response:
    """Let nothing come of it, for a reason; the toast takes it back, and so does the list of what was put aside."""
    return _do(
        request,
        session,
        staff,
        scan_id,
        lambda: settle.put_aside(session, scan_id, reason=reason, actor=staff.actor),
        done=f"said=scan-aside&aside={scan_id}",
        typed={"reason": reason},
    )


@router.post("/{scan_id}/take-up-again")
def take_up_again(request: Request, session: Db, staff: Worker, scan_id: uuid.UUID) -> Response:
    """Let it wait again."""
    return _do(request, session, staff, scan_id, lambda: settle.take_up_again(session, scan_id, actor=staff.actor), done="said=undone")


def _do(
    request: Request,
    session: Session,
    staff: Staff,
    scan_id: uuid.UUID,
    act: Callable[[], Scan],
    *,
    done: str,
    typed: Mapping[str, str] | None = None,
) -> Response:
    try:
        with session.begin_nested():
            act()
    except (Conflict, Invalid, NotFound) as refusal:
        return _page(request, session, staff, refusal=refusal, about=scan_id, typed=typed)
    return RedirectResponse(f"/console/scans?{done}", status_code=303)


def _one_file(sent: Sent) -> tuple[str, bytes]:
    if len(sent.files) != 1:
        words = "Choose one PDF, PNG or JPEG; several pages go into one PDF."
        raise Invalid(words, errors=(FieldError("attachments", "not_one", words),))
    return sent.files[0]


def _known(typed: Mapping[str, str]) -> Known:
    words = {name: typed.get(name, "") for name in ("channel", "sender", "note", "office")}
    return Known(**words, urgent=bool(typed.get("urgent")), part2=bool(typed.get("part2")))


def _lead(session: Session, number: str) -> Lead:
    if number.strip().upper().startswith("R"):
        return session.get_one(Lead, referral_numbered(session, number.strip()).lead_id)
    return by_number(session, number)


def _page(
    request: Request,
    session: Session,
    staff: Staff,
    *,
    aside: bool = False,
    after: str = "",
    refusal: LeadsError | None = None,
    about: uuid.UUID | None = None,
    typed: Mapping[str, str] | None = None,
) -> Response:
    shown, more = (look.put_aside if aside else look.waiting)(session, after=Place.read(after))
    record_about(session, "scans.listed", "scans", None, actor=staff.actor, ids=[str(each.id) for each in shown], aside=aside)
    in_form = about is None
    return draw(
        request,
        "scans.html",
        staff=staff,
        status=refusal.status if refusal else 200,
        tab="scans",
        waiting=waiting(session),
        shown=shown,
        is_aside=aside,
        aside_count=look.how_many_aside(session),
        more=f"?{'list=aside&' if aside else ''}after={more}" if more else None,
        names=who_is_who(session, {actor for each in shown for actor in (each.brought_by, each.settled_by) if actor}),
        channels=CHANNELS,
        offices=[("none", "No preference"), *((each.code, each.name) for each in clinic().offices)],
        refusal=refusal,
        about=about,
        typed=typed or {},
        values=(typed if in_form and typed else {"channel": "fax", "office": "none"}),
        errors={each.field: each.message for each in refusal.errors} if refusal and in_form else {},
    )
