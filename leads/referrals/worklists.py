"""A practice's referrals by what is needed of it; each is counted and listed only as far as its sender may know."""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Select, case, func, literal
from sqlalchemy.orm import Session

from leads.errors import NotFound
from leads.loop.disclosure import Seen, is_granted, most_for, seen_at
from leads.loop.models import Referral
from leads.providers.models import Practice
from leads.providers.names import plain
from leads.referrals.find import get_of_practice, of_practice

# Which of the states that are *shown* stand in which list; what its sender owes us comes first.
LISTS: Mapping[str, Sequence[str]] = {
    "owed": ("needs_information",),
    "declined": ("declined",),
    "upcoming": ("booked",),
    "missed": ("missed", "visit_cancelled"),
    "under-way": ("received", "accepted", "attended", "cancel_requested"),
    "done": ("closed", "cancelled"),
}
# Names are cells and can only be read, not searched: so many of the newest are.
SEARCHED = 5000


@dataclass(frozen=True)
class Row:
    """A referral in a list: what its sender may see of it, and the patient's name as they gave it."""

    referral: Referral
    seen: Seen
    patient: str


def patient_of(referral: Referral) -> Mapping[str, str | None]:
    """Return the patient as the sender described them: what we learned since is not theirs to read."""
    patient: Mapping[str, str | None] = (referral.received or {}).get("patient") or {}
    return patient


def name_of(referral: Referral) -> str:
    """Return the patient's name as the sender gave it."""
    patient = patient_of(referral)
    return " ".join(part for name in ("given_name", "family_name") if (part := patient.get(name)))


def count_lists(session: Session, practice: Practice) -> Mapping[str, int]:
    """Return how many of a practice's referrals stand in each list, and in `all`."""
    shown = _state_shown(practice).label("shown")
    counted = of_practice(practice.id).with_only_columns(shown, func.count()).group_by(shown)
    by_state: dict[str, int] = {row[0]: row[1] for row in session.execute(counted)}
    counts = {name: sum(by_state.get(state, 0) for state in states) for name, states in LISTS.items()}
    return counts | {"all": sum(by_state.values())}


def page_of(session: Session, practice: Practice, which: str, *, before: int | None = None, limit: int) -> tuple[list[Row], bool]:
    """Return at most `limit` referrals of a list (any other name is all) below a serial, the newest first, and whether there are more."""
    query = of_practice(practice.id).order_by(Referral.serial.desc()).limit(limit + 1)
    if which in LISTS:
        query = query.where(_state_shown(practice).in_(LISTS[which]))
    if before is not None:
        query = query.where(Referral.serial < before)
    rows = _rows(session, practice, query)
    return rows[:limit], len(rows) > limit


def search(session: Session, practice: Practice, words: str, *, limit: int) -> list[Row]:
    """Return the practice's referral of this number, or those whose patient's name holds every word, the newest first."""
    try:
        number = get_of_practice(session, practice.id, words)
        return _rows(session, practice, of_practice(practice.id).where(Referral.id == number.id))
    except NotFound:
        pass
    wanted = plain(words).split()
    newest = session.scalars(of_practice(practice.id).order_by(Referral.serial.desc()).limit(SEARCHED).execution_options(yield_per=200))
    found: list[uuid.UUID] = []
    for referral in newest if wanted else ():
        name = plain(name_of(referral))
        if all(word in name for word in wanted):
            found.append(referral.id)
    query = of_practice(practice.id).where(Referral.id.in_(found[:limit])).order_by(Referral.serial.desc())
    return _rows(session, practice, query)


def _rows(session: Session, practice: Practice, query: Select[Referral]) -> list[Row]:
    most, rows = most_for(practice.disclosure), []
    for referral, granted in session.execute(query.add_columns(is_granted())):
        told = seen_at(most if granted else "acknowledged", referral, ())
        rows.append(Row(referral, told, name_of(referral)))
    return rows


def _state_shown(practice: Practice) -> ColumnElement[str]:
    if most_for(practice.disclosure) == "acknowledged":
        return literal("received")
    return case((is_granted(), Referral.state), else_="received")
