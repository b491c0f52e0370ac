"""The referral form: shown, sent back with words beside its fields, or kept and answered with its number."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from math import ceil
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response
from pydantic import ValidationError
from sqlalchemy.orm import Session

from leads.accounts.throttle import count
from leads.clinic.profile import Language, clinic
from leads.errors import FieldError, Invalid, TooMany
from leads.http.errors import from_model
from leads.http.pages import page
from leads.http.public.refer_form import MOST_TRIALS, TRIALS_SHOWN, compact, in_order, nested, typed_rows
from leads.http.public.traps import HIDDEN, OPENED, sprung, stamp
from leads.http.source import source_of
from leads.http.transaction import Db
from leads.http.uploads import Sent, Uploaded
from leads.http.wording import Words, language_of
from leads.loop.models import Referral
from leads.providers.directory import choices, look_up
from leads.referrals.attach import attach
from leads.referrals.receive import Arrival, Receipt, receive
from leads.referrals.submission import Submission

router = APIRouter()
LOOK_UPS_A_MINUTE = 60
ACTOR = "referrer"


@router.api_route("/refer", methods=["GET", "HEAD"])
def show(request: Request) -> Response:
    """Show the empty form."""
    return show_form(request, {})


@router.post("/refer")
def send(request: Request, session: Db, sent: Uploaded) -> Response:
    """Keep the referral and answer with its number and a summary to print, or show the form again with nothing typed lost."""
    words, typed = Words(language_of(request)), compact(sent.fields)
    try:
        asked = Submission.model_validate(nested(typed))
        if sprung({name: values[-1] for name, values in typed.items()}) and not asked.current_risk:
            # A machine goes away; a person's form, filled in by their browser, is at most sent once more.
            return show_form(request, typed, refusal=words("refer.again", phone=clinic().practice.phone), status=422, files=sent.files)
        receipt = _keep(request, session, asked, sent)
    except ValidationError as error:
        return _refuse(request, typed, from_model(error), sent)
    except Invalid as error:
        return _refuse(request, typed, error, sent)
    except TooMany as error:
        refusal = words("form.too_many", minutes=ceil(error.retry_after / 60), phone=clinic().practice.phone)
        response = show_form(request, typed, refusal=refusal, status=error.status, files=sent.files)
        response.headers["Retry-After"] = str(error.retry_after)
        return response
    return _show_kept(request, session, asked, receipt, sent)


@router.get("/refer/providers")
def offer(request: Request, session: Db, typed: str = "") -> Response:
    """Return what the public registry says of an NPI or a name, for the form to fill in."""
    count(session, "provider-look-up", source_of(request), limit=LOOK_UPS_A_MINUTE, within=timedelta(minutes=1))
    return JSONResponse(choices(session, typed[:80], limit=8), headers={"Cache-Control": "no-store"})


def _keep(request: Request, session: Session, asked: Submission, sent: Sent) -> Receipt:
    with session.begin_nested():
        receipt = receive(session, asked, Arrival("form", source_of(request), actor=ACTOR))
        if receipt.is_new:
            referral = session.get_one(Referral, receipt.id)
            for name, content in sent.files:
                attach(session, referral, name, content, actor=ACTOR)
        return receipt


def _refuse(request: Request, typed: Mapping[str, Sequence[str]], error: Invalid, sent: Sent) -> Response:
    words = Words(language_of(request))
    said = {_on_page(each): words.of_error(each) for each in error.errors}
    errors = {name: said[name] for name in in_order(iter(said))}
    return show_form(request, typed, errors=errors, status=error.status, files=sent.files)


def _on_page(error: FieldError) -> str:
    # A model speaks of the third contraindication; the page has one group of them.
    return error.field.split(".")[0] if error.field.startswith("contraindications") else error.field


def show_form(
    request: Request,
    typed: Mapping[str, Sequence[str]],
    *,
    errors: Mapping[str, str] | None = None,
    refusal: str = "",
    status: int = 200,
    files: Sequence[tuple[str, bytes]] = (),
) -> Response:
    """Return the form with what was typed; documents cannot be kept over a refusal, and the form says so by name."""
    language = language_of(request)
    values = {name: given[-1] for name, given in typed.items()}
    rows = min(max(TRIALS_SHOWN, len(typed_rows(typed)) + 1), MOST_TRIALS)
    context = {
        "values": values,
        "ticked": set(typed.get("contraindications", ())),
        "rows": rows,
        "errors": dict(errors or {}),
        "refusal": refusal,
        "files": [name for name, _ in files],
        # A stamp once given is kept, so that mending a field is never too fast; one that was refused is not.
        "opened": (not refusal and values.get(OPENED)) or stamp(),
        "traps": (HIDDEN, OPENED),
    }
    return page(request, "public/refer.html", lang=language, status=status, **context, **_offered(language))


def _offered(language: Language) -> dict[str, Any]:
    words, here = Words(language), clinic()
    return {
        "offices": [*((office.code, office.name, office.address[-1]) for office in here.offices), ("none", words("form.office_none"), "")],
        "urgencies": [(code, words(f"refer.urgency_{code}"), "") for code in ("routine", "urgent", "asap", "stat")],
        "contraindications": [(each.code, each.words[language]) for each in here.referrals.contraindications],
    }


def _show_kept(request: Request, session: Session, asked: Submission, receipt: Receipt, sent: Sent) -> Response:
    language = language_of(request)
    entry = look_up(session, asked.provider.npi)
    named = {each.code: each.words[language] for each in clinic().referrals.contraindications}
    context = {
        "asked": asked,
        "receipt": receipt,
        "office": clinic().office(asked.office),
        "registry": entry.full_name if entry else None,
        "named": [named[code] for code in asked.contraindications],
        "files": [name for name, _ in sent.files] if receipt.is_new else [],
    }
    return page(request, "public/refer_kept.html", lang=language, status=201 if receipt.is_new else 200, **context)
