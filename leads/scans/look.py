"""Looking at scans: those that wait, those put aside, those of a lead, and one of them to be saved; each look is on record."""

import base64
import uuid
from collections.abc import Sequence

from sqlalchemy import ColumnElement, Select, exists, func, inspect, select, tuple_
from sqlalchemy.orm import Session, defer

from leads.audit.trail import record
from leads.errors import NotFound
from leads.place import Place
from leads.referrals.attach import Document
from leads.scans.models import Scan

A_PAGE = 25
# What still has its content here, and belongs to a lead as a document of its own.
ON_ITS_OWN = ("inquiry", "given")


def without_content(*conditions: ColumnElement[bool]) -> Select[Scan]:
    """Return the query of these scans, each without its content until it is asked for."""
    # A list of twenty-five scans would be half a gigabyte, and show none of it.
    return select(Scan).where(*conditions).options(defer(inspect(Scan).attrs["content_cell"].class_attribute))


def waiting(session: Session, *, after: Place | None = None) -> tuple[Sequence[Scan], Place | None]:
    """Return a page of those that wait, and where the next begins, if there is one: first who may be in danger, then the soonest due."""
    wanted, calm = without_content(Scan.settled_at.is_(None)), Scan.urgent.is_(False)
    if after is not None:
        wanted = wanted.where(tuple_(calm, Scan.expected_by, Scan.id) > tuple_(not after.urgent, after.at, after.id))
    return _page(session, wanted.order_by(calm, Scan.expected_by, Scan.id))


def put_aside(session: Session, *, after: Place | None = None) -> tuple[Sequence[Scan], Place | None]:
    """Return a page of those put aside, the newest first, and where the next page begins, if there is one."""
    wanted = without_content(Scan.outcome == "aside")
    if after is not None:
        wanted = wanted.where(tuple_(Scan.settled_at, Scan.id) < tuple_(after.at, after.id))
    return _page(session, wanted.order_by(Scan.settled_at.desc(), Scan.id.desc()))


def how_many_aside(session: Session) -> int:
    """Return how many are put aside."""
    return session.scalar(select(func.count()).where(Scan.outcome == "aside")) or 0


def scans_of(session: Session, lead_id: uuid.UUID) -> Sequence[Scan]:
    """Return the scans that hang on a lead as such, without their content, the first one first; a referral's are its attachments."""
    theirs = without_content(Scan.lead_id == lead_id, Scan.outcome.in_(ON_ITS_OWN))
    return session.scalars(theirs.order_by(Scan.brought_at, Scan.id)).all()


def look(session: Session, scan_id: uuid.UUID, *, actor: str, purpose: str) -> Scan:
    """Return a scan that waits, with what is known of it, and write down who looked; raises NotFound."""
    scan = session.scalar(without_content(Scan.id == scan_id))
    if scan is None or scan.settled_at is not None:
        raise NotFound("This scan does not wait any more: somebody has decided about it.")
    record(session, "scan.read", scan, actor=actor, purpose=purpose)
    return scan


def is_brought_by(session: Session, scan_id: uuid.UUID, actor: str) -> bool:
    """True while a scan waits that this colleague brought in themselves."""
    mine = exists().where(Scan.id == scan_id, Scan.brought_by == actor, Scan.settled_at.is_(None))
    return bool(session.scalar(select(mine)))


def read(session: Session, scan_id: uuid.UUID, *, lead_id: uuid.UUID | None = None, actor: str, purpose: str) -> Document:
    """Return a scan to be saved or shown and write down who read it: one of the queue or put aside, or a lead's own; raises NotFound."""
    scan = session.get(Scan, scan_id)
    if scan is None or scan.lead_id != lead_id or scan.content is None:
        raise NotFound("There is no such scan.")
    record(session, "scan.read", scan, actor=actor, purpose=purpose)
    return Document(scan.name or "", scan.media_type, base64.b64decode(scan.content))


def _page(session: Session, wanted: Select[Scan]) -> tuple[Sequence[Scan], Place | None]:
    found = session.scalars(wanted.limit(A_PAGE + 1)).all()
    return found[:A_PAGE], _behind(found[A_PAGE - 1]) if len(found) > A_PAGE else None


def _behind(scan: Scan) -> Place:
    return Place(scan.settled_at or scan.expected_by, scan.id, scan.urgent)
