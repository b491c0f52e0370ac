"""The front page: what the clinic offers, in calm words, and how to reach it."""

from collections.abc import Iterator

from fastapi import APIRouter, Request
from fastapi.responses import Response

from leads.clinic.hours import WEEKDAYS
from leads.clinic.profile import Office
from leads.http.pages import page
from leads.http.wording import Words, language_of

router = APIRouter()


@router.api_route("/", methods=["GET", "HEAD"])
def show(request: Request) -> Response:
    """Show the front page."""
    language = language_of(request)

    def hours(office: Office) -> Iterator[tuple[str, str]]:
        return opening_hours(office, Words(language))

    return page(request, "public/home.html", lang=language, hours=hours)


def opening_hours(office: Office, words: Words) -> Iterator[tuple[str, str]]:
    """Yield each weekday's name and its opening hours, empty when closed."""
    for code, name in zip(WEEKDAYS, words("calendar.weekdays").split(), strict=True):
        spans = office.hours.get(code, [])
        yield name, ", ".join(f"{words.hour(start)} – {words.hour(end)}" for start, end in spans)
