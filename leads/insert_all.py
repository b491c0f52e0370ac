"""New rows of a session go to the database together: rows of any tables in one statement.

An inquiry makes a dozen rows in nine tables; one after another, each would wait for the answer to the one before, and each statement
costs driver and server more than its rows do.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from graphlib import TopologicalSorter
from itertools import count, groupby
from typing import Any

import psycopg
from psycopg.types.json import Jsonb
from pydantic_core import to_json
from sqlalchemy import CTE, JSON, Insert, MetaData, Table, bindparam, event, insert, select
from sqlalchemy.dialects.postgresql import psycopg as dialect
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Mapper, Session, make_transient_to_detached
from sqlalchemy.orm.attributes import instance_state
from sqlalchemy.sql.compiler import SQLCompiler

# As the server numbers them, for a cursor that takes them so: to look for the placeholders of a hundred values cost more than the rows.
DIALECT = dialect.dialect(paramstyle="numeric_dollar")  # type: ignore[no-untyped-call]
# Each number of rows is a statement of its own, made and prepared once; so that there are not too many, a long list takes several.
ROWS = 40


@dataclass(frozen=True, eq=False)
class Kind:
    """Rows of one table that were given the same: these are sent; of the others the database fills in some."""

    table: Table
    # Column and attribute of each value.
    sent: Mapping[str, str]
    as_json: Sequence[int]
    made: Sequence[str]
    unsaid: Sequence[str]

    def values(self, row: Any) -> list[Any]:
        """Return what a row sends."""
        given = vars(row)
        values = [given[attribute] for attribute in self.sent.values()]
        for place in self.as_json:
            if values[place] is not None:
                values[place] = Jsonb(values[place], dumps=to_json)
        return values


Line = tuple[Kind, Any]


@dataclass(frozen=True)
class Prepared:
    """An INSERT of so many rows of these kinds: its text, and in which order it wants their values."""

    sql: bytes
    order: Sequence[int]
    made: Sequence[str]


class Together(Session):
    """A session whose new rows go to the database together, before what was changed."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        # Nothing ever changes a row that is only written: there is no need to watch it. By identity, for one may be added twice.
        self.written: dict[int, Any] = {}

    def add(self, instance: object, *, _warn: bool = True) -> None:
        """Take a new row, or one that was let go."""
        if getattr(instance, "ONLY_WRITTEN", False) and instance_state(instance).key is None:
            # As every row does that is added: it belongs to a transaction, and goes if that is rolled back.
            self._autobegin_t()
            self.written[id(instance)] = instance
        else:
            # Straight: to look for what hangs on a row takes as long as to make it, and nothing ever does.
            self._save_or_update_impl(instance_state(instance))

    def flush(self, objects: Sequence[Any] | None = None) -> None:
        """Send what is new and what was changed."""
        if self.written or len(self.new) > 1:
            _insert(self, [(_kind_of(row), row) for row in _in_order(self)])
        super().flush(objects)

    def expunge_all(self) -> None:
        """Let go of everything; closing does so, too."""
        self.written.clear()
        super().expunge_all()

    def _is_clean(self) -> bool:
        return not self.written and super()._is_clean()


@event.listens_for(Together, "after_rollback")
def _forget(session: Together) -> None:
    # Whoever begins a savepoint sends everything first, so what waits now was made inside what was rolled back.
    session.written.clear()


def _insert(session: Together, everything: Sequence[Line]) -> None:
    driver = session.connection().connection.driver_connection
    assert isinstance(driver, psycopg.Connection)
    for lines in _that_fit_together(everything):
        statement = _statement(tuple((kind, len(list(alike))) for kind, alike in groupby(kind for kind, _ in lines)))
        flat = [value for kind, row in lines for value in kind.values(row)]
        try:
            answer = psycopg.RawCursor(driver).execute(statement.sql, [flat[place] for place in statement.order], prepare=True)
        except psycopg.Error as error:
            # As SQLAlchemy says it, and without the values: they must not get into a log.
            raise DBAPIError.instance("insert of new rows", None, error, psycopg.Error, hide_parameters=True, dialect=DIALECT) from None
        _fill_in(lines, statement.made, answer)
    session.written.clear()
    _keep(session, [line for line in everything if not line[1].ONLY_WRITTEN])


def _in_order(session: Together) -> list[Any]:
    """Return the new rows: parents before those who name them, and rows of one table as they were made."""
    states = [instance_state(row) for row in session.new]
    states.sort(key=lambda state: state.insert_order or 0)
    return sorted([*(state.object for state in states), *session.written.values()], key=_place_of)


