"""By hand: a fax or a call from a practice becomes a referral like any other, with its scan; its sender is verified as ever."""

from collections.abc import Mapping, Sequence
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import RedirectResponse, Response
from pydantic import ValidationError
from sqlalchemy.orm import Session

from leads.clinic.profile import clinic
from leads.errors import Conflict, FieldError, Forbidden, Invalid, LeadsError, NotFound
from leads.http.console.draw import draw
from leads.http.console.scan_at_hand import at_hand, for_referral
from leads.http.console.staff import Reader, Staff, anybody, staff
from leads.http.console.waiting import waiting
from leads.http.errors import from_model
from leads.http.own_form import check_form
from leads.http.referral_form import nested
from leads.http.referral_page import keep
from leads.http.transaction import Db
from leads.http.uploads import Sent, Uploaded
from leads.http.wording import Words
from leads.loop.models import Referral
from leads.pipeline.models import Lead
from leads.referrals.receive import Arrival
from leads.referrals.submission import Submission
from leads.scans.models import Scan
from leads.scans.settle import became_referral

router = APIRouter(prefix="/new/referral")
CHANNELS = {"fax": "A fax", "phone": "A call", "letter": "A letter"}
OURS = ("csrf", "scan", "channel")
FORM = {"channel": ["fax"], "urgency": ["routine"], "patient.safe_email": ["yes"]}


def colleague(request: Request, session: Db) -> Staff:
    """Return who sends a form with documents, before a byte of it is read; raises Forbidden or SignInFirst."""
    # The body is read once, and in memory: nothing of it is asked for as an ordinary form.
    who = staff(request, session, anybody(request, session), {})
    if not who.may_work:
        raise Forbidden("Your account may look at leads, but not change them.")
    return who


def sender(request: Request, who: Annotated[Staff, Depends(colleague)], sent: Uploaded) -> Staff:
    """Return who sends the form, if it is ours; raises Forbidden."""
    check_form(request, who.csrf, sent.fields.get("csrf", [""])[-1])
    return who


Sender = Annotated[Staff, Depends(sender)]


@router.get("")
def show(request: Request, session: Db, staff: Reader, scan: str = "") -> Response:
    """Show the empty form, or one with what is known of a scan that waits."""
    held = at_hand(session, staff, scan)
    return _page(request, session, staff, FORM | (for_referral(held) if held else {}), scan=held)


@router.post("")
def send(request: Request, session: Db, staff: Sender, sent: Uploaded) -> Response:
    """Keep the referral with its scan and go to its lead, or show the form again with nothing typed lost."""
    scan = None
    try:
        scan = at_hand(session, staff, sent.fields.get("scan", [""])[-1])
        channel = _channel(sent)
        typed = {name: values for name, values in sent.fields.items() if name not in OURS}
        asked = Submission.model_validate(nested(_with_wording(typed)))
        with session.begin_nested():
            receipt = keep(session, asked, Arrival(channel, actor=staff.actor), Sent({}, sent.files))
            if scan:
                became_referral(session, scan.id, session.get_one(Referral, receipt.id), actor=staff.actor)
    except ValidationError as error:
        return _page(request, session, staff, sent.fields, refusal=from_model(error), files=sent.files, scan=scan)
    except Invalid as refusal:
        return _page(request, session, staff, sent.fields, refusal=refusal, files=sent.files, scan=scan)
    except (Conflict, NotFound) as refusal:
        # Somebody was faster with the scan; what was typed stands, and can be kept without it.
        return _page(request, session, staff, sent.fields, refusal=refusal, files=sent.files)
    lead = session.get_one(Lead, session.get_one(Referral, receipt.id).lead_id)
    return RedirectResponse(f"/console/leads/{lead.number}#{receipt.number}", status_code=303)


def _channel(sent: Sent) -> str:
    channel = sent.fields.get("channel", [""])[-1]
    if channel not in CHANNELS:
        words = "Say how it came to us."
        raise Invalid(words, errors=(FieldError("channel", "unknown_choice", words),))
    return channel


def _with_wording(typed: Mapping[str, Sequence[str]]) -> dict[str, Sequence[str]]:
    agreed = any(name.startswith("patient.consent.") and values for name, values in typed.items())
    return {**typed, **({"patient.consent.wording": [clinic().consent.version]} if agreed else {})}


def _page(
    request: Request,
    session: Session,
    staff: Staff,
    typed: Mapping[str, Sequence[str]],
    *,
    refusal: LeadsError | None = None,
    files: Sequence[tuple[str, bytes]] = (),
    scan: Scan | None = None,
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
        files=[name for name, _ in files],
        scan=scan,
    )
