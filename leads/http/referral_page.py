"""The referral form and its answer, as a stranger meets them on the open page and a signed-in referrer in the portal."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import ceil
from typing import Any

from fastapi import Request
from fastapi.responses import Response
from pydantic import ValidationError
from sqlalchemy.orm import Session

from leads.clinic.profile import Language, clinic
from leads.errors import FieldError, Invalid, LeadsError, TooMany
from leads.http.errors import from_model
from leads.http.pages import page
from leads.http.referral_form import TRIALS_OFFERED, TRIALS_SHOWN, in_order, typed_rows
from leads.http.uploads import Sent
from leads.http.wording import Words, language_of
from leads.loop.errands import errand
from leads.loop.models import Draft, Referral
from leads.providers.directory import look_up
from leads.providers.sign_in import Referrer
from leads.referrals.attach import MOST_BYTES, attach_new
from leads.referrals.receive import Arrival, Receipt, receive
from leads.referrals.submission import Submission, Written

Typed = Mapping[str, Sequence[str]]


@dataclass(frozen=True)
class Desk:
    """Who hands a referral in: a stranger, before a trap; or somebody signed in, with what they have begun to write."""

    carried: Mapping[str, str] = field(default_factory=dict)
    trap: str | None = None
    signed: Referrer | None = None
    begun: Sequence[Draft] = ()


def keep(session: Session, asked: Written, arrival: Arrival, sent: Sent) -> Receipt:
    """Keep a referral with its documents, or nothing of it; a document that was forgotten the first time may be sent with the second."""
    with session.begin_nested():
        receipt = receive(session, asked, arrival)
        referral = session.get_one(Referral, receipt.id)
        added = [attach_new(session, referral, name, content, actor=arrival.actor) for name, content in sent.files]
        if any(added) and not receipt.is_new and receipt.amendment_id is None:
            errand(session, referral, "read-answer", "a further document came with it", actor=arrival.actor)
        return receipt


def show_form(
    request: Request,
    desk: Desk,
    typed: Typed,
    *,
    errors: Mapping[str, str] | None = None,
    refusal: str = "",
    status: int = 200,
    files: Sequence[tuple[str, bytes]] = (),
) -> Response:
    """Return the form with what was typed; documents cannot be kept over a refusal, and the form says so by name."""
    language = language_of(request)
    context = {
        "desk": desk,
        "values": {name: given[-1] for name, given in typed.items() if given},
        "ticked": set(typed.get("contraindications", ())),
        "errors": dict(errors or {}),
        "refusal": refusal,
        "files": [name for name, _ in files],
        "trials_shown": TRIALS_SHOWN,
        "trials_offered": max(TRIALS_OFFERED, len(typed_rows(typed))),
        "more_trials": len(typed_rows(typed)) > TRIALS_SHOWN,
        "most_bytes": MOST_BYTES,
    }
    return page(request, "public/refer.html", lang=language, status=status, **context, **_offered(language))


def show_refused(request: Request, desk: Desk, typed: Typed, error: ValidationError | LeadsError, sent: Sent) -> Response:
    """Return the form with words beside its fields or, where no field is to blame, above them."""
    words = Words(language_of(request))
    if isinstance(error, TooMany):
        refusal = words("form.too_many", minutes=ceil(error.retry_after / 60), phone=clinic().practice.phone)
        response = show_form(request, desk, typed, refusal=refusal, status=error.status, files=sent.files)
        response.headers["Retry-After"] = str(error.retry_after)
        return response
    found = from_model(error) if isinstance(error, ValidationError) else error
    if not isinstance(found, Invalid):
        raise found
    said = {_on_page(each): words.of_error(each) for each in found.errors}
    errors = {name: said[name] for name in in_order(iter(said))}
    return show_form(request, desk, typed, errors=errors, status=found.status, files=sent.files)


def show_kept(request: Request, session: Session, desk: Desk, asked: Submission, receipt: Receipt, sent: Sent) -> Response:
    """Return the number, what happens next, and a summary to print: of what was just typed, and on no address of its own."""
    language = language_of(request)
    entry = look_up(session, asked.provider.npi)
    named = {each.code: each.words[language] for each in clinic().referrals.contraindications}
    context = {
        "desk": desk,
        "asked": asked,
        "receipt": receipt,
        "office": clinic().office(asked.office),
        "registry": entry.full_name if entry else None,
        "named": [named[code] for code in asked.contraindications],
        "files": [name for name, _ in sent.files],
    }
    return page(request, "public/refer_kept.html", lang=language, status=201 if receipt.is_new else 200, **context)


def _on_page(error: FieldError) -> str:
    # A model speaks of the third contraindication; the page has one group of them.
    return error.field.split(".")[0] if error.field.startswith("contraindications") else error.field


def _offered(language: Language) -> dict[str, Any]:
    words, here = Words(language), clinic()
    return {
        "offices": [*((office.code, office.name, office.address[-1]) for office in here.offices), ("none", words("form.office_none"), "")],
        "urgencies": [(code, words(f"refer.urgency_{code}"), "") for code in ("routine", "urgent", "asap", "stat")],
        "contraindications": [(each.code, each.words[language]) for each in here.referrals.contraindications],
    }
