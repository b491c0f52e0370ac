"""A scan comes in that names nobody, or nobody we can find: it is kept before anybody has to know whose it is."""

import base64
import hashlib
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from leads.audit.trail import record
from leads.clinic.profile import clinic
from leads.clock import now
from leads.db import lock
from leads.errors import Conflict, FieldError, Invalid
from leads.pipeline.deadlines import expected_by
from leads.referrals.attach import check, kind_of, plain_name
from leads.scans.look import without_content
from leads.scans.models import Scan
from leads.security.fields import blind_index

CHANNELS = ("fax", "letter", "walk-in")
LONGEST_SENDER, LONGEST_NOTE = 160, 2000


@dataclass(frozen=True)
class Known:
    """What little is known of a scan; `urgent` where it says that somebody may be in danger, `part2` as 42 CFR Part 2 has it."""

    channel: str = "fax"
    sender: str = ""
    note: str = ""
    office: str = "none"
    urgent: bool = False
    part2: bool = False


def bring_in(session: Session, name: str, content: bytes, known: Known, *, actor: str) -> Scan:
    """Keep a scan and return it; raises Invalid for what is no document of ours to keep, Conflict where the very same one waits."""
    _require(known)
    check(name, content)
    media_type, ending = kind_of(name, content)
    print_of_it = fingerprint(content)
    require_single(session, print_of_it)
    at = now()
    # Somebody in danger is owed an answer at once, everybody else by the office's promise.
    due = at if known.urgent else expected_by(known.office, at)
    scan = Scan(
        media_type=media_type, size=len(content), fingerprint=print_of_it, part2=known.part2, channel=known.channel, office=known.office,
        urgent=known.urgent, brought_by=actor, brought_at=at, expected_by=due,
    )  # fmt: skip
    scan.name, scan.content = plain_name(name, ending), base64.b64encode(content).decode("ascii")
    scan.sender, scan.note = " ".join(known.sender.split()) or None, known.note.strip() or None
    session.add(scan)
    session.flush()
    record(session, "scan.brought_in", scan, actor=actor, channel=known.channel, size=len(content), urgent=known.urgent)
    return scan


def bring_in_once(session: Session, name: str, content: bytes, known: Known, *, actor: str) -> Scan:
    """Keep a scan as `bring_in` does, or return the very same one where it waits already; raises Invalid."""
    print_of_it = fingerprint(content)
    lock(session, "scan", print_of_it)
    there = session.scalar(without_content(Scan.fingerprint == print_of_it, Scan.settled_at.is_(None)))
    return there or bring_in(session, name, content, known, actor=actor)


def fingerprint(content: bytes) -> bytes:
    """Return what two copies of one file have in common, keyed."""
    return blind_index("scan", hashlib.sha256(content).hexdigest())


def require_single(session: Session, print_of_it: bytes) -> None:
    """Raise Conflict where the very same document waits already; nobody else can bring it in until the transaction ends."""
    lock(session, "scan", print_of_it)
    if session.scalar(select(Scan.id).where(Scan.fingerprint == print_of_it, Scan.settled_at.is_(None))) is not None:
        raise Conflict("This very document waits here already.")


def _require(known: Known) -> None:
    wrong = []
    if known.channel not in CHANNELS:
        wrong.append(FieldError("channel", "unknown_choice", "Say how it came to us."))
    if known.office not in {"none", *(each.code for each in clinic().offices)}:
        wrong.append(FieldError("office", "unknown_choice", "Choose one of our offices, or none."))
    if len(known.sender) > LONGEST_SENDER:
        wrong.append(FieldError("sender", "too_long", f"Use at most {LONGEST_SENDER} characters."))
    if len(known.note) > LONGEST_NOTE:
        wrong.append(FieldError("note", "too_long", f"Use at most {LONGEST_NOTE} characters."))
    if wrong:
        raise Invalid("Some fields need another look.", errors=tuple(wrong))
