"""What a coordinator does from a list: give many leads to somebody at once, take back what was just done, keep a view."""

import re
import uuid
from typing import Annotated
from urllib.parse import parse_qsl

from fastapi import APIRouter, Form, Request
from fastapi.responses import RedirectResponse, Response
from sqlalchemy.orm import Session

from leads.errors import Conflict, Invalid, LeadsError, NotFound
from leads.http.console.draw import draw
from leads.http.console.leads_list import ME, NOBODY, page
from leads.http.console.restriction import Restricted, open_lead
from leads.http.console.shell import said_of
from leads.http.console.staff import AnyoneActing, Staff, Worker, home_of, safe_next
from leads.http.console.waiting import waiting
from leads.http.transaction import Db
from leads.pipeline.deeds import AT_ONCE, assign_many, did_remove, did_save
from leads.pipeline.views import address_of, query_of, remove_view, save_view
from leads.undo import undo

# What a checkbox says: which lead, and on which version it was read.
PICKED = re.compile(r"(L-\d{1,18})\.(\d{1,9})")
Words = Annotated[str, Form()]
router = APIRouter()


@router.post("/assign")
def give(
    request: Request,
    session: Db,
    staff: Worker,
    pick: Annotated[list[str] | None, Form()] = None,
    to: Words = "",
    query: Words = "",
) -> Response:
    """Give the leads that were chosen to a colleague, or back to all; go back to the list, which says what was done and what was not."""
    asked = dict(parse_qsl(query[:400]))
    try:
        with session.begin_nested():
            deed = assign_many(session, _chosen(session, staff, pick or []), _colleague(to, staff), account_id=staff.id)
    except Invalid as refusal:
        return page(request, session, staff, asked, refusal=refusal)
    kept = query_of(asked)
    return RedirectResponse(f"/console?{kept + '&' if kept else ''}said=assigned&did={deed.id}", status_code=303)


@router.post("/undo/{deed_id}")
def take_back(request: Request, session: Db, staff: AnyoneActing, deed_id: uuid.UUID, back: Words = "") -> Response:
    """Take back what one did a moment ago, and return to where one was; what cannot be taken back says why."""
    back = back or home_of(staff.roles)
    try:
        with session.begin_nested():
            done = undo(session, deed_id, account_id=staff.id, roles=staff.roles)
            for number in done.changed:
                # Restricted since, it opens for a reason first; what was taken back stays as it was.
                open_lead(session, staff, number)
    except (NotFound, Conflict) as refusal:
        return _say(request, session, staff, refusal, back)
    if done.refused:
        told = Conflict(" ".join(f"{number}: {why}" for number, why in done.refused))
        return _say(request, session, staff, told, back, some=bool(done.changed))
    return RedirectResponse(_with_word(safe_next(back), "undone"), status_code=303)


@router.post("/views")
def keep(request: Request, session: Db, staff: Worker, name: Words = "", query: Words = "") -> Response:
    """Keep the list and its filters under a name."""
    try:
        with session.begin_nested():
            saved = save_view(session, staff.id, name=name, query=query)
    except Invalid as refusal:
        return page(request, session, staff, dict(parse_qsl(query[:400])), refusal=refusal)
    ending = said_of("renamed" if saved.was else "saved", did_save(session, saved))
    return RedirectResponse(f"{address_of(saved.view)}&{ending.removeprefix('?')}", status_code=303)


@router.post("/views/{view_id}/remove")
def forget(session: Db, staff: Worker, view_id: uuid.UUID) -> Response:
    """Remove a view; the toast takes it back."""
    view = remove_view(session, staff.id, view_id)
    if view is None:
        return RedirectResponse("/console?said=view-gone", status_code=303)
    place = address_of(view).partition("?")[0]
    return RedirectResponse(f"{place}{said_of('removed', did_remove(session, view))}", status_code=303)


def _chosen(session: Session, staff: Staff, pick: list[str]) -> set[tuple[uuid.UUID, int]]:
    if len(pick) > AT_ONCE:
        raise Invalid(f"Choose at most {AT_ONCE} leads at once.")
    found = [PICKED.fullmatch(each) for each in pick]
    try:
        return {(open_lead(session, staff, each.group(1)).id, int(each.group(2))) for each in found if each}
    except NotFound as error:
        raise Invalid(str(error)) from error
    except Restricted as closed:
        # Whose lead it is sees it: giving it to oneself would be a way around the reason.
        raise Invalid(
            f"{closed.number} is restricted: open it with a reason first, then give it to somebody. Nothing was done."
        ) from closed


def _colleague(to: str, staff: Staff) -> uuid.UUID | None:
    if to in ("", ME):
        return staff.id
    if to == NOBODY:
        return None
    try:
        return uuid.UUID(to)
    except ValueError:
        raise Invalid("Choose a colleague who works with leads.") from None


def _say(request: Request, session: Session, staff: Staff, refusal: LeadsError, back: str, *, some: bool = False) -> Response:
    return draw(
        request,
        "not_undone.html",
        staff=staff,
        status=refusal.status,
        tab="",
        waiting=waiting(session),
        refusal=refusal,
        some=some,
        back=_without_word(safe_next(back)),
    )


def _with_word(path: str, word: str) -> str:
    bare = _without_word(path)
    return f"{bare}{'&' if '?' in bare else '?'}said={word}"


def _without_word(path: str) -> str:
    return re.sub(r"&{2,}", "&", re.sub(r"([?&])(did|said)=[^&]*", r"\1", path)).replace("?&", "?").rstrip("?&")
