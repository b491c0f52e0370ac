"""The scans from which somebody types an inquiry or a referral: shown beside the form, with what a colleague noted of them.

The note stays beside the fields: in them it would become the patient's or the referrer's own words.
"""

import uuid
from collections.abc import Iterable, Sequence

from sqlalchemy.orm import Session

from leads.accounts.rights import Right, require
from leads.errors import Invalid, NotFound
from leads.http.console.staff import Staff
from leads.http.uploads import Sent
from leads.scans import look
from leads.scans.bring_in import CHANNELS, Known, bring_in_once
from leads.scans.models import Scan
from leads.security.identifiers import normal_phone

UNFINISHED = "It was chosen for a form that is not finished yet."


def at_hand(session: Session, staff: Staff, texts: Iterable[str]) -> list[Scan]:
    """Return the scans a form is typed from, each look on record, as often as it names any; raises Forbidden or NotFound."""
    found = []
    for scan_id in dict.fromkeys(_id(text) for text in texts if text):
        check_may(session, staff, scan_id, "scans.work")
        found.append(look.look(session, scan_id, actor=staff.actor, purpose="typed-from"))
    return found


def check_may(session: Session, staff: Staff, scan_id: uuid.UUID, right: Right) -> None:
    """Let pass who has the right, and whoever brought this scan in themselves; raises Forbidden."""
    # A form of theirs was refused: they have seen the sheet, and go on typing from it.
    if not staff.may(right) and not look.is_brought_by(session, scan_id, staff.actor):
        require(staff.roles, right)


def keep_for_later(session: Session, staff: Staff, sent: Sent) -> tuple[list[Scan], list[str]]:
    """Keep the documents of a refused form as scans that wait, so that nothing is chosen twice; and the names of what cannot be kept."""
    kept: list[Scan] = []
    names = []
    for name, content in sent.files:
        scan = _kept(session, staff, sent, (name, content))
        if scan is None:
            names.append(name)
        elif scan not in kept:
            kept.append(scan)
    return kept, names


def known_of(sent: Sent) -> Known:
    """Return what a form tells of the scans that it brings."""
    said = {name: values[-1] for name, values in sent.fields.items() if values}
    channel = said.get("channel", "")
    return Known(
        channel=channel if channel in CHANNELS else "fax",
        note=UNFINISHED,
        urgent=said.get("current_risk") == "yes",
        part2=said.get("part2") == "yes",
    )


def for_inquiry(scans: Sequence[Scan]) -> dict[str, str]:
    """Return what the form of an inquiry begins with."""
    return {"channel": scans[0].channel if scans[0].channel in ("fax", "walk-in") else "fax", "office": scans[0].office}


def for_referral(scans: Sequence[Scan]) -> dict[str, list[str]]:
    """Return what the form of a referral begins with."""
    first = scans[0]
    known = {"channel": first.channel if first.channel in ("fax", "letter") else "letter", "office": first.office}
    sender = first.sender or ""
    known |= {"provider.fax" if normal_phone(sender) else "provider.practice": sender}
    flags = (("part2", any(each.part2 for each in scans)), ("current_risk", any(each.urgent for each in scans)))
    return {name: [value] for name, value in (known | {name: "yes" for name, is_so in flags if is_so}).items()}


def _kept(session: Session, staff: Staff, sent: Sent, file: tuple[str, bytes]) -> Scan | None:
    try:
        with session.begin_nested():
            scan = bring_in_once(session, *file, known_of(sent), actor=staff.actor)
    except Invalid:
        return None
    # The very same sheet may wait already, brought in by somebody else.
    return scan if staff.may("scans.work") or scan.brought_by == staff.actor else None


def _id(text: str) -> uuid.UUID:
    try:
        return uuid.UUID(text)
    except ValueError:
        raise NotFound("There is no such scan.") from None
