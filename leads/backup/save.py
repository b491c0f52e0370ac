"""Writes the whole database, as it stands at one moment, into one encrypted file; the system may go on working."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from graphlib import TopologicalSorter
from pathlib import Path

import psycopg
from psycopg import sql
from pyrage.x25519 import Recipient
from sqlalchemy import Connection, text

from leads import db, migrate
from leads.audit.trail import record_about
from leads.backup import archive
from leads.backup.age import encrypted
from leads.clock import now

# One snapshot for all tables: a lead never lacks the person it points to.
SNAPSHOT = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
BLOCK = 1 << 16

TABLES = text(
    """
    SELECT c.relname, array_agg(a.attname ORDER BY a.attnum) FILTER (WHERE a.attgenerated = '')
      FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
     WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind = 'r' AND c.relname <> 'alembic_version'
     GROUP BY c.relname ORDER BY c.relname
    """
)
POINTERS = text(
    """
    SELECT pointing.relname, pointed_at.relname
      FROM pg_constraint JOIN pg_class pointing ON pointing.oid = conrelid JOIN pg_class pointed_at ON pointed_at.oid = confrelid
     WHERE contype = 'f' AND connamespace = current_schema()::regnamespace AND conrelid <> confrelid
    """
)
COUNTERS = text("SELECT relname FROM pg_class WHERE relnamespace = current_schema()::regnamespace AND relkind = 'S' ORDER BY relname")


@dataclass(frozen=True)
class Saved:
    """What a backup holds: when it was made, how many rows of which table, and how many bytes the file has."""

    path: Path
    made_at: datetime
    rows: dict[str, int]
    size: int


def save(path: Path, to: Sequence[Recipient], *, actor: str) -> Saved:
    """Write the database to `path`, readable by these recipients only; the key ring is no part of it. Raises Invalid."""
    made_at = now()
    with db.transaction() as session:
        connection = session.connection(execution_options=SNAPSHOT)
        header = _header(connection, made_at)
        with encrypted(path, to) as file:
            tally = archive.write(file, header, _copied(connection, header))
    with db.transaction() as session:
        total = sum(tally.rows.values())
        record_about(session, "backup.made", "backups", None, actor=actor, rows=total, recipients=[str(each) for each in to])
    return Saved(path, made_at, tally.rows, path.stat().st_size)


def psycopg_of(connection: Connection) -> psycopg.Connection:
    """Return the driver's own connection: COPY is not SQLAlchemy's to do."""
    driver = connection.connection.driver_connection
    assert isinstance(driver, psycopg.Connection)
    return driver


def _header(connection: Connection, made_at: datetime) -> archive.Header:
    columns: dict[str, list[str]] = {name: list(names) for name, names in connection.execute(TABLES)}
    # In this order every row finds the row it points to already there when it comes back.
    order: TopologicalSorter[str] = TopologicalSorter({name: set() for name in columns})
    for pointing, pointed_at in connection.execute(POINTERS):
        order.add(pointing, pointed_at)
    tables = {name: columns[name] for name in order.static_order()}
    return archive.Header(made_at.isoformat(), migrate.revision_of(connection), tables, _counters(connection))


def _counters(connection: Connection) -> dict[str, tuple[int, bool]]:
    # Read after the snapshot was taken, and counters know no snapshots: none stands behind a number that is in the tables.
    names = connection.scalars(COUNTERS).all()
    asked = {name: sql.SQL("SELECT last_value, is_called FROM {}").format(sql.Identifier(name)) for name in names}
    with psycopg_of(connection).cursor() as cursor:
        return {name: cursor.execute(question).fetchone() or (1, False) for name, question in asked.items()}


def _copied(connection: Connection, header: archive.Header) -> Iterator[tuple[str, Iterable[bytes]]]:
    for name, columns in header.tables.items():
        yield name, _rows(psycopg_of(connection), name, columns)


def _rows(driver: psycopg.Connection, name: str, columns: Sequence[str]) -> Iterator[bytes]:
    words = sql.SQL("COPY {} ({}) TO STDOUT").format(sql.Identifier(name), sql.SQL(", ").join(map(sql.Identifier, columns)))
    block = bytearray()
    with driver.cursor() as cursor, cursor.copy(words) as copy:
        for row in copy:
            block += row
            if len(block) >= BLOCK:
                yield bytes(block)
                block.clear()
    if block:
        yield bytes(block)
