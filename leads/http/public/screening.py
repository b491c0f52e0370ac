"""`/s/{token}`: the questions before a first visit, a page at a time; whoever opens them names a detail of the person first."""

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from fastapi.responses import RedirectResponse, Response
from sqlalchemy import select
from sqlalchemy.orm import Session

from config.settings import settings
from leads.accounts.throttle import count
from leads.clinic.profile import Language
from leads.clock import real_now
from leads.errors import NotFound
from leads.http.page_use import note_use
from leads.http.pages import page
from leads.http.public.typed import Typed
from leads.http.screening_form import after, before, context_of, first_unanswered, typed_answers, values_of, view_of
from leads.http.source import source_of
from leads.http.transaction import Db
from leads.http.wording import Words, language_of
from leads.screening.begin import begin, open_screening
from leads.screening.models import Screening
from leads.screening.open_link import Opened, check_factor, look
from leads.screening.questionnaire import definition
from leads.screening.save import PageView, pages_of, save_page
from leads.screening.submit import submit
from leads.security.keys import ring

TRIES_AN_HOUR = 30
IDLE = timedelta(minutes=30)
COOKIE = "screening"
router = APIRouter(prefix="/s/{token}")


@dataclass(frozen=True)
class AtWork:
    """Somebody who has named a detail, and the form they fill in; None where it was sent."""

    opened: Opened
    screening: Screening | None
    language: Language

    @property
    def actor(self) -> str:
        """In whose name answers are kept."""
        return f"person:{self.opened.person_id}"


@router.api_route("", methods=["GET", "HEAD"])
def ask(request: Request, session: Db, token: str) -> Response:
    """Ask for a detail of the person; a mail scanner that looks in changes nothing."""
    opened = look(session, token)
    note_use(request, session, opened.person_id, "screening")
    if request.method == "GET" and _is_inside(request, token):
        return _to(token, _first_page(session, opened), _language(request, opened))
    return _factor(request, opened)


@router.post("")
def open_it(request: Request, session: Db, token: str, typed: Typed) -> Response:
    """Open the form to who names a detail, and go on where it was left; a wrong one counts, and is answered, so that the count is kept."""
    count(session, "screening-source", source_of(request), limit=TRIES_AN_HOUR, within=timedelta(hours=1))
    given = {name: typed.get(name, "")[:40] for name in ("birth_date", "last_four")}
    opened = check_factor(session, token, **given)
    language = _language(request, opened)
    if not opened.is_open:
        return _factor(request, opened, error=_wrong(opened, given, Words(language)))
    if not _was_sent(session, opened):
        begin(session, opened.lead_id, channel="link", actor=f"person:{opened.person_id}", language=language)
    return _let_in(request, token, _to(token, _first_page(session, opened), language))


@router.get("/look-over")
def look_over(request: Request, session: Db, token: str) -> Response:
    """Show all that was answered, to be changed or sent."""
    at = _at_work(request, session, token)
    if at is None or at.screening is None:
        return _elsewhere(request, token, at)
    shown = _draw(request, "public/screening_look_over.html", lang=at.language, pages=pages_of(session, at.screening), here=f"/s/{token}")
    return _let_in(request, token, shown)


@router.post("/send")
def send(request: Request, session: Db, token: str) -> Response:
    """Send it; pressed again, it was sent once."""
    at = _at_work(request, session, token)
    if at is None or at.screening is None:
        return _elsewhere(request, token, at)
    submit(session, at.screening.id, actor=at.actor)
    return RedirectResponse(f"/s/{token}/sent?language={at.language}", status_code=303)


@router.get("/sent")
def sent(request: Request, session: Db, token: str) -> Response:
    """Say thanks and what happens next; never what it came to."""
    at = _at_work(request, session, token)
    if at is None or at.screening is not None:
        return _elsewhere(request, token, at)
    return _draw(request, "public/screening_sent.html", lang=at.language)


@router.get("/help")
def help_now(request: Request, session: Db, token: str, left: Annotated[str, Query(alias="after")] = "") -> Response:
    """Show whom to call, text or chat with, and what we do; the form can be gone on with."""
    at = _at_work(request, session, token)
    if at is None:
        return _elsewhere(request, token, at)
    on = f"/s/{token}/{after(left)}?language={at.language}"
    return _draw(request, "public/screening_help.html", lang=at.language, next=on)


@router.get("/{key}")
def show(request: Request, session: Db, token: str, key: str) -> Response:
    """Show a page with what was answered so far."""
    at = _at_work(request, session, token)
    if at is None or at.screening is None:
        return _elsewhere(request, token, at)
    view = view_of(session, at.screening, key)
    return _let_in(request, token, _page(request, token, at, view, values_of(view.questions, view.answers)))


