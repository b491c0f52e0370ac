"""The record is found by whom, what and when, page by page, and saved without a formula in it."""

import csv
import io
import uuid
from datetime import timedelta

import pytest
from sqlalchemy.orm import Session

from leads.audit.search import Asked, as_csv, search
from leads.audit.trail import record_about
from leads.clock import now

ONE, OTHER = uuid.UUID(int=1), uuid.UUID(int=2)


@pytest.fixture
def written(session: Session, tuesday: object) -> None:
    """Three looks at two people by two colleagues."""
    record_about(session, "person.read", "people", ONE, actor="account:casey", lead="L-000001")
    record_about(session, "person.read", "people", OTHER, actor="account:robin")
    record_about(session, "lead.moved", "leads", ONE, actor="account:robin", before="new", to="contacted")
    session.flush()


@pytest.mark.parametrize(
    ("asked", "count"),
    [
        (Asked(), 3),
        (Asked(subjects={ONE}), 2),
        (Asked(subjects=()), 0),
        (Asked(actor="account:robin"), 2),
        (Asked(actions=("person.read",)), 2),
        (Asked(subjects={ONE}, actor="account:robin", actions=("lead.moved",)), 1),
    ],
)
def test_what_is_asked_for_is_found_and_nothing_else(session: Session, written: None, asked: Asked, count: int) -> None:
    assert len(search(session, asked, limit=10)) == count


def test_time_is_from_and_before(session: Session, written: None) -> None:
    assert len(search(session, Asked(since=now(), until=now() + timedelta(seconds=1)), limit=10)) == 3
    assert search(session, Asked(until=now()), limit=10) == []


def test_page_follows_page_without_losing_or_doubling_any(session: Session, written: None) -> None:
    first = search(session, Asked(), limit=2)
    rest = search(session, Asked(), before=first[-1].id, limit=2)
    assert [entry.action for entry in (*first, *rest)] == ["lead.moved", "person.read", "person.read"]


def test_the_table_names_who_and_says_what(session: Session, written: None) -> None:
    record_about(session, "person.read", "people", ONE, actor="account:casey", lead='=cmd|" /C calc"!A0')
    session.flush()
    rows = list(csv.reader(io.StringIO(as_csv(search(session, Asked(), limit=10), {"account:casey": "=Casey"}))))
    assert rows[0] == ["at_utc", "who", "act", "about", "id", "detail"]
    assert rows[1][:4] == ["2026-10-06T14:00:00Z", "'=Casey", "person.read", "people"]
    assert rows[1][5] == 'lead: =cmd|" /C calc"!A0'
