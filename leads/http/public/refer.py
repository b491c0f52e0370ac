"""The referral form: open to every clinician without an account and believed after a call; of somebody signed in, believed at once."""

from datetime import timedelta

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response
from pydantic import ValidationError

from leads.accounts.throttle import count
from leads.clinic.profile import clinic
from leads.errors import Invalid, TooMany
from leads.http.public.refer_signed import CARRIED, beginning, draft_in, id_of, is_ours, signed_desk
from leads.http.public.traps import HIDDEN, OPENED, TRAPS, sprung, stamp
from leads.http.referral_form import compact, nested
from leads.http.referral_page import Desk, keep, show_form, show_kept, show_refused
from leads.http.referrer import referrer_in
from leads.http.source import source_of
from leads.http.transaction import Db
from leads.http.uploads import Sent, Uploaded
from leads.http.wording import Words, language_of
from leads.providers.directory import choices
from leads.providers.sign_in import Referrer
from leads.referrals.draft import discard
from leads.referrals.receive import Arrival
from leads.referrals.submission import Submission

router = APIRouter()
LOOK_UPS_A_MINUTE = 60
ACTOR = "referrer"


@router.api_route("/refer", methods=["GET", "HEAD"])
def show(request: Request, session: Db, draft: str = "") -> Response:
    """Show the form: empty, or as far as somebody signed in has filled it in."""
    referrer = referrer_in(request, session)
    if referrer is None:
        return show_form(request, _open_desk(), {})
    which = id_of(draft)
    return show_form(request, signed_desk(request, session, referrer, which), beginning(session, referrer, which))


@router.post("/refer")
def send(request: Request, session: Db, sent: Uploaded) -> Response:
    """Keep the referral and answer with its number and a summary to print, or show the form again with nothing typed lost."""
    referrer = referrer_in(request, session)
    desk = signed_desk(request, session, referrer, draft_in(sent)) if referrer else _open_desk(sent)
    typed = compact({name: values for name, values in sent.fields.items() if name not in (*TRAPS, *CARRIED)})
    try:
        asked = Submission.model_validate(nested(typed))
        if (why := _why_again(request, referrer, asked, sent)) is not None:
            refusal = Words(language_of(request))(why, phone=clinic().practice.phone)
            return show_form(request, desk if referrer else _open_desk(), typed, refusal=refusal, status=422, files=sent.files)
        receipt = keep(session, asked, _arrival(request, referrer), sent)
    except (ValidationError, Invalid, TooMany) as error:
        return show_refused(request, desk, typed, error, sent)
    if referrer and (draft_id := draft_in(sent)):
        discard(session, referrer.who, draft_id)
    return show_kept(request, session, desk, asked, receipt, sent)


@router.get("/refer/providers")
def offer(request: Request, session: Db, typed: str = "") -> Response:
    """Return what the public registry says of an NPI or a name, for the form to fill in."""
    count(session, "provider-look-up", source_of(request), limit=LOOK_UPS_A_MINUTE, within=timedelta(minutes=1))
    return JSONResponse(choices(session, typed[:80], limit=8), headers={"Cache-Control": "no-store"})


def _why_again(request: Request, referrer: Referrer | None, asked: Submission, sent: Sent) -> str | None:
    """Return the words for why the form is to be sent once more, or None: a machine goes away, a person presses again."""
    if referrer is not None:
        return None if is_ours(request, sent) else "refer.again"
    # Somebody in danger waits for no formality.
    if asked.current_risk:
        return None
    if "csrf" in sent.fields:
        return "refer.signed_out"
    return "refer.again" if sprung({name: sent.fields[name][-1] for name in TRAPS if name in sent.fields}) else None


def _arrival(request: Request, referrer: Referrer | None) -> Arrival:
    if referrer is None:
        return Arrival("form", source_of(request), actor=ACTOR)
    # Who is signed in answers for what they send; a whole practice may share one address.
    return Arrival("portal", practice=referrer.practice, actor=referrer.actor)


def _open_desk(sent: Sent | None = None) -> Desk:
    # A stamp once given is kept, so that mending a field is never too fast.
    opened = sent.fields.get(OPENED, [""])[-1] if sent else ""
    return Desk({OPENED: opened or stamp()}, trap=HIDDEN)
