"""What a colleague did a moment ago, alone or to many leads at once, kept so that `leads.undo` can take it back."""

import uuid
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from leads.clock import now
from leads.errors import Conflict, Invalid, LeadsError
from leads.people.models import Merge, MergeSuggestion
from leads.pipeline.assign import CLOSED, assign, colleagues
from leads.pipeline.correct import Details
from leads.pipeline.find import locked
from leads.pipeline.models import Deed, Lead, SavedView
from leads.pipeline.stages import at_version
from leads.pipeline.views import Saved

TAKEN_BACK_WITHIN = timedelta(minutes=15)
AT_ONCE = 200
Stood = dict[str, Any]


@dataclass(frozen=True)
class Done:
    """What came of a deed: the numbers of the leads it changed, and for each of the others why not."""

    changed: Sequence[str]
    refused: Sequence[tuple[str, str]]


def assign_many(session: Session, chosen: Collection[tuple[uuid.UUID, int]], to: uuid.UUID | None, *, account_id: uuid.UUID) -> Deed:
    """Give leads to one colleague, or back to all; each on the version that was read, or not, with the reason. Raises Invalid."""
    if not chosen or len(chosen) > AT_ONCE:
        raise Invalid(f"Choose at least one lead, and at most {AT_ONCE}.")
    if to is not None and to not in {each.id for each in colleagues(session)}:
        raise Invalid("Choose a colleague who works with leads.")
    changed, refused = [], []
    # In one order, so that two who choose the same leads don't wait for each other.
    for lead_id, version in sorted(chosen):
        try:
            changed.append(_give(session, lead_id, version, to, actor=f"account:{account_id}"))
        except LeadsError as error:
            refused.append([_number(session, lead_id), str(error)])
    details = {"to": str(to) if to else None, "leads": changed, "refused": refused}
    return keep(session, account_id, "assign", details)


def keep(session: Session, account_id: uuid.UUID, kind: str, details: dict[str, Any], *, stood: Stood | None = None) -> Deed:
    """Keep what somebody did: which rows it was done to, and what stood there where only words say it."""
    deed = Deed(account_id=account_id, kind=kind, details=details, at=now())
    deed.stood = stood
    session.add(deed)
    session.flush()
    return deed


def did_merge(session: Session, made: Merge, lead: Lead | None, *, account_id: uuid.UUID) -> Deed:
    """Keep that somebody merged two records, so that it can be taken back from the page they come to."""
    return keep(session, account_id, "merge", {"merge": str(made.id), "number": lead.number if lead else None})


def did_dismiss(session: Session, pair: MergeSuggestion, *, account_id: uuid.UUID) -> Deed:
    """Keep that somebody said of two that they are two people, so that it can be taken back."""
    return keep(session, account_id, "dismiss", {"pair": str(pair.id)})


def did_save(session: Session, saved: Saved) -> Deed:
    """Keep that somebody saved a view of theirs, or gave it another name, so that it can be taken back."""
    view = saved.view
    session.flush()
    return keep(session, view.account_id, "view-saved", {"saved": str(view.id)}, stood={"was": saved.was, "is": view.name})


def did_correct(session: Session, lead: Lead, was: Details, then: Details, *, account_id: uuid.UUID) -> Deed:
    """Keep that somebody corrected details, from what to what, so that it can be taken back."""
    return keep(session, account_id, "corrected", {"corrected": str(lead.id)}, stood={"was": dict(was), "is": dict(then)})


def did_remove(session: Session, view: SavedView) -> Deed:
    """Keep that somebody removed a view of theirs, so that it can be taken back."""
    return keep(session, view.account_id, "view", {"view": str(view.id)})


def deed_of(session: Session, deed_id: uuid.UUID, account_id: uuid.UUID) -> Deed | None:
    """Return a colleague's own deed, or None."""
    return session.scalar(select(Deed).where(Deed.id == deed_id, Deed.account_id == account_id))


def outcome_of(deed: Deed) -> Done:
    """Return what came of a deed when it was done."""
    changed = [number for _, number, _, _ in deed.details.get("leads", [])]
    return Done(changed, [(number, why) for number, why in deed.details.get("refused", [])])


def give_back(session: Session, deed: Deed, actor: str) -> Done:
    """Give the leads of a deed back to whose they were, each that nobody has changed since."""
    changed, refused = [], []
    for lead_id, number, before, version in deed.details["leads"]:
        lead = locked(session, uuid.UUID(lead_id))
        if lead.version == version:
            assign(session, lead.id, uuid.UUID(before) if before else None, actor=actor)
            changed.append(number)
        else:
            refused.append((number, "Somebody has changed it since."))
    return Done(changed, refused)


def forget_what_stood(session: Session) -> None:
    """Forget what stood before deeds that nobody can take back any more."""
    session.execute(update(Deed).where(Deed.__table__.c.stood.is_not(None), Deed.at < now() - TAKEN_BACK_WITHIN).values(stood_cell=None))


def _give(session: Session, lead_id: uuid.UUID, version: int, to: uuid.UUID | None, *, actor: str) -> list[Any]:
    lead = at_version(session, lead_id, version)
    if lead.closed_at is not None:
        raise Conflict(CLOSED)
    before = lead.assigned_to
    if before == to:
        raise Conflict("It is theirs already." if to else "It is nobody's already.")
    assign(session, lead_id, to, actor=actor)
    return [str(lead.id), lead.number, str(before) if before else None, lead.version]


def _number(session: Session, lead_id: uuid.UUID) -> str:
    lead = session.get(Lead, lead_id)
    return lead.number if lead else "?"
