"""A connection as libpq knows it: several statements are said in one breath, and their answers heard in one.

The driver's own pipeline looks at the socket once and again for every statement, which took a fifth of all the processor time a mail needs,
and a tenth of what an inquiry does.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from hashlib import blake2b
from typing import Any, NamedTuple

import psycopg
from psycopg import generators, pq
from psycopg.abc import Buffer, PQGen
from psycopg.adapt import PyFormat, Transformer
from psycopg.errors import InvalidSqlStatementName, error_from_result
from psycopg.pq.abc import PGresult
from psycopg.types.json import Jsonb
from psycopg.waiting import wait
from sqlalchemy import JSON, BindParameter, Insert, SelectBase, Update, Values, bindparam, column, values
from sqlalchemy.dialects.postgresql import psycopg as dialect
from sqlalchemy.engine import Connection
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.types import TypeEngine

from leads.db import ROLLED_BACK

Row = tuple[Any, ...]
# With its parameters as the server itself numbers them: $1, $2.
DIALECT = dialect.dialect(paramstyle="numeric_dollar")  # type: ignore[no-untyped-call]


@dataclass(frozen=True, eq=False)
class Statement:
    """SQL text made once from a query that was written beside its tables; asking it builds nothing anew."""

    sql: bytes
    fixed: Mapping[str, Any]
    order: Sequence[str]
    # The places of those that are JSON.
    as_json: Sequence[int]

    @classmethod
    def of(cls, query: SelectBase | Insert | Update) -> "Statement":
        """Return the statement a query stands for; the names of its open parameters are those of its `bindparam`s."""
        compiled = query.compile(dialect=DIALECT)
        assert isinstance(compiled, SQLCompiler)
        # A parameter that has its value already is part of the query; the others are the caller's to give, each time.
        fixed = {name: each.effective_value for name, each in compiled.binds.items() if not each.required}
        order = compiled.positiontup or ()
        as_json = [place for place, name in enumerate(order) if isinstance(compiled.binds[name].type, JSON)]
        return cls(str(compiled).encode(), fixed, order, as_json)

    def filled(self, values: Mapping[str, Any]) -> list[Any]:
        """Return every value it needs, in the order of its parameters and ready for the driver."""
        every = {**self.fixed, **values}
        given = [every[name] for name in self.order]
        for place in self.as_json:
            if given[place] is not None:
                given[place] = Jsonb(given[place])
        return given


def rows_of(name: str, columns: Mapping[str, TypeEngine[Any]], count: int) -> Values:
    """Return so many rows as a table of a statement, one parameter a value: a list for each column would take the driver longer."""
    rows = zip(*(in_rows(name, each, kind, count) for each, kind in columns.items()), strict=True)
    return values(*(column(each, kind) for each, kind in columns.items()), name=name).data(list(rows))


def in_rows(name: str, column: str, kind: TypeEngine[Any], count: int) -> list[BindParameter[Any]]:
    """Return the parameters of one column of such rows, for a condition from which the server sees that it can look up by key."""
    return [bindparam(_numbered(name, column, place), type_=kind) for place in range(count)]


def given_rows(name: str, rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return what the parameters of `rows_of` that name are given for these rows."""
    return {_numbered(name, each, place): value for place, row in enumerate(rows) for each, value in row.items()}


def _numbered(name: str, column: str, place: int) -> str:
    return f"{name}_{column}_{place}"


Asked = tuple[Statement, Mapping[str, Any]]
ROWS, OURS, KEPT_AS = b"rows", b"trip_", "wire"
REFUSED = (pq.ExecStatus.FATAL_ERROR, pq.ExecStatus.PIPELINE_ABORTED)
PREPARED_HERE = b"SELECT name::text FROM pg_prepared_statements WHERE left(name, 5) = 'trip_'"


class Spoken(NamedTuple):
    """A statement as libpq takes it: by which name the server knows it, and its values."""

    name: bytes
    sql: bytes
    values: Sequence[Buffer | None]
    types: tuple[int, ...]
    formats: Sequence[pq.Format]


