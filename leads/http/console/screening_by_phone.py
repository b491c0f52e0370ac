"""The screening by phone: a colleague reads the same questions out, in the words the person knows, and writes down what is said."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import RedirectResponse, Response
from sqlalchemy.orm import Session

from leads.clinic.profile import Language
from leads.errors import NotFound
from leads.http.console.act import Asked, do
from leads.http.console.draw import draw
from leads.http.console.restriction import open_lead, read_person
from leads.http.console.screening_meanwhile import both, drawn_from, told
from leads.http.console.staff import Reader, Staff, Worker
from leads.http.console.waiting import waiting
from leads.http.screening_form import after, before, context_of, first_unanswered, typed_answers, values_of, view_of
from leads.http.transaction import Db
from leads.http.wording import Words
from leads.people.models import Person
from leads.pipeline.models import Lead
from leads.screening.begin import begin, open_screening, take_hold
from leads.screening.models import Screening, ScreeningAnswers
from leads.screening.questionnaire import definition
from leads.screening.save import hear_page, last_save, pages_of, save_page, saves_since
from leads.screening.submit import submit

router = APIRouter(prefix="/leads/{number}/screening")


async def as_typed(request: Request) -> dict[str, str]:
    """Return the fields of the form."""
    return {name: value for name, value in (await request.form()).items() if isinstance(value, str)}


def spoken(request: Request) -> Language | None:
    """Return the language that was chosen for the questions, None where nobody chose."""
    chosen = request.query_params.get("language")
    return "es" if chosen == "es" else "en" if chosen == "en" else None


Typed = Annotated[dict[str, str], Depends(as_typed)]
Spoken = Annotated[Language | None, Depends(spoken)]


@router.post("/by-phone")
def start(asked: Asked) -> Response:
    """Begin with the person on the phone, or go on with what they began."""

    def verb(lead: Lead) -> None:
        person = asked.session.get_one(Person, lead.person_id)
        begin(asked.session, lead.id, channel="phone", actor=asked.staff.actor, language=person.language)

    return do(asked, verb, done="/screening/next")


@router.get("/next")
def go_on(session: Db, staff: Reader, number: str, language: Spoken) -> Response:
    """Lead to the first page on which nothing was answered yet."""
    lead = open_lead(session, staff, number)
    screening = open_screening(session, lead.id)
    return _back(lead) if screening is None else _to(lead, first_unanswered(session, screening), language)


@router.get("/look-over")
def look_over(request: Request, session: Db, staff: Reader, number: str, language: Spoken) -> Response:
    """Show all that was answered, to be read back, changed or sent."""
    lead = open_lead(session, staff, number)
    screening = open_screening(session, lead.id)
    if screening is None:
        return _back(lead)
    return _look_over(request, session, staff, lead, screening, language)


@router.get("/help")
def help_now(
    request: Request, session: Db, staff: Reader, number: str, language: Spoken, left: Annotated[str, Query(alias="after")] = ""
) -> Response:
    """Say what to do now that the person spoke of hurting themselves; the questions can be gone on with."""
    lead = open_lead(session, staff, number)
    screening = open_screening(session, lead.id)
    if screening is None:
        return _back(lead)
    return _page(request, session, staff, lead, screening, language, template="screening_help.html", on=after(left))


@router.post("/send")
def send(request: Request, session: Db, staff: Worker, number: str, typed: Typed, language: Spoken) -> Response:
    """Send it as it was read back, or show what was answered since; pressed again, it was sent once."""
    lead = open_lead(session, staff, number)
    screening = open_screening(session, lead.id)
    if screening is None:
        return _back(lead)
    take_hold(session, screening)
    since = () if screening.submitted_at else saves_since(session, screening.id, typed.get("version", ""))
    if since:
        return _look_over(request, session, staff, lead, screening, language, since=since)
    submit(session, screening.id, actor=staff.actor)
    return _back(lead, "screening-sent")


@router.get("/{key}")
def show(request: Request, session: Db, staff: Reader, number: str, key: str, language: Spoken) -> Response:
    """Show a page with what was answered so far."""
    lead = open_lead(session, staff, number)
    screening = open_screening(session, lead.id)
    if screening is None:
        return _back(lead)
    view = view_of(session, screening, key)
    shown = context_of(view, values_of(view.questions, view.answers))
    return _questions(request, session, staff, lead, screening, language, **shown)


@router.post("/{key}")
def save(request: Request, session: Db, staff: Worker, number: str, key: str, typed: Typed, language: Spoken) -> Response:
    """Keep a page, right or wrong, and go where the button leads; a disclosure leads to help first.

    Where somebody saved the page since it was read, nothing is kept, and what stands now is shown beside what was typed.
    """
    lead = open_lead(session, staff, number)
    screening = open_screening(session, lead.id) or drawn_from(session, lead, typed)
    if screening is None:
        return _back(lead)
    known = definition().page(key)
    if known is None:
        raise NotFound("There is no such page.")
    answers = typed_answers(definition().questions(known), typed)
    # Held before it is asked: what is sent at this very moment is told as what was sent before.
    is_open = take_hold(session, screening).is_open
    if not is_open:
        saved = hear_page(session, screening, key, answers, actor=staff.actor)
    else:
        saved = save_page(session, screening.id, key, answers, actor=staff.actor, seen=typed.get("version", ""))
    if saved.meanwhile or not is_open:
        shown = both(session, view_of(session, screening, key), typed, saved)
        return _questions(request, session, staff, lead, screening, language, status=409, **shown)
    if saved.disclosed:
        return _to(lead, "help", language, f"after={key}")
    if saved.errors and typed.get("go") != "back":
        words = Words(_asked_in(screening, language))
        wrong = {error.field: words.of_error(error) for error in saved.errors}
        session.flush()
        shown = context_of(view_of(session, screening, key), typed, wrong)
        return _questions(request, session, staff, lead, screening, language, status=422, **shown)
    if typed.get("go") == "later":
        return _back(lead, "screening-kept")
    return _to(lead, before(key) if typed.get("go") == "back" else after(key), language)


def _questions(
    request: Request, session: Session, staff: Staff, lead: Lead, screening: Screening, language: Language | None, **shown: Any
) -> Response:
    last = last_save(session, screening.id, shown["view"].page.key)
    usual = {"meanwhile": None, "changed": (), "disclosed": False, "version": last.id if last else ""}
    context: dict[str, Any] = usual | shown | told(session, lead, screening, [last] if last else [])
    return _page(request, session, staff, lead, screening, language, template="screening_page.html", **context)


def _look_over(
    request: Request,
    session: Session,
    staff: Staff,
    lead: Lead,
    screening: Screening,
    language: Language | None,
    *,
    since: Sequence[ScreeningAnswers] = (),
) -> Response:
    last, seen = last_save(session, screening.id), pages_of(session, screening)
    # Of each page the save that counts; they come the newest first.
    news = {row.page: row for row in reversed(since)}
    shown: dict[str, Any] = {"seen": seen, "news": news, "version": last.id if last else "", **told(session, lead, screening, since)}
    status = 409 if since else 200
    return _page(request, session, staff, lead, screening, language, template="screening_look_over.html", status=status, **shown)


def _page(
    request: Request,
    session: Session,
    staff: Staff,
    lead: Lead,
    screening: Screening,
    language: Language | None,
    *,
    template: str,
    status: int = 200,
    **context: Any,
) -> Response:
    person, asked_in = read_person(session, staff, lead), _asked_in(screening, language)
    named: Mapping[str, Any] = {"tab": "leads", "waiting": waiting(session), "lead": lead, "person": person, "screening": screening}
    shown = draw(request, template, staff=staff, status=status, lang=asked_in, **named, **context)
    # What was said must not be found with the back button of a desk that several people share.
    shown.headers["Cache-Control"] = "no-store"
    return shown


def _asked_in(screening: Screening, language: Language | None) -> Language:
    return language or ("es" if screening.language == "es" else "en")


def _to(lead: Lead, where: str, language: Language | None, more: str = "") -> Response:
    asked = "&".join(part for part in (f"language={language}" if language else "", more) if part)
    return RedirectResponse(f"/console/leads/{lead.number}/screening/{where}{'?' if asked else ''}{asked}", status_code=303)


def _back(lead: Lead, said: str = "") -> Response:
    """Return to the lead: nothing is open, or it is done with."""
    return RedirectResponse(f"/console/leads/{lead.number}{f'?said={said}' if said else ''}#screening", status_code=303)
