"""Brings a backup back, in one transaction or not at all, and sees to it that nothing goes out before a person has looked."""

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import IO

import psycopg
from psycopg import sql
from pyrage.x25519 import Identity
from sqlalchemy import Connection, text, update
from sqlalchemy.orm import Session

from leads import db, migrate
from leads.accounts.models import StaffSession
from leads.audit.trail import record_about
from leads.backup import archive
from leads.backup.age import Unreadable, decrypted
from leads.backup.save import TABLES, psycopg_of
from leads.clock import now, real_now
from leads.errors import Conflict
from leads.messages.review import send_to_review
from leads.messages.switch import is_paused, pause_sending
from leads.security import canary

OTHERS = text(
    """
    SELECT count(*) FROM pg_stat_activity
     WHERE datname = current_database() AND pid <> pg_backend_pid() AND coalesce(backend_type, 'client backend') = 'client backend'
    """
)
# Within a transaction the server tells the same of everybody until it is asked to look again.
AFRESH = text("SELECT pg_stat_clear_snapshot()")
LEAVING_FOR = 5.0
ROUTINES = text(
    """
    SELECT p.oid::regprocedure::text FROM pg_proc p
     WHERE p.pronamespace = current_schema()::regnamespace
       AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = p.oid AND d.deptype = 'e')
    """
)

PAUSED = "a backup was restored; look through what waits here, then let mail go again"
SET_COUNTER = text("SELECT setval(CAST(:name AS regclass), :last, :is_called)")


@dataclass(frozen=True)
class Contents:
    """What a backup file holds: when it was made, of which schema, and how many rows of which table."""

    made_at: datetime
    revision: str
    rows: dict[str, int]


@dataclass(frozen=True)
class Restored:
    """What came back; the restore mark, and how many messages due before it wait for a person; whether the key ring here opens it."""

    contents: Contents
    mark: datetime
    to_review: int
    ring_fits: bool


def inspect(path: Path, held: Sequence[Identity]) -> Contents:
    """Read a backup to its last byte and touch no database; raises Unreadable where it is not as it was written."""
    tally = archive.Tally()
    with decrypted(path, held) as file:
        header = archive.read_header(file)
        for _, blocks in archive.read_tables(file, list(header.tables), tally):
            for _ in blocks:
                pass
    return _contents(header, tally)


def restore(path: Path, held: Sequence[Identity], *, over: bool = False, actor: str) -> Restored:
    """Make the database what it was; raises Conflict while others use it or, unless `over`, when it holds anything."""
    with db.transaction() as session:
        connection = session.connection()
        _need_alone(connection)
        # The file is proved to its last byte when this block ends, and only then is anything committed.
        with decrypted(path, held) as file:
            contents = _load(connection, file, over=over)
        migrate.run(connection)
        return _begin_anew(session, contents, actor=actor)


def holds_anything() -> bool:
    """True when there are tables where a backup would go."""
    with db.transaction() as session:
        return bool(session.execute(TABLES).all())


def _need_alone(connection: Connection) -> None:
    # A worker that went on with what it holds claimed would send on behalf of rows that are not there any more. Who was just stopped is
    # there for a moment longer: the server finds out when it next hears nothing.
    patience = time.monotonic() + LEAVING_FOR
    while (others := connection.scalar(OTHERS)) and time.monotonic() < patience:
        time.sleep(0.1)
        connection.execute(AFRESH)
    if others:
        raise Conflict(f"{others} other connections use this database: stop `handoff up`, or web, workers and beat, first.")


def _load(connection: Connection, file: IO[bytes], *, over: bool) -> Contents:
    header = archive.read_header(file)
    if not migrate.knows(header.revision):
        raise Unreadable(f"This backup was made by a newer version (its schema is {header.revision}): update the program first.")
    _clear(connection, over=over)
    # The tables as they were then; what the schema has gained since comes with the migrations, as it came to the original.
    migrate.run(connection, to=header.revision)
    tally = archive.Tally()
    written = {name: _copy(connection, header, name, blocks) for name, blocks in archive.read_tables(file, list(header.tables), tally)}
    if written != tally.rows:
        raise Unreadable("The database took fewer rows than the backup holds.")
    for name, (last, is_called) in header.counters.items():
        connection.execute(SET_COUNTER, {"name": name, "last": last, "is_called": is_called})
    return _contents(header, tally)


def _clear(connection: Connection, *, over: bool) -> None:
    tables = [name for name, _ in connection.execute(TABLES)]
    if tables and not over:
        raise Conflict("The database is not empty: name another in DATABASE_URL, or replace all it holds, for good, with --over.")
    with psycopg_of(connection).cursor() as cursor:
        for name in (*tables, "alembic_version"):
            cursor.execute(sql.SQL("DROP TABLE IF EXISTS {} CASCADE").format(sql.Identifier(name)))
    for routine in connection.scalars(ROUTINES).all():
        connection.execute(text(f"DROP ROUTINE {routine}"))


def _copy(connection: Connection, header: archive.Header, name: str, blocks: Iterator[bytes]) -> int:
    columns = sql.SQL(", ").join(map(sql.Identifier, header.tables[name]))
    words = sql.SQL("COPY {} ({}) FROM STDIN").format(sql.Identifier(name), columns)
    try:
        with psycopg_of(connection).cursor() as cursor:
            with cursor.copy(words) as copy:
                for block in blocks:
                    copy.write(block)
            return cursor.rowcount
    except psycopg.Error as error:
        # Its message would repeat the row.
        raise Unreadable(f"The table {name} does not fit its schema ({type(error).__name__}).") from None


def _begin_anew(session: Session, contents: Contents, *, actor: str) -> Restored:
    mark = now()
    session.execute(update(StaffSession).where(StaffSession.ended_at.is_(None)).values(ended_at=real_now()))
    to_review = send_to_review(session, actor=actor)
    # An opt-out, a hold or a booking made after the backup is not in it: the next mail that falls due would go out past it.
    if not is_paused(session):
        pause_sending(session, reason=PAUSED, actor=actor)
    told = {"made_at": contents.made_at.isoformat(), "mark": mark.isoformat(), "rows": sum(contents.rows.values()), "to_review": to_review}
    record_about(session, "backup.restored", "backups", None, actor=actor, **told)
    return Restored(contents, mark, to_review, canary.fits(session))


def _contents(header: archive.Header, tally: archive.Tally) -> Contents:
    return Contents(datetime.fromisoformat(header.made_at), header.revision, tally.rows)
