"""How many called our mail spam is counted over thirty days, and a single one is no catastrophe."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from leads.clock import now
from leads.errors import LeadsError
from leads.messages.doctor import complaints
from leads.messages.doctor.complaints import check_complaints
from leads.messages.models import Message


def arrived(due: Callable[..., Message], session: Session, state: str, *, days_ago: int = 1) -> None:
    message = due()
    message.state, message.sent_at = state, now() - timedelta(days=days_ago)
    session.flush()


def test_complaints_of_the_last_month_are_counted(session: Session, due: Callable[..., Message]) -> None:
    for state, days_ago in (("sent", 1), ("delivered", 2), ("complained", 3), ("complained", 40), ("failed", 1)):
        arrived(due, session, state, days_ago=days_ago)
    found = check_complaints()
    assert found.says.startswith("1 of 3 mails")
    assert found.state == "advice"


def test_none_is_well(session: Session, due: Callable[..., Message]) -> None:
    arrived(due, session, "sent")
    assert check_complaints().state == "ok"


@pytest.mark.parametrize(("sent", "complained", "state"), [(10_000, 9, "ok"), (10_000, 10, "advice"), (10_000, 30, "wrong"), (0, 0, "ok")])
def test_the_limits_are_gmails(database: None, monkeypatch: pytest.MonkeyPatch, sent: int, complained: int, state: str) -> None:
    monkeypatch.setattr(complaints, "_counted", lambda session: (sent, complained))
    assert check_complaints().state == state


@pytest.mark.parametrize("error", [OperationalError("", {}, Exception()), LeadsError("No database")])
def test_without_a_database_the_rest_is_still_told(monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    def away() -> None:
        raise error

    monkeypatch.setattr(complaints, "transaction", away)
    assert check_complaints().state == "advice"
