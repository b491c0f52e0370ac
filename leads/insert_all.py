"""New rows of a session go to the database together, in the order in which they were made, in one round trip.

An inquiry makes a dozen rows in nine tables; sent one after another, each waits for the answer to the one before.
"""

from collections.abc import Iterable
from functools import lru_cache
from typing import Any

import psycopg
from psycopg.types.json import Jsonb
from sqlalchemy import JSON, Table, event, insert, inspect
from sqlalchemy.dialects.postgresql import psycopg as dialect
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import InstanceState, Session, make_transient_to_detached

DIALECT = dialect.dialect()  # type: ignore[no-untyped-call]


def insert_together(session: Session, *_: Any) -> None:
    """Insert what is new in a session, so that the flush that follows finds only what was changed."""
    rows = sorted(session.new, key=lambda row: _state(row).insert_order or 0)
    if len(rows) < 2:
        return
    driver = session.connection().connection.driver_connection
    assert isinstance(driver, psycopg.Connection)
    try:
        with driver.pipeline():
            asked = [(row, *_insert(driver, row)) for row in rows]
    except psycopg.Error as error:
        # As SQLAlchemy says it, and without the values: they must not get into a log.
        raise DBAPIError.instance("insert of new rows", None, error, psycopg.Error, hide_parameters=True, dialect=DIALECT) from None
    for row, made, cursor in asked:
        _keep(session, row, made, (cursor.fetchone() or ()) if made else ())


def _insert(driver: psycopg.Connection, row: Any) -> tuple[tuple[str, ...], psycopg.Cursor[Any]]:
    given = _given(row)
    table = _state(row).mapper.local_table
    made = tuple(column.key for column in table.c if column.identity is not None or column.server_default is not None)
    made = tuple(name for name in made if name not in given)
    sql, json = _statement(table, made)
    values = {name: given.get(name) for name in json}
    return made, driver.execute(sql, {name: Jsonb(value) if json[name] and value is not None else value for name, value in values.items()})


def _given(row: Any) -> dict[str, Any]:
    state = _state(row)
    return {column.key: state.dict[prop.key] for prop in state.mapper.column_attrs for column in prop.columns if prop.key in state.dict}


@lru_cache(maxsize=256)
def _statement(table: Table, made: tuple[str, ...]) -> tuple[bytes, dict[str, bool]]:
    """Return the INSERT of a table, and for each column it needs whether that is JSON; `made` are the ones the database fills in."""
    columns = {column.key: isinstance(column.type, JSON) for column in table.c if column.key not in made}
    query = insert(table).returning(*(table.c[name] for name in made)) if made else insert(table)
    return str(query.compile(dialect=DIALECT, column_keys=list(columns))).encode(), columns


def _keep(session: Session, row: Any, made: Iterable[str], values: Iterable[Any]) -> None:
    """From here on the session knows the row as one that is there."""
    for name, value in zip(made, values, strict=True):
        _state(row).dict[name] = value
    session.expunge(row)
    # Nothing ever changes a row that is only written: there is no need to watch it.
    if not row.ONLY_WRITTEN:
        make_transient_to_detached(row)
        session.add(row)


def _state(row: Any) -> InstanceState[Any]:
    state: InstanceState[Any] = inspect(row)
    return state


def listen(sessions: type[Session]) -> None:
    """Let every session of this kind insert together."""
    event.listen(sessions, "before_flush", insert_together)
