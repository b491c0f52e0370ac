"""Scans of the tests: a fax of which nobody can tell whose it is."""

from sqlalchemy.orm import Session

from leads.scans.bring_in import Known, bring_in
from leads.scans.models import Scan
from tests.cast import ACTOR

FAX = b"%PDF-1.4 a page that was fed in upside down"


def make_scan(session: Session, *, name: str = "fax.pdf", content: bytes = FAX, actor: str = ACTOR, **known: object) -> Scan:
    """A fax from Harbor Psychiatry that waits."""
    usual: dict[str, object] = {"sender": "Harbor Psychiatry, 203-555-0144", "note": "A letter about ketamine; the name is cut off."}
    return bring_in(session, name, content, Known(**(usual | known)), actor=actor)  # type: ignore[arg-type]
