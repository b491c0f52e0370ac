"""`/mailbox`: the mails of a local trial; there is none where the composition root gave us no mailbox."""

import re
from collections.abc import Sequence
from datetime import datetime
from typing import Protocol, cast

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response

from leads.errors import NotFound
from leads.http.pages import page

router = APIRouter()
HEAD = re.compile(r"<head[^>]*>", re.IGNORECASE)
POLICY = (
    "sandbox allow-top-navigation-by-user-activation allow-popups; default-src 'none'; style-src 'unsafe-inline'; "
    "img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'self'"
)


class Mail(Protocol):
    """One mail as it was received."""

    key: str
    received_at: datetime
    subject: str
    sender: str
    to: str
    text: str
    html: str
    calendar: str
    headers: list[tuple[str, str]]


class Mailbox(Protocol):
    """What `app.state.mailbox` can do in local mode."""

    def read_all(self) -> Sequence[Mail]:
        """Return every mail, the newest first."""

    def read_one(self, key: str) -> Mail:
        """Return one mail; raises NotFound."""


@router.get("/mailbox")
def list_mails(request: Request) -> Response:
    """List the mails, the newest first."""
    return page(request, "public/mailbox.html", mails=_mailbox(request).read_all())


@router.get("/mailbox/{key}")
def show(request: Request, key: str) -> Response:
    """Show one mail: as HTML in a frame that may do nothing, as text, and its headers."""
    return page(request, "public/mail.html", mail=_mailbox(request).read_one(key))


@router.get("/mailbox/{key}/html")
def show_html(request: Request, key: str) -> Response:
    """Return a mail's HTML alone, its links leading out of the frame."""
    html = HEAD.sub(lambda head: f'{head.group()}<base target="_top">', _mailbox(request).read_one(key).html, count=1)
    return HTMLResponse(html, headers={"Content-Security-Policy": POLICY})


def _mailbox(request: Request) -> Mailbox:
    found = getattr(request.app.state, "mailbox", None)
    if found is None:
        raise NotFound("There is a mailbox only in a local trial.")
    return cast(Mailbox, found)
