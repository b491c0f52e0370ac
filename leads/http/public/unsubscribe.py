"""`/u/{token}`: GET shows which mails would stop, POST stops them; also the one click of RFC 8058, without cookie or redirect."""

from datetime import timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from fastapi.responses import RedirectResponse, Response
from sqlalchemy.orm import Session

from leads.accounts.throttle import count
from leads.http.page_use import note_use
from leads.http.pages import page
from leads.http.public.confirm import speaking
from leads.http.public.typed import Typed
from leads.http.source import source_of
from leads.http.transaction import Db
from leads.http.wording import Words, language_of
from leads.pipeline import unsubscribe as verb
from leads.safety.hear_why import LONGEST, hear_why
from leads.security.tokens import Token, derive, read

TRIES_AN_HOUR = 30
ENOUGH = 4096
router = APIRouter()


async def pressed_by(request: Request) -> str:
    """Return how the stop was pressed: `one-click` by a mail program (RFC 8058, 3.1), in either encoding of forms, else `button`."""
    body = b""
    async for chunk in request.stream():
        # However much somebody sends, it decides nothing but what the record says of the manner.
        body += chunk[: ENOUGH - len(body)]
    return "one-click" if b"List-Unsubscribe" in body and b"One-Click" in body else "button"


@router.api_route("/u/{token}", methods=["GET", "HEAD"])
def ask(request: Request, session: Db, token: str) -> Response:
    """Show what would stop, or that it has stopped."""
    link = read(session, "unsubscribe", token)
    note_use(request, session, link.person_id, "unsubscribe")
    return _show(request, session, link, token, "stopped" if verb.has_stopped(session, link) else "ask")


@router.post("/u/{token}")
def stop(request: Request, session: Db, token: str, method: Annotated[str, Depends(pressed_by)]) -> Response:
    """Stop it, whatever the body says: the right lies in the link alone."""
    return _show(request, session, verb.unsubscribe(session, token, method=method), token, "stopped")


@router.post("/u/{token}/why")
def say_why(request: Request, session: Db, token: str, typed: Typed) -> Response:
    """Keep why they stopped, if they want to say so; what discloses a danger is answered with help in place of thanks."""
    count(session, "why-source", source_of(request), limit=TRIES_AN_HOUR, within=timedelta(hours=1))
    if hear_why(session, token, typed.get("why", "")[:LONGEST]):
        return RedirectResponse(f"/crisis?language={language_of(request)}&kept=yes", status_code=303)
    return _show(request, session, read(session, "unsubscribe", token), token, "heard")


@router.post("/u/{token}/undo")
def undo(request: Request, session: Db, token: str) -> Response:
    """Take the stop back."""
    return _show(request, session, verb.resubscribe(session, token), token, "undone")


def _show(request: Request, session: Session, link: Token, token: str, state: str) -> Response:
    language = speaking(request, session, link)
    topic = Words(language)(f"topics.{link.topic}") if link.topic else None
    preferences = f"/p/{derive('preferences', link.person_id)}" if link.person_id else "/"
    context: dict[str, Any] = {"state": state, "topic": topic, "others_go_on": link.topic in ("inquiry", "education")}
    return page(request, "public/unsubscribe.html", lang=language, here=f"/u/{token}", preferences=preferences, **context)
