"""To-dos that are steps of a sequence: what the plan knows of them, and what becomes of them when the plan changes.

A to-do step is no row of `messages`: those are mails, counted, claimed and explained as such, and a worker of an older version would try
to send one. So the enrolment keeps the time at which its next to-do opens, the clock opens it as a row of `todos` bound to
(enrolment, step, occurrence), and that row is the step's history. What follows stands in `messages` as `skipped`, `waits-for-todo`: no
worker claims it, every page can say why, and the replan that takes up any other skipped row takes these up as well. A state of its own,
`held`, would say the same in one more word to every query about states; leaving the rows out would leave nothing to show.
"""

from collections.abc import Callable, Iterable, Sequence

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from leads.audit.trail import record
from leads.clinic.profile import clinic
from leads.clock import end_of_business_days, now
from leads.sequences.definitions import Sequence as Definition
from leads.sequences.models import Enrolment
from leads.sequences.place import Past
from leads.sequences.plan import PlannedStep
from leads.todos.models import Todo
from leads.todos.open import Link, finish, new_todo, open_todo

# The sequence stopped and may run again: then the to-do opens again.
STOPPED = "stopped"
# Nobody did these; what follows them is not counted from their end.
NOT_DONE = ("no-longer-planned", "passed")


def past_todos(session: Session, enrolment: Enrolment) -> list[Past]:
    """Return the to-dos of an enrolment as plan() sees them."""
    return [_as_past(row) for row in session.scalars(_of(enrolment).where(Todo.outcome.is_distinct_from(STOPPED)))]


def open_step(session: Session, enrolment: Enrolment, step: PlannedStep) -> Todo:
    """Return the to-do of a step, open and due by the end of the next business day."""
    return _opened(session, enrolment, step, open_todo)


def pass_over(session: Session, enrolment: Enrolment, step: PlannedStep, *, outcome: str, actor: str) -> None:
    """Close the to-do of a step, or write down that it need not be opened; one that others opened stays theirs."""
    todo = _opened(session, enrolment, step, new_todo)
    session.flush()
    finish(session, todo.id, actor=actor, outcome=outcome)


def _opened(session: Session, enrolment: Enrolment, step: PlannedStep, make: Callable[..., Todo]) -> Todo:
    due = end_of_business_days(clinic().office(enrolment.facts.get("office")).calendar, now(), 1)
    if known := session.scalar(_of(enrolment).where(Todo.step == step.step, Todo.occurrence == step.occurrence)):
        known.done_at = known.done_by = known.outcome = None
        known.due_at = due
        record(session, "todo.reopened", known, actor=_name(enrolment), kind=known.kind)
        return known
    return make(
        session,
        step.todo or "",
        person_id=enrolment.person_id,
        lead_id=enrolment.lead_id,
        due_at=due,
        note=step.words,
        of=Link(enrolment.id, step.step, step.occurrence, step.depends_on),
        actor=_name(enrolment),
    )


def let_go(session: Session, enrolment: Enrolment, *, outcome: str, actor: str, steps: Iterable[str] | None = None) -> int:
    """Close the open to-dos of an enrolment (only of some steps, where named); returns how many.

    One that somebody else wants done as well only loses its bond to the sequence.
    """
    which = _of(enrolment).where(Todo.done_at.is_(None))
    rows = session.scalars(which if steps is None else which.where(Todo.step.in_(list(steps)))).all()
    for row in rows:
        if row.opened_by == _name(enrolment):
            finish(session, row.id, actor=actor, outcome=outcome)
        else:
            row.enrolment_id = row.step = row.occurrence = row.depends_on = None
    return len(rows)


def drop_strays(session: Session, enrolment: Enrolment, definition: Definition, steps: Sequence[PlannedStep], *, actor: str) -> int:
    """Close the open to-dos that the plan has no place for any more, or has a newer occurrence of; returns how many."""
    known = {step.key for step in definition.steps if step.todo}
    replaced = {step.step for step in steps if step.todo}
    open_now = set(session.scalars(_of(enrolment).where(Todo.done_at.is_(None)).with_only_columns(Todo.step)))
    strays = {key for key in open_now if key and (key not in known or key in replaced)}
    return let_go(session, enrolment, outcome="no-longer-planned", actor=actor, steps=strays) if strays else 0


def _as_past(row: Todo) -> Past:
    at, went = row.done_at or row.opened_at, row.outcome not in NOT_DONE
    return Past(row.step or "", row.occurrence or 0, at, went, row.depends_on or {}, is_open=row.done_at is None)


def _of(enrolment: Enrolment) -> Select[Todo]:
    return select(Todo).where(Todo.enrolment_id == enrolment.id)


def _name(enrolment: Enrolment) -> str:
    return f"sequence:{enrolment.sequence_key}"
