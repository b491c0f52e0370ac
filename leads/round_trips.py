"""Several statements in one round trip, in short transactions on one kept connection: the way of mail that goes out by the thousand."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import psycopg
from psycopg.errors import InvalidSqlStatementName
from sqlalchemy.engine import Connection
from sqlalchemy.orm import Session

from leads.db import ROLLED_BACK, connection
from leads.wire import Asked, Row, Statement, Wire

__all__ = ["Asked", "OwnRoundTrips", "RoundTrips", "Row", "Statement", "round_trips", "together"]
SAVEPOINT, RELEASE, BACK = b"SAVEPOINT trip", b"RELEASE SAVEPOINT trip", b"ROLLBACK TO SAVEPOINT trip"
# A plan made anew for each value, or one that walks all of a table because that was small when it was made, would only cost.
BY_KEY = {"plan_cache_mode": "force_generic_plan", "enable_seqscan": "off", "enable_mergejoin": "off", "enable_hashjoin": "off"}
BEGIN, COMMIT, ROLLBACK = b"BEGIN", b"COMMIT", b"ROLLBACK"


class RoundTrips:
    """A connection that others use as well: what is asked here is a savepoint of theirs, released by `commit`, gone with `undo`."""

    def __init__(self, held: Connection) -> None:
        driver = held.connection.driver_connection
        assert isinstance(driver, psycopg.Connection)
        self.held, self.driver, self.begun = held, driver, False

    def ask(self, *asked: Asked) -> list[list[Row]]:
        """Return the rows of each statement, all asked in one round trip; the transaction stays open."""
        self._begin()
        return Wire.of(self.held).exchange(asked)

    def commit(self, *asked: Asked) -> list[list[Row]]:
        """Ask, and commit in the same round trip."""
        self._begin()
        found = Wire.of(self.held).exchange(asked, behind=(RELEASE,))
        self.begun = False
        return found

    def undo(self) -> None:
        """Forget what was asked since the last commit."""
        if self.begun and not self.driver.broken:
            self.driver.execute(BACK)
            self.held.info[ROLLED_BACK] = True
        self.begun = False

    def close(self) -> None:
        """Undo what was not committed."""
        self.undo()

    def _begin(self) -> None:
        if not self.begun:
            self.driver.execute(SAVEPOINT)
        self.begun = True


class OwnRoundTrips(RoundTrips):
    """A connection that is ours alone: a transaction begins with the first `ask` and ends with `commit` or `undo`; a `commit` is one."""

    def __init__(self, held: Connection) -> None:
        super().__init__(held)
        # A line looks up by key and nothing else.
        self.driver.execute("; ".join(f"SET {name} = {value}" for name, value in BY_KEY.items()))
        self.driver.commit()
        self.wire = Wire.of(held)
        # Whoever had the connection before may have had the server forget what was prepared, in words that nobody here can know of.
        self.wire.prepared = None

    def close(self) -> None:
        """Undo what was not committed, and leave the connection as it was to whoever has it next."""
        try:
            self.undo()
            self.driver.execute("; ".join(f"RESET {name}" for name in BY_KEY))
            self.driver.commit()
        except psycopg.Error:
            # A connection that cannot be told so is of no use to anybody.
            self.held.invalidate()

    def ask(self, *asked: Asked) -> list[list[Row]]:
        """Return the rows of each statement, all asked in one round trip; the transaction stays open."""
        return self._exchange(asked, before=() if self.begun else (BEGIN,))

    def commit(self, *asked: Asked) -> list[list[Row]]:
        """Ask, and commit in the same round trip."""
        # What is sent up to one sync is one transaction by itself (PostgreSQL's documentation, 54.2.3) and commits with it.
        return self._exchange(asked, behind=(COMMIT,) if self.begun else ())

    def undo(self) -> None:
        """Forget what was asked since the last commit."""
        # In our own words, for after a rollback of the driver's everything would have to be prepared anew.
        if self.begun and not self.driver.broken:
            self._exchange((), behind=(ROLLBACK,))

    def _exchange(self, asked: Sequence[Asked], *, before: Sequence[bytes] = (), behind: Sequence[bytes] = ()) -> list[list[Row]]:
        try:
            return self.wire.exchange(asked, before=before, behind=behind)
        finally:
            # What the server says, for after an error nothing that came behind it was done, the commit neither.
            self.begun = self.wire.is_begun


def together(session: Session, *asked: Asked) -> list[list[Row]]:
    """Return the rows of several statements, asked in one round trip inside a session's own transaction."""
    if session.autoflush:
        session.flush()
    wire = Wire.of(session.connection())
    if wire.is_begun:
        return wire.exchange(asked)
    # The driver begins with what is first asked through it, and finds that begun which was begun here.
    try:
        return wire.exchange(asked, before=(BEGIN,))
    except InvalidSqlStatementName:
        # After a DROP or an ALTER, too, the driver has the server forget. Nothing else was done in this transaction: it begins anew.
        wire.exchange((), behind=(ROLLBACK,))
        return wire.exchange(asked, before=(BEGIN,))


@contextmanager
def round_trips() -> Iterator[RoundTrips]:
    """Keep one connection of the pool for as long as the block lasts; what was not committed at its end is undone."""
    with connection() as (held, joined):
        trips = RoundTrips(held) if joined else OwnRoundTrips(held)
        try:
            yield trips
        finally:
            trips.close()
