"""The morning's numbers: to who wants them, once on a business day, and of nobody by name."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from leads.accounts.models import Account
from leads.accounts.staff import disable_account
from leads.clock import now
from leads.messages.models import Message
from leads.messages.notices import wants_brief
from leads.messages.templates import catalogue
from leads.reports.brief import brief, send_briefs, want_brief
from leads.todos.open import open_todo
from tests.accounts.cast import make_account
from tests.cast import make_lead

Freeze = Callable[[datetime], AbstractContextManager[object]]
# 7:31, 7:29 and 12:00 in New Haven on a Tuesday; a Saturday; Columbus Day.
MORNING = datetime(2026, 10, 6, 11, 31, tzinfo=UTC)


@pytest.fixture
def reader(session: Session) -> Account:
    account = make_account(session)
    want_brief(session, account.id, wanted=True)
    session.flush()
    return account


def mails(session: Session) -> list[Message]:
    session.flush()
    return list(session.scalars(select(Message).where(Message.template == "daily-brief")))


def test_who_wants_it_gets_it_once_a_morning(session: Session, reader: Account, freeze: Freeze) -> None:
    make_account(session, email="other@example.com")
    with freeze(MORNING):
        assert (send_briefs(session), send_briefs(session)) == (1, 0)
    assert [mail.account_id for mail in mails(session)] == [reader.id]


@pytest.mark.parametrize(
    "moment",
    [
        datetime(2026, 10, 6, 11, 29, tzinfo=UTC),
        datetime(2026, 10, 6, 16, 0, tzinfo=UTC),
        datetime(2026, 10, 10, 12, 0, tzinfo=UTC),
        datetime(2026, 10, 12, 12, 0, tzinfo=UTC),
    ],
    ids=["before its time", "in the afternoon", "on a Saturday", "on a holiday"],
)
def test_at_no_other_time(session: Session, reader: Account, freeze: Freeze, moment: datetime) -> None:
    with freeze(moment):
        assert send_briefs(session) == 0


def test_the_next_morning_it_comes_again(session: Session, reader: Account, freeze: Freeze) -> None:
    for day in range(2):
        with freeze(MORNING + timedelta(days=day)):
            send_briefs(session)
    assert len(mails(session)) == 2


def test_who_has_left_or_wants_no_more_gets_none(session: Session, reader: Account, freeze: Freeze) -> None:
    gone = make_account(session, email="gone@example.com")
    want_brief(session, gone.id, wanted=True)
    disable_account(session, gone)
    want_brief(session, reader.id, wanted=False)
    session.flush()
    with freeze(MORNING):
        assert send_briefs(session) == 0


def test_wanted_twice_is_wanted_once(session: Session, reader: Account) -> None:
    want_brief(session, reader.id, wanted=True)
    session.flush()
    want_brief(session, reader.id, wanted=False)
    session.flush()
    assert not wants_brief(session, reader.id)


def test_it_counts_what_waits(session: Session, tuesday: Callable[[timedelta], None]) -> None:
    lead = make_lead(session)
    tuesday(lead.expected_by - now() + timedelta(minutes=1))
    open_todo(session, "call", person_id=lead.person_id, lead_id=lead.id, due_at=now())
    session.flush()
    counted = brief(session)
    assert (counted.late_count, counted.todo_count, counted.unsent_count) == (1, 1, 0)


def test_it_holds_numbers_and_no_name() -> None:
    assert set(catalogue()["daily-brief"].declared) == {
        "today", "new_count", "late_count", "todo_count", "visit_count", "unsent_count", "brief_url",
    }  # fmt: skip
