"""The referral form of somebody signed in: filled in with what we have on file of them, and saved as it is typed."""

import uuid

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, RedirectResponse, Response
from sqlalchemy.orm import Session

from leads.clinic.profile import clinic
from leads.errors import Forbidden, Unauthenticated
from leads.http.own_form import check_form, comes_from_us
from leads.http.pages import phone_words
from leads.http.referral_form import compact
from leads.http.referral_page import Desk, Typed
from leads.http.referrer import referrer_in, token_for
from leads.http.transaction import Db
from leads.http.uploads import Sent, Uploaded
from leads.http.wording import language_of
from leads.providers.models import Delegate, Provider
from leads.providers.sign_in import Referrer
from leads.referrals.draft import discard, drafts_of, find, save

router = APIRouter()
CARRIED = ("csrf", "draft")


@router.post("/refer/draft")
def keep_draft(request: Request, session: Db, sent: Uploaded) -> Response:
    """Save the form as far as it has been typed; a script is told the draft's id, a browser without one is led back to the form."""
    referrer = _signed(request, session, sent)
    typed = compact({name: values for name, values in sent.fields.items() if name not in CARRIED})
    draft = save(session, referrer.who, typed, draft_id=draft_in(sent))
    if "application/json" in request.headers.get("accept", ""):
        return JSONResponse({"id": str(draft.id)})
    return RedirectResponse(f"/refer?draft={draft.id}&language={language_of(request)}", status_code=303)


@router.post("/refer/draft/discard")
def throw_away(request: Request, session: Db, sent: Uploaded) -> Response:
    """Delete a draft of theirs."""
    referrer = _signed(request, session, sent)
    if (draft_id := draft_in(sent)) is not None:
        discard(session, referrer.who, draft_id)
    return RedirectResponse(f"/refer?language={language_of(request)}", status_code=303)


def signed_desk(request: Request, session: Session, referrer: Referrer, draft_id: uuid.UUID | None = None) -> Desk:
    """Return the desk of somebody signed in."""
    carried = {"csrf": token_for(request), "draft": str(draft_id or "")}
    return Desk(carried, signed=referrer, begun=drafts_of(session, referrer.who))


def beginning(session: Session, referrer: Referrer, draft_id: uuid.UUID | None = None) -> Typed:
    """Return what the form shows at first: a draft of theirs, or what is on file of them; raises NotFound for another's draft."""
    if draft_id is None:
        return {name: [value] for name, value in _on_file(session, referrer).items() if value}
    content = find(session, referrer.who, draft_id).content or {}
    if content.get("patient.consent.wording") == [clinic().consent.version]:
        return content
    # A tick stands for the words beside it: under new words it would say what nobody said.
    return {name: values for name, values in content.items() if not name.startswith("patient.consent.")}


def draft_in(sent: Sent) -> uuid.UUID | None:
    """Return the draft that a form goes on with, or None."""
    return id_of(_last(sent, "draft"))


def id_of(text: str) -> uuid.UUID | None:
    """Return an id that was typed or sent, or None where it is none."""
    try:
        return uuid.UUID(text)
    except ValueError:
        return None


def is_ours(request: Request, sent: Sent) -> bool:
    """True for a form drawn for this very session, false for one drawn before it; raises Forbidden for another site's."""
    try:
        check_form(request, token_for(request), _last(sent, "csrf"))
    except Forbidden:
        if not comes_from_us(request):
            raise
        return False
    return True


def _signed(request: Request, session: Session, sent: Sent) -> Referrer:
    referrer = referrer_in(request, session)
    if referrer is None:
        raise Unauthenticated("You are signed out by now: sign in to the portal again.")
    check_form(request, token_for(request), _last(sent, "csrf"))
    return referrer


def _on_file(session: Session, referrer: Referrer) -> dict[str, str | None]:
    who, practice = referrer.who, referrer.practice
    known: dict[str, str | None] = {"provider.practice": practice.name}
    if isinstance(who, Delegate):
        known |= {"submitted_by.name": who.name, "submitted_by.email": who.email}
    clinician = who if isinstance(who, Provider) else session.get(Provider, who.provider_id) if who.provider_id else None
    if clinician is not None:
        for name in ("npi", "given_name", "family_name", "email"):
            known[f"provider.{name}"] = getattr(clinician, name)
    known["provider.phone"] = phone_words((clinician.phone if clinician else None) or practice.phone)
    known["provider.fax"] = phone_words((clinician.fax if clinician else None) or practice.fax)
    return known


def _last(sent: Sent, name: str) -> str:
    return sent.fields.get(name, [""])[-1]
