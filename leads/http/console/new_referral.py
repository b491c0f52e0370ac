"""By hand: a fax or a call from a practice becomes a referral like any other, with its scan; its sender is verified as ever."""

from collections.abc import Mapping, Sequence
from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import JSONResponse, RedirectResponse, Response
from pydantic import ValidationError
from sqlalchemy.orm import Session

from leads.clinic.profile import clinic
from leads.errors import Conflict, FieldError, Invalid, LeadsError, NotFound
from leads.http.console import said_by
from leads.http.console.draw import draw
from leads.http.console.scan_at_hand import at_hand, for_referral, keep_for_later
from leads.http.console.staff import Reader, Staff
from leads.http.console.upload_by import FormBy, Sender
from leads.http.console.waiting import waiting
from leads.http.errors import from_model
from leads.http.referral_form import nested
from leads.http.referral_page import keep
from leads.http.transaction import Db
from leads.http.uploads import Sent
from leads.http.wording import Words
from leads.loop.models import Referral
from leads.pipeline.models import Lead
from leads.referrals.look_up import look_up
from leads.referrals.receive import Arrival
from leads.referrals.submission import TakenDown
from leads.scans.models import Scan
from leads.scans.settle import became_referral

router = APIRouter(prefix="/new")
Scans = Annotated[Sequence[str], Query()]
NOT_YET = "Some fields need another look."
AGREED = ("patient.consent.", "patient.safe_")
CHANNELS = {"fax": "A fax", "phone": "A call", "letter": "A letter"}
OURS = ("csrf", "scan", "channel", *said_by.FIELDS)
# Nothing of what the patient agreed to is ticked before it was said.
FORM = {"channel": ["fax"], "urgency": ["routine"]}
SAID_BY = {"referrer": "The referrer"} | said_by.SAID_BY
LABELS = said_by.LABELS | {
    "channel": "How it came",
    "patient.given_name": "Patient: given name",
    "patient.family_name": "Patient: family name",
    "patient.birth_date": "Patient: born",
    "patient.phone": "Patient: phone",
    "patient.email": "Patient: e-mail",
    "provider.family_name": "Who refers: family name",
    "provider.given_name": "Who refers: given name",
    "provider.npi": "Who refers: NPI",
    "provider.practice": "Who refers: practice",
    "provider.phone": "Who refers: phone",
    "provider.fax": "Who refers: fax",
    "reason": "Reason",
    "attachments": "Scan",
}


@router.get("/referral")
def show(request: Request, session: Db, staff: Reader, scan: Scans = ()) -> Response:
    """Show the empty form, or one with what is known of the scans it is typed from."""
    held = at_hand(session, staff, scan)
    return _page(request, session, staff, FORM | (for_referral(held) if held else {}), scans=held)


@router.post("/referral")
def send(request: Request, session: Db, staff: Sender, sent: FormBy) -> Response:
    """Keep the referral with its scans and go to its lead, or show the form again with nothing lost that was typed or chosen."""
    held: list[Scan] = []
    try:
        held = at_hand(session, staff, sent.fields.get("scan", ()))
        channel, asked = _read(sent)
        with session.begin_nested():
            receipt = keep(session, asked, Arrival(channel, actor=staff.actor), Sent({}, sent.files))
            for each in held:
                became_referral(session, each.id, session.get_one(Referral, receipt.id), actor=staff.actor)
    except (Invalid, Conflict, NotFound) as refusal:
        # Where somebody was faster with a scan, what was typed stands, and can be kept without it.
        kept, lost = keep_for_later(session, staff, sent)
        theirs = held if isinstance(refusal, Invalid) else []
        return _page(request, session, staff, sent.fields, refusal=refusal, scans=[*theirs, *kept], lost=lost)
    lead = session.get_one(Lead, session.get_one(Referral, receipt.id).lead_id)
    return RedirectResponse(f"/console/leads/{lead.number}?said=ref-taken-down#{receipt.number}", status_code=303)


@router.get("/referrers")
def offer(session: Db, _staff: Reader, typed: str = "") -> Response:
    """Return who may refer by an NPI or a name, for the form to fill in: on file here first, then of the public registry."""
    return JSONResponse(look_up(session, typed[:80]))


def _read(sent: Sent) -> tuple[str, TakenDown]:
    typed = {name: values[-1] for name, values in sent.fields.items() if values}
    wrong = [] if typed.get("channel") in CHANNELS else [FieldError("channel", "required", "Say how it came to us.")]
    is_said = any(value == "yes" and name.startswith(AGREED) for name, value in typed.items())
    wrong += said_by.wrong_about(typed, choices=SAID_BY) if is_said else []
    try:
        asked = TakenDown.model_validate(nested(_with_wording(sent.fields)))
    except ValidationError as error:
        raise Invalid(NOT_YET, errors=(*wrong, *from_model(error).errors)) from None
    if wrong:
        raise Invalid(NOT_YET, errors=tuple(wrong))
    return typed["channel"], asked.model_copy(update={"consent_said": said_by.as_said(typed)}) if is_said else asked


def _with_wording(typed: Mapping[str, Sequence[str]]) -> dict[str, Sequence[str]]:
    agreed = any(name.startswith("patient.consent.") and values for name, values in typed.items())
    theirs = {name: values for name, values in typed.items() if name not in OURS}
    return {**theirs, **({"patient.consent.wording": [clinic().consent.version]} if agreed else {})}


def _page(
    request: Request,
    session: Session,
    staff: Staff,
    typed: Mapping[str, Sequence[str]],
    *,
    refusal: LeadsError | None = None,
    scans: Sequence[Scan] = (),
    lost: Sequence[str] = (),
) -> Response:
    words = Words("en")
    return draw(
        request,
        "new_referral.html",
        staff=staff,
        status=refusal.status if refusal else 200,
        tab="new",
        waiting=waiting(session),
        values={name: given[-1] for name, given in typed.items() if given},
        errors={each.field: words.of_error(each) for each in refusal.errors} if refusal else {},
        refusal=refusal,
        channels=CHANNELS,
        offices=[("none", "No preference"), *((each.code, each.name) for each in clinic().offices)],
        labels=LABELS,
        said_by=SAID_BY,
        said_how=said_by.SAID_HOW,
        scans=list(dict.fromkeys(scans)),
        lost=lost,
    )
