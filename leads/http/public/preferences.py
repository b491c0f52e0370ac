"""`/p/{token}`: a person's own mail settings; GET shows them, POST changes them."""

from collections.abc import Mapping
from datetime import date

from fastapi import APIRouter, Request
from fastapi.responses import Response
from sqlalchemy.orm import Session

from leads.errors import FieldError, Invalid, NotFound
from leads.http.pages import page
from leads.http.public.confirm import speaking
from leads.http.public.typed import Typed
from leads.http.transaction import Db
from leads.http.wording import Words
from leads.people.models import Person
from leads.pipeline.preferences import TOPICS, Wishes, change_wishes, wishes_of
from leads.security.tokens import Token, read

router = APIRouter()


@router.api_route("/p/{token}", methods=["GET", "HEAD"])
def show(request: Request, session: Db, token: str) -> Response:
    """Show what holds now."""
    link, person = _holder(session, token)
    return _show(request, session, link, _as_typed(wishes_of(session, person)))


@router.post("/p/{token}")
def save(request: Request, session: Db, token: str, typed: Typed) -> Response:
    """Make the choices hold; a body that did not come from the page changes nothing."""
    link, person = _holder(session, token)
    if "saving" not in typed:
        return _show(request, session, link, _as_typed(wishes_of(session, person)))
    try:
        change_wishes(session, person, _wishes(typed))
    except Invalid as error:
        return _show(request, session, link, typed, error)
    return _show(request, session, link, _as_typed(wishes_of(session, person)), saved=True)


def _holder(session: Session, token: str) -> tuple[Token, Person]:
    link = read(session, "preferences", token)
    person = session.get(Person, link.person_id) if link.person_id else None
    if person is None:
        raise NotFound("This link is not valid any more. Please call the office.", code="link_expired")
    return link, person


def _wishes(typed: Mapping[str, str]) -> Wishes:
    try:
        until = date.fromisoformat(typed["pause_until"]) if typed.get("pause_until", "").strip() else None
    except ValueError:
        error = FieldError("pause_until", "no_date", "This is not a date.")
        raise Invalid("Some fields need another look.", errors=(error,)) from None
    return Wishes(
        topics=frozenset(topic for topic in TOPICS if typed.get(f"topic.{topic}")),
        language="es" if typed.get("language") == "es" else "en",
        discreet=bool(typed.get("discreet")),
        all_off=bool(typed.get("all_off")),
        pause_until=until,
    )


def _as_typed(wishes: Wishes) -> dict[str, str]:
    ticked = [f"topic.{topic}" for topic in wishes.topics]
    ticked += [name for name in ("discreet", "all_off") if getattr(wishes, name)]
    until = wishes.pause_until.isoformat() if wishes.pause_until else ""
    return dict.fromkeys(ticked, "true") | {"language": wishes.language, "pause_until": until}


def _show(
    request: Request, session: Session, link: Token, values: Mapping[str, str], error: Invalid | None = None, *, saved: bool = False
) -> Response:
    language = speaking(request, session, link)
    words = Words(language)
    context = {
        "values": values,
        "errors": {each.field: words.of_error(each) for each in error.errors} if error else {},
        "topics": TOPICS,
        "saved": saved,
    }
    return page(request, "public/preferences.html", status=error.status if error else 200, lang=language, **context)
