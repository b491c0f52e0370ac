"""Taking a move of a lead back: only while nothing has come of it but the stage itself; else the reason why not."""

import uuid
from collections.abc import Callable, Sequence
from typing import Literal

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from leads.audit.models import AuditEntry
from leads.audit.trail import record
from leads.clock import now
from leads.db import new_id
from leads.errors import Conflict
from leads.loop.models import Referral
from leads.pipeline.find import locked
from leads.pipeline.models import Deed, Lead, StageChange
from leads.sequences.models import Enrolment
from leads.todos.models import Todo
from leads.todos.open import reopen

Why = Literal["closed", "visit", "told", "mails", "on"]
TAKEN_BACK = "Taken back: it was moved by mistake."
# The trail names everything a move has done, whichever verb below did it; the gravest comes first.
TELLS: dict[str, Why] = {"appointment": "visit", "referral": "told", "sequence": "mails", "message": "mails"}


def move_and_keep(session: Session, lead: Lead, act: Callable[[], object], *, account_id: uuid.UUID) -> Deed | Why:
    """Move a lead by `act`; return the deed that can be taken back or, where something came of the move, why it cannot."""
    before, was_reached, mark = lead.stage, lead.reached_at is not None, new_id()
    act()
    session.flush()
    why, todos = _came_of(session, lead, before, mark, actor=f"account:{account_id}")
    if why is not None:
        return why
    change = select(StageChange.id).where(StageChange.lead_id == lead.id).order_by(StageChange.at.desc(), StageChange.id.desc()).limit(1)
    details = {
        "lead": str(lead.id), "number": lead.number, "version": lead.version, "from": before, "change": str(session.scalars(change).one()),
        "reached": not was_reached and lead.reached_at is not None, "todos": [str(each) for each in todos],
    }  # fmt: skip
    deed = Deed(account_id=account_id, kind="move", details=details, at=now())
    session.add(deed)
    session.flush()
    return deed


def move_back(session: Session, deed: Deed, *, actor: str) -> str:
    """Let a lead stand where it stood, and return its number; its history keeps both moves. Raises Conflict where it has gone on since."""
    lead, was = locked(session, uuid.UUID(deed.details["lead"])), deed.details
    if lead.version != was["version"] or _has_gone_on(session, lead, deed):
        raise Conflict(f"{lead.number} has gone on since: move it on its page, and say why.")
    to, lead.stage, lead.version = lead.stage, was["from"], lead.version + 1
    if was["reached"]:
        lead.reached_at = None
    change = StageChange(lead_id=lead.id, from_stage=to, to_stage=lead.stage, actor=actor, at=now(), takes_back=uuid.UUID(was["change"]))
    change.reason = TAKEN_BACK
    session.add(change)
    record(session, "lead.moved_back", lead, actor=actor, before=to, to=lead.stage)
    for todo_id in was["todos"]:
        reopen(session, uuid.UUID(todo_id), actor=actor)
    return lead.number


def _came_of(session: Session, lead: Lead, before: str, mark: uuid.UUID, *, actor: str) -> tuple[Why | None, Sequence[uuid.UUID]]:
    """Return why a move cannot be taken back, or None and the to-dos it closed."""
    if "closed" in (before, lead.stage):
        return "closed", ()
    entries = session.execute(select(AuditEntry.action, AuditEntry.subject_id).where(AuditEntry.actor == actor, AuditEntry.id > mark)).all()
    kinds = {action.partition(".")[0] for action, _ in entries}
    if grave := next((why for kind, why in TELLS.items() if kind in kinds), None):
        return grave, ()
    todos = [todo_id for action, todo_id in entries if action == "todo.done" and todo_id]
    plain = select(Todo.id).where(Todo.id.in_(todos), Todo.enrolment_id.is_(None))
    if {action for action, _ in entries} - {"lead.moved", "todo.done"} or len(session.scalars(plain).all()) < len(todos):
        return "on", ()
    return None, todos


def _has_gone_on(session: Session, lead: Lead, deed: Deed) -> bool:
    # Neither raises the lead's version: a referral that came since stands where the lead does, and its sender was told.
    referrals = select(Referral.id).where(Referral.lead_id == lead.id, Referral.changed_at >= deed.at)
    begun = or_(Enrolment.started_at >= deed.at, Enrolment.ended_at >= deed.at)
    sequences = select(Enrolment.id).where(Enrolment.lead_id == lead.id, begun)
    return any(session.scalar(each.limit(1)) is not None for each in (referrals, sequences))
