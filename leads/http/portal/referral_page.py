"""One referral: where it stands, what has happened, and what its sender may do now."""

from collections.abc import Mapping
from datetime import date

from fastapi import APIRouter, Request
from fastapi.responses import Response
from sqlalchemy.orm import Session

from leads.access.outside import read_outside
from leads.errors import LeadsError
from leads.http.portal.draw import draw
from leads.http.portal.signed import Reader, Signed
from leads.http.transaction import Db
from leads.loop.disclosure import Seen, seen
from leads.loop.models import Referral
from leads.loop.states import STATES, allowed
from leads.providers.models import Provider
from leads.referrals.attach import attachments_of
from leads.referrals.find import get_of_practice
from leads.referrals.worklists import name_of, patient_of

router = APIRouter()


@router.get("/referrals/{which}")
def open_page(request: Request, session: Db, signed: Reader, which: str, done: str = "") -> Response:
    """Show one of the practice's referrals; another's is not found. Each reading is on record."""
    return show(request, session, signed, get_of_practice(session, signed.practice.id, which), done=done)


def show(
    request: Request,
    session: Session,
    signed: Signed,
    referral: Referral,
    *,
    done: str = "",
    refusal: LeadsError | None = None,
    typed: Mapping[str, str] | None = None,
) -> Response:
    """Return a referral's page; after a refusal with the reason and what was typed."""
    told = seen(session, referral)
    read_outside(session, referral, actor=signed.actor, level=told.level)
    context = {
        "referral": referral,
        "seen": told,
        "patient": name_of(referral),
        "born": _in_words(patient_of(referral).get("birth_date")),
        "clinician": session.get_one(Provider, referral.provider_id),
        "documents": attachments_of(session, referral.id, part2=False),
        "may": actions(told),
        "done": done,
        "refusal": refusal,
        "typed": typed or {},
    }
    return draw(request, "referral.html", signed=signed, tab="", status=refusal.status if refusal else 200, **context)


def actions(told: Seen) -> set[str]:
    """Return what its sender may do by themselves, as far as they may know where it stands; the rest goes by phone."""
    # What is possible follows from the state: to offer it, or to refuse it, would tell what must not be told.
    if told.level == "acknowledged":
        return {"attach"}
    return {*allowed(told.state, by="initiator"), *(() if STATES[told.state].ended else ("attach",))}


def _in_words(born: str | None) -> str:
    return date.fromisoformat(born).strftime("%B %-d, %Y") if born else ""
