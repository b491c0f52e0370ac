"""The engine, the base of every table, and transaction(): the only place that commits."""

import os
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from functools import lru_cache
from select import POLLIN, poll
from typing import Any, ClassVar

import psycopg
from sqlalchemy import (
    ARRAY,
    ColumnElement,
    DateTime,
    Engine,
    MetaData,
    String,
    Uuid,
    bindparam,
    create_engine,
    event,
    func,
    inspect,
    select,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.engine import Connection, make_url
from sqlalchemy.exc import InterfaceError, InvalidatePoolError, OperationalError
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, sessionmaker

from config.settings import SettingsError, settings
from leads.insert_all import Together

# What is raised while there is no database to ask: nothing was the fault of what was asked.
DATABASE_AWAY = (OperationalError, InterfaceError, psycopg.OperationalError)
# By this a connection's `info` says that its transaction, or a part of it, was rolled back since somebody looked.
ROLLED_BACK = "rolled back"


class Base(DeclarativeBase):
    """The base of every table: its id is made by the app, so that cells can be bound to it before INSERT."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(column_0_N_label)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {datetime: DateTime(timezone=True), dict[str, Any]: JSONB, list[Any]: JSONB, uuid.UUID: Uuid()}

    # True for a table whose rows are written and never changed, such as the audit trail's.
    ONLY_WRITTEN: ClassVar[bool] = False

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)

    def __init__(self, **values: Any) -> None:
        # A new row has no history that anybody would need: only what is sealed first goes the long way.
        columns, row = _column_names(type(self)), vars(self)
        row["id"] = values.pop("id", None) or new_id()
        for name, value in values.items():
            if name in columns:
                row[name] = value
            elif hasattr(type(self), name):
                setattr(self, name, value)
            else:
                raise TypeError(f"{type(self).__name__} has no column {name}")


@lru_cache
def _column_names(model: type[Base]) -> frozenset[str]:
    return frozenset(inspect(model).column_attrs.keys())


_ids = threading.Lock()
_last_id = (0, 0)


def new_id() -> uuid.UUID:
    """Return a UUIDv7 (RFC 9562, 6.2, method 1): it sorts by creation, within this process even inside one millisecond."""
    global _last_id
    drawn = int.from_bytes(os.urandom(10))
    with _ids:
        # Two acts of one moment must keep their order: of a grant and its withdrawal the later one counts.
        stamp, counter = max((time.time_ns() // 1_000_000, drawn >> 69), (_last_id[0], _last_id[1] + 1))
        if counter > 0xFFF:
            stamp, counter = stamp + 1, 0
        _last_id = (stamp, counter)
    return uuid.UUID(int=stamp << 80 | 0x7 << 76 | counter << 64 | 0b10 << 62 | drawn & (1 << 62) - 1)


@lru_cache
def engine() -> Engine:
    """Return this process's engine; raises SettingsError when no database is configured."""
    url = settings().database_url
    if url is None:
        raise SettingsError("No database: set DATABASE_URL, or start the embedded one with `handoff up`.")
    return make_engine(url.get_secret_value())


def make_engine(url: str, **options: Any) -> Engine:
    """Return an engine for a PostgreSQL URL; whatever driver the URL names, psycopg 3 is used."""
    # hide_parameters: an error of the database must not carry a person's values into a log.
    options = {"hide_parameters": True, "pool_size": settings().handoff_db_pool, "max_overflow": 20} | options
    made = create_engine(make_url(url).set(drivername="postgresql+psycopg"), **options)
    event.listen(made, "connect", _refuse_lost_commits)
    event.listen(made, "checkout", _refuse_hung_up)
    event.listen(made, "rollback", _note_rollback)
    event.listen(made, "rollback_savepoint", _note_rollback)
    event.listen(made, "reset", _note_reset)
    return made


def _note_rollback(held: Connection, *_: Any) -> None:
    # The driver has the server forget what it prepared, ours as well; whoever counts on that must look anew.
    held.info[ROLLED_BACK] = True


def _note_reset(dbapi_connection: Any, record: Any, _: Any) -> None:
    if dbapi_connection.info.transaction_status != psycopg.pq.TransactionStatus.IDLE:
        record.info[ROLLED_BACK] = True


def _refuse_hung_up(dbapi_connection: Any, *_: Any) -> None:
    # Whoever rests has been asked nothing: what there is to read is the server's goodbye. To ask it would cost a round trip each time.
    if dbapi_connection.closed or _has_news(dbapi_connection):
        raise InvalidatePoolError("This connection was closed.")


def _has_news(dbapi_connection: Any) -> bool:
    resting = poll()
    resting.register(dbapi_connection.fileno(), POLLIN)
    return bool(resting.poll(0))


def _refuse_lost_commits(dbapi_connection: Any, _: Any) -> None:
    # With synchronous_commit off a crash forgets that a mail went out, and it goes out twice.
    with dbapi_connection.cursor() as cursor:
        cursor.execute("SHOW synchronous_commit")
        if cursor.fetchone()[0] == "off":
            raise SettingsError("PostgreSQL runs with synchronous_commit=off: a crash could send mails twice. Switch it on.")
    dbapi_connection.rollback()


_sessions = sessionmaker(class_=Together, expire_on_commit=False)
_bound_to: list[Connection] = []


@contextmanager
def transaction() -> Iterator[Session]:
    """Open a session; commit when the block ends well, roll back when it raises."""
    with _open() as session:
        try:
            yield session
            session.commit()
        except BaseException:
            session.rollback()
            raise


@contextmanager
def connection() -> Iterator[tuple[Connection, bool]]:
    """Take a connection from the pool, or the one that is `joined_to`, and say whether it is that."""
    if _bound_to:
        yield _bound_to[-1], True
        return
    with engine().connect() as taken:
        yield taken, False


def is_joined() -> bool:
    """True while every transaction is a savepoint on one connection, on which only one thing can go on at a time."""
    return bool(_bound_to)


def _open() -> Session:
    if _bound_to:
        return _sessions(bind=_bound_to[-1], join_transaction_mode="create_savepoint")
    return _sessions(bind=engine())


@contextmanager
def joined_to(connection: Connection) -> Iterator[None]:
    """Make every transaction() a savepoint on `connection`; tests undo a whole story this way."""
    _bound_to.append(connection)
    try:
        yield
    finally:
        _bound_to.pop()


def lock_of(name: ColumnElement[str]) -> ColumnElement[Any]:
    """Return what holds the lock of a name, for a query that may stand first among several statements of one round trip."""
    return func.pg_advisory_xact_lock(func.hashtextextended(name, 0))


# In the order in which the names are given, for two who take the same ones in different order would wait for each other.
LOCKS = select(lock_of(func.unnest(bindparam("names", type_=ARRAY(String())))))
LOCK = select(lock_of(bindparam("name", type_=String())))


def lock(session: Session, purpose: str, key: uuid.UUID | bytes | str) -> None:
    """Hold an advisory lock on (purpose, key) until the transaction ends."""
    session.execute(LOCK, {"name": lock_name(purpose, key)})


def lock_name(purpose: str, key: uuid.UUID | bytes | str) -> str:
    """Return what LOCK is asked with: one name for everybody who wants the same thing for themselves."""
    return f"{purpose}:{key.hex() if isinstance(key, bytes) else key}"
