"""The inquiry form on a clinic's own site: one script tag, and a frame that nothing on the host page can read."""

from pathlib import Path

from fastapi import APIRouter, Request
from fastapi.responses import FileResponse, Response

from leads.clinic.profile import clinic
from leads.http.pages import page
from leads.http.public.crisis import show_crisis
from leads.http.public.door import EMBED
from leads.http.public.inquire import show_form, show_thanks, take_in
from leads.http.public.typed import Typed
from leads.http.transaction import Db
from leads.http.wording import language_of

router = APIRouter()
SCRIPTS = Path(__file__).resolve().parents[1] / "static"


@router.api_route("/embed.js", methods=["GET", "HEAD"])
def script() -> Response:
    """Return the script of the one tag; where no site is allowed it leaves a plain link instead of the form."""
    name = "embed.js" if clinic().embed_origins else "embed-closed.js"
    return FileResponse(SCRIPTS / name, media_type="text/javascript", headers={"Cache-Control": "public, max-age=300"})


@router.api_route("/embed/inquire", methods=["GET", "HEAD"])
def show(request: Request) -> Response:
    """Show the form inside the frame."""
    return show_form(request, EMBED) if clinic().embed_origins else _closed(request)


@router.post("/embed/inquire")
def send(request: Request, session: Db, typed: Typed) -> Response:
    """Take in the form inside the frame."""
    return take_in(request, session, typed, EMBED) if clinic().embed_origins else _closed(request)


@router.api_route("/embed/inquire/thanks", methods=["GET", "HEAD"])
def thank(request: Request) -> Response:
    """Show the thanks inside the frame."""
    return show_thanks(request, EMBED)


@router.api_route("/embed/crisis", methods=["GET", "HEAD"])
def crisis(request: Request) -> Response:
    """Show the crisis page inside the frame."""
    return show_crisis(request, EMBED)


def _closed(request: Request) -> Response:
    return page(request, "public/closed.html", status=403, lang=language_of(request))
