"""A connection that the server has closed is never handed to a request: it takes a new one, and nobody notices."""

import psycopg
import pytest
from sqlalchemy import select

from leads import db

pytestmark = [pytest.mark.committed, pytest.mark.usefixtures("database")]


def rest(connections: int) -> list[int]:
    """Let so many connections come to rest in the pool, and return the numbers of their server processes."""
    held = [db.engine().connect() for _ in range(connections)]
    numbers = [each.connection.driver_connection.info.backend_pid for each in held]  # type: ignore[union-attr]
    for each in held:
        each.close()
    return numbers


def hang_up(url: str, numbers: list[int]) -> None:
    with psycopg.connect(url, autocommit=True) as server:
        for number in numbers:
            # With a second to end in: it answers when the process is really gone.
            server.execute("SELECT pg_terminate_backend(%s, 1000)", (number,))


def test_the_next_transaction_gets_a_new_connection(postgres: str) -> None:
    hang_up(postgres, rest(1))
    with db.transaction() as session:
        assert session.scalar(select(1)) == 1


def test_so_does_each_where_all_were_closed(postgres: str) -> None:
    db.engine().dispose()
    hang_up(postgres, rest(3))
    with db.transaction() as one, db.transaction() as other, db.transaction() as third:
        assert [each.scalar(select(1)) for each in (one, other, third)] == [1, 1, 1]


def test_one_that_we_closed_ourselves_is_not_handed_out_either() -> None:
    with db.engine().connect() as held:
        held.connection.driver_connection.close()  # type: ignore[union-attr]
    with db.transaction() as session:
        assert session.scalar(select(1)) == 1


def test_one_that_is_well_is_kept(postgres: str) -> None:
    db.engine().dispose()
    assert rest(1) == rest(1)