def _that_fit_together(lines: Sequence[Line]) -> Iterator[Sequence[Line]]:
    """Yield rows that one statement takes: not too many, and only one kind of them with something to tell in answer."""
    fitting: list[Line] = []
    telling: Kind | None = None
    for kind, row in lines:
        if len(fitting) == ROWS or (kind.made and telling not in (None, kind)):
            yield fitting
            fitting, telling = [], None
        fitting.append((kind, row))
        telling = kind if kind.made else telling
    yield fitting


def _fill_in(lines: Sequence[Line], made: Sequence[str], answer: psycopg.RawCursor[Any]) -> None:
    told = {row_id: values for row_id, *values in answer} if made else {}
    for _, row in lines:
        row.__dict__.update(zip(made, told.get(row.id, ()), strict=False))


def _keep(session: Together, lines: Sequence[Line]) -> None:
    """From here on the session knows the rows as ones that are there."""
    begun = session._transaction
    assert begun is not None
    # All in one, and straight, as when they came.
    session._expunge_states([instance_state(row) for _, row in lines])
    for kind, row in lines:
        # What nobody gave is NULL: whoever asks for it need not ask the database.
        row.__dict__.update(dict.fromkeys(kind.unsaid))
        make_transient_to_detached(row)
        session._save_or_update_impl(instance_state(row))
        # Rolled back with the savepoint it was made in.
        begun._new[instance_state(row)] = True


@lru_cache(maxsize=1024)
def _statement(shape: Sequence[tuple[Kind, int]]) -> Prepared:
    """Return the INSERT of so many rows of these kinds; foreign keys are looked at when it ends, so all may name each other."""
    number = count()
    inserts = [_insert_of(kind, [[f"v{next(number)}" for _ in kind.sent] for _ in range(rows)]) for kind, rows in shape]
    telling = next((place for place, (kind, _) in enumerate(shape) if kind.made), None)
    made = () if telling is None else shape[telling][0].made
    parts = [each.cte(f"new_{place}") for place, each in enumerate(inserts)]
    query = inserts[-1].add_cte(*parts[:-1]) if telling is None else _telling(parts, parts[telling])
    compiled = query.compile(dialect=DIALECT)
    assert isinstance(compiled, SQLCompiler)
    return Prepared(str(compiled).encode(), [int(name[1:]) for name in compiled.positiontup or ()], made)


def _telling(parts: Sequence[CTE], part: CTE) -> Any:
    return select(*part.c).add_cte(*(each for each in parts if each is not part))


def _insert_of(kind: Kind, names: Sequence[Sequence[str]]) -> Insert:
    table = kind.table
    columns = [table.c[name] for name in kind.sent]
    rows = [{each.key: bindparam(name, type_=each.type) for each, name in zip(columns, row, strict=True)} for row in names]
    query = insert(table).values(rows)
    return query.returning(table.c.id, *(table.c[name] for name in kind.made)) if kind.made else query


def _kind_of(row: Any) -> Kind:
    return _kind_given(instance_state(row).mapper, tuple(vars(row)))


@lru_cache(maxsize=4096)
def _kind_given(mapper: Mapper[Any], given: Sequence[str]) -> Kind:
    """Return the same kind whatever the order in which the values were given."""
    return _kind(mapper, frozenset(given).intersection(_attributes(mapper).values()))


@lru_cache(maxsize=1024)
def _kind(mapper: Mapper[Any], given: frozenset[str]) -> Kind:
    table, attributes = _table(mapper), _attributes(mapper)
    sent = {each.key: attributes[each.key] for each in table.c if attributes[each.key] in given}
    as_json = [place for place, name in enumerate(sent) if isinstance(table.c[name].type, JSON)]
    left_out = [each for each in table.c if each.key not in sent]
    made = [each.key for each in left_out if each.identity is not None or each.server_default is not None]
    return Kind(table, sent, as_json, made, [attributes[each.key] for each in left_out if each.key not in made])


@lru_cache
def _attributes(mapper: Mapper[Any]) -> Mapping[str, str]:
    """Return the attribute of each column."""
    return {column.key: prop.key for prop in mapper.column_attrs for column in prop.columns}


def _place_of(row: Any) -> int:
    table = _table(instance_state(row).mapper)
    return _order(table.metadata, len(table.metadata.tables))[table.name]


@lru_cache(maxsize=32)
def _order(metadata: MetaData, known: int) -> Mapping[str, int]:
    """Return the place of each table, behind those its rows name, as far as so many are known here: a listener for mail knows few."""
    names = sorted(metadata.tables)
    named = {name: {key.target_fullname.split(".")[0] for key in metadata.tables[name].foreign_keys} - {name} for name in names}
    return {name: place for place, name in enumerate(TopologicalSorter(named).static_order())}


def _table(mapper: Mapper[Any]) -> Table:
    assert isinstance(mapper.local_table, Table)
    return mapper.local_table
