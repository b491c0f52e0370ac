"""The open referral form: for every clinician, without an account, believed only after a call."""

from datetime import timedelta

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response
from pydantic import ValidationError

from leads.accounts.throttle import count
from leads.clinic.profile import clinic
from leads.errors import Invalid, TooMany
from leads.http.public.traps import HIDDEN, OPENED, TRAPS, sprung, stamp
from leads.http.referral_form import compact, nested
from leads.http.referral_page import Desk, Typed, keep, show_form, show_kept, show_refused
from leads.http.source import source_of
from leads.http.transaction import Db
from leads.http.uploads import Uploaded
from leads.http.wording import Words, language_of
from leads.providers.directory import choices
from leads.referrals.receive import Arrival
from leads.referrals.submission import Submission

router = APIRouter()
LOOK_UPS_A_MINUTE = 60
ACTOR = "referrer"


@router.api_route("/refer", methods=["GET", "HEAD"])
def show(request: Request) -> Response:
    """Show the empty form."""
    return show_form(request, _desk(), {})


@router.post("/refer")
def send(request: Request, session: Db, sent: Uploaded) -> Response:
    """Keep the referral and answer with its number and a summary to print, or show the form again with nothing typed lost."""
    typed = compact({name: values for name, values in sent.fields.items() if name not in TRAPS})
    traps = {name: sent.fields[name][-1] for name in TRAPS if name in sent.fields}
    desk = _desk(traps.get(OPENED))
    try:
        asked = Submission.model_validate(nested(typed))
        if sprung(traps) and not asked.current_risk:
            return _ask_again(request, typed, sent.files)
        receipt = keep(session, asked, Arrival("form", source_of(request), actor=ACTOR), sent)
    except (ValidationError, Invalid, TooMany) as error:
        return show_refused(request, desk, typed, error, sent)
    return show_kept(request, session, desk, asked, receipt, sent)


@router.get("/refer/providers")
def offer(request: Request, session: Db, typed: str = "") -> Response:
    """Return what the public registry says of an NPI or a name, for the form to fill in."""
    count(session, "provider-look-up", source_of(request), limit=LOOK_UPS_A_MINUTE, within=timedelta(minutes=1))
    return JSONResponse(choices(session, typed[:80], limit=8), headers={"Cache-Control": "no-store"})


def _ask_again(request: Request, typed: Typed, files: list[tuple[str, bytes]]) -> Response:
    # A machine goes away; a person's form, filled in by their browser, is at most sent once more: with a new stamp.
    refusal = Words(language_of(request))("refer.again", phone=clinic().practice.phone)
    return show_form(request, _desk(), typed, refusal=refusal, status=422, files=files)


def _desk(opened: str | None = None) -> Desk:
    # A stamp once given is kept, so that mending a field is never too fast.
    return Desk("/refer", "_parts/base.html", {OPENED: opened or stamp()}, trap=HIDDEN)
