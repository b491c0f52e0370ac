"""A line to the database that survives what is done to the database: kept, for a new one for each question costs the server more."""

from collections.abc import Sequence
from typing import Any

import psycopg


class Line:
    """Asks in the database's own words, past the product; opened when it is first used, and anew after it was lost."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.open: psycopg.Connection | None = None

    def ask(self, statement: str, values: Sequence[object]) -> list[tuple[Any, ...]]:
        """Return the rows of a statement, which is committed at once."""
        try:
            return self._ask(statement, values)
        except psycopg.OperationalError:
            self.hang_up()
            return self._ask(statement, values)

    def hang_up(self) -> None:
        """Leave the database alone until the next question."""
        if self.open is not None:
            self.open.close()
            self.open = None

    def _ask(self, statement: str, values: Sequence[object]) -> list[tuple[Any, ...]]:
        # Nothing prepared: tables move and are made anew under it.
        self.open = self.open or psycopg.connect(self.url, autocommit=True, prepare_threshold=None)
        cursor = self.open.execute(statement, values)
        return cursor.fetchall() if cursor.description else []
