"""A to-do of one's own stands in the worklist when it is due, with its words, and among what is theirs for whom it is."""

from collections.abc import Callable
from datetime import date, timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from leads.accounts.models import Account
from leads.clock import now
from leads.errors import Conflict, Invalid
from leads.pipeline.models import Lead
from leads.pipeline.own_todos import Own, ask
from leads.pipeline.worklist import Filters, count_by_need, count_of, first_of_each
from leads.todos.open import finish, reopen
from tests.accounts.cast import make_account
from tests.cast import make_lead

Advance = Callable[[timedelta], None]


@pytest.fixture
def robin(session: Session, tuesday: Advance) -> Account:
    """A coordinator whose lead it is not."""
    return make_account(session, name="Robin Oak", email="robin@example.com")


@pytest.fixture
def lead(session: Session, tuesday: Advance) -> Lead:
    """A lead with whom somebody has spoken."""
    return make_lead(session, stage="contacted", reached_at=now())


def standing(session: Session) -> None:
    """Let what each lead needs be worked out, as a commit does."""
    session.flush()
    session.execute(text("SET CONSTRAINTS ALL IMMEDIATE"))
    session.execute(text("SET CONSTRAINTS ALL DEFERRED"))


def test_it_is_theirs_for_whom_it_is_and_stands_in_todays_list_with_its_words(session: Session, lead: Lead, robin: Account) -> None:
    ask(session, lead.id, Own("Send her the map.", "today", for_account=robin.id), actor="account:casey")
    standing(session)
    mine = Filters(assigned_to=robin.id)
    (row,) = first_of_each(session, mine, limit=5)["today"]
    assert (row.id, row.words, row.todo_for) == (lead.id, "Send her the map.", robin.id)
    assert count_by_need(session, mine) == {"today": 1}
    assert count_of(session, [robin.id]) == {robin.id: 1}


def test_done_it_is_theirs_no_more(session: Session, lead: Lead, robin: Account) -> None:
    todo = ask(session, lead.id, Own("Send her the map.", "today", for_account=robin.id), actor="account:casey")
    finish(session, todo.id, actor="account:robin", outcome="done")
    standing(session)
    assert count_by_need(session, Filters(assigned_to=robin.id)) == {}
    assert count_of(session, [robin.id]) == {}


def test_a_lead_of_ones_own_with_a_todo_of_ones_own_counts_once(session: Session, lead: Lead, robin: Account) -> None:
    lead.assigned_to = robin.id
    for what in ("Send her the map.", "Ask Dr. Osei."):
        ask(session, lead.id, Own(what, for_account=robin.id), actor="account:casey")
    standing(session)
    assert count_of(session, [robin.id]) == {robin.id: 1}


def test_one_done_by_mistake_is_open_again_beside_another(session: Session, lead: Lead) -> None:
    done, _ = (ask(session, lead.id, Own(what), actor="account:casey") for what in ("Send her the map.", "Ask Dr. Osei."))
    finish(session, done.id, actor="account:casey", outcome="done")
    assert reopen(session, done.id, actor="account:casey").done_at is None


@pytest.mark.parametrize(
    ("own", "due"),
    [
        (Own("Call.", "today"), "2026-10-06"),
        (Own("Call.", "tomorrow"), "2026-10-07"),
        # Woodbury is shut on Thursdays, and on Columbus Day.
        (Own("Call.", "2-business-days"), "2026-10-09"),
        (Own("Call.", "5-business-days"), "2026-10-16"),
        (Own("Call.", "today", on=date(2026, 10, 9)), "2026-10-09"),
    ],
)
def test_by_when_is_said_as_people_say_it(session: Session, lead: Lead, own: Own, due: str) -> None:
    assert ask(session, lead.id, own, actor="account:casey").due_at.date().isoformat() == due


@pytest.mark.parametrize(
    ("own", "field"),
    [(Own(" "), "todo_what"), (Own("Call.", "someday"), "todo_when"), (Own("Call.", on=date(2026, 10, 1)), "todo_on")],
)
def test_what_is_amiss_is_named(session: Session, lead: Lead, own: Own, field: str) -> None:
    with pytest.raises(Invalid) as refusal:
        ask(session, lead.id, own, actor="account:casey")
    assert [each.field for each in refusal.value.errors] == [field]


def test_a_closed_lead_asks_nothing_of_anybody(session: Session, tuesday: Advance) -> None:
    with pytest.raises(Conflict, match="is closed"):
        ask(session, make_lead(session, stage="closed", closed_at=now()).id, Own("Call."), actor="account:casey")
