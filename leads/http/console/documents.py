"""The documents that came with a referral: saved by a colleague, on record, never opened inside a page of ours."""

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
    # Whatever a stranger put into it, it is neither guessed at nor run here; the name travels as RFC 6266 has it.
    named = f"attachment; filename=\"document\"; filename*=UTF-8''{quote(document.name, safe='')}"
    held = {"Content-Disposition": named, "X-Content-Type-Options": "nosniff", "Content-Security-Policy": "sandbox; default-src 'none'"}
    return Response(document.content, media_type=document.media_type, headers=held)
