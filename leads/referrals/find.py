"""A practice's referrals, and nobody else's: every page, API and FHIR query of a referrer begins here."""

import re
import uuid

from sqlalchemy import ColumnElement, Select, false, select
from sqlalchemy.orm import Session

from leads.errors import NotFound
from leads.loop.models import Referral

NUMBER = re.compile(r"^R-?0*(\d{1,18})$", re.IGNORECASE)


def of_practice(practice_id: uuid.UUID) -> Select[Referral]:
    """Return the query of a practice's referrals; whatever is asked is asked on top of it, so that another's are never in the answer."""
    return select(Referral).where(Referral.practice_id == practice_id)


def get_of_practice(session: Session, practice_id: uuid.UUID, which: str, *, held: bool = False) -> Referral:
    """Return a practice's referral by its id or number; raises NotFound for another practice's as for one that never was."""
    named = _named(which)
    query = of_practice(practice_id).where(false() if named is None else named)
    referral = session.scalar(query.with_for_update() if held else query)
    if referral is None:
        raise NotFound("There is no such referral.")
    return referral


def by_number(session: Session, which: str) -> Referral:
    """Return any referral by its id or number, for our own staff; raises NotFound."""
    named = _named(which)
    # Most of what is typed into a search is a name; it need not go to the database to be no number.
    referral = None if named is None else session.scalar(select(Referral).where(named))
    if referral is None:
        raise NotFound(f"There is no referral {which}. Numbers look like R-000042.")
    return referral


def _named(which: str) -> ColumnElement[bool] | None:
    if serial := NUMBER.fullmatch(which.strip()):
        return Referral.serial == int(serial.group(1))
    try:
        return Referral.id == uuid.UUID(which)
    except ValueError:
        return None
