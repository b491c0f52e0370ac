"""People who may be one: shown, so that nobody calls the same person twice without knowing."""

import uuid
from collections.abc import Iterable

from fastapi import APIRouter, Request
from fastapi.responses import Response
from sqlalchemy import select
from sqlalchemy.orm import Session

from leads.audit.trail import record_about
from leads.errors import Conflict
from leads.http.console.draw import draw
from leads.http.console.staff import Reader, Staff
from leads.http.console.waiting import waiting
from leads.http.console.who import who_is_who
from leads.http.transaction import Db
from leads.people.models import MergeSuggestion, Person
from leads.pipeline.models import Lead

A_PAGE = 25
router = APIRouter(prefix="/merges")


@router.get("")
def show(request: Request, session: Db, staff: Reader, after: str = "") -> Response:
    """Show the pairs nobody has decided about, the oldest suspicion first."""
    return page(request, session, staff, after=after)


def page(
    request: Request,
    session: Session,
    staff: Staff,
    *,
    after: str = "",
    refusal: Conflict | None = None,
    decided: MergeSuggestion | None = None,
) -> Response:
    """Return the list; after a refusal with what somebody else `decided` about a pair, and the leads it is about."""
    wanted = select(MergeSuggestion).where(MergeSuggestion.decided_at.is_(None)).order_by(MergeSuggestion.id).limit(A_PAGE + 1)
    try:
        wanted = wanted.where(MergeSuggestion.id > uuid.UUID(after))
    except ValueError:
        after = ""
    found = session.scalars(wanted).all()
    pairs = found[:A_PAGE]
    both = {each for pair in pairs for each in (pair.person_id, pair.other_id)}
    both |= {decided.person_id, decided.other_id} if decided else set()
    record_about(session, "merges.listed", "people", None, actor=staff.actor, people=sorted(str(each) for each in both))
    return draw(
        request,
        "merges.html",
        staff=staff,
        status=refusal.status if refusal else 200,
        tab="merges",
        waiting=waiting(session),
        pairs=pairs,
        people={person.id: person for person in session.scalars(select(Person).where(Person.id.in_(both)))},
        leads=_leads(session, both),
        more=f"?after={pairs[-1].id}" if len(found) > A_PAGE else None,
        refusal=refusal,
        decided=decided,
        names=who_is_who(session, {decided.decided_by} if decided and decided.decided_by else set()),
    )


def _leads(session: Session, people: Iterable[uuid.UUID]) -> dict[uuid.UUID, list[Lead]]:
    found: dict[uuid.UUID, list[Lead]] = {each: [] for each in people}
    for lead in session.scalars(select(Lead).where(Lead.person_id.in_(found)).order_by(Lead.serial.desc())):
        found[lead.person_id].append(lead)
    return found
