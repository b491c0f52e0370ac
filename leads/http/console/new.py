"""By hand: somebody calls, walks in or sends a fax, and within a minute it is an inquiry like any other."""

from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from fastapi.responses import RedirectResponse, Response
from pydantic import ValidationError
from sqlalchemy.orm import Session

from leads.clinic.profile import Choice, clinic
from leads.clinic.typed import UNDER_AGE, from_form
from leads.errors import Conflict, FieldError, Invalid, LeadsError, NotFound
from leads.http.console.draw import draw
from leads.http.console.scan_at_hand import at_hand, for_inquiry
from leads.http.console.staff import Reader, Staff, Worker
from leads.http.console.waiting import waiting
from leads.http.errors import from_model
from leads.http.transaction import Db
from leads.http.wording import Words
from leads.inquiries.receive import Arrival, Receipt, receive
from leads.inquiries.submission import Submission
from leads.people.match import email_index
from leads.people.models import Person
from leads.pipeline.confirm import confirm_address
from leads.pipeline.contact import log_call
from leads.pipeline.find import by_number
from leads.scans.models import Scan
from leads.scans.settle import became_inquiry

router = APIRouter(prefix="/new")
CHANNELS = {"phone": "A call", "walk-in": "A walk-in", "fax": "A fax"}
OURS = ("csrf", "scan", "channel", "spoken_by", "address_read_back", "spoken_with")
SPEAKS = ("phone", "walk-in")


async def typed_fields(request: Request) -> dict[str, str]:
    """Return every field of the form as it was typed."""
    return {name: value for name, value in (await request.form()).items() if isinstance(value, str)}


Typed = Annotated[dict[str, str], Depends(typed_fields)]


@router.get("")
def show(request: Request, session: Db, staff: Reader, scan: str = "") -> Response:
    """Show the empty form, or one with what is known of a scan that waits."""
    if held := at_hand(session, staff, scan):
        # Nobody has spoken with anybody: what they agree to is what the sheet says, and for a person to tick.
        return _page(request, session, staff, for_inquiry(held), scan=held)
    return _page(request, session, staff, {"channel": "phone", "spoken_with": "yes", "safe_email": "yes", "consent.contact": "yes"})


@router.post("")
def send(request: Request, session: Db, staff: Worker, typed: Typed) -> Response:
    """Keep it and go to its lead, or show the form again with nothing typed lost; the scan it was typed from goes along."""
    scan = None
    try:
        scan = at_hand(session, staff, typed.get("scan", ""))
        asked = _read(typed)
        with session.begin_nested():
            receipt = _keep(session, staff, asked, typed)
            if scan:
                became_inquiry(session, scan.id, by_number(session, receipt.number), actor=staff.actor)
    except ValidationError as error:
        return _page(request, session, staff, typed, refusal=from_model(error), scan=scan)
    except Invalid as refusal:
        return _page(request, session, staff, typed, refusal=refusal, scan=scan)
    except (Conflict, NotFound) as refusal:
        # Somebody was faster with the scan; what was typed stands, and can be kept without it.
        return _page(request, session, staff, typed, refusal=refusal)
    return RedirectResponse(f"/console/leads/{receipt.number}", status_code=303)


def _read(typed: Mapping[str, str]) -> Submission:
    wrong = []
    if typed.get("channel") not in CHANNELS:
        wrong.append(FieldError("channel", "unknown_choice", "Say how they came to us."))
    if not typed.get("spoken_by", "").strip():
        wrong.append(FieldError("spoken_by", "required", "Say who agreed, and how: “Ana herself, on the phone”."))
    if wrong:
        raise Invalid("Some fields need another look.", errors=tuple(wrong))
    given = {name: value for name, value in typed.items() if name not in OURS}
    return Submission.model_validate(from_form(given | {"consent.wording": clinic().consent.version}))


def _keep(session: Session, staff: Staff, asked: Submission, typed: Mapping[str, str]) -> Receipt:
    channel, evidence = typed["channel"], typed["spoken_by"].strip()
    receipt = receive(session, asked, Arrival(channel, actor=staff.actor, spoken=evidence))
    lead = by_number(session, receipt.number)
    mine = asked.email and session.get_one(Person, lead.person_id).email_index == email_index(asked.email)
    if typed.get("address_read_back") and mine:
        confirm_address(session, lead.id, method="spoken", evidence=evidence, actor=staff.actor)
    if typed.get("spoken_with") and channel in SPEAKS:
        # They have us on the phone: the promise to call is kept.
        log_call(session, lead.id, result="reached", note=asked.message, actor=staff.actor)
    return receipt


def _codes(choices: list[Choice]) -> list[tuple[str, str]]:
    return [("", "Did not say"), *((each.code, each.words["en"]) for each in choices)]


def _page(
    request: Request,
    session: Session,
    staff: Staff,
    typed: Mapping[str, str],
    *,
    refusal: LeadsError | None = None,
    scan: Scan | None = None,
) -> Response:
    words = Words("en")
    errors = {each.field: words.of_error(each) for each in refusal.errors} if refusal else {}
    if any(each.code == UNDER_AGE for each in (refusal.errors if refusal else ())):
        errors = {"for_whom": "We can only take inquiries for adults. Nothing was stored."}
    context: dict[str, Any] = {"values": typed, "errors": errors, "channels": CHANNELS, "tab": "new"}
    return draw(
        request,
        "new.html",
        staff=staff,
        status=refusal.status if refusal else 200,
        waiting=waiting(session),
        refusal=refusal,
        scan=scan,
        offices=[("none", "No preference"), *((each.code, each.name) for each in clinic().offices)],
        interests=_codes(clinic().interests),
        heard_from=_codes(clinic().heard_from),
        **context,
    )
