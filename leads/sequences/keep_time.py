"""Keeps the mails that a rest silenced at the moments at which they would have gone, whatever becomes of the fact they hang on."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from leads.clock import now
from leads.db import lock
from leads.messages.models import Message
from leads.messages.outbox import MOVED_BY_STAFF
from leads.sequences.enroll import history, is_open, plan_facts, put_down
from leads.sequences.models import Enrolment
from leads.sequences.plan import PlannedStep, plan
from leads.sequences.publish import definition_of
from leads.sequences.replan import change, replan, wanted_of
from leads.sequences.stop import RESTS


def keep_in_line(session: Session, enrolment: Enrolment, *, actor: str) -> None:
    """Plan an enrolment anew if it runs; if it only rests, retime its silenced mails, which stay silenced."""
    lock(session, "person", enrolment.person_id)
    # Whoever let it rest, or woke it, had this lock before us.
    session.refresh(enrolment, with_for_update=True)
    if enrolment.ended_at is None:
        replan(session, enrolment, actor=actor)
    elif enrolment.ended_why in RESTS:
        _retime(session, enrolment, enrolment.ended_why, actor=actor)


def _retime(session: Session, enrolment: Enrolment, why: str, *, actor: str) -> None:
    rows = session.scalars(select(Message).where(Message.enrolment_id == enrolment.id).with_for_update()).all()
    silenced = {(row.step or "", row.occurrence): row for row in rows if is_open(row) or (row.state, row.reason) == ("cancelled", why)}
    past = [each for each in history(session, enrolment) if (each.step, each.occurrence) not in silenced]
    for step in plan(definition_of(session, enrolment.version_id), plan_facts(session, enrolment), past, now()):
        # A to-do of a sequence opens again on the day it wakes.
        if step.todo is None:
            _silence(session, enrolment, step, silenced.get((step.step, step.occurrence)), why, actor=actor)


def _silence(session: Session, enrolment: Enrolment, step: PlannedStep, row: Message | None, why: str, *, actor: str) -> None:
    if row is None:
        # A colleague was asked to speak of the old time already: the new one has a row of its own.
        row = put_down(session, enrolment, step, actor=actor)
    elif MOVED_BY_STAFF in row.moved_by and row.depends_on == step.depends_on:
        return
    if row is not None:
        still_silent = {} if step.skip else {"state": "cancelled", "reason": why}
        change(session, row, wanted_of(row, enrolment, step) | still_silent, actor=actor)
