"""Putting lines of the registry's file into the table: COPY beside it, then one statement for each thing that may have happened."""

from collections.abc import Sequence
from dataclasses import astuple, dataclass
from datetime import date
from typing import Any

from sqlalchemy import Boolean, Column, ColumnElement, Integer, MetaData, Table, delete, func, literal_column, select, tuple_, update
from sqlalchemy.dialects.postgresql import distinct_on, insert
from sqlalchemy.orm import Session
from sqlalchemy.schema import CreateTable

from leads.providers.nppes import Listed
from leads.providers.registry import RegistryEntry

old = RegistryEntry.metadata.tables[RegistryEntry.__tablename__]
KEPT = [name for name in Listed._fields if name != "outside"]
staging = Table(
    "npi_staging",
    MetaData(),
    *(Column(column.name, column.type) for column in old.columns),
    Column("outside", Boolean),
    Column("line", Integer),
    prefixes=["TEMPORARY"],
    postgresql_on_commit="DROP",
)
# A file may name an NPI twice; the line with the later date counts, then the later line.
new = (
    select(staging)
    .ext(distinct_on(staging.c.npi))
    .order_by(staging.c.npi, staging.c.changed_on.desc().nulls_last(), staging.c.line.desc())
    .subquery("new")
)


@dataclass(frozen=True)
class Stored:
    """What became of a batch, in lines; the rest said nothing new."""

    added: int = 0
    changed: int = 0
    deactivated: int = 0
    dropped: int = 0

    def __add__(self, other: "Stored") -> "Stored":
        return Stored(*(mine + theirs for mine, theirs in zip(astuple(self), astuple(other), strict=True)))


def store(session: Session, batch: Sequence[Listed]) -> Stored:
    """Bring the registry up to these lines; the same batch again changes nothing."""
    session.execute(CreateTable(staging, if_not_exists=True))
    session.execute(delete(staging))
    _copy(session, batch)
    dropped, deactivated = _drop(session), _deactivate(session)
    is_new = _upsert(session)
    return Stored(sum(is_new), len(is_new) - sum(is_new), deactivated, dropped)


def _copy(session: Session, batch: Sequence[Listed]) -> None:
    connection = session.connection().connection.driver_connection
    assert connection is not None
    with connection.cursor() as cursor, cursor.copy(f"COPY npi_staging ({', '.join(Listed._fields)}, line) FROM STDIN") as copy:
        for line, listed in enumerate(batch):
            copy.write_row((*listed, line))


def _drop(session: Session) -> int:
    # Who has moved to a state that is not kept; a deactivated line names no state.
    moved = (old.c.npi == new.c.npi) & new.c.outside & new.c.deactivated_on.is_(None)
    return len(session.scalars(delete(old).where(moved, _is_newer(new.c)).returning(old.c.npi)).all())


def _deactivate(session: Session) -> int:
    # A deactivated line is blank but for its date; the names stay, so that an old referral still shows one.
    gone = (old.c.npi == new.c.npi) & new.c.deactivated_on.is_not(None) & old.c.deactivated_on.is_distinct_from(new.c.deactivated_on)
    values = {"deactivated_on": new.c.deactivated_on, "changed_on": new.c.changed_on}
    return len(session.scalars(update(old).where(gone, _is_newer(new.c)).values(values).returning(old.c.npi)).all())


def _upsert(session: Session) -> Sequence[bool]:
    adding = insert(old).from_select(KEPT, select(*(new.c[name] for name in KEPT)).where(~new.c.outside))
    said = adding.excluded
    differs = tuple_(*(old.c[name] for name in KEPT)).is_distinct_from(tuple_(*(said[name] for name in KEPT)))
    adding = adding.on_conflict_do_update(
        index_elements=[old.c.npi],
        set_={name: said[name] for name in KEPT if name != "npi"},
        where=said.deactivated_on.is_(None) & _is_newer(said) & differs,
    )
    # xmax is 0 on a row this statement has made, and its own transaction on one it has changed.
    return session.scalars(adding.returning(literal_column("npi_registry.xmax = 0", Boolean))).all()


def _is_newer(said: Any) -> ColumnElement[bool]:
    # A monthly file read after a later weekly one must undo nothing.
    return func.coalesce(said.changed_on, date.max) >= func.coalesce(old.c.changed_on, date.min)
