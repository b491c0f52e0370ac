"""Who is calling? Found by number, name, e-mail address, phone or referrer; by POST, so that none of it stands in an address."""

import uuid
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import RedirectResponse, Response
from sqlalchemy import ColumnElement, func, or_, select
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
from leads.people.search import by_name
from leads.pipeline.find import by_number
from leads.pipeline.models import Lead
from leads.pipeline.worklist import of_leads
from leads.referrals.find import by_number as referral_numbered
from leads.referrals.search import referred_by
from leads.security.identifiers import normal_phone

MOST = 25
# Whom a clinician of that name has sent comes second where somebody bears it themselves.
BESIDE_OTHERS = 10
router = APIRouter()


@dataclass(frozen=True)
class Found:
    """The leads of those who answer to the words, those whom such a clinician or practice referred, and whether either may be more."""

    leads: Sequence[uuid.UUID]
    referred: Sequence[uuid.UUID] = ()
    is_cut: bool = False
    more_referred: bool = False


@router.post("/find")
def find(request: Request, session: Db, staff: Reader, token: Token, q: Annotated[str, Form()] = "") -> Response:
    """Go to the one lead that answers, or show those that do."""
    check_form(request, staff.csrf, token)
    found = _found(session, q.strip()[:320])
    both = of_leads(session, [*found.leads, *found.referred])
    if len(both) == 1 and not found.referred and not found.is_cut:
        return RedirectResponse(f"/console/leads/{both[0].number}", status_code=303)
    put_on_record(session, both, staff, need="find")
    rows, referred = ([row for row in both if row.id in those] for those in (found.leads, found.referred))
    return draw(
        request,
        "found.html",
        staff=staff,
        tab="",
        waiting=waiting(session),
        q=q,
        rows=rows,
        referred=referred,
        is_cut=found.is_cut,
        more_referred=found.more_referred,
        owners=owners_of(session, both),
    )


def _found(session: Session, q: str) -> Found:
    for numbered in (_of_lead, _of_referral):
        with suppress(NotFound):
            return Found([numbered(session, q)])
    # An address or a phone is asked for whole: their indexes know no parts, so that a search cannot be used to leaf through patients.
    phone = normal_phone(q)
    same = [Person.email_index == email_index(q)] if "@" in q else []
    same += [Person.phone_index == phone_index(phone)] if phone else []
    if same and (known := _leads_of(session, or_(*same))):
        return Found(known[:MOST], is_cut=len(known) > MOST)
    named = by_name(session, q)
    theirs = _leads_of(session, Person.id.in_([person.id for person in named.people]))
    most = BESIDE_OTHERS if theirs else MOST
    sent = referred_by(session, q, limit=most + 1)
    referred = [lead for lead in sent[:most] if lead not in theirs]
    return Found(theirs[:MOST], referred, named.is_cut or len(theirs) > MOST, len(sent) > most)


def _of_lead(session: Session, q: str) -> uuid.UUID:
    return by_number(session, q).id


def _of_referral(session: Session, q: str) -> uuid.UUID:
    return referral_numbered(session, q).lead_id


def _leads_of(session: Session, whose: ColumnElement[bool]) -> Sequence[uuid.UUID]:
    # Whoever was merged is found by what was known of either record.
    join = Lead.person_id == func.coalesce(Person.merged_into, Person.id)
    return session.scalars(select(Lead.id).join(Person, join).where(whose).order_by(Lead.serial.desc()).limit(MOST + 1)).all()
