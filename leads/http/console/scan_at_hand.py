"""The scan from which somebody types an inquiry or a referral: named above the form, with what a colleague noted of it.

The note stays beside the fields: in them it would become the patient's or the referrer's own words.
"""

import uuid

from sqlalchemy.orm import Session

from leads.accounts.rights import require
from leads.errors import NotFound
from leads.http.console.staff import Staff
from leads.scans.look import look
from leads.scans.models import Scan
from leads.security.identifiers import normal_phone


def at_hand(session: Session, staff: Staff, text: str) -> Scan | None:
    """Return the scan a form is typed from, the look on record, or None where it names none; raises Forbidden or NotFound."""
    if not text:
        return None
    require(staff.roles, "scans.work")
    try:
        scan_id = uuid.UUID(text)
    except ValueError:
        raise NotFound("There is no such scan.") from None
    return look(session, scan_id, actor=staff.actor, purpose="typed-from")


def for_inquiry(scan: Scan) -> dict[str, str]:
    """Return what the form of an inquiry begins with."""
    channel = scan.channel if scan.channel in ("fax", "walk-in") else "fax"
    return {"channel": channel, "office": scan.office}


def for_referral(scan: Scan) -> dict[str, list[str]]:
    """Return what the form of a referral begins with."""
    known = {"channel": scan.channel if scan.channel in ("fax", "letter") else "letter", "office": scan.office}
    sender = scan.sender or ""
    known |= {"provider.fax" if normal_phone(sender) else "provider.practice": sender}
    ticked = {name: "yes" for name, is_so in (("part2", scan.part2), ("current_risk", scan.urgent)) if is_so}
    return {name: [value] for name, value in (known | ticked).items()}
