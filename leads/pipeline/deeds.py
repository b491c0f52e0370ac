"""What a colleague did a moment ago, alone or to many leads at once, and taking it back."""

import uuid
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from leads.accounts.staff import working
from leads.audit.trail import record
from leads.clock import now
from leads.errors import Conflict, Invalid, LeadsError, NotFound
from leads.pipeline.assign import assign
from leads.pipeline.find import locked
from leads.pipeline.models import Deed, Lead
from leads.pipeline.move_back import move_back
from leads.pipeline.stages import COORDINATORS, at_version
from leads.todos.models import Todo
from leads.todos.open import reopen

TAKEN_BACK_WITHIN = timedelta(minutes=15)
AT_ONCE = 200


@dataclass(frozen=True)
class Done:
    """What came of a deed: the numbers of the leads it changed, and for each of the others why not."""

    changed: Sequence[str]
    refused: Sequence[tuple[str, str]]


def assign_many(session: Session, chosen: Collection[tuple[uuid.UUID, int]], to: uuid.UUID | None, *, account_id: uuid.UUID) -> Deed:
    """Give leads to one colleague, or back to all; each on the version that was read, or not, with the reason. Raises Invalid."""
    if not chosen or len(chosen) > AT_ONCE:
        raise Invalid(f"Choose at least one lead, and at most {AT_ONCE}.")
    if to is not None and to not in {account.id for account in working(session, COORDINATORS)}:
        raise Invalid("Choose a colleague who works with leads.")
    changed, refused = [], []
    # In one order, so that two who choose the same leads don't wait for each other.
    for lead_id, version in sorted(chosen):
        try:
            changed.append(_give(session, lead_id, version, to, actor=f"account:{account_id}"))
        except LeadsError as error:
            refused.append([_number(session, lead_id), str(error)])
    details = {"to": str(to) if to else None, "leads": changed, "refused": refused}
    return _keep(session, account_id, "assign", details)


def did_todo(session: Session, todo: Todo, lead: Lead, *, account_id: uuid.UUID) -> Deed | None:
    """Keep that somebody finished a to-do, where that can be taken back: not once a sequence that waited for it has gone on."""
    if todo.enrolment_id is not None:
        return None
    return _keep(session, account_id, "todo", {"todo": str(todo.id), "number": lead.number})


def deed_of(session: Session, deed_id: uuid.UUID, account_id: uuid.UUID) -> Deed | None:
    """Return a colleague's own deed, or None."""
    return session.scalar(select(Deed).where(Deed.id == deed_id, Deed.account_id == account_id))


def outcome_of(deed: Deed) -> Done:
    """Return what came of a deed when it was done."""
    changed = [number for _, number, _, _ in deed.details.get("leads", [])]
    return Done(changed, [(number, why) for number, why in deed.details.get("refused", [])])


def undo(session: Session, deed_id: uuid.UUID, *, account_id: uuid.UUID) -> Done:
    """Take back one's own deed, lead by lead, where nobody has changed it since; raises NotFound or Conflict."""
    deed = session.scalar(select(Deed).where(Deed.id == deed_id, Deed.account_id == account_id).with_for_update())
    if deed is None:
        raise NotFound("There is nothing of yours to take back here.")
    if deed.undone_at is not None or deed.at < now() - TAKEN_BACK_WITHIN:
        raise Conflict("That was taken back already." if deed.undone_at else "That is too long ago to take back: change it by hand.")
    deed.undone_at = now()
    record(session, "deed.undone", deed, actor=f"account:{account_id}", kind=deed.kind)
    actor = f"account:{account_id}"
    if deed.kind == "move":
        return Done([move_back(session, deed, actor=actor)], ())
    if deed.kind == "todo":
        todo = reopen(session, uuid.UUID(deed.details["todo"]), actor=actor)
        if todo.lead_id:
            locked(session, todo.lead_id).version += 1
        return Done([deed.details["number"]], ())
    return _give_back(session, deed.details["leads"], actor=actor)


def _give(session: Session, lead_id: uuid.UUID, version: int, to: uuid.UUID | None, *, actor: str) -> list[Any]:
    lead = at_version(session, lead_id, version)
    if lead.closed_at is not None:
        raise Conflict("It is closed.")
    before = lead.assigned_to
    if before == to:
        raise Conflict("It is theirs already." if to else "It is nobody's already.")
    assign(session, lead_id, to, actor=actor)
    return [str(lead.id), lead.number, str(before) if before else None, lead.version]


def _give_back(session: Session, leads: Sequence[Sequence[Any]], *, actor: str) -> Done:
    changed, refused = [], []
    for lead_id, number, before, version in leads:
        lead = locked(session, uuid.UUID(lead_id))
        if lead.version == version:
            assign(session, lead.id, uuid.UUID(before) if before else None, actor=actor)
            changed.append(number)
        else:
            refused.append((number, "Somebody has changed it since."))
    return Done(changed, refused)


def _number(session: Session, lead_id: uuid.UUID) -> str:
    lead = session.get(Lead, lead_id)
    return lead.number if lead else "?"


def _keep(session: Session, account_id: uuid.UUID, kind: str, details: dict[str, Any]) -> Deed:
    deed = Deed(account_id=account_id, kind=kind, details=details, at=now())
    session.add(deed)
    session.flush()
    return deed
