"""`POST /fhir`: a referral as a transaction Bundle, all of it or nothing."""

import uuid
from typing import Annotated, Any

from fastapi import APIRouter, Header, Response
from sqlalchemy.orm import Session

from leads.accounts.keys import Holder
from leads.errors import FieldError, Invalid
from leads.http.fhir.caller import Body, Key, Own
from leads.http.fhir.codes import Resource, base
from leads.http.fhir.entries import Entry
from leads.http.fhir.outcome import as_fhir, outcome
from leads.http.fhir.parse import parse
from leads.http.fhir.read_order import Order, read_order
from leads.http.fhir.write_task import moment
from leads.http.transaction import Db
from leads.loop.models import Referral
from leads.referrals.attach import attach
from leads.referrals.receive import Arrival, receive

router = APIRouter()
IfNoneExist = Annotated[str | None, Header(alias="If-None-Exist", max_length=500)]
CHANGED = (
    "You sent this request before, with other content. The new content waits for one of us to take it in; the referral stands as it was."
)


@router.post("/")
def take_bundle(session: Db, key: Key, practice: Own, body: Body, if_none_exist: IfNoneExist = None) -> Response:
    """Take in a referral; the same one again answers with what there is, and other content under its identifier waits for a person."""
    bundle = parse(body, "Bundle")
    if bundle["type"] != "transaction":
        wrong = FieldError("Bundle.type", "value", "Send a Bundle of the type transaction.")
        raise Invalid(wrong.message, errors=(wrong,))
    order = read_order(bundle, practice=practice.name, if_none_exist=if_none_exist)
    receipt = receive(session, order.submission, Arrival("fhir", key=key, placer=order.placer, actor=f"key:{key.id}"))
    if receipt.amendment_id is not None:
        # An answer, not an exception: the amendment must be kept.
        return as_fhir(outcome("duplicate", CHANGED), 409, {"Location": f"{base()}/Task/{receipt.id}"})
    referral = session.get_one(Referral, receipt.id)
    if receipt.is_new:
        _attach(session, order, referral, key)
    return as_fhir(_answer(referral, order, is_new=receipt.is_new))


def _attach(session: Session, order: Order, referral: Referral, key: Holder) -> None:
    for document in order.documents:
        try:
            attach(session, referral, document.name, document.content, actor=f"key:{key.id}", part2=order.submission.part2)
        except Invalid as error:
            raise Invalid(error.message, errors=(FieldError(document.place, "value", error.message),)) from None


def _answer(referral: Referral, order: Order, *, is_new: bool) -> Resource:
    entries = [{"response": _response(referral, entry, is_new=is_new)} for entry in order.entries.all]
    return {"resourceType": "Bundle", "id": str(uuid.uuid4()), "type": "transaction-response", "entry": entries}


def _response(referral: Referral, entry: Entry, *, is_new: bool) -> dict[str, Any]:
    """Return what became of one entry: the order and its Task can be read, all else is kept as part of the order."""
    if entry.type not in ("ServiceRequest", "Task"):
        kept = outcome("informational", "Kept with the ServiceRequest; not to be read by itself.", severity="information")
        return {"status": "202 Accepted", "outcome": kept}
    return {
        "status": "201 Created" if is_new else "200 OK",
        "location": f"{entry.type}/{referral.id}/_history/1",
        "etag": 'W/"1"',
        "lastModified": moment(referral.received_at),
    }
