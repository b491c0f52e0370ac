"""What hangs on a row is moved to another, and moved back: found by the foreign keys, so that no table is forgotten."""

import base64
import uuid
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Column, ColumnElement, Table, select, update
from sqlalchemy.orm import Session

from leads.db import Base
from leads.people.models import Merge, MergeMove


def references(target: str) -> Iterator[tuple[Table, Column[Any]]]:
    """Return every column of any table that names a row of `target`, the tables in a fixed order."""
    for table in Base.metadata.sorted_tables:
        for key in table.foreign_keys:
            if key.column.table.name == target and key.column.name == "id":
                yield table, key.parent


def move_rows(
    session: Session,
    merge: Merge,
    target: str,
    from_id: uuid.UUID,
    to_id: uuid.UUID,
    *,
    leave: Iterable[str] = (),
    unless: Mapping[str, ColumnElement[bool]] | None = None,
) -> None:
    """Let every row that names one row of `target` name another, and keep which ones; `unless` leaves rows of a table where they are."""
    session.flush()
    for table, column in references(target):
        if table.name in leave:
            continue
        which = [column == from_id, *([~unless[table.name]] if unless and table.name in unless else ())]
        moved = session.scalars(update(table).where(*which).values({column: to_id}).returning(table.c.id)).all()
        if moved:
            keep: dict[str, Any] = {"table_name": table.name, "column_name": column.name, "from_id": from_id, "to_id": to_id}
            session.add(MergeMove(merge_id=merge.id, row_ids=list(moved), **keep))
    session.flush()
    # What this session has read of those rows is what they were.
    session.expire_all()


def move_back(session: Session, merge: Merge) -> None:
    """Move every row that a merge moved back to where it was, the last move first; what came since stays."""
    session.flush()
    moves = session.scalars(select(MergeMove).where(MergeMove.merge_id == merge.id).order_by(MergeMove.id.desc())).all()
    for each in moves:
        table = Base.metadata.tables[each.table_name]
        column = table.c[each.column_name]
        session.execute(update(table).where(table.c.id.in_(each.row_ids), column == each.to_id).values({column: each.from_id}))
    session.expire_all()


def remember(merge: Merge, row: Base, *columns: str) -> None:
    """Keep how these columns of a row stand, before they are changed."""
    kept = {"table": row.__tablename__, "id": str(row.id), "values": {name: _pack(getattr(row, name)) for name in columns}}
    merge.before = [*(merge.before or ()), kept]


def put_back(session: Session, merge: Merge, kinds: Sequence[type[Base]], *, but: Collection[str] = ()) -> None:
    """Give every remembered row the values it had, `but` those of these ids, the last remembered first."""
    by_table = {kind.__tablename__: kind for kind in kinds}
    for kept in reversed(merge.before or ()):
        if kept["table"] in by_table and kept["id"] not in but:
            row = session.get_one(by_table[kept["table"]], uuid.UUID(kept["id"]), with_for_update=True, populate_existing=True)
            for name, value in kept["values"].items():
                setattr(row, name, _unpack(value))
    session.flush()


def _pack(value: Any) -> Any:
    if isinstance(value, datetime):
        return {"at": value.isoformat()}
    if isinstance(value, uuid.UUID):
        return {"id": str(value)}
    return {"bytes": base64.b64encode(value).decode()} if isinstance(value, bytes) else {"plain": value}


def _unpack(kept: Mapping[str, Any]) -> Any:
    kind, value = next(iter(kept.items()))
    readers: dict[str, Callable[[Any], Any]] = {"at": datetime.fromisoformat, "id": uuid.UUID, "bytes": base64.b64decode}
    return readers[kind](value) if kind in readers else value
