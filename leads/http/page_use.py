"""Telling somebody who opens one of our signed pages from a program that only looks: scanners of mail, and browsers that fetch ahead."""

import uuid

from fastapi import Request
from sqlalchemy.orm import Session

from leads.access.page_use import Page, page_used

# What a browser sends that fetches a page before anybody asked for it.
AHEAD = ("sec-purpose", "purpose", "x-moz")


def note_use(request: Request, session: Session, person_id: uuid.UUID | None, page: Page) -> None:
    """Put the use of a person's page on the record of access, where a browser opened it for somebody to see."""
    if person_id is not None and is_opened(request):
        page_used(session, person_id, page)


def is_opened(request: Request) -> bool:
    """True where a browser says that somebody went to this page: every browser of today does, and a program that fetches links does not."""
    sent = request.headers
    is_ahead = any("prefetch" in sent.get(name, "") or "preview" in sent.get(name, "") for name in AHEAD)
    goes_there = (sent.get("sec-fetch-mode"), sent.get("sec-fetch-dest")) == ("navigate", "document")
    return request.method == "GET" and goes_there and not is_ahead
