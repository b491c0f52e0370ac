"""Spreadsheets as clinics have them, and bringing one in from beginning to end."""

import csv
import io
from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from leads.clock import now
from leads.imports.models import UNDER_WAY, Import, ImportLine
from leads.imports.prepare import begin, keep, rehearse
from leads.imports.work import step
from tests.cast import ACTOR

HEADINGS = ("First name", "Last name", "E-mail", "Phone", "DOB", "OK to write", "Consent source", "Consent date", "Notes")
ANA = ("Ana", "Rivera", "ana@example.com", "203-555-0123", "7/21/1985", "yes", "Signed intake form", "3/4/2026", "Asked about parking.")
BEN = ("Ben", "Okafor", "ben@example.com", "", "", "", "", "", "")
CLEO = ("Cleo", "Shah", "", "203-555-0144", "", "yes", "", "", "")
NOBODY = ("", "Novak", "theo@example", "", "31/12/1980", "", "", "", "")
CONSENTED = {"5": "contact", "6": "consent_source", "7": "consent_date"}
MAPPING = {"0": "given_name", "1": "family_name", "2": "email", "3": "phone", "4": "birth_date", "8": "note"} | CONSENTED


def sheet(*lines: tuple[str, ...], headings: tuple[str, ...] = HEADINGS, separator: str = ",") -> bytes:
    """A spreadsheet saved as CSV."""
    text = io.StringIO()
    csv.writer(text, delimiter=separator).writerows([headings, *lines])
    return text.getvalue().encode()


def rehearsed(session: Session, *lines: tuple[str, ...], leave_out_known: bool = False) -> Import:
    """A spreadsheet whose dry run is over."""
    kept = keep(session, "leads.csv", sheet(*lines), actor=ACTOR)
    rehearse_again(session, kept, leave_out_known=leave_out_known)
    return kept


def rehearse_again(session: Session, kept: Import, *, leave_out_known: bool = False) -> None:
    """Say which column is what, and let the dry run come to its end."""
    day = (now() + timedelta(days=7)).date().isoformat()
    rehearse(session, kept.id, MAPPING, office="woodbury", call_by=day, leave_out_known=leave_out_known, actor=ACTOR)
    work(session, kept)


def brought_in(session: Session, *lines: tuple[str, ...], leave_out_known: bool = False) -> Import:
    """A spreadsheet that was brought in."""
    kept = rehearsed(session, *lines, leave_out_known=leave_out_known)
    begin(session, kept.id, actor=ACTOR)
    work(session, kept)
    return kept


def work(session: Session, kept: Import) -> int:
    """Let the clock work on it until it is done; returns in how many steps."""
    steps = 0
    while kept.state in UNDER_WAY:
        step(session, kept.id)
        session.flush()
        steps += 1
    return steps


def lines_of(session: Session, kept: Import) -> list[ImportLine]:
    """Its lines, in the order of the file."""
    session.flush()
    mine = select(ImportLine).where(ImportLine.import_id == kept.id).order_by(ImportLine.line)
    return list(session.scalars(mine.execution_options(populate_existing=True)))


def states_of(session: Session, kept: Import) -> list[str]:
    """What has become of each line."""
    return [line.state for line in lines_of(session, kept)]
