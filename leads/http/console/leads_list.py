"""The list of leads by what is needed next."""

import uuid
from collections.abc import Iterable, Mapping
from functools import partial
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Query, Request
from fastapi.responses import RedirectResponse, Response
from sqlalchemy.orm import Session

from leads.accounts.staff import Colleague, names_of
from leads.audit.trail import record_about
from leads.clinic.profile import clinic
from leads.http.console.draw import draw
from leads.http.console.staff import Reader, Staff
from leads.http.console.waiting import among, waiting
from leads.http.transaction import Db
from leads.pipeline.assign import CLOSED, colleagues
from leads.pipeline.deeds import deed_of, outcome_of
from leads.pipeline.listed import Row
from leads.pipeline.lists import NEEDS
from leads.pipeline.stages import STAGES
from leads.pipeline.views import KEPT, address_of, query_of, views_of
from leads.pipeline.worklist import Filters, Place, closed, count_by_need, count_of, first_of_each, page_of, waitlisted

# All twelve lists full would weigh more than a page may: then each shows fewer, but for those who cannot wait.
AT_A_GLANCE, IN_ALL, A_PAGE = 10, 72, 50
BESIDE = {"closed": closed, "waitlist": waitlisted}
ME, NOBODY = "me", "nobody"
router = APIRouter()


@router.get("")
def show(
    request: Request,
    session: Db,
    staff: Reader,
    need: str = "",
    office: str = "",
    stage: str = "",
    owner: str = "",
    source: str = "",
    mine: Annotated[str, Query()] = "",
    after: str = "",
    did: str = "",
) -> Response:
    """Show the first leads of each need, or one need page by page; whom it shows is put on record."""
    if need == "merge":
        return RedirectResponse("/console/merges", status_code=303)
    # `mine` is how links of before say it.
    asked = {"need": need, "office": office, "stage": stage, "owner": owner or (ME if mine else ""), "source": source}
    return page(request, session, staff, asked, after=after, did=did)


def page(
    request: Request, session: Session, staff: Staff, asked: Mapping[str, str], *, after: str = "", did: str = "", refusal: Any = None
) -> Response:
    """Return the page of a list, with what came of the deed `did`, or with a refusal."""
    chosen, filters = read(asked, staff.id)
    need = chosen.pop("need")
    groups, more = _one(session, need, filters, after) if need else (first_of_each(session, filters, limit=AT_A_GLANCE, most=IN_ALL), None)
    rows = [row for group in groups.values() for row in group]
    put_on_record(session, rows, staff, need=need or "all")
    able = colleagues(session)
    return draw(
        request,
        "leads.html",
        staff=staff,
        status=refusal.status if refusal else 200,
        tab="leads",
        need=need,
        groups=groups,
        counts=count_by_need(session, filters),
        mine=count_of(session, [staff.id], filters).get(staff.id, 0),
        live=query_of(chosen),
        more=f"?{_query(chosen, need=need, after=str(more))}" if more else None,
        is_further=bool(need and Place.read(after)),
        chosen=chosen,
        query=query_of(chosen | {"need": need}),
        link=lambda name: f"/console?{_query(chosen, need=name)}" if name else f"/console?{_query(chosen)}",
        # One's own are counted in all lists, so that is where their count leads.
        whose=lambda owner: f"/console?{_query(chosen | {'owner': owner}, need='' if owner else need)}",
        is_filtered=any(chosen.values()),
        offices=clinic().offices,
        waiting=waiting(session) | among(session, filters),
        owners=owners_of(session, rows, able),
        colleagues=able,
        assign_closed=CLOSED,
        views=views_of(session, staff.id),
        address_of=address_of,
        did=_deed(session, did, staff),
        refusal=refusal,
    )


def read(asked: Mapping[str, str], who: uuid.UUID) -> tuple[dict[str, str], Filters]:
    """Return what an address of this account chooses, without what cannot be chosen, and the filters that come of it."""
    chosen = {name: asked.get(name, "")[:40] for name in KEPT if name != "mine"}
    chosen["stage"] = chosen["stage"] if chosen["stage"] in STAGES else ""
    if chosen["stage"] == "closed":
        chosen["need"] = "closed"
    elif chosen["stage"] and chosen["need"] == "closed":
        # None of the closed stands at any other stage: whoever asks for one looks among the open.
        chosen["need"] = ""
    chosen["need"] = chosen["need"] if chosen["need"] in (*NEEDS, *BESIDE) else ""
    owner = who if chosen["owner"] == ME else _id(chosen["owner"])
    if owner is None and chosen["owner"] != NOBODY:
        chosen["owner"] = ""
    nobodys = chosen["owner"] == NOBODY
    return chosen, Filters(chosen["office"] or None, chosen["stage"] or None, owner, chosen["source"] or None, nobodys)


def put_on_record(session: Session, rows: Iterable[Row], staff: Staff, *, need: str) -> None:
    """Write down whose names were shown."""
    record_about(session, "leads.listed", "leads", None, actor=staff.actor, need=need, leads=[row.number for row in rows])


def owners_of(session: Session, rows: Iterable[Row], known: Iterable[Colleague] = ()) -> dict[uuid.UUID, str]:
    """Return the names of those whose leads these are; of accounts that are read already, no one is read again."""
    names = dict(known)
    others = {row.assigned_to for row in rows if row.assigned_to} - names.keys()
    return names | names_of(session, others) if others else names


def _one(session: Session, need: str, filters: Filters, after: str) -> tuple[dict[str, Any], Place | None]:
    place = Place.read(after)
    of = BESIDE.get(need) or partial(page_of, need=need)
    found = of(session, filters=filters, after=place, limit=A_PAGE + 1)
    shown = found[:A_PAGE]
    return {need: shown}, Place(shown[-1].due, shown[-1].id) if len(found) > A_PAGE else None


def _deed(session: Session, did: str, staff: Staff) -> Any:
    deed_id = _id(did)
    deed = deed_of(session, deed_id, staff.id) if deed_id else None
    return outcome_of(deed) if deed and deed.undone_at is None else None


def _query(chosen: Mapping[str, str], **also: str) -> str:
    return urlencode({name: value for name, value in (dict(chosen) | also).items() if value})


def _id(text: str) -> uuid.UUID | None:
    try:
        return uuid.UUID(text)
    except ValueError:
        return None
