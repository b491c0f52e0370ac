"""The two doors to the inquiry form: our own page, and the frame on a clinic's own site."""

from dataclasses import dataclass
from typing import Any

from fastapi import Request
from fastapi.responses import RedirectResponse, Response

from leads.clinic.profile import Language, clinic
from leads.http.headers import content_policy
from leads.http.pages import page


@dataclass(frozen=True)
class Door:
    """Where the form stands: the channel it counts as, its address, the crisis page beside it, the layout around it."""

    channel: str
    path: str
    crisis: str
    layout: str
    embedded: bool = False

    def show(self, request: Request, template: str, *, lang: Language, status: int = 200, **context: Any) -> Response:
        """Return a page in this door's layout."""
        context |= {"door": self, "embedded": self.embedded}
        return self.framed(page(request, template, status=status, lang=lang, **context))

    def lead_on(self, path: str) -> Response:
        """Return a redirect after a POST."""
        return self.framed(RedirectResponse(path, status_code=303))

    def framed(self, response: Response) -> Response:
        """Allow the configured sites, and no other, to show a page of the embedded form."""
        # frame-ancestors replaces X-Frame-Options, which cannot name more than one site.
        if self.embedded and clinic().embed_origins:
            response.headers["Content-Security-Policy"] = content_policy(frame_ancestors=" ".join(clinic().embed_origins))
        return response


PAGE = Door("page", "/inquire", "/crisis", "_parts/base.html")
EMBED = Door("embed", "/embed/inquire", "/embed/crisis", "_parts/embedded.html", embedded=True)
