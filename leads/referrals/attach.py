"""Documents that come with a referral: known by their content, kept encrypted, read on record, never shown inline."""

import base64
import re
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from leads.audit.trail import record, record_about
from leads.clock import now
from leads.db import lock
from leads.errors import FieldError, Invalid, NotFound
from leads.loop.models import Attachment, Referral
from leads.security.fields import unseal

MOST_BYTES = 20 * 1024 * 1024
MOST_FILES = 20
LONGEST_NAME = 100
# What a file says of itself counts for nothing: a page with a script in it can be called report.pdf.
BEGINS = {b"%PDF-": ("application/pdf", ".pdf"), b"\x89PNG\r\n\x1a\n": ("image/png", ".png"), b"\xff\xd8\xff": ("image/jpeg", ".jpg")}
NOT_IN_NAMES = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2066-\u2069\"\\/:*?<>|;]+")


@dataclass(frozen=True)
class Listed:
    """A document as lists show it, without its content; `part2` ones stay out of e-mail and the portal (42 CFR Part 2)."""

    id: uuid.UUID
    name: str
    media_type: str
    size: int
    part2: bool
    at: datetime


@dataclass(frozen=True)
class Document:
    """A document to be saved, by somebody whose reading of it is on record."""

    name: str
    media_type: str
    content: bytes


def attach(session: Session, referral: Referral, name: str, content: bytes, *, actor: str, part2: bool = False) -> Attachment:
    """Keep a document with a referral; raises Invalid where it is no PDF, PNG or JPEG, or more than 20 MB would be there in all."""
    media_type, ending = kind_of(name, content)
    # Two uploads at once would both find room.
    lock(session, "attachments", referral.id)
    _require_room(session, referral, len(content))
    attachment = Attachment(
        referral_id=referral.id, media_type=media_type, size=len(content), part2=part2 or referral.part2, actor=actor, at=now()
    )
    attachment.name = plain_name(name, ending)
    attachment.content = base64.b64encode(content).decode("ascii")
    session.add(attachment)
    session.flush()
    record(session, "attachment.added", attachment, actor=actor, referral=str(referral.id), size=len(content))
    return attachment


def attach_new(session: Session, referral: Referral, name: str, content: bytes, *, actor: str, part2: bool = False) -> Attachment | None:
    """Keep a document as `attach` does, or return None where the very same one is there: a form sent again brings them all again."""
    there = select(Attachment).where(Attachment.referral_id == referral.id, Attachment.size == len(content))
    encoded = base64.b64encode(content).decode("ascii")
    if any(each.content == encoded for each in session.scalars(there)):
        return None
    return attach(session, referral, name, content, actor=actor, part2=part2)


def check(name: str, content: bytes) -> None:
    """Raise Invalid where a document could not be attached to a referral that has none yet."""
    kind_of(name, content)
    if len(content) > MOST_BYTES:
        raise _too_much()


def attachments_of(session: Session, referral_id: uuid.UUID, *, part2: bool = True) -> Sequence[Listed]:
    """Return a referral's documents, the first one first; without those under Part 2 where `part2` is false."""
    here = Attachment.__table__.c
    columns = (Attachment.id, here.name, Attachment.media_type, Attachment.size, Attachment.part2, Attachment.at)
    rows = session.execute(select(*columns).where(Attachment.referral_id == referral_id).order_by(Attachment.at, Attachment.id))
    return [Listed(row.id, _open_name(row.id, row.name), *row[2:]) for row in rows if part2 or not row.part2]


def read(session: Session, referral_id: uuid.UUID, attachment_id: uuid.UUID, *, actor: str, purpose: str) -> Document:
    """Return a referral's document and write down who read it, and for what; raises NotFound."""
    attachment = session.get(Attachment, attachment_id)
    if attachment is None or attachment.referral_id != referral_id:
        raise NotFound("There is no such document.")
    record_about(session, "attachment.read", "referral_attachments", attachment.id, actor=actor, purpose=purpose, referral=str(referral_id))
    return Document(attachment.name or "", attachment.media_type, base64.b64decode(attachment.content or ""))


def kind_of(name: str, content: bytes) -> tuple[str, str]:
    """Return the media type a document has by its content, and the ending of its name; raises Invalid for what is none we take."""
    kind = next((kind for begin, kind in BEGINS.items() if content.startswith(begin)), None)
    if kind is None:
        shown = plain_name(name, "")
        raise _refused("not_a_document", f"{shown} is no PDF, PNG or JPEG. Save it as one of these and choose it again.")
    return kind


def plain_name(name: str, ending: str) -> str:
    """Return a file name without a path, without what could turn it into another one, and with the ending of what it really is."""
    plain = " ".join(NOT_IN_NAMES.sub(" ", re.split(r"[\\/]", name)[-1]).split()).strip(" .") or "document"
    stem = plain[: -len(ending)] if ending and plain.lower().endswith(ending) else plain
    return f"{stem[:LONGEST_NAME].rstrip()}{ending}"


def _require_room(session: Session, referral: Referral, size: int) -> None:
    total = select(func.coalesce(func.sum(Attachment.size), 0), func.count()).where(Attachment.referral_id == referral.id)
    there, files = session.execute(total).one()
    if there + size > MOST_BYTES:
        raise _too_much()
    if files >= MOST_FILES:
        raise _refused("too_many", f"A referral takes {MOST_FILES} documents. Please put several into one PDF.")


def _too_much() -> Invalid:
    return _refused("too_large", "The documents of a referral may have 20 MB in all. Please leave some out, or fax them to us.")


def _refused(code: str, words: str) -> Invalid:
    return Invalid(words, errors=(FieldError("attachments", code, words),))


def _open_name(row_id: uuid.UUID, cell: bytes | None) -> str:
    return "" if cell is None else str(unseal(cell, table="referral_attachments", column="name", row_id=row_id))
