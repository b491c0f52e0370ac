"""Several statements in one round trip, in short transactions on one kept connection: the way of mail that goes out by the thousand."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg.types.json import Jsonb
from sqlalchemy import Insert, Select, Update
from sqlalchemy.dialects.postgresql import psycopg as dialect
from sqlalchemy.engine import Connection
from sqlalchemy.orm import Session
from sqlalchemy.sql.compiler import SQLCompiler

from leads.db import connection

Row = tuple[Any, ...]
DIALECT = dialect.dialect()  # type: ignore[no-untyped-call]


@dataclass(frozen=True)
class Statement:
    """SQL text made once from a query that was written beside its tables; asking it builds nothing anew."""

    sql: bytes
    fixed: Mapping[str, Any]

    @classmethod
    def of(cls, query: Select[*tuple[Any, ...]] | Insert | Update) -> "Statement":
        """Return the statement a query stands for; the names of its open parameters are those of its `bindparam`s."""
        compiled = query.compile(dialect=DIALECT)
        assert isinstance(compiled, SQLCompiler)
        # A parameter that has its value already is part of the query; the others are the caller's to give, each time.
        return cls(str(compiled).encode(), {name: each.effective_value for each, name in compiled.bind_names.items() if not each.required})

    def filled(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """Return every value it needs, ready for the driver."""
        return {**self.fixed, **{name: Jsonb(value) if isinstance(value, dict) else value for name, value in values.items()}}


Asked = tuple[Statement, Mapping[str, Any]]
SAVEPOINT, RELEASE, BACK = b"SAVEPOINT trip", b"RELEASE SAVEPOINT trip", b"ROLLBACK TO SAVEPOINT trip"


class RoundTrips:
    """A kept connection; a transaction begins with the first `ask` and ends with `commit` or `undo`."""

    def __init__(self, held: Connection, *, joined: bool) -> None:
        driver = held.connection.driver_connection
        assert isinstance(driver, psycopg.Connection)
        self.driver, self.joined, self.begun = driver, joined, False

    def ask(self, *asked: Asked) -> list[list[Row]]:
        """Return the rows of each statement, all asked in one round trip; the transaction stays open."""
        with self.driver.pipeline():
            cursors = self._send(asked)
        return [_rows(cursor) for cursor in cursors]

    def commit(self, *asked: Asked) -> list[list[Row]]:
        """Ask, and commit in the same round trip."""
        with self.driver.pipeline():
            cursors = self._send(asked)
            self._end(RELEASE)
        return [_rows(cursor) for cursor in cursors]

    def undo(self) -> None:
        """Forget what was asked since the last commit."""
        if self.begun and not self.driver.broken:
            self._end(BACK)
        self.begun = False

    def _send(self, asked: Sequence[Asked]) -> list[psycopg.Cursor[Row]]:
        if self.joined and not self.begun:
            self.driver.execute(SAVEPOINT)
        self.begun = True
        return [self.driver.execute(statement.sql, statement.filled(values), prepare=True) for statement, values in asked]

    def _end(self, how: bytes) -> None:
        if self.joined:
            self.driver.execute(how)
        elif how == BACK:
            self.driver.rollback()
        else:
            self.driver.commit()
        self.begun = False


def together(session: Session, *asked: Asked) -> list[list[Row]]:
    """Return the rows of several statements, asked in one round trip inside a session's own transaction."""
    if session.autoflush:
        session.flush()
    trips = RoundTrips(session.connection(), joined=True)
    trips.begun = True
    return trips.ask(*asked)


def _rows(cursor: psycopg.Cursor[Row]) -> list[Row]:
    return cursor.fetchall() if cursor.description else []


@contextmanager
def round_trips() -> Iterator[RoundTrips]:
    """Keep one connection of the pool for as long as the block lasts; what was not committed at its end is undone."""
    with connection() as (held, joined):
        trips = RoundTrips(held, joined=joined)
        try:
            yield trips
        finally:
            trips.undo()
