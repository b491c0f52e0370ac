"""What becomes of a scan: it hangs on whom it is about, or is put aside with a reason; either can be found to be wrong."""

import base64
import uuid

from sqlalchemy.orm import Session

from leads.audit.trail import record
from leads.clock import now
from leads.errors import Conflict, FieldError, Invalid, NotFound
from leads.loop.models import Referral
from leads.pipeline.models import Lead
from leads.referrals.attach import attach_new
from leads.scans.bring_in import require_single
from leads.scans.look import ON_ITS_OWN, without_content
from leads.scans.models import Scan

LONGEST_REASON = 500


def became_referral(session: Session, scan_id: uuid.UUID, referral: Referral, *, actor: str) -> Scan:
    """Let a scan be the document of the referral that was written from it; raises NotFound, Conflict, or Invalid where it has no room."""
    scan = _held(session, scan_id)
    content = base64.b64decode(scan.content or "")
    attach_new(session, referral, scan.name or "", content, actor=actor, part2=scan.part2)
    # It is in the record once: what two tables hold, one of them forgets to protect.
    scan.content, scan.referral_id = None, referral.id
    return _settle(session, scan, "referral", session.get_one(Lead, referral.lead_id), actor)


def became_inquiry(session: Session, scan_id: uuid.UUID, lead: Lead, *, actor: str) -> Scan:
    """Let a scan hang on the lead of the inquiry that was written from it; raises NotFound or Conflict."""
    return _settle(session, _held(session, scan_id), "inquiry", lead, actor)


def give_to(session: Session, scan_id: uuid.UUID, lead: Lead, *, actor: str) -> Scan:
    """Let a scan hang on a lead that was there; raises NotFound or Conflict.

    Never as an attachment of a referral: the portal shows those to who referred, and another sender's sheet is not theirs to read.
    """
    return _settle(session, _held(session, scan_id), "given", lead, actor)


def put_aside(session: Session, scan_id: uuid.UUID, *, reason: str, actor: str) -> Scan:
    """Let nothing come of a scan; it stays, with the reason. Raises NotFound, Conflict, or Invalid without a reason."""
    said = " ".join(reason.split())
    if not 0 < len(said) <= LONGEST_REASON:
        words = f"Write why nothing comes of it, in at most {LONGEST_REASON} characters."
        raise Invalid(words, errors=(FieldError("reason", "length", words),))
    scan = _held(session, scan_id)
    scan.reason = said
    return _settle(session, scan, "aside", None, actor)


def take_up_again(session: Session, scan_id: uuid.UUID, *, actor: str) -> Scan:
    """Let a scan that was put aside wait again, under the promise it came with; raises NotFound or Conflict."""
    scan = _locked(session, scan_id)
    if scan.outcome != "aside":
        raise Conflict("This scan is not put aside any more.")
    return _wait_again(session, scan, actor)


def not_theirs(session: Session, scan_id: uuid.UUID, lead: Lead, *, actor: str) -> str:
    """Take a scan from a lead that it is not about, to wait again, and return as what it hung there; raises NotFound or Conflict."""
    scan = _locked(session, scan_id)
    if scan.lead_id != lead.id or scan.outcome not in ON_ITS_OWN:
        raise NotFound(f"There is no such scan on {lead.number}.")
    was = scan.outcome
    _wait_again(session, scan, actor)
    return was


def hang_again(session: Session, scan_id: uuid.UUID, lead: Lead, *, outcome: str, actor: str) -> Scan:
    """Let a scan hang again on the lead it was taken off, as what it was there; raises NotFound, or Conflict where it is settled since."""
    return _settle(session, _held(session, scan_id), outcome, lead, actor)


def _held(session: Session, scan_id: uuid.UUID) -> Scan:
    scan = _locked(session, scan_id)
    if scan.settled_at is not None:
        raise Conflict("Somebody has already decided about this scan.")
    return scan


def _locked(session: Session, scan_id: uuid.UUID) -> Scan:
    wanted = without_content(Scan.id == scan_id).with_for_update().execution_options(populate_existing=True)
    scan = session.scalar(wanted)
    if scan is None:
        raise NotFound("There is no such scan.")
    return scan


def _settle(session: Session, scan: Scan, outcome: str, lead: Lead | None, actor: str) -> Scan:
    scan.settled_at, scan.settled_by, scan.outcome, scan.lead_id = now(), actor, outcome, lead.id if lead else None
    record(session, "scan.settled", scan, actor=actor, outcome=outcome, lead=lead.number if lead else None)
    return scan


def _wait_again(session: Session, scan: Scan, actor: str) -> Scan:
    require_single(session, scan.fingerprint)
    was = scan.outcome
    scan.settled_at, scan.settled_by, scan.outcome, scan.lead_id, scan.reason = None, None, None, None, None
    record(session, "scan.waits_again", scan, actor=actor, was=was)
    return scan
