"""The list of leads by what is needed next."""

import uuid
from collections.abc import Iterable, Mapping
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response
from sqlalchemy.orm import Session

from leads.accounts.staff import names_of, working
from leads.audit.trail import record_about
from leads.clinic.profile import clinic
from leads.http.console.draw import draw
from leads.http.console.staff import Reader, Staff
from leads.http.console.waiting import waiting
from leads.http.transaction import Db
from leads.pipeline.deeds import deed_of, outcome_of
from leads.pipeline.stages import COORDINATORS, STAGES
from leads.pipeline.views import KEPT, query_of, views_of
from leads.pipeline.worklist import NEEDS, Filters, Place, Row, closed, count_by_need, first_of_each, page_of

AT_A_GLANCE, A_PAGE = 10, 50
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
    # `mine` is how links of before say it.
    asked = {"need": need, "office": office, "stage": stage, "owner": owner or (ME if mine else ""), "source": source}
    return page(request, session, staff, asked, after=after, did=did)


def page(
    request: Request, session: Session, staff: Staff, asked: Mapping[str, str], *, after: str = "", did: str = "", refusal: Any = None
) -> Response:
    """Return the page of a list, with what came of the deed `did`, or with a refusal."""
    chosen, filters = read(asked, staff)
    need = chosen.pop("need")
    groups, more = _one(session, need, filters, after) if need else (first_of_each(session, filters, limit=AT_A_GLANCE), None)
    rows = [row for group in groups.values() for row in group]
    put_on_record(session, rows, staff, need=need or "all")
    return draw(
        request,
        "leads.html",
        staff=staff,
        status=refusal.status if refusal else 200,
        tab="leads",
        need=need,
        groups=groups,
        counts=count_by_need(session, filters),
        more=f"?{_query(chosen, need=need, after=str(more))}" if more else None,
        chosen=chosen,
        query=query_of(chosen | {"need": need}),
        link=lambda name: f"/console?{_query(chosen, need=name)}" if name else f"/console?{_query(chosen)}",
        is_filtered=any(chosen.values()),
        offices=clinic().offices,
        waiting=waiting(session),
        owners=owners_of(session, rows),
        colleagues=working(session, COORDINATORS),
        views=views_of(session, staff.id),
        did=_deed(session, did, staff),
        refusal=refusal,
    )


def read(asked: Mapping[str, str], staff: Staff) -> tuple[dict[str, str], Filters]:
    """Return what an address chooses, without what cannot be chosen, and the filters that come of it."""
    chosen = {name: asked.get(name, "")[:40] for name in KEPT if name != "mine"}
    chosen["stage"] = chosen["stage"] if chosen["stage"] in STAGES else ""
    if chosen["stage"] == "closed":
        chosen["need"] = "closed"
    chosen["need"] = chosen["need"] if chosen["need"] in (*NEEDS, "closed") else ""
    owner = staff.id if chosen["owner"] == ME else _id(chosen["owner"])
    if owner is None and chosen["owner"] != NOBODY:
        chosen["owner"] = ""
    nobodys = chosen["owner"] == NOBODY
    return chosen, Filters(chosen["office"] or None, chosen["stage"] or None, owner, chosen["source"] or None, nobodys)


def put_on_record(session: Session, rows: Iterable[Row], staff: Staff, *, need: str) -> None:
    """Write down whose names were shown."""
    record_about(session, "leads.listed", "leads", None, actor=staff.actor, need=need, leads=[row.lead.number for row in rows])


def owners_of(session: Session, rows: Iterable[Row]) -> dict[uuid.UUID, str]:
    """Return the names of those whose leads these are."""
    return names_of(session, (row.lead.assigned_to for row in rows if row.lead.assigned_to))


def _one(session: Session, need: str, filters: Filters, after: str) -> tuple[dict[str, Any], Place | None]:
    place = Place.read(after)
    if need == "closed":
        found = closed(session, filters, after=place, limit=A_PAGE + 1)
    else:
        found = page_of(session, need, filters, after=place, limit=A_PAGE + 1)
    shown = found[:A_PAGE]
    return {need: shown}, Place(shown[-1].due, shown[-1].lead.id) if len(found) > A_PAGE else None


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
