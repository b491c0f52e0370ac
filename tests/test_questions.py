"""Rows of one table asked for beside others, and what comes back of them."""

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from leads.pipeline.models import Lead
from leads.questions import Question
from leads.round_trips import together
from leads.todos.models import Todo
from leads.todos.open import open_todo
from tests.cast import make_lead

LEADS = Question.of(Lead, select(Lead).where(Lead.id == bindparam("lead")))
KINDS = Question.of(Todo, select(Todo.id, Todo.kind, Todo.note_cell).where(Todo.lead_id == bindparam("lead")))


def test_rows_of_several_tables_come_back_as_their_objects(session: Session) -> None:
    lead = make_lead(session, stage="contacted")
    open_todo(session, "look", person_id=lead.person_id, lead_id=lead.id, due_at=lead.opened_at, note="By phone")
    leads, todos = together(session, *((each.statement, {"lead": lead.id}) for each in (LEADS, KINDS)))
    assert [each.number for each in LEADS.answered(leads)] == [lead.number]
    assert [(each.kind, each.note) for each in KINDS.answered(todos)] == [("look", "By phone")]


def test_what_is_set_on_an_answer_is_never_written(session: Session) -> None:
    lead = make_lead(session)
    (rows,) = together(session, (LEADS.statement, {"lead": lead.id}))
    LEADS.answered(rows)[0].stage = "closed"
    session.commit()
    assert session.scalar(select(Lead.stage).where(Lead.id == lead.id)) == "new"
