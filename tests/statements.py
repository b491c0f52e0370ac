"""How many statements something asks the database, whichever way they are asked."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import psycopg
import pytest

from leads.wire import Spoken, Statement, Wire

READS = ("SELECT", "WITH")


@contextmanager
def reads_counted() -> Iterator[list[str]]:
    """Yield the list in which each reading statement of any connection is written down while the block lasts."""
    seen: list[str] = []
    ask, say = psycopg.Cursor.execute, Wire._in_speech

    def count_said(wire: Wire, statement: Statement, values: Mapping[str, Any]) -> Spoken:
        note(statement.sql.decode())
        return say(wire, statement, values)

    def note(words: str) -> None:
        if words.lstrip().startswith(READS):
            seen.append(words)

    def count(cursor: psycopg.Cursor[Any], query: Any, *args: Any, **options: Any) -> Any:
        note(query.decode() if isinstance(query, bytes) else str(query))
        return ask(cursor, query, *args, **options)

    # At the driver, and on the wire: an event of the engine would not tell of what goes past it.
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(psycopg.Cursor, "execute", count)
        patch.setattr(Wire, "_in_speech", count_said)
        yield seen
