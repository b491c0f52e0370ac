"""Merging two people as a whole: the records, their journeys and what is planned; and taking all of it apart again."""

import uuid
from collections.abc import Collection, Mapping

from sqlalchemy import and_, exists, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, aliased

from leads.audit.trail import record_about
from leads.clock import now
from leads.consent.ledger import open_holds
from leads.errors import Conflict
from leads.messages.models import Message
from leads.people import merge as records
from leads.people.models import Merge
from leads.people.moved import put_back
from leads.pipeline.facts import person_changed
from leads.pipeline.join import REASON, one_journey
from leads.pipeline.models import Lead, StageChange
from leads.sequences.models import Enrolment
from leads.sequences.replan import replan_all
from leads.sequences.stop import resume, stop_for
from leads.todos.models import Todo

TWO_OF_ONE = "Both have something of which one journey can have only one: a visit ahead, or open questions. End one of the two, then merge."


def unite(session: Session, kept_id: uuid.UUID, other_id: uuid.UUID, *, from_other: Collection[str] = (), actor: str) -> Merge:
    """Merge two people and join their open leads into one journey, all or nothing; raises what `people.merge.merge` raises.

    Raises Conflict also where each has a visit ahead, or questions open: only a person can say which of the two holds.
    """
    hold(session, kept_id, other_id)
    try:
        with session.begin_nested():
            made = records.merge(session, kept_id, other_id, from_other=from_other, actor=actor)
            one_journey(session, made, made.kept_id)
            session.flush()
    except IntegrityError:
        raise Conflict(TWO_OF_ONE, code="not_allowed_now") from None
    _let_go(session, made.kept_id)
    _go_on(session, made.kept_id, actor=actor)
    return made


def hold(session: Session, *people: uuid.UUID) -> None:
    """Hold people and their leads until the transaction ends: the leads first, as whoever moves one does, and all in one order."""
    session.scalars(select(Lead.id).where(Lead.person_id.in_(people)).order_by(Lead.id).with_for_update()).all()
    records.lock_people(session, *people)


def separate(session: Session, merge_id: uuid.UUID, *, actor: str) -> Merge:
    """Undo a merge; raises what `people.merge.undo` raises. Mails whose time has passed meanwhile are left out, not made up for."""
    if (known := session.get(Merge, merge_id)) is not None:
        hold(session, known.kept_id, known.other_id)
    made = records.undo(session, merge_id, actor=actor)
    for message_id in _ended_by(session, made):
        message = session.get_one(Message, message_id, with_for_update=True, populate_existing=True)
        message.state, message.state_at, message.fence = "planned", now(), message.fence + 1
    closed = {each["id"] for each in made.before or () if each["table"] == "leads"}
    todos = _closed_by(session, made)
    put_back(session, made, (Lead, Enrolment, Message, Todo), but=[each for each, comes_back in todos.items() if not comes_back])
    for todo_id, comes_back in todos.items():
        if comes_back:
            record_about(session, "todo.reopened", "todos", uuid.UUID(todo_id), actor=actor)
    for lead_id in sorted(closed):
        _reopened(session, session.get_one(Lead, uuid.UUID(lead_id)), actor)
    for person_id in (made.kept_id, made.other_id):
        if not open_holds(session, person_id):
            resume(session, person_id, after="hold", actor=actor)
        _let_go(session, person_id)
        _go_on(session, person_id, actor=actor)
    return made


def _let_go(session: Session, person_id: uuid.UUID) -> None:
    """Take back what a worker has just claimed: it was read as somebody else's."""
    mine = (Message.person_id == person_id, Message.state == "claimed")
    again = {"state": "planned", "fence": Message.fence + 1, "lease_until": None}
    session.execute(update(Message).where(*mine).values(again).execution_options(synchronize_session="fetch"))


def _go_on(session: Session, person_id: uuid.UUID, *, actor: str) -> None:
    for lead in session.scalars(
        select(Lead).where(Lead.person_id == person_id).with_for_update().execution_options(populate_existing=True)
    ):
        # A page that was open on one of them is stale.
        lead.version += 1
    session.flush()
    if open_holds(session, person_id):
        stop_for(session, "hold", person_id=person_id, actor=actor)
    person_changed(session, person_id, actor=actor)
    replan_all(session, person_id, actor=actor)


def _ended_by(session: Session, made: Merge) -> list[uuid.UUID]:
    """Return the mails that the merge took back and nobody has decided about since."""
    ids = [uuid.UUID(each["id"]) for each in made.before or () if each["table"] == "messages"]
    still = select(Message.id).where(Message.id.in_(ids), Message.state == "cancelled", Message.reason == REASON)
    return list(session.scalars(still))


def _closed_by(session: Session, made: Merge) -> Mapping[str, bool]:
    """Return the to-dos that the merge closed and are done now, and which of them come back.

    Not what somebody opened and did since, nor what is open anew on its own lead.
    """
    ids = [uuid.UUID(each["id"]) for each in made.before or () if each["table"] == "todos" and "done_at" in each["values"]]
    anew = aliased(Todo)
    same = exists().where(anew.lead_id == Todo.lead_id, anew.kind == Todo.kind, anew.done_at.is_(None), anew.id != Todo.id)
    comes_back = and_(Todo.outcome == REASON, ~same)
    return {str(id): back for id, back in session.execute(select(Todo.id, comes_back).where(Todo.id.in_(ids), Todo.done_at.is_not(None)))}


def _reopened(session: Session, lead: Lead, actor: str) -> None:
    newest = select(StageChange.to_stage).where(StageChange.lead_id == lead.id).order_by(StageChange.at.desc(), StageChange.id.desc())
    before = session.scalar(newest.limit(1))
    if before != lead.stage:
        session.add(StageChange(lead_id=lead.id, from_stage=before, to_stage=lead.stage, actor=actor, at=now()))
