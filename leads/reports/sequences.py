"""What came of the sequences: of each step how many mails went, wait or were left out and why; and who answered and booked."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Select, exists, func, or_, select, union_all
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.orm import Session

from leads.clock import now
from leads.messages.models import Message
from leads.pipeline.models import StageChange
from leads.reports.period import Period
from leads.reports.suppress import Count, suppressed
from leads.sequences.definitions import sequences
from leads.sequences.enroll import WENT
from leads.sequences.models import Enrolment, Reply
from leads.todos.models import Todo

WAITING = ("planned", "claimed")
NOT_SENT = ("skipped", "cancelled", "expired", "failed")
COLUMNS = ("begun", "mailed", "answered", "booked", "bounced")


@dataclass
class StepCounts:
    """One step in a period: mails planned, sent, bounced and not sent, people who answered or booked after it, and why not, by reason."""

    planned: int = 0
    sent: int = 0
    bounced: int = 0
    unsent: int = 0
    answered: int = 0
    booked: int = 0
    todos_open: int = 0
    todos_done: int = 0
    reasons: dict[str, int] = field(default_factory=lambda: defaultdict(int))


@dataclass(frozen=True)
class Outcomes:
    """Per sequence how many began it, were mailed, answered, booked after a mail, and bounced; as far as it may be shown."""

    rows: Mapping[str, Sequence[Count]]
    titles: Mapping[str, str]


def steps_of(session: Session, key: str, period: Period) -> Mapping[str, StepCounts]:
    """Return what became of each step whose time fell into a period, over all versions; for those who work with the sequence."""
    steps: dict[str, StepCounts] = defaultdict(StepCounts)
    for step, state, reason, count, answered, booked in session.execute(_by_state(key, period)):
        _add(steps[step or ""], state, reason, count)
        steps[step or ""].answered += answered
        steps[step or ""].booked += booked
    for step, done, count in session.execute(_todos(key, period)):
        if done:
            steps[step or ""].todos_done += count
        else:
            steps[step or ""].todos_open += count
    return steps


def standing_at(session: Session, key: str) -> Mapping[str, int]:
    """Return how many people stand before each step now: the one that comes next for them, a mail or a colleague's turn."""
    running = (Enrolment.sequence_key == key, Enrolment.ended_at.is_(None))
    mails = select(Message.enrolment_id, Message.step, Message.due_at).where(Message.state.in_(WAITING))
    todos = select(Todo.enrolment_id, Todo.step, Todo.due_at).where(Todo.done_at.is_(None))
    ways = [each.join(Enrolment, Enrolment.id == of.enrolment_id).where(*running) for each, of in ((mails, Message), (todos, Todo))]
    ahead = union_all(*ways).subquery()
    of_each = select(ahead.c.enrolment_id, ahead.c.step).order_by(ahead.c.enrolment_id, ahead.c.due_at)
    first = of_each.ext(distinct_on(ahead.c.enrolment_id)).subquery()
    return {step or "": count for step, count in session.execute(select(first.c.step, func.count()).group_by(first.c.step))}


def sequence_outcomes(session: Session, period: Period) -> Outcomes:
    """Return what came of every sequence for those who began it in a period."""
    begun = {key: counts for key, *counts in session.execute(_outcomes(period))}
    rows, _ = suppressed({key: begun.get(key, [0] * len(COLUMNS)) for key in sequences()})
    return Outcomes(rows, {key: sequence.title for key, sequence in sequences().items()})


def _add(step: StepCounts, state: str, reason: str | None, count: int) -> None:
    if state in WAITING:
        step.planned += count
    elif state in NOT_SENT:
        step.unsent += count
        step.reasons[reason or state] += count
    else:
        step.sent += count
        step.bounced += count if state == "bounced" else 0


def _by_state(key: str, period: Period) -> Select[*tuple[Any, ...]]:
    answered, booked = _answered(), _booked()
    went = Message.state.in_(WENT)
    # At the end of a month most of what is planned is due in the next: a period that is not over yet counts all of it.
    still_to_go = [Message.state.in_(WAITING)] if period.until > now() else []
    return (
        select(
            Message.step,
            Message.state,
            Message.reason,
            func.count(),
            func.count(Message.person_id.distinct()).filter(went, answered),
            func.count(Message.person_id.distinct()).filter(went, booked),
        )
        .where(Message.cause == f"sequence:{key}", Message.enrolment_id.is_not(None))
        .where(Message.due_at >= period.since, or_(Message.due_at < period.until, *still_to_go))
        .group_by(Message.step, Message.state, Message.reason)
    )


def _answered() -> Any:
    return exists().where(Reply.message_id == Message.id)


def _booked() -> Any:
    return exists().where(StageChange.lead_id == Message.lead_id, StageChange.to_stage == "booked", StageChange.at > Message.sent_at)


def _todos(key: str, period: Period) -> Select[*tuple[Any, ...]]:
    return (
        select(Todo.step, Todo.done_at.is_not(None), func.count())
        .join(Enrolment, Enrolment.id == Todo.enrolment_id)
        .where(Enrolment.sequence_key == key, Todo.opened_at >= period.since, Todo.opened_at < period.until)
        .group_by(Todo.step, Todo.done_at.is_not(None))
    )


def _outcomes(period: Period) -> Select[*tuple[Any, ...]]:
    mine = (Message.enrolment_id == Enrolment.id, Message.state.in_(WENT))
    mailed, bounced = exists().where(*mine), exists().where(*mine, Message.state == "bounced")
    answered = exists().where(*mine, Reply.message_id == Message.id)
    first = select(func.min(Message.sent_at)).where(*mine).scalar_subquery()
    booked = exists().where(StageChange.lead_id == Enrolment.lead_id, StageChange.to_stage == "booked", StageChange.at > first)
    begun = (
        select(
            Enrolment.sequence_key,
            *(each.label(name) for name, each in (("mailed", mailed), ("answered", answered), ("booked", booked), ("bounced", bounced))),
        )
        .where(Enrolment.sequence_key.in_(sequences()), Enrolment.started_at >= period.since, Enrolment.started_at < period.until)
        .subquery()
    )
    counts = [func.count().filter(begun.c[name]) for name in COLUMNS[1:]]
    return select(begun.c.sequence_key, func.count(), *counts).group_by(begun.c.sequence_key)
