"""`/calendar/{secret}.ics`: an office's visits for a calendar program; whoever has the address sees initials and times."""

from hashlib import sha256

from fastapi import APIRouter, Request
from fastapi.responses import Response

from leads.appointments.feed import read_feed
from leads.http.transaction import Db

router = APIRouter()


@router.api_route("/calendar/{secret}.ics", methods=["GET", "HEAD"])
def feed(request: Request, session: Db, secret: str) -> Response:
    """Return the calendar, or 304 where the program has it already."""
    made = read_feed(session, secret)
    tag = f'"{sha256(made).hexdigest()[:32]}"'
    # `private`: the address is a secret, and what it shows is nobody's to keep on the way (RFC 9111, 5.2.2.7).
    headers = {"ETag": tag, "Cache-Control": "private, max-age=300", "X-Robots-Tag": "noindex"}
    if tag in {each.strip().removeprefix("W/") for each in request.headers.get("if-none-match", "").split(",")}:
        return Response(status_code=304, headers=headers)
    return Response(made, media_type="text/calendar; charset=utf-8", headers=headers)