class Wire:
    """What is said over one connection of the pool, and what its server has prepared for it."""

    def __init__(self, driver: psycopg.Connection[Any]) -> None:
        self.pgconn, self.speech = driver.pgconn, Transformer(driver)
        # None while it is not known: after a rollback the driver has the server forget every prepared statement, ours too.
        self.prepared: set[bytes] | None = None

    @classmethod
    def of(cls, held: Connection) -> "Wire":
        """Return the wire of a connection, the same for as long as that lives."""
        wire: Wire | None = held.info.get(KEPT_AS)
        if wire is None:
            driver = held.connection.driver_connection
            assert isinstance(driver, psycopg.Connection)
            wire = held.info[KEPT_AS] = cls(driver)
        if held.info.pop(ROLLED_BACK, False):
            wire.prepared = None
        return wire

    @property
    def is_begun(self) -> bool:
        """True while a transaction is open, sound or not."""
        return self.pgconn.transaction_status in (pq.TransactionStatus.INTRANS, pq.TransactionStatus.INERROR)

    def exchange(self, asked: Sequence[Asked], *, before: Sequence[bytes] = (), behind: Sequence[bytes] = ()) -> list[list[Row]]:
        """Return the rows of each statement, with words of the transaction said before and behind; raises the first error of all."""
        known = self._known() if asked else set()
        spoken = [self._in_speech(*each) for each in asked]
        self.pgconn.enter_pipeline_mode()
        try:
            expected = self._say(spoken, known, before, behind)
            # Without an interval it would look, look and look again; with one it sleeps until there is something, or a signal.
            return self._understood(expected, known, wait(self._answers(), self.pgconn.socket, interval=1.0))
        except InvalidSqlStatementName:
            # Somebody else had them forgotten; the next exchange asks what there is.
            self.prepared = None
            raise
        finally:
            self._leave_pipeline()

    def _known(self) -> set[bytes]:
        if self.prepared is None:
            found = self.pgconn.exec_(PREPARED_HERE)
            if not _is_fine(found):
                raise error_from_result(found)
            self.prepared = {name for row in range(found.ntuples) if (name := found.get_value(row, 0))}
        return self.prepared

    def _leave_pipeline(self) -> None:
        if self.pgconn.status == pq.ConnStatus.OK:
            try:
                self.pgconn.exit_pipeline_mode()
            except psycopg.Error:
                # Interrupted in the middle, it would take the answers to this for those to what is asked next.
                self.pgconn.finish()

    def _in_speech(self, statement: Statement, values: Mapping[str, Any]) -> Spoken:
        given = statement.filled(values)
        dumped = self.speech.dump_sequence(given, [PyFormat.AUTO] * len(given))
        types, formats = tuple(self.speech.types or ()), tuple(self.speech.formats or ())
        return Spoken(_name(statement.sql, types), statement.sql, dumped, types, formats)

    def _say(self, spoken: Sequence[Spoken], known: set[bytes], before: Sequence[bytes], behind: Sequence[bytes]) -> list[bytes]:
        """Send it all; returns what to expect: ROWS to hand on, a word of the transaction, or the name of what gets prepared."""
        expected = [*before]
        for word in before:
            self.pgconn.send_query_params(word, None)
        for each in spoken:
            if each.name not in known and each.name not in expected:
                self.pgconn.send_prepare(each.name, each.sql, each.types)
                expected.append(each.name)
            self.pgconn.send_query_prepared(each.name, each.values, each.formats)
            expected.append(ROWS)
        for word in behind:
            self.pgconn.send_query_params(word, None)
        self.pgconn.pipeline_sync()
        return [*expected, *behind]

    def _answers(self) -> PQGen[list[PGresult]]:
        """Return every answer up to the one that all is said; where a commit without a word fails, its error stands before that."""
        yield from generators.send(self.pgconn)
        answers = list[PGresult]()
        while not answers or answers[-1].status != pq.ExecStatus.PIPELINE_SYNC:
            more = yield from generators.fetch_many(self.pgconn)
            if not more:
                raise psycopg.OperationalError("The connection ended before all was answered.")
            answers += more
        return answers

    def _understood(self, expected: Sequence[bytes], known: set[bytes], answers: Sequence[PGresult]) -> list[list[Row]]:
        """Return the rows of every answer that has them; raises the first error of all."""
        # Though what comes behind it may fail: what is prepared stays so.
        known |= {what for what, answer in zip(expected, answers, strict=False) if what.startswith(OURS) and _is_fine(answer)}
        for answer in answers:
            if not _is_fine(answer):
                raise error_from_result(answer)
        return [self._rows(answer) for what, answer in zip(expected, answers, strict=False) if what is ROWS]

    def _rows(self, answer: PGresult) -> list[Row]:
        self.speech.set_pgresult(answer)
        return self.speech.load_rows(0, answer.ntuples, tuple) if answer.nfields else []


def _is_fine(answer: PGresult) -> bool:
    return answer.status not in REFUSED


@lru_cache(maxsize=256)
def _name(sql: bytes, types: tuple[int, ...]) -> bytes:
    # The same for every connection and process: one that comes back to the pool keeps what it has prepared.
    return OURS + blake2b(b"%s %r" % (sql, types), digest_size=12).hexdigest().encode()
