"""Do we know them already? Asked while a number or an address is typed: by POST, so that neither stands in an address, and on record."""

import uuid
from collections.abc import Sequence
from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import Response
from sqlalchemy import false, func, or_, select
from sqlalchemy.orm import Session

from leads.http.console.draw import draw
from leads.http.console.leads_list import put_on_record
from leads.http.console.staff import Worker
from leads.http.transaction import Db
from leads.people.match import email_index, phone_index
from leads.people.models import Person
from leads.pipeline.listed import Row
from leads.pipeline.models import Lead
from leads.pipeline.worklist import of_leads
from leads.security.identifiers import normal_phone

router = APIRouter(prefix="/new")
MOST = 5
Words = Annotated[str, Form()]


@router.post("/known")
def known(request: Request, session: Db, staff: Worker, email: Words = "", phone: Words = "") -> Response:
    """Return who has this very address or number, as a piece of a page; nothing for half of one."""
    number = normal_phone(phone)
    same = [Person.email_index == email_index(email)] if "@" in email else []
    same += [Person.phone_index == phone_index(number)] if number else []
    wanted = (
        select(Lead.id)
        .join(Person, Lead.person_id == func.coalesce(Person.merged_into, Person.id))
        .where(or_(false(), *same))
        .order_by(Lead.serial.desc())
        .limit(MOST)
    )
    rows = of_leads(session, session.scalars(wanted).all()) if same else []
    if rows:
        put_on_record(session, rows, staff, need="known")
    return draw(request, "_known.html", staff=staff, rows=rows, born=_born(session, rows))


def _born(session: Session, rows: Sequence[Row]) -> dict[uuid.UUID, str]:
    """Return the dates of birth we know; a restricted record says none."""
    theirs = select(Person).where(Person.id.in_([row.person_id for row in rows]), Person.restricted_at.is_(None))
    return {person.id: person.birth_date for person in session.scalars(theirs) if person.birth_date} if rows else {}
