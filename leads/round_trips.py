"""Several statements in one round trip, in short transactions on one kept connection: the way of mail that goes out by the thousand."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from hashlib import blake2b
from typing import Any, NamedTuple, TypeVar

import psycopg
from psycopg import generators, pq
from psycopg.abc import Buffer, PQGen
from psycopg.adapt import PyFormat, Transformer
from psycopg.errors import error_from_result
from psycopg.types.json import Jsonb
from psycopg.waiting import wait
from sqlalchemy import Insert, Select, Update
from sqlalchemy.dialects.postgresql import psycopg as dialect
from sqlalchemy.engine import Connection
from sqlalchemy.orm import Session
from sqlalchemy.sql.compiler import SQLCompiler

from leads.db import connection

Row = tuple[Any, ...]
DIALECT = dialect.dialect()  # type: ignore[no-untyped-call]
# As the server itself numbers them: $1, $2.
NUMBERED = dialect.dialect(paramstyle="numeric_dollar")  # type: ignore[no-untyped-call]


@dataclass(frozen=True, eq=False)
class Statement:
    """SQL text made once from a query that was written beside its tables; asking it builds nothing anew."""

    sql: bytes
    fixed: Mapping[str, Any]
    numbered: bytes
    order: Sequence[str]

    @classmethod
    def of(cls, query: Select[*tuple[Any, ...]] | Insert | Update) -> "Statement":
        """Return the statement a query stands for; the names of its open parameters are those of its `bindparam`s."""
        compiled, numbered = (query.compile(dialect=each) for each in (DIALECT, NUMBERED))
        assert isinstance(compiled, SQLCompiler)
        assert isinstance(numbered, SQLCompiler)
        # A parameter that has its value already is part of the query; the others are the caller's to give, each time.
        fixed = {name: each.effective_value for each, name in compiled.bind_names.items() if not each.required}
        return cls(str(compiled).encode(), fixed, str(numbered).encode(), numbered.positiontup or ())

    def filled(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """Return every value it needs, ready for the driver."""
        return {**self.fixed, **{name: Jsonb(value) if isinstance(value, dict) else value for name, value in values.items()}}


T = TypeVar("T")
Asked = tuple[Statement, Mapping[str, Any]]
SAVEPOINT, RELEASE, BACK = b"SAVEPOINT trip", b"RELEASE SAVEPOINT trip", b"ROLLBACK TO SAVEPOINT trip"
BEGIN, COMMIT, ROLLBACK, ROWS, OURS = b"BEGIN", b"COMMIT", b"ROLLBACK", b"rows", b"trip_"
REFUSED = (pq.ExecStatus.FATAL_ERROR, pq.ExecStatus.PIPELINE_ABORTED)
PREPARED_HERE = "SELECT name FROM pg_prepared_statements WHERE left(name, 5) = 'trip_'"


class RoundTrips:
    """A connection that others use as well: what is asked here is a savepoint of theirs, released by `commit`, gone with `undo`."""

    def __init__(self, held: Connection) -> None:
        driver = held.connection.driver_connection
        assert isinstance(driver, psycopg.Connection)
        self.held, self.driver, self.begun = held, driver, False

    def ask(self, *asked: Asked) -> list[list[Row]]:
        """Return the rows of each statement, all asked in one round trip; the transaction stays open."""
        with self.driver.pipeline():
            cursors = self._send(asked)
        return [_rows(cursor) for cursor in cursors]

    def commit(self, *asked: Asked) -> list[list[Row]]:
        """Ask, and commit in the same round trip."""
        with self.driver.pipeline():
            cursors = self._send(asked)
            self.driver.execute(RELEASE)
            self.begun = False
        return [_rows(cursor) for cursor in cursors]

    def undo(self) -> None:
        """Forget what was asked since the last commit."""
        if self.begun and not self.driver.broken:
            self.driver.execute(BACK)
        self.begun = False

    def close(self) -> None:
        """Undo what was not committed."""
        self.undo()

    def _send(self, asked: Sequence[Asked]) -> list[psycopg.Cursor[Row]]:
        if not self.begun:
            self.driver.execute(SAVEPOINT)
        self.begun = True
        return [self.driver.execute(statement.sql, statement.filled(values), prepare=True) for statement, values in asked]


class Spoken(NamedTuple):
    """A statement as libpq takes it: by which name the server knows it, and its values."""

    name: bytes
    sql: bytes
    values: Sequence[Buffer | None]
    types: tuple[int, ...]
    formats: Sequence[pq.Format]


class OwnRoundTrips(RoundTrips):
    """A connection that is ours alone: a transaction begins with the first `ask` and ends with `commit` or `undo`.

    It speaks libpq's pipeline mode itself: the driver's own looks at the socket once and again for every statement, which took a
    fifth of all the processor time a mail needs.
    """

    def __init__(self, held: Connection) -> None:
        super().__init__(held)
        self.link, self.speech = self.driver.pgconn, Transformer(self.driver)
        # A line looks up by key and nothing else; a plan made anew for each value, or made while a table was small, would only cost.
        self.driver.execute("SET plan_cache_mode = force_generic_plan; SET enable_seqscan = off")
        # The driver has the server forget every prepared statement now and then, ours too: so the server is asked what it knows.
        self.prepared = {name.encode() for (name,) in self.driver.execute(PREPARED_HERE, prepare=False)}
        self.driver.commit()

    def close(self) -> None:
        """Undo what was not committed, and leave the connection as it was to whoever has it next."""
        try:
            self.undo()
            self.driver.execute("RESET plan_cache_mode; RESET enable_seqscan")
            self.driver.commit()
        except psycopg.Error:
            # A connection that cannot be told so is of no use to anybody.
            self.held.invalidate()

    def ask(self, *asked: Asked) -> list[list[Row]]:
        """Return the rows of each statement, all asked in one round trip; the transaction stays open."""
        return self._exchange(asked, None)

    def commit(self, *asked: Asked) -> list[list[Row]]:
        """Ask, and commit in the same round trip."""
        return self._exchange(asked, COMMIT)

    def undo(self) -> None:
        """Forget what was asked since the last commit."""
        # In our own words, for after a rollback of the driver's everything would have to be prepared anew.
        if self.begun and not self.driver.broken:
            self._exchange((), ROLLBACK)

    def _exchange(self, asked: Sequence[Asked], ending: bytes | None) -> list[list[Row]]:
        spoken = [self._in_speech(*each) for each in asked]
        self.link.enter_pipeline_mode()
        try:
            return self._hear(self._say(spoken, ending))
        finally:
            self._leave_pipeline()
            # What the server says, for after an error nothing that came behind it was done, the commit neither.
            self.begun = self.link.transaction_status in (pq.TransactionStatus.INTRANS, pq.TransactionStatus.INERROR)

    def _leave_pipeline(self) -> None:
        if self.link.status == pq.ConnStatus.OK:
            try:
                self.link.exit_pipeline_mode()
            except psycopg.Error:
                # Interrupted in the middle, it would take the answers to this for those to what is asked next.
                self.link.finish()

    def _in_speech(self, statement: Statement, values: Mapping[str, Any]) -> Spoken:
        given = statement.filled(values)
        dumped = self.speech.dump_sequence([given[name] for name in statement.order], [PyFormat.AUTO] * len(statement.order))
        types, formats = tuple(self.speech.types or ()), tuple(self.speech.formats or ())
        return Spoken(_name(statement.numbered, types), statement.numbered, dumped, types, formats)

    def _say(self, spoken: Sequence[Spoken], ending: bytes | None) -> list[bytes]:
        """Send it all; returns what to expect: ROWS to hand on, a word of the transaction, or the name of what gets prepared."""
        expected = list[bytes]()
        if not self.begun and ending is not ROLLBACK:
            self.link.send_query_params(BEGIN, None)
            expected.append(BEGIN)
        for each in spoken:
            if each.name not in self.prepared and each.name not in expected:
                self.link.send_prepare(each.name, each.sql, each.types)
                expected.append(each.name)
            self.link.send_query_prepared(each.name, each.values, each.formats)
            expected.append(ROWS)
        if ending is not None:
            self.link.send_query_params(ending, None)
            expected.append(ending)
        self.link.pipeline_sync()
        self._wait(generators.send(self.link))
        return expected

    def _hear(self, expected: Sequence[bytes]) -> list[list[Row]]:
        """Return the rows of every answer that has them; raises the first error of all."""
        rows, wrong = list[list[Row]](), list[psycopg.Error]()
        for what in expected:
            (answer,) = self._wait(generators.fetch_many(self.link))
            if answer.status in REFUSED:
                wrong.append(error_from_result(answer))
            elif what is ROWS:
                self.speech.set_pgresult(answer)
                rows.append(self.speech.load_rows(0, answer.ntuples, tuple) if answer.nfields else [])
            elif what.startswith(OURS):
                # Though what comes behind it may fail: what is prepared stays so.
                self.prepared.add(what)
        # The last answer is to the question whether all is said.
        self._wait(generators.fetch_many(self.link))
        if wrong:
            raise wrong[0]
        return rows

    def _wait(self, steps: PQGen[T]) -> T:
        # Without an interval it would look, look and look again; with one it sleeps until there is something, or a signal.
        return wait(steps, self.link.socket, interval=1.0)


def together(session: Session, *asked: Asked) -> list[list[Row]]:
    """Return the rows of several statements, asked in one round trip inside a session's own transaction."""
    if session.autoflush:
        session.flush()
    trips = RoundTrips(session.connection())
    trips.begun = True
    return trips.ask(*asked)


def _rows(cursor: psycopg.Cursor[Row]) -> list[Row]:
    return cursor.fetchall() if cursor.description else []


@contextmanager
def round_trips() -> Iterator[RoundTrips]:
    """Keep one connection of the pool for as long as the block lasts; what was not committed at its end is undone."""
    with connection() as (held, joined):
        trips = RoundTrips(held) if joined else OwnRoundTrips(held)
        try:
            yield trips
        finally:
            trips.close()


@lru_cache(maxsize=256)
def _name(sql: bytes, types: tuple[int, ...]) -> bytes:
    # The same for every line and process: a connection that comes back to the pool keeps what it has prepared.
    return OURS + blake2b(b"%s %r" % (sql, types), digest_size=12).hexdigest().encode()
