"""Who is calling? Found by number (a lead's or a referral's), e-mail address or phone; by POST, so that none of it stands in an address."""

from contextlib import suppress
from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import RedirectResponse, Response
from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from leads.errors import NotFound
from leads.http.console.draw import draw
from leads.http.console.leads_list import owners_of, put_on_record
from leads.http.console.staff import Reader
from leads.http.console.waiting import waiting
from leads.http.own_form import Token, check_form
from leads.http.transaction import Db
from leads.people.match import email_index, phone_index
from leads.people.models import Person
from leads.pipeline.find import by_number
from leads.pipeline.models import Lead
from leads.pipeline.worklist import of_leads
from leads.referrals.find import by_number as referral_numbered
from leads.security.identifiers import normal_phone

MOST = 20
router = APIRouter()


@router.post("/find")
def find(request: Request, session: Db, staff: Reader, token: Token, q: Annotated[str, Form()] = "") -> Response:
    """Go to the one lead that answers, or show those that do."""
    check_form(request, staff.csrf, token)
    found = _found(session, q.strip()[:320])
    if len(found) == 1:
        return RedirectResponse(f"/console/leads/{found[0].number}", status_code=303)
    rows = of_leads(session, found)
    put_on_record(session, rows, staff, need="find")
    return draw(request, "found.html", staff=staff, tab="", waiting=waiting(session), q=q, rows=rows, owners=owners_of(session, rows))


def _of_referral(session: Session, q: str) -> Lead:
    return session.get_one(Lead, referral_numbered(session, q).lead_id)


def _found(session: Session, q: str) -> list[Lead]:
    for numbered in (by_number, _of_referral):
        with suppress(NotFound):
            return [numbered(session, q)]
    # Whole identifiers only: their blind indexes know no prefixes, so a search cannot be used to leaf through patients.
    phone = normal_phone(q)
    same = [Person.email_index == email_index(q)] + ([Person.phone_index == phone_index(phone)] if phone else [])
    wanted = select(Lead).join(Person, Lead.person_id == Person.id).where(or_(*same)).order_by(Lead.serial.desc()).limit(MOST)
    return list(session.scalars(wanted))
