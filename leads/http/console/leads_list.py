"""The list of leads by what is needed next."""

import uuid
from collections.abc import Iterable
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response
from sqlalchemy.orm import Session

from leads.accounts.staff import names_of
from leads.audit.trail import record_about
from leads.clinic.profile import clinic
from leads.http.console.draw import draw
from leads.http.console.staff import Reader, Staff
from leads.http.console.waiting import waiting
from leads.http.transaction import Db
from leads.pipeline.stages import STAGES
from leads.pipeline.worklist import NEEDS, Filters, Place, Row, closed, count_by_need, first_of_each, page_of

AT_A_GLANCE, A_PAGE = 10, 50
router = APIRouter()


@router.get("")
def show(
    request: Request,
    session: Db,
    staff: Reader,
    need: str = "",
    office: str = "",
    stage: str = "",
    mine: Annotated[str, Query()] = "",
    after: str = "",
) -> Response:
    """Show the first leads of each need, or one need page by page; whom it shows is put on record."""
    filters = Filters(office or None, stage if stage in STAGES else None, staff.id if mine else None)
    chosen = {"office": office, "stage": filters.stage or "", "mine": "1" if mine else ""}
    need = "closed" if filters.stage == "closed" else need if need in (*NEEDS, "closed") else ""
    groups, more = _one(session, need, filters, after) if need else (first_of_each(session, filters, limit=AT_A_GLANCE), None)
    rows = [row for group in groups.values() for row in group]
    put_on_record(session, rows, staff, need=need or "all")
    return draw(
        request,
        "leads.html",
        staff=staff,
        tab="leads",
        need=need,
        groups=groups,
        counts=count_by_need(session, filters),
        more=f"?{_query(chosen, need=need, after=str(more))}" if more else None,
        chosen=chosen,
        link=lambda name: f"/console?{_query(chosen, need=name)}" if name else f"/console?{_query(chosen)}",
        is_filtered=any(chosen.values()),
        offices=clinic().offices,
        waiting=waiting(session),
        owners=owners_of(session, rows),
    )


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


def _query(chosen: dict[str, str], **also: str) -> str:
    return urlencode({name: value for name, value in (chosen | also).items() if value})
