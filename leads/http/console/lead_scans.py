"""The scans that hang on a lead: saved by a colleague, on record, and taken off again where they are not about them."""

import uuid

from fastapi import APIRouter
from fastapi.responses import Response

from leads.http.console.act import Asked, do
from leads.http.console.documents import to_save
from leads.http.console.restriction import read_person
from leads.http.console.shell import said_of
from leads.http.console.staff import Reader
from leads.http.transaction import Db
from leads.pipeline.deeds import keep
from leads.pipeline.find import by_number
from leads.pipeline.models import Lead
from leads.scans.look import read
from leads.scans.settle import not_theirs

router = APIRouter(prefix="/leads/{number}/scans/{theirs}")


@router.get("")
def save(session: Db, staff: Reader, number: str, theirs: uuid.UUID) -> Response:
    """Return a lead's scan to be saved; that it was read, and by whom, is on record."""
    lead = by_number(session, number)
    read_person(session, staff, lead)
    return to_save(read(session, theirs, lead_id=lead.id, actor=staff.actor, purpose="console"))


@router.post("/not-theirs")
def take_off(asked: Asked, theirs: uuid.UUID) -> Response:
    """Take a scan from a lead that it is not about: it waits again among those that name nobody."""

    def verb(lead: Lead) -> str:
        was = not_theirs(asked.session, theirs, lead, actor=asked.staff.actor)
        named = {"taken_off": str(theirs), "from": str(lead.id), "was": was}
        return said_of("scan-off", keep(asked.session, asked.staff.id, "scan-off", named), "#scans")

    return do(asked, verb, done=lambda ending: ending)
