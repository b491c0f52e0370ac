"""`/p/{token}`: a person's own mail settings; GET shows them and what they chose so far, POST changes or undoes them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from fastapi import APIRouter, Request
from fastapi.responses import Response
from sqlalchemy.orm import Session

from leads.clinic.profile import Language
from leads.consent.history import own_choices
from leads.errors import FieldError, Invalid, NotFound
from leads.http.page_use import note_use
from leads.http.pages import page
from leads.http.public.confirm import speaking
from leads.http.public.own_choices import told
from leads.http.public.typed import Typed
from leads.http.transaction import Db
from leads.http.wording import Words
from leads.people.merge import family_of
from leads.people.models import Person
from leads.pipeline.preferences import TOPICS, Wishes, change_wishes, wishes_of
from leads.security.tokens import Token, read

router = APIRouter()


@dataclass(frozen=True)
class Shown:
    """What the page says beside the choices: what became of a save, what held before it, and what could not be kept."""

    done: str = ""
    before: Mapping[str, str] = field(default_factory=dict)
    errors: Mapping[str, str] = field(default_factory=dict)
    status: int = 200


@router.api_route("/p/{token}", methods=["GET", "HEAD"])
def show(request: Request, session: Db, token: str) -> Response:
    """Show what holds now."""
    link, person = _holder(session, token)
    note_use(request, session, person.id, "preferences")
    return _show(request, session, person, speaking(request, session, link), Shown())


@router.post("/p/{token}")
def save(request: Request, session: Db, token: str, typed: Typed) -> Response:
    """Make the choices hold, or those from before the last save; a body that did not come from the page changes nothing."""
    link, person = _holder(session, token)
    language = speaking(request, session, link)
    if "saving" not in typed:
        return _show(request, session, person, language, Shown())
    method = "undo" if typed.get("undo") else "page"
    try:
        wishes = _wishes(typed)
        before = change_wishes(session, person, wishes, method=method, evidence=f"Link {link.id}")
    except Invalid as error:
        words = Words(language)
        errors = {each.field: words.of_error(each) for each in error.errors}
        return _show(request, session, person, language, Shown(errors=errors, status=error.status), typed)
    session.flush()
    # Whoever has just chosen a language is answered in it.
    language = wishes.language if wishes.language != before.language else language
    return _show(request, session, person, language, _saved(before, wishes_of(session, person), method))


def _saved(before: Wishes, after: Wishes, method: str) -> Shown:
    if before == after:
        return Shown("nothing_changed")
    done = "undone" if method == "undo" else "saved_off" if after.all_off else "saved"
    return Shown(done, before=_as_typed(before))


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
        unencrypted=bool(typed.get("unencrypted")),
    )


def _as_typed(wishes: Wishes) -> dict[str, str]:
    ticked = [f"topic.{topic}" for topic in sorted(wishes.topics)]
    ticked += [name for name in ("discreet", "all_off", "unencrypted") if getattr(wishes, name)]
    until = wishes.pause_until.isoformat() if wishes.pause_until else ""
    return dict.fromkeys(ticked, "true") | {"language": wishes.language, "pause_until": until}


def _show(
    request: Request, session: Session, person: Person, language: Language, shown: Shown, typed: Mapping[str, str] | None = None
) -> Response:
    context = {
        "values": typed if typed is not None else _as_typed(wishes_of(session, person)),
        "errors": shown.errors,
        "topics": TOPICS,
        "done": shown.done,
        "before": shown.before,
        "chosen": list(told(own_choices(session, family_of(session, person.id)), Words(language))),
    }
    return page(request, "public/preferences.html", status=shown.status, lang=language, **context)
