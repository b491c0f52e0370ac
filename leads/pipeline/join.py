"""Two open leads of one person become one journey: nobody is called by two colleagues, or written to twice."""

import uuid
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from leads.audit.trail import record
from leads.clock import now
from leads.messages.models import Message
from leads.messages.outbox import STOPPABLE, cancel
from leads.people.models import Merge
from leads.people.moved import move_rows, remember
from leads.pipeline.models import Lead, StageChange
from leads.pipeline.stages import STAGES
from leads.sequences.models import Enrolment
from leads.sequences.todos import let_go
from leads.todos.models import Todo
from leads.todos.open import finish

REASON = "merged"
# What a journey was stays with it: reports count how it began and ended.
LEFT = ("stage_changes", "leads")
HEARD = "inquiry-received"
OF_A_TODO = ("done_at", "done_by", "outcome")
OF_A_MAIL = ("reason", "due_at", "local_due", "moved_by")
OF_THE_LEAD = ("stage", "closed_at", "outcome", "first_closed_at", "first_outcome", "joined_to", "reached_at", "assigned_to", "expected_by")


def one_journey(session: Session, merge: Merge, person_id: uuid.UUID) -> Lead | None:
    """Let the open lead that is furthest along go on for all of a person's; returns it, or None where there is none."""
    whose = select(Lead).where(Lead.person_id == person_id, Lead.closed_at.is_(None)).order_by(Lead.id).with_for_update()
    open_ones = session.scalars(whose).all()
    if not open_ones:
        return None
    goes_on, *others = sorted(open_ones, key=lambda lead: (-STAGES.index(lead.stage), lead.serial))
    goes_on_id = goes_on.id
    for other_id in [each.id for each in others]:
        _join(session, merge, goes_on_id, other_id)
    return session.get_one(Lead, goes_on_id)


def _join(session: Session, merge: Merge, goes_on_id: uuid.UUID, other_id: uuid.UUID) -> None:
    goes_on, other = session.get_one(Lead, goes_on_id), session.get_one(Lead, other_id)
    for lead in (goes_on, other):
        remember(merge, lead, *OF_THE_LEAD)
    _end_doubles(session, merge, goes_on, other)
    # The earliest call and the earliest promise count: what one of the two was promised, the person was.
    goes_on.reached_at = min((each for each in (goes_on.reached_at, other.reached_at) if each), default=None)
    goes_on.expected_by = min(goes_on.expected_by, other.expected_by)
    goes_on.assigned_to = goes_on.assigned_to or other.assigned_to
    before, at = other.stage, now()
    other.stage, other.closed_at, other.outcome, other.joined_to = "closed", at, "duplicate", goes_on.id
    other.first_closed_at, other.first_outcome = other.first_closed_at or at, other.first_outcome or "duplicate"
    change = {"from_stage": before, "to_stage": "closed", "outcome": "duplicate", "actor": merge.actor, "at": at}
    session.add(StageChange(lead_id=other.id, **change))
    # Not as a stage is moved by hand: referrers would hear that what goes on here has ended.
    record(session, "lead.joined", other, actor=merge.actor, to=goes_on.number)
    move_rows(session, merge, "leads", other_id, goes_on_id, leave=LEFT)


def _end_doubles(session: Session, merge: Merge, goes_on: Lead, other: Lead) -> None:
    """End what stands for both: each would be written twice, and called twice."""
    _end_sequences(session, merge, goes_on, other)
    _end_mails(session, merge, goes_on, other)
    _end_calls(session, merge, goes_on, other)


def _end_sequences(session: Session, merge: Merge, goes_on: Lead, other: Lead) -> None:
    running = select(Enrolment).where(Enrolment.ended_at.is_(None)).order_by(Enrolment.id).with_for_update()
    keys = {each.sequence_key for each in session.scalars(running.where(Enrolment.lead_id == goes_on.id))}
    for double in session.scalars(running.where(Enrolment.lead_id == other.id, Enrolment.sequence_key.in_(keys))).all():
        remember(merge, double, "ended_at", "ended_by", "ended_why", "next_todo_at")
        double.ended_at, double.ended_by, double.ended_why, double.next_todo_at = now(), merge.actor, REASON, None
        record(session, "sequence.ended", double, actor=merge.actor, sequence=double.sequence_key, reason=REASON)
        mails = select(Message).where(Message.enrolment_id == double.id, Message.state.in_(STOPPABLE)).with_for_update()
        for mail in session.scalars(mails).all():
            remember(merge, mail, *OF_A_MAIL)
        cancel(session, Message.enrolment_id == double.id, reason=REASON, actor=merge.actor)
        for todo in session.scalars(select(Todo).where(Todo.enrolment_id == double.id, Todo.done_at.is_(None)).with_for_update()):
            remember(merge, todo, *OF_A_TODO, "enrolment_id", "step", "occurrence", "depends_on")
        let_go(session, double, outcome=REASON, actor=merge.actor)


def _end_mails(session: Session, merge: Merge, goes_on: Lead, other: Lead) -> None:
    """Of what tells each that we have heard from them, let only the one go out that promises sooner."""
    planned = (Message.template == HEARD, Message.state.in_(STOPPABLE))
    of_both = select(Message).where(Message.lead_id.in_((goes_on.id, other.id)), *planned).order_by(Message.id).with_for_update()
    for double in sorted(session.scalars(of_both), key=_promised)[1:]:
        remember(merge, double, *OF_A_MAIL)
        cancel(session, Message.id == double.id, reason=REASON, actor=merge.actor)


def _promised(mail: Message) -> datetime:
    promised = (mail.facts or {}).get("expected_by")
    return datetime.fromisoformat(promised) if promised else mail.due_at


def _end_calls(session: Session, merge: Merge, goes_on: Lead, other: Lead) -> None:
    """Of the calls that both wait for keep the one that is due sooner; words that somebody wrote for one are kept in any case."""
    plain = (Todo.kind == "call", Todo.done_at.is_(None), Todo.enrolment_id.is_(None), Todo.for_account.is_(None))
    unworded = (*plain, Todo.__table__.c.note.is_(None))
    of_both = select(Todo).where(Todo.lead_id.in_((goes_on.id, other.id)), *unworded).order_by(Todo.due_at, Todo.id).with_for_update()
    calls = session.scalars(of_both).all()
    for double in calls[1:]:
        remember(merge, calls[0], "urgent")
        calls[0].urgent = calls[0].urgent or double.urgent
        remember(merge, double, *OF_A_TODO)
        finish(session, double.id, actor=merge.actor, outcome=REASON)
