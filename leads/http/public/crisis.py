"""Help in a crisis: a page that asks nothing of the database, so that it shows when the rest does not."""

from fastapi import APIRouter, Request
from fastapi.responses import Response

from leads.http.public.door import PAGE, Door
from leads.http.wording import language_of

router = APIRouter()


@router.api_route("/crisis", methods=["GET", "HEAD"])
def show(request: Request) -> Response:
    """Show whom to call, text or chat with."""
    return show_crisis(request, PAGE)


def show_crisis(request: Request, door: Door) -> Response:
    """Return the crisis page; in place of thanks it also says that the message is with us."""
    return door.show(request, "public/crisis.html", lang=language_of(request), kept=request.query_params.get("kept") == "yes")
