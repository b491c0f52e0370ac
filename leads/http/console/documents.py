"""The documents that came to us: saved by a colleague, or shown inside a page of ours where nothing in them can run; on record."""

import uuid
from urllib.parse import quote

from fastapi import APIRouter
from fastapi.responses import Response

from leads.errors import NotFound
from leads.http.console.restriction import read_person
from leads.http.console.staff import Reader
from leads.http.transaction import Db
from leads.pipeline.find import by_number as lead_numbered
from leads.referrals.attach import Document, read
from leads.referrals.find import by_number

router = APIRouter(prefix="/leads/{number}/referrals/{which}")


@router.get("/attachments/{attachment_id}")
def save(session: Db, staff: Reader, number: str, which: str, attachment_id: uuid.UUID) -> Response:
    """Return a document to be saved; that it was read, and by whom, is on record."""
    referral, lead = by_number(session, which), lead_numbered(session, number)
    if referral.lead_id != lead.id:
        raise NotFound(f"There is no such referral on {number}.")
    read_person(session, staff, lead)
    return to_save(read(session, referral.id, attachment_id, actor=staff.actor, purpose="console"))


def to_save(document: Document) -> Response:
    """Return a document as a file for a colleague's disk."""
    return _held(document, "attachment", "sandbox; default-src 'none'")


def to_show(document: Document) -> Response:
    """Return a document to be looked at within a page of ours: an image, or a PDF in a frame."""
    # The sandbox takes its origin from it, and with that our cookies, scripts, forms and popups; the browser's own viewer draws it.
    return _held(document, "inline", "sandbox; default-src 'none'; frame-ancestors 'self'")


def _held(document: Document, disposition: str, policy: str) -> Response:
    # Whatever a stranger put into it, it is neither guessed at, run nor kept here; the name travels as RFC 6266 has it.
    held = {
        "Content-Disposition": f"{disposition}; filename=\"document\"; filename*=UTF-8''{quote(document.name, safe='')}",
        "Content-Security-Policy": policy,
        "X-Content-Type-Options": "nosniff",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Cache-Control": "no-store",
    }
    return Response(document.content, media_type=document.media_type, headers=held)
