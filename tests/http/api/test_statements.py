"""How many statements an inquiry takes: each costs driver, server and the sender some of the time they have."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
import pytest

from leads import db
from tests.cast import raw_submission
from tests.http.api.conftest import Post

# The key; the idempotency key held and looked up; locks, whom we know, mails of late, a number; all new rows; begin and end.
# Whoever needs more has found a new question, which can join one of these, or a row that was not made with the others.
STATEMENTS = 10
ROUND_TRIPS = 6


@contextmanager
def traced() -> Iterator[list[str]]:
    """Yield a list that holds, when the block ends, the kinds of messages the driver sent to the server."""
    sent: list[str] = []
    with db.connection() as (held, _), tempfile.TemporaryFile("w+") as trace:
        driver = held.connection.driver_connection
        assert isinstance(driver, psycopg.Connection)
        # The driver's own trace: what goes past SQLAlchemy is counted too.
        driver.pgconn.trace(trace.fileno())
        yield sent
        driver.pgconn.untrace()
        trace.seek(0)
        sent += [line.split("\t")[3].strip() for line in trace if line.split("\t")[1] == "F"]


@pytest.fixture
def warm(post: Post) -> None:
    """Somebody else came before, so that every statement is prepared."""
    post(raw_submission(email="first@example.com", phone="203-555-0199"), Idempotency_Key="first")


def test_a_new_persons_inquiry_keeps_to_its_statements(post: Post, warm: None) -> None:
    with traced() as sent:
        assert post(raw_submission(), Idempotency_Key="second").status_code == 201
    assert sum(kind in ("Execute", "Query") for kind in sent) <= STATEMENTS, sent


def test_a_new_persons_inquiry_keeps_to_its_round_trips(post: Post, warm: None) -> None:
    with traced() as sent:
        assert post(raw_submission(), Idempotency_Key="second").status_code == 201
    assert sum(kind in ("Sync", "Query") for kind in sent) <= ROUND_TRIPS, sent