@router.post("/{key}")
def save(request: Request, session: Db, token: str, key: str, typed: Typed) -> Response:
    """Keep a page, right or wrong, and go where the button leads; a disclosure leads to help first."""
    at = _at_work(request, session, token)
    if at is None or at.screening is None:
        return _elsewhere(request, token, at)
    known = definition().page(key)
    if known is None:
        raise NotFound("There is no such page.")
    saved = save_page(session, at.screening.id, key, typed_answers(definition().questions(known), typed), actor=at.actor)
    if saved.disclosed:
        return _let_in(request, token, RedirectResponse(f"/s/{token}/help?language={at.language}&after={key}", status_code=303))
    if saved.errors and typed.get("go") != "back":
        words = Words(at.language)
        errors = {error.field: words.of_error(error) for error in saved.errors}
        session.flush()
        return _let_in(request, token, _page(request, token, at, view_of(session, at.screening, key), typed, errors=errors))
    if typed.get("go") == "later":
        return _draw(request, "public/screening_later.html", lang=at.language, until=at.screening.expires_at)
    target = before(key) if typed.get("go") == "back" else after(key)
    return _let_in(request, token, _to(token, target, at.language))


def _at_work(request: Request, session: Session, token: str) -> AtWork | None:
    """Return who is at work on the form, or None for who has not named a detail of late."""
    opened = look(session, token)
    if not _is_inside(request, token):
        return None
    screening = open_screening(session, opened.lead_id)
    if screening is None and not _was_sent(session, opened):
        return None
    return AtWork(opened, screening, _language(request, opened))


def _elsewhere(request: Request, token: str, at: AtWork | None) -> Response:
    """Lead to the beginning whoever has named no detail, and to the thanks whoever has sent it."""
    if at is not None and at.screening is None:
        return RedirectResponse(f"/s/{token}/sent?language={at.language}", status_code=303)
    if at is not None:
        return _to(token, "look-over", at.language)
    return RedirectResponse(f"/s/{token}?language={language_of(request)}", status_code=303)


def _was_sent(session: Session, opened: Opened) -> bool:
    sent = select(Screening.id).where(Screening.lead_id == opened.lead_id, Screening.submitted_at.is_not(None))
    return open_screening(session, opened.lead_id) is None and session.scalar(sent.limit(1)) is not None


def _first_page(session: Session, opened: Opened) -> str:
    screening = open_screening(session, opened.lead_id)
    return "sent" if screening is None else first_unanswered(session, screening)


def _page(
    request: Request, token: str, at: AtWork, view: PageView, values: Mapping[str, str], *, errors: Mapping[str, str] | None = None
) -> Response:
    context = context_of(view, values, errors) | {"here": f"/s/{token}"}
    return _draw(request, "public/screening_page.html", status=422 if errors else 200, lang=at.language, **context)


def _factor(request: Request, opened: Opened, *, error: str = "") -> Response:
    status = 403 if opened.tries_left == 0 else 422 if error else 200
    return _draw(request, "public/screening_open.html", status=status, lang=_language(request, opened), opened=opened, error=error)


def _wrong(opened: Opened, given: Mapping[str, str], words: Words) -> str:
    if opened.tries_left == 0 or not opened.asks_for:
        return ""
    if not any(value.strip() for value in given.values()):
        return words("screening.fill_one")
    return words("screening.wrong", left=opened.tries_left)


def _draw(request: Request, template: str, **context: Any) -> Response:
    # The other public pages set no cookie, and say so.
    return page(request, template, footnote="screening.one_cookie", **context)


def _language(request: Request, opened: Opened) -> Language:
    if "language" in request.query_params:
        return language_of(request)
    return "es" if opened.language == "es" else "en"


def _to(token: str, where: str, language: Language) -> Response:
    return RedirectResponse(f"/s/{token}/{where}?language={language}", status_code=303)


def _let_in(request: Request, token: str, response: Response) -> Response:
    """Keep the form open in this browser for half an hour from now; on another one the detail is asked for again."""
    moment = str(int(real_now().timestamp()))
    secure = settings().public_url.startswith("https://")
    value = f"{moment}.{_sign(token, moment)}"
    response.set_cookie(COOKIE, value, max_age=int(IDLE.total_seconds()), path=f"/s/{token}", httponly=True, samesite="lax", secure=secure)
    # What somebody answered must not be found with the browser's back button by whoever sits down there next.
    response.headers["Cache-Control"] = "no-store"
    return response


def _is_inside(request: Request, token: str) -> bool:
    moment, _, signature = request.cookies.get(COOKIE, "").partition(".")
    if not hmac.compare_digest(signature.encode(), _sign(token, moment).encode()):
        return False
    # The moment is read as a number only once the signature holds: before that it is anybody's text.
    return 0 <= real_now().timestamp() - int(moment) <= IDLE.total_seconds()


def _sign(token: str, moment: str) -> str:
    key = ring().derive("tokens", ring().current("tokens"), "screening-open")
    return hmac.new(key, f"{len(token)}.{token}.{moment}".encode(), hashlib.sha256).hexdigest()
