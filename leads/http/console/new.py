"""By hand: somebody calls, walks in or sends a fax, and within a minute it is an inquiry like any other."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from fastapi.responses import RedirectResponse, Response
from pydantic import ValidationError
from sqlalchemy.orm import Session

from leads.clinic.profile import Choice, clinic
from leads.clinic.typed import UNDER_AGE, from_form
from leads.errors import Conflict, FieldError, Invalid, LeadsError, NotFound
from leads.http.console import said_by
from leads.http.console.draw import draw
from leads.http.console.scan_at_hand import at_hand, for_inquiry, keep_for_later, known_of
from leads.http.console.staff import Reader, Staff
from leads.http.console.upload_by import FormBy, Sender
from leads.http.console.waiting import waiting
from leads.http.errors import from_model
from leads.http.transaction import Db
from leads.http.uploads import Sent
from leads.http.wording import Words
from leads.inquiries.receive import Arrival, Receipt, receive
from leads.inquiries.submission import Submission
from leads.people.match import email_index
from leads.people.models import Person
from leads.pipeline.confirm import confirm_address
from leads.pipeline.contact import log_call
from leads.pipeline.find import by_number
from leads.scans.bring_in import bring_in_once
from leads.scans.models import Scan
from leads.scans.settle import became_inquiry

router = APIRouter(prefix="/new")
Scans = Annotated[Sequence[str], Query()]
CHANNELS = {"phone": "A call", "walk-in": "A walk-in", "fax": "A fax"}
OURS = ("csrf", "scan", "channel", "address_read_back", "spoken_with", *said_by.FIELDS)
NOT_YET = "Some fields need another look."
SPEAKS = ("phone", "walk-in")
AGREED = ("consent.contact", "consent.education", "consent.unencrypted_email", "safe_email", "safe_voicemail", "address_read_back")
LABELS = said_by.LABELS | {
    "channel": "How they came",
    "given_name": "Given name",
    "family_name": "Family name",
    "phone": "Phone",
    "email": "E-mail",
    "birth_date": "Born",
    "for_whom": "For",
    "message": "What they said",
    "attachments": "Scan",
    "consent.contact": "We may contact them",
    "address_read_back": "Read back",
}
# The words of the public page speak to the person; these speak to whoever takes it down.
CONTACT = "Tick this once they have said so. Without it we may not keep an inquiry: a scan can be put aside or given to a lead instead."


@router.get("")
def show(request: Request, session: Db, staff: Reader, scan: Scans = ()) -> Response:
    """Show the empty form, or one with what is known of the scans it is typed from."""
    # Nothing is ticked before it was said.
    held = at_hand(session, staff, scan)
    return _page(request, session, staff, for_inquiry(held) if held else {"channel": "phone"}, scans=held)


@router.post("")
def send(request: Request, session: Db, staff: Sender, sent: FormBy) -> Response:
    """Keep it with its scans and go to its lead, or show the form again with nothing lost that was typed or chosen."""
    typed = {name: values[-1] for name, values in sent.fields.items() if values}
    held: list[Scan] = []
    try:
        held = at_hand(session, staff, sent.fields.get("scan", ()))
        asked = _read(typed)
        with session.begin_nested():
            receipt = _keep(session, staff, asked, typed)
            _hang_on(session, staff, receipt, held, sent)
    except (Invalid, Conflict, NotFound) as refusal:
        # Where somebody was faster with a scan, what was typed stands, and can be kept without it.
        kept, lost = keep_for_later(session, staff, sent)
        theirs = held if isinstance(refusal, Invalid) else []
        return _page(request, session, staff, typed, refusal=refusal, scans=[*theirs, *kept], lost=lost)
    said = "taken-down" if asked.email else "taken-down-unmailed"
    return RedirectResponse(f"/console/leads/{receipt.number}?said={said}", status_code=303)


def _hang_on(session: Session, staff: Staff, receipt: Receipt, held: Sequence[Scan], sent: Sent) -> None:
    lead, known = by_number(session, receipt.number), replace(known_of(sent), note="")
    brought = [bring_in_once(session, name, content, known, actor=staff.actor) for name, content in sent.files]
    for scan in dict.fromkeys([*held, *brought]):
        became_inquiry(session, scan.id, lead, actor=staff.actor)


def _read(typed: Mapping[str, str]) -> Submission:
    wrong = _wrong_about(typed)
    given = {name: value for name, value in typed.items() if name not in OURS}
    try:
        asked = Submission.model_validate(from_form(given | {"consent.wording": clinic().consent.version}))
    except ValidationError as error:
        raise Invalid(NOT_YET, errors=(*wrong, *from_model(error).errors)) from None
    if wrong:
        raise Invalid(NOT_YET, errors=tuple(wrong))
    return asked


def _wrong_about(typed: Mapping[str, str]) -> list[FieldError]:
    wrong = [] if typed.get("channel") in CHANNELS else [FieldError("channel", "required", "Say how they came to us.")]
    if any(typed.get(name) == "yes" for name in AGREED):
        wrong += said_by.wrong_about(typed)
    if typed.get("address_read_back") and (typed.get("said_by") != "self" or typed.get("said_how") == "writing"):
        words = "Only they themselves can say that an address is theirs, and only while you speak with them."
        wrong.append(FieldError("address_read_back", "not_theirs", words))
    return wrong


def _keep(session: Session, staff: Staff, asked: Submission, typed: Mapping[str, str]) -> Receipt:
    channel, said = typed["channel"], said_by.as_said(typed)
    receipt = receive(session, asked, Arrival(channel, actor=staff.actor, spoken=said))
    lead = by_number(session, receipt.number)
    mine = asked.email and session.get_one(Person, lead.person_id).email_index == email_index(asked.email)
    if typed.get("address_read_back") and mine:
        confirm_address(session, lead.id, method="spoken", evidence=said.evidence, actor=staff.actor)
    if typed.get("spoken_with") and channel in SPEAKS:
        # They have us on the phone: the promise to call is kept.
        log_call(session, lead.id, result="reached", note=asked.message, actor=staff.actor)
    return receipt


def _codes(choices: list[Choice]) -> list[tuple[str, str]]:
    return [("", "Did not say"), *((each.code, each.words["en"]) for each in choices)]


def _in_words(refusal: LeadsError) -> dict[str, str]:
    if any(each.code == UNDER_AGE for each in refusal.errors):
        return {"for_whom": "We can only take inquiries for adults. Nothing was stored."}
    words = Words("en")
    errors = {"consent.contact" if each.field == "consent" else each.field: words.of_error(each) for each in refusal.errors}
    return errors | ({"consent.contact": CONTACT} if "consent.contact" in errors else {})


def _page(
    request: Request,
    session: Session,
    staff: Staff,
    typed: Mapping[str, str],
    *,
    refusal: LeadsError | None = None,
    scans: Sequence[Scan] = (),
    lost: Sequence[str] = (),
) -> Response:
    errors = _in_words(refusal) if refusal else {}
    context: dict[str, Any] = {"values": typed, "errors": errors, "channels": CHANNELS, "tab": "new"}
    return draw(
        request,
        "new.html",
        staff=staff,
        status=refusal.status if refusal else 200,
        waiting=waiting(session),
        refusal=refusal,
        scans=list(dict.fromkeys(scans)),
        lost=lost,
        offices=[("none", "No preference"), *((each.code, each.name) for each in clinic().offices)],
        interests=_codes(clinic().interests),
        heard_from=_codes(clinic().heard_from),
        labels=LABELS,
        said_by=said_by.SAID_BY,
        said_how=said_by.SAID_HOW,
        **context,
    )
