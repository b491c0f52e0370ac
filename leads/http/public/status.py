"""`/r/{token}`: where a referral stands, for whoever has the link; the patient's name only for who knows the patient."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import Response

from leads.accounts.throttle import count
from leads.http import referral_words
from leads.http.pages import page
from leads.http.public.typed import Typed
from leads.http.source import source_of
from leads.http.transaction import Db
from leads.referrals.open_link import Opened, look, name_detail
from leads.referrals.worklists import name_of

TRIES_AN_HOUR = 30
router = APIRouter()


@router.get("/r/{token}")
def show(request: Request, session: Db, token: str) -> Response:
    """Show our number and the state; but for the record that somebody looked, nothing changes."""
    return _page(request, look(session, token))


@router.head("/r/{token}")
def peek() -> Response:
    """Answer a mail scanner, without any record of an opening."""
    return Response(media_type="text/html; charset=utf-8")


@router.post("/r/{token}")
def ask(request: Request, session: Db, token: str, typed: Typed) -> Response:
    """Show the referral to who names a detail of the patient; a wrong one counts, and is answered, so that the count is kept."""
    count(session, "status-source", source_of(request), limit=TRIES_AN_HOUR, within=timedelta(hours=1))
    given = {name: typed.get(name, "")[:40] for name in ("birth_date", "last_four")}
    opened = name_detail(session, token, **given)
    error = _error(opened, given)
    return _page(request, opened, error=error, status=422 if error else 200)


def _error(opened: Opened, given: Mapping[str, str]) -> str:
    if opened.is_shown or not opened.may_ask or opened.tries_left == 0:
        return ""
    if not any(value.strip() for value in given.values()):
        return "Fill in one of the two."
    left = "once more" if opened.tries_left == 1 else f"{opened.tries_left} more times"
    return f"This is not what we have on file. You can try {left}."


def _page(request: Request, opened: Opened, *, error: str = "", status: int = 200) -> Response:
    context: dict[str, Any] = {
        "opened": opened,
        "seen": opened.seen,
        "referral": opened.referral,
        "patient": name_of(opened.referral) if opened.is_shown else None,
        "spoken": referral_words,
        "error": error,
    }
    return page(request, "public/status.html", status=403 if opened.may_ask and not opened.tries_left else status, **context)
